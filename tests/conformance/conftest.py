"""Every kind of store, and machines in them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_server import running_server
from shipped import machine_class

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Completion, InputReceived
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.step_result import StepResult
from fasm_cli.stores.open import engine_for

PLACES = ("memory", "sqlite", "file", "postgres")
DATABASES = PLACES[1:]


class Stepped:
    """A machine somewhere; each method is one thing that happens to it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.machine = engine.machine
        self.process = engine.start(engine.initial())

    @property
    def state(self) -> Any:
        return self.process.store.committed

    @property
    def digest(self) -> str:
        return self.machine.digest(self.state)

    def event(self, text: str, result: str = "") -> InputReceived | Completion:
        """An input, or the `result` of the action with the id `text`."""
        read = self.machine.codec.parse
        if not result:
            return InputReceived(read(self.machine.input_schema, text))
        assert self.machine.action_id_schema is not None
        assert self.machine.result_schema is not None
        return Completion(None, read(self.machine.action_id_schema, text), read(self.machine.result_schema, result))

    def step(self, text: str, result: str = "") -> StepResult:
        return self.process.step(self.event(text, result))


def engine_at(name: str, url: str) -> Engine:
    return engine_for(Machine(machine_class(name)), url)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own."""
    with running_server() as url:
        yield url


@pytest.fixture
def url_of(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """The URL of a place by its name; empty for memory."""

    def url(place: str) -> str:
        if place == "postgres":
            return str(request.getfixturevalue("server"))
        return {"memory": "", "sqlite": "sqlite://", "file": f"sqlite:///{tmp_path}/state.db"}[place]

    return url


@pytest.fixture
def at(url_of: Callable[[str], str]) -> Callable[[str, str], Stepped]:
    """A machine, by its name under `machines/`, in a place."""
    return lambda name, place: Stepped(engine_at(name, url_of(place)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, values in (("place", PLACES), ("database", DATABASES)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, values)
