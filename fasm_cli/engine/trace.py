"""Traces: lists of occurrences that can be executed, cut out and executed again, on the processes of a system."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.events import ActionRef, Event, Plain, Restore, ValueCodec, decode_event
from fasm_cli.engine.process import Process
from fasm_cli.engine.records import Record
from fasm_cli.engine.step_result import Outcome, StepResult


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`event` happens as step `number`, after step `parent` (0: the initial state).

    `at` names the machine of a system that the event happens to; it is empty for a machine that runs alone.
    """

    number: int
    parent: int
    event: Event
    at: str = ""


EncodedOccurrence = tuple[int, int, str, Plain]  # number, parent, at, event


def encode_trace(values: ValueCodec, trace: Iterable[Occurrence]) -> list[EncodedOccurrence]:
    """Convert a trace to plain data, which can be sent to a process that has not imported the machine."""
    return [(each.number, each.parent, each.at, each.event.encode(values)) for each in trace]


def decode_trace(values: ValueCodec, encoded: Iterable[EncodedOccurrence]) -> list[Occurrence]:
    """Reverse `encode_trace`. Raises `DecodeError` if a value does not fit the machine's types."""
    return [Occurrence(number, parent, decode_event(values, plain, None), at) for number, parent, at, plain in encoded]


def encoded_trace_of(records: Iterable[Record]) -> list[EncodedOccurrence]:
    """Return the occurrences of recorded steps as plain data."""
    return [(record.n, record.parent, record.at, record.event) for record in records]


def count_events(trace: Iterable[Occurrence]) -> int:
    """Return the size of a trace: the number of inputs, completions, crashes and faults. Restores do not count."""
    return sum(type(each.event) is not Restore for each in trace)


def renumber(trace: Sequence[Occurrence]) -> list[Occurrence]:
    """Number the occurrences from 1 without gaps, and adapt the references to actions."""
    numbers = {each.number: position for position, each in enumerate(trace, 1)}
    return [
        replace(each, number=position, parent=position - 1, event=each.event.renumber(numbers))
        for position, each in enumerate(trace, 1)
    ]


class Replayed(NamedTuple):
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
        running = self.processes[recorded.at].running
        return recorded.event.resolve(self.ids.__getitem__, running=running)

    def execute(self, recorded: Occurrence, event: Event) -> Replayed:
        process = self.processes[recorded.at]
        before = process.store.committed
        result = process.step(event, recorded.number)
        note_emitted_ids(self.ids, result, process)
        return Replayed(result, before, process)


def note_emitted_ids(ids: dict[ActionRef, Any], result: StepResult, process: Process) -> None:
    """Add the id of each tracked action that a step emitted, by its name and by its place in the step."""
    if result.outcome is Outcome.COMMITTED:
        for index, action in enumerate(result.actions, 1):
            if type(action) is Tracked:
                ids[ActionRef(result.number, index)] = ids[process.pending[action.id].ref] = action.id
