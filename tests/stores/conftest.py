"""Small machines over a state that is awaited, each with the STF of its test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from fasm_cli import Database, Sqlite, StateMachine, Tables, Tracked, Untracked
from fasm_cli.engine.events import InputReceived
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.stores.open import engine_for

SCHEMA = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"


@dataclass
class Go:
    pass


@dataclass
class Said:
    text: str


@dataclass
class Notes:
    db: Database
    count: int = 0
    seen: list[str] = field(default_factory=list)


Stf = Callable[..., Any]


def running(stf: Stf, state: Any = None, *, schema: str = SCHEMA, **members: Any) -> Process:
    """A process of a machine with this `stf`, over `Notes`, or over another state and no database."""
    made = (lambda _: Notes(Tables(notes=[{"id": 1, "text": "first"}]))) if state is None else lambda _: state()
    store = {"store": Sqlite(schema=schema)} if state is None else {}
    body = {"State": state or Notes, "Input": Go, "UntrackedAction": Said, "initial": made, "stf": stf}
    engine = engine_for(Machine(type("Made", (StateMachine,), {**body, **store, **members})))
    return engine.start(engine.initial())


@pytest.fixture
def go() -> Callable[..., Any]:
    """The step that one input leads to, in a process made by `running`."""
    return lambda process: process.step(InputReceived(Go()))


__all__ = ["SCHEMA", "Go", "Notes", "Said", "Tracked", "Untracked", "running"]
