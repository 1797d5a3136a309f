"""The smallest trace that breaks the same law in the same way.

`consider` holds the rules for every pass: a candidate must be new, strictly simpler, and fail with the same law. The
passes cut chunks, then single events with what depends on them, lower the numbers that named what was cut, merge like
inputs, simplify kinds and values, cut pairs, and put inputs first; they go round until none helps. (The idea of
`consider` is Hypothesis's; its passes work on choices, these on named events.)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any

from fasm_cli.core.codec import Mismatch, Shape
from fasm_cli.core.codec.render import render
from fasm_cli.core.event import Complete, Crash, Event, Fault, Lose, Point, Ref, Restore, Submit
from fasm_cli.core.laws import Violation
from fasm_cli.sim.simplify import simpler, weight
from fasm_cli.sim.trace import Item, Played, Player, size

PLAYS = 5000  # candidates played for one finding: the bound that makes a result the same everywhere
PAIR_DISTANCE = 8
LOWERED = 16  # items; numbers are lowered when so few are left

_RANK: dict[type, int] = {Submit: 0, Complete: 1, Lose: 2, Fault: 3, Crash: 4, Restore: 5}
_POINTS = list(Point)


@dataclass(slots=True)
class Shrunk:
    """The simplest trace found, how often traces were played for it, and whether the time was up before it was done."""

    played: Played
    plays: int
    in_time: bool


class Shrinker:
    """Shrinks one failing trace; `seconds` bounds the time it takes, `plays` how often a trace is played for it."""

    def __init__(
        self, player: Player, items: Sequence[Item], violation: Violation, seconds: float, plays: int = PLAYS
    ) -> None:
        self._player = player
        self._plays = plays
        self._machine = player.machine
        self._law = violation.law
        self._until = monotonic() + seconds
        self._seen: set[str] = set()
        self._in_time = True
        self.best = player.play(items, self._law)
        self._key = self._sort_key(self.best.items)

    @property
    def fails(self) -> bool:
        """Whether the trace it was given breaks its law at all when it is played alone."""
        return self.best.violation is not None and self.best.violation.law == self._law

    def shrink(self) -> Shrunk:
        """Go through the passes until none of them helps."""
        if self.fails:
            passes = (
                self._chunks,
                self._singles,
                self._kinds,
                self._repoint,
                self._merge,
                self._values,
                self._unify,
                self._pairs,
                self._order,
            )
            before = None
            while before != self._key and not self._spent():
                before = self._key
                for one in passes:
                    one()
        return Shrunk(self.best, self._player.played, self._in_time)

    def consider(self, items: Sequence[Item]) -> bool:
        """Take `items` for the best where they are new, simpler, and fail in the same way."""
        if self._spent():
            return False
        text = _text(items)
        if text in self._seen:
            return False
        self._seen.add(text)
        if self._sort_key(items) >= self._key:
            return False
        try:
            if not self._player.glance(items, self._law):
                return False
            played = self._player.play(items, self._law)
        except Mismatch:  # a value that the machine does not declare
            return False
        if played.violation is None or played.violation.law != self._law:
            return False
        key = self._sort_key(played.items)
        if key >= self._key:
            return False
        self.best, self._key = played, key
        return True

    def _spent(self) -> bool:
        if monotonic() > self._until:
            self._in_time = False
        return self._player.played >= self._plays or not self._in_time

    # --- cutting ----------------------------------------------------------------------------------------------

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
                    self._lowered(items, at)
            at -= 1

    def _lowered(self, items: Sequence[Item], at: int) -> bool:
        """Cut item `at`, and lower by one the numbers in later inputs that are above one it gave out."""
        rest = items[at + 1 :]
        numbers = {number for item in rest if type(item.event) is Submit for number in _numbers(item.event.value)}
        for floor in sorted(numbers):
            moved = [self._with_numbers(item, partial(_lower, floor)) for item in rest]
            if self.consider([*items[:at], *moved]):
                return True
        return False

    def _with_numbers(self, item: Item, change: Callable[[int], int]) -> Item:
        if type(item.event) is not Submit:
            return item
        plain = self._machine.codec.encode_message(self._machine.input, item.event.value)
        try:
            value = self._machine.codec.decode_message(self._machine.input, _mapped(plain, change))
        except Mismatch:
            return item
        return replace(item, event=Submit(value))

    def _pairs(self) -> None:
        at = 0
        while at < len(self.best.items):
            items = self.best.items
            for other in range(at + 1, min(at + PAIR_DISTANCE, len(items))):
                if self.consider([item for here, item in enumerate(items) if here not in (at, other)]):
                    break
            else:
                at += 1

    # --- simplifying ------------------------------------------------------------------------------------------

    def _kinds(self) -> None:
        """A crash between steps in place of any other; a fault or crash at the first place it can strike."""
        for at in range(len(self.best.items)):
            for event in _simpler_kinds(self.best.items[at].event if at < len(self.best.items) else Restore()):
                if self._replaced(at, event):
                    break

    def _repoint(self) -> None:
        """A completion of the first emission under its id, so that the restore that repeated it can go."""
        for at, item in enumerate(self.best.items):
            event = item.event
            if isinstance(event, Complete | Lose) and event.of is not None:
                for earlier in self.best.items[:at]:
                    for index in range(1, 4):
                        ref = Ref(earlier.number, index)
                        if ref < event.of and self._replaced(at, replace(event, of=ref)):
                            break

    def _merge(self) -> None:
        """One input in place of two of a kind, with the numbers of both."""
        at = 0
        while at < len(self.best.items):
            items = self.best.items
            first = items[at].event
            for other in range(at + 1, len(items)):
                second = items[other].event
                if type(first) is Submit and type(second) is Submit and type(first.value) is type(second.value):
                    for value in self._sums(first.value, second.value):
                        merged = [
                            *items[:at],
                            replace(items[at], event=Submit(value)),
                            *items[at + 1 : other],
                            *items[other + 1 :],
                        ]
                        if self.consider(merged):
                            break
            at += 1

    def _sums(self, first: Any, second: Any) -> Iterator[Any]:
        encode, decode = self._machine.codec.encode_message, self._machine.codec.decode_message
        one, two = encode(self._machine.input, first), encode(self._machine.input, second)
        if not isinstance(one, dict):
            return
        for key, number in one.items():
            if type(number) is int and type(two.get(key)) is int:
                try:
                    yield decode(self._machine.input, {**one, key: number + two[key]})
                except Mismatch:
                    continue

    def _values(self) -> None:
        """Every value as simple as it can be."""
        at = 0
        while at < len(self.best.items):
            if not any(self._replaced(at, event) for event in self._simpler_events(self.best.items[at].event)):
                at += 1

    def _simpler_events(self, event: Event) -> Iterator[Event]:
        machine = self._machine
        if type(event) is Submit:
            for value in self._legal(machine.input, event.value):
                yield Submit(value)
        elif type(event) is Complete:
            assert machine.result is not None
            for result in self._legal(machine.result, event.result):
                yield Complete(event.of, event.id, result)
            if event.of is None and machine.action_id is not None:
                for id in self._legal(machine.action_id, event.id):
                    yield Complete(None, id, event.result)
        elif isinstance(event, Crash | Fault) and event.at > 1:
            for at in range(1, event.at):
                yield replace(event, at=at)

    def _legal(self, shape: Shape, value: Any) -> Iterator[Any]:
        candidates = simpler(shape, value)
        while True:
            try:
                other = next(candidates)
                self._machine.codec.encode(shape, other)
            except StopIteration:
                return
            except Exception:  # the author's constructor or the codec refuses it
                continue
            yield other

    def _unify(self) -> None:
        """Inputs of one class with the same values, where that is enough."""
        for at in range(len(self.best.items)):
            for other in range(len(self.best.items)):
                if at < len(self.best.items) and other < at:
                    here, there = self.best.items[at].event, self.best.items[other].event
                    if type(here) is Submit and type(there) is Submit and type(here.value) is type(there.value):
                        self._replaced(at, there)

    def _order(self) -> None:
        """Inputs before completions before faults."""
        at = 0
        while at + 1 < len(self.best.items):
            items = self.best.items
            if self.consider([*items[:at], items[at + 1], items[at], *items[at + 2 :]]):
                at = max(at - 1, 0)
            else:
                at += 1

    def _replaced(self, at: int, event: Event) -> bool:
        items = self.best.items
        if at >= len(items):
            return False
        return self.consider([*items[:at], replace(items[at], event=event), *items[at + 1 :]])

    def _sort_key(self, items: Sequence[Item]) -> tuple[Any, ...]:
        kinds = tuple(_RANK[type(item.event)] for item in items)
        return size(items), len(items), kinds, tuple(self._weight(item.event) for item in items)

    def _weight(self, event: Event) -> tuple[Any, ...]:
        machine = self._machine
        match event:
            case Submit(value):
                return weight(machine.input, value)
            case Complete(of, id, result):
                assert machine.result is not None
                cause = (1, weight(machine.action_id, id)) if of is None and machine.action_id else (0, of)
                return (weight(machine.result, result), *cause)
            case Lose(of, _):
                return (of,)
            case Crash(point, at):
                return (_POINTS.index(point), at)
            case Fault(failure, at):
                return (str(failure), at)
        return ()


def _lower(floor: int, number: int) -> int:
    return number - 1 if number >= floor else number


def _simpler_kinds(event: Event) -> Iterator[Event]:
    if type(event) is Crash and event.point is not Point.BETWEEN:
        yield Crash()
    if isinstance(event, Crash | Fault) and event.at > 1:
        yield replace(event, at=1)


def _text(items: Sequence[Item]) -> str:
    """What tells candidates apart."""
    return "\n".join(f"{item.number} {render(item.event)}" for item in items)


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
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _numbers(getattr(value, name))


def _mapped(plain: Any, change: Callable[[int], int]) -> Any:
    if type(plain) is int:
        return change(plain)
    if isinstance(plain, list):
        return [_mapped(part, change) for part in plain]
    if isinstance(plain, dict):
        return {key: _mapped(part, change) for key, part in plain.items()}
    return plain
