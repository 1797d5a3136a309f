"""The one loop that executes recorded events again.

Opening a session, `goto`, verify, migrate, reload, replay, shrinking, replicas, locating a finding and importing a
production history are all `replay` over a different source of events and a different place to execute them. What they
compare, and when they stop, is up to the caller, who stops iterating.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.events import ActionRef, Event
from fasm_cli.engine.process import Process
from fasm_cli.engine.records import Occurrence
from fasm_cli.engine.step_result import Outcome, StepResult
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.fields import record

S = TypeVar("S", contravariant=True)
T = TypeVar("T", covariant=True)
Recorded = TypeVar("Recorded")
Result = TypeVar("Result")


class Stage(Protocol[S, T]):
    """A place where events of a source are executed."""

    def resolve(self, recorded: S) -> Event | None:
        """What the recorded event means here; None if it means nothing. Raises `DecodeError` if it does not fit the
        machine."""
        ...

    def execute(self, recorded: S, event: Event) -> T:
        """Execute the event in place of the recorded one."""
        ...


class CannotReplay(Exception):
    """A recorded event does not fit the machine. `recorded` is the element of the source, `reason` says why."""

    def __init__(self, recorded: Any, reason: str) -> None:
        super().__init__(reason)
        self.recorded = recorded
        self.reason = reason


def replay(stage: Stage[Recorded, Result], source: Iterable[Recorded]) -> Iterator[tuple[Recorded, Result]]:
    """Execute the events of `source` on `stage`, one after the other, and yield each with its result. An event
    that means nothing there is left out. Raises `CannotReplay` for one that does not fit the machine."""
    for recorded in source:
        try:
            event = stage.resolve(recorded)
        except DecodeError as wrong:
            raise CannotReplay(recorded, str(wrong)) from None
        if event is not None:
            yield recorded, stage.execute(recorded, event)


@record
class Replayed:
    """The result of an event on a `ProcessStage`: the step, the committed state before it, and the process."""

    result: StepResult
    before: Any
    process: Process


class ProcessStage:
    """Executes the occurrences of a trace on the `processes` of a system, by the name of the machine; a machine that
    is alone has the name "". The stage knows the id of every action that was emitted, so that an event is about the
    same action when other events were cut out of the trace."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        self.processes = processes
        self.ids: dict[ActionRef, Any] = {}

    def resolve(self, recorded: Occurrence) -> Event | None:
        return recorded.event.resolve(ProcessView(self.processes[recorded.at], self.ids))

    def execute(self, recorded: Occurrence, event: Event) -> Replayed:
        process = self.processes[recorded.at]
        before = process.store.committed
        result = process.step(event, recorded.number)
        note_emitted_ids(self.ids, result, process)
        return Replayed(result, before, process)


@record
class ProcessView:
    """What an event needs to know of the process that it happens to."""

    process: Process
    ids: Mapping[ActionRef, Any]

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self.process.running

    def id_of(self, ref: ActionRef) -> Any:
        """The id under which the action was emitted. Raises `KeyError`."""
        return self.ids[ref]


def note_emitted_ids(ids: dict[ActionRef, Any], result: StepResult, process: Process) -> None:
    """Add the id of each tracked action that a step emitted, by its name and by its place in the step."""
    if result.outcome is Outcome.COMMITTED:
        for index, action in enumerate(result.actions, 1):
            if type(action) is Tracked:
                ids[ActionRef(result.number, index)] = ids[process.pending[action.id].ref] = action.id
