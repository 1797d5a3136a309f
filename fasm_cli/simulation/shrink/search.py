"""The smallest trace that breaks the same law in the same way.

`consider` holds the rules for every pass: a candidate must be new, strictly simpler, and fail with the same law. The
passes cut chunks, then single events with what depends on them, lower the numbers that named what was cut, merge like
inputs, simplify kinds and values, cut pairs, and put inputs first; they go round until none helps. (The idea of
`consider` is Hypothesis's; its passes work on choices, these on named events.)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fasm_cli.engine.events import InputReceived
from fasm_cli.simulation.shrink.passes import Simplifying
from fasm_cli.simulation.trace import PlayResult, TraceEvent
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.fields import field_names

PAIR_DISTANCE = 8
LOWERED = 16  # items; numbers are lowered when so few are left


@dataclass(slots=True)
class Shrunk:
    """The simplest trace found, how often traces were played for it, and whether the time was up before it was done."""

    played: PlayResult
    plays: int
    in_time: bool


class Shrinker(Simplifying):
    """Shrinks one failing trace: the passes that cut, and the order of them all."""

    def shrink(self) -> Shrunk:
        """Go through the passes until none of them helps."""
        if self.reproduces:
            passes = (
                self._chunks,
                self._singles,
                self.drop_cause,
                self.simplify_event_kinds,
                self.retarget_refs,
                self.merge_inputs,
                self.simplify_values,
                self.substitute_everywhere,
                self.duplicate_inputs,
                self._pairs,
                self.sort_events,
            )
            before = None
            while before != self.key and not self.budget_exhausted():
                before = self.key
                for one in passes:
                    one()
        return Shrunk(self.best, self.player.played, self.in_time)

    def _chunks(self) -> None:
        length = len(self.best.items) // 2
        while length > 1:
            at = 0
            while at < len(self.best.items):
                items = self.best.items
                if not self.consider([*items[:at], *items[at + length :]]):
                    at += length
            length //= 2

    def _singles(self) -> None:
        at = len(self.best.items) - 1
        while at >= 0:
            items = self.best.items
            if at < len(items):
                rest = [*items[:at], *items[at + 1 :]]
                if not self.consider(rest) and len(items) <= LOWERED:
                    self._shift_ids(items, at)
            at -= 1

    def _shift_ids(self, items: Sequence[TraceEvent], at: int) -> bool:
        """Cut item `at`, and lower by one the numbers in later inputs that are above one it gave out."""
        rest = items[at + 1 :]
        numbers = {
            number for item in rest if type(item.event) is InputReceived for number in _numbers(item.event.value)
        }
        for floor in sorted(numbers):
            moved = [self._with_numbers(item, partial(_lower, floor)) for item in rest]
            if self.consider([*items[:at], *moved]):
                return True
        return False

    def _with_numbers(self, item: TraceEvent, change: Callable[[int], int]) -> TraceEvent:
        if type(item.event) is not InputReceived:
            return item
        plain = self.machine.codec.encode_message(self.machine.input_schema, item.event.value)
        try:
            value = self.machine.codec.decode_message(self.machine.input_schema, _mapped(plain, change))
        except DecodeError:
            return item
        return replace(item, event=InputReceived(value))

    def _pairs(self) -> None:
        at = 0
        while at < len(self.best.items):
            items = self.best.items
            for other in range(at + 1, min(at + PAIR_DISTANCE, len(items))):
                if self.consider([item for here, item in enumerate(items) if here not in (at, other)]):
                    break
            else:
                at += 1


def _lower(floor: int, number: int) -> int:
    return number - 1 if number >= floor else number


def _numbers(value: Any) -> Iterator[int]:
    if type(value) is int:
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _numbers(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _numbers(key)
            yield from _numbers(part)
    else:
        for name in field_names(type(value)):
            yield from _numbers(getattr(value, name))


def _mapped(plain: Any, change: Callable[[int], int]) -> Any:
    if type(plain) is int:
        return change(plain)
    if isinstance(plain, list):
        return [_mapped(part, change) for part in plain]
    if isinstance(plain, dict):
        return {key: _mapped(part, change) for key, part in plain.items()}
    return plain
