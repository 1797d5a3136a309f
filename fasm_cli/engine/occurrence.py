"""Defines `Occurrence`, the element of traces: an event with its number, its parent and the machine it happens to.

A trace is a list of occurrences that can be executed, shortened and executed again. An occurrence keeps the number
that it received when it first happened. Events refer to actions by these numbers, so an occurrence keeps its meaning
when others are removed from the trace. The position in the list, not the number, decides which occurrence is older.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fasm_cli.engine.events import Event, Plain, Restore, ValueCodec, decode_event
from fasm_cli.engine.records import Record


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
