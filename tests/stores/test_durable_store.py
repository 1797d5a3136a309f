"""The durable store: what one commit writes, and what it does when another process has committed first."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fasm_cli import Normal, StateMachine, Tables, Tracked
from fasm_cli.contract.database import DatabaseError
from fasm_cli.engine.events import ActionRef, Completion, Event, InputReceived
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Outcome, StepResult
from fasm_cli.stores import sqlite
from fasm_cli.stores.open import ScratchFactory, open_durable
from fasm_cli.stores.state_store import CommitMeta, DurableStore


@dataclass
class Job:
    polls: int = 0
    running: bool = False


@dataclass
class Start: ...


@dataclass
class Poll: ...


@dataclass
class Unfinished: ...


@dataclass
class Finished: ...


class Poller(StateMachine):
    """Polls under one id until the job is finished."""

    State, Input, ActionId, TrackedAction, ActionResult = Job, Start, int, Poll, Unfinished | Finished

    def initial(self) -> Job:
        return Job()

    async def stf(self, state: Job, input: Any, actions: Any) -> None:
        state.running = isinstance(input, Normal) or isinstance(input.result, Unfinished)
        state.polls += state.running
        if state.running:
            actions.add(Tracked(1, Poll()))

    async def restore(self, state: Job, actions: Any) -> None:
        if state.running:
            actions.add(Tracked(1, Poll()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "poller.db"


@pytest.fixture
def opened(file: Path) -> Any:
    """Opens the store in `file`; as often as it is called."""
    stores: list[DurableStore] = []

    def open_one() -> DurableStore:
        stores.append(open_durable(Machine(Poller), f"sqlite:///{file}"))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def step(process: Process, event: Event) -> StepResult:
    store: Any = process.store
    store.meta = CommitMeta(event)
    return process.step(event, store.version + 1)


def test_an_action_emitted_again_under_its_id_stays_in_the_outbox(opened: Callable[[], DurableStore]) -> None:
    store = opened()
    process = Process(store._machine, store)
    step(process, InputReceived(Start()))
    step(process, Completion(ActionRef(1, 1), 1, Unfinished()))
    assert store.outbox() == {(2, 1): Tracked(1, Poll())}
    step(process, Completion(ActionRef(2, 1), 1, Finished()))
    assert store.outbox() == {}


def test_a_transition_is_executed_again_if_another_process_committed_first(opened: Callable[[], DurableStore]) -> None:
    stores = opened(), opened()
    first, second = (Process(store._machine, store) for store in stores)
    assert step(first, InputReceived(Start())).outcome is Outcome.COMMITTED
    assert step(second, InputReceived(Start())).outcome is Outcome.COMMITTED
    assert [(store.version, store.committed.polls) for store in stores] == [(1, 1), (2, 2)]
    assert opened().committed.polls == 2


def test_closing_a_durable_connection_keeps_its_file(opened: Callable[[], DurableStore], file: Path) -> None:
    opened().close()
    assert file.exists()


def test_rows_of_a_durable_database_are_not_replaced(opened: Callable[[], DurableStore], file: Path) -> None:
    opened().close()
    connection = sqlite.connect(f"sqlite:///{file}")
    with pytest.raises(DatabaseError, match="holds a state already"):
        connection.load(Tables())
    connection.close()


def test_a_scratch_database_is_removed_when_it_is_closed(file: Path) -> None:
    url = f"sqlite:///{file}"
    factory = ScratchFactory("", sqlite, url)
    store = factory.open(Machine(Poller), Job(polls=3))
    assert store.committed == Job(polls=3)
    assert len(sqlite.scratch_names(url)) == 1
    del store
    factory.close()
    assert sqlite.scratch_names(url) == []
