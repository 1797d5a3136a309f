"""Shrinks a trace to the smallest one that violates the same law.

`Shrinker.consider` holds the rules for every pass: a candidate must be new, strictly simpler, and violate the same
law. The passes remove chunks and single events, lower the numbers that named what was removed, merge inputs, simplify
kinds and values, remove pairs, and sort; they are repeated until none of them helps. To add a pass, write a function
of a `Shrinker` and add it to `PASSES`.

Removing chunks and then ever smaller parts is delta debugging (Zeller and Hildebrandt 2002). `consider` and repeated
passes are those of the shrinker of Hypothesis (MacIver and Donaldson 2020), which works on choices and not on events.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, assert_never

from fasm_cli.contract.state_machine import StateMachine
from fasm_cli.engine.events import (
    KINDS,
    ActionRef,
    Completion,
    Crash,
    CrashPoint,
    Event,
    InjectedFault,
    InputReceived,
    Restore,
    ResultLost,
)
from fasm_cli.engine.trace import Occurrence, count_events
from fasm_cli.simulation.trace import Player, PlayResult
from fasm_cli.simulation.world import sample_responses
from fasm_cli.types.codec import DecodeError, Schema
from fasm_cli.types.diff import ABSENT, diff_values
from fasm_cli.types.fields import field_names
from fasm_cli.types.format import format_value
from fasm_cli.types.generate import candidates, complexity, minimal, substitute

MAX_PLAYS = 5000  # candidates played for one finding: a bound that makes the result the same on every computer
PAIR_DISTANCE = 8  # how far apart two events are that are removed together
SHIFT_LIMIT = 16  # numbers are lowered in traces of at most so many events

_POINTS = list(CrashPoint)
Trace = Sequence[Occurrence]


@dataclass(slots=True)
class Shrunk:
    """The simplest trace that was found, and whether the time was enough."""

    played: PlayResult
    in_time: bool


class Shrinker:
    """Searches for the simplest trace that violates `law`, from `trace` on; `best` is the simplest so far.

    `seconds` (by the player's clock) and `max_plays` bound the search.

    The passes see an action that `restore` emitted again as the n-th action of that restore and not by its name: when
    earlier events are removed, the reference may then hit another action, which often violates the law too.
    """

    def __init__(self, player: Player, trace: Trace, law: str, seconds: float, max_plays: int = MAX_PLAYS) -> None:
        self.player = player
        self.machine = player.machine
        self.in_time = True
        self._law = law
        self._max_plays = max_plays
        self._until = player.clock() + seconds
        self._seen: set[str] = set()
        self._played = player.play(_rename_refs(trace, player.emissions(trace)), law)
        self.key = self._sort_key(self.best)

    @property
    def best(self) -> list[Occurrence]:
        """The simplest trace so far."""
        return self._played.trace

    @property
    def reproduces(self) -> bool:
        """Whether the first trace violates its law at all when it is played alone."""
        return self._played.violation is not None and self._played.violation.law == self._law

    def shrink(self) -> Shrunk:
        """Repeat the passes until none of them helps."""
        if self.reproduces:
            before = None
            while before != self.key and not self.budget_exhausted():
                before = self.key
                for simplify in PASSES:
                    simplify(self)
        played = self._played
        names = {place: name for name, place in self.player.emissions(played.trace).items()}
        result = PlayResult(played.violation, _rename_refs(played.trace, names), played.drained)
        return Shrunk(result, self.in_time)

    def consider(self, trace: Trace) -> bool:
        """Make `trace` the best one if it is new, simpler, and violates the same law. Return whether it is."""
        if self.budget_exhausted():
            return False
        text = "\n".join(f"{each.number} {format_value(each.event)}" for each in trace)
        if text in self._seen:
            return False
        self._seen.add(text)
        if self._sort_key(trace) >= self.key:
            return False
        try:
            if not self.player.fails_at_end(trace, self._law):
                return False
            played = self.player.play(trace, self._law)
        except DecodeError:  # a value that does not fit the declared types
            return False
        if played.violation is None or played.violation.law != self._law:
            return False
        key = self._sort_key(played.trace)
        if key >= self.key:
            return False
        self._played, self.key = played, key
        return True

    def try_replace(self, index: int, event: Event) -> bool:
        """Consider the best trace with another event at `index`."""
        trace = self.best
        if index >= len(trace):
            return False
        return self.consider([*trace[:index], replace(trace[index], event=event), *trace[index + 1 :]])

    def budget_exhausted(self) -> bool:
        """Whether the time or the number of plays is used up."""
        if self.player.clock() > self._until:
            self.in_time = False
        return self.player.played >= self._max_plays or not self.in_time

    def _sort_key(self, trace: Trace) -> tuple[Any, ...]:
        kinds = tuple(KINDS.index(type(each.event)) for each in trace)
        return count_events(trace), len(trace), kinds, tuple(self._complexity(each.event) for each in trace)

    def _complexity(self, event: Event) -> tuple[Any, ...]:
        machine = self.machine
        match event:
            case InputReceived(value):
                return complexity(machine.input_schema, value)
            case Completion(of, id, result):
                assert machine.result_schema is not None
                unknown = of is None and machine.action_id_schema is not None
                cause = (1, complexity(machine.action_id_schema, id)) if unknown else (0, of)  # type: ignore[arg-type]
                return (complexity(machine.result_schema, result), *cause)
            case ResultLost(of, _):
                return (of,)
            case Crash(point, nth):
                return (_POINTS.index(point), nth)
            case InjectedFault(kind, nth):
                return (str(kind), nth)
            case Restore():
                return ()
            case _:
                assert_never(event)


def _rename_refs(trace: Trace, names: Mapping[ActionRef, ActionRef]) -> list[Occurrence]:
    """Replace references to actions by their values in `names`, if they have one."""

    def renamed(event: Event) -> Event:
        if isinstance(event, Completion | ResultLost) and event.of is not None:
            return replace(event, of=names.get(event.of, event.of))
        return event

    return [replace(each, event=renamed(each.event)) for each in trace] if names else list(trace)


# --- passes that remove events -------------------------------------------------------------------------------------


def remove_chunks(shrinker: Shrinker) -> None:
    """Remove many events at once: half of the trace, then a quarter, down to two."""
    length = len(shrinker.best) // 2
    while length > 1:
        start = 0
        while start < len(shrinker.best):
            trace = shrinker.best
            if not shrinker.consider([*trace[:start], *trace[start + length :]]):
                start += length
        length //= 2


def remove_events(shrinker: Shrinker) -> None:
    """Remove single events, the last first, with what depends on them; lower the numbers that counted them."""
    index = len(shrinker.best) - 1
    while index >= 0:
        trace = shrinker.best
        if index < len(trace):
            rest = [*trace[:index], *trace[index + 1 :]]
            if not shrinker.consider(rest) and len(trace) <= SHIFT_LIMIT:
                _shift_ids(shrinker, trace, index)
        index -= 1


def _shift_ids(shrinker: Shrinker, trace: Trace, index: int) -> bool:
    """Remove an event, and lower by one the numbers in later inputs that are greater than one that it gave out."""
    rest = trace[index + 1 :]
    numbers = {number for each in rest if type(each.event) is InputReceived for number in _numbers(each.event.value)}
    for floor in sorted(numbers):
        shifted = [_with_numbers(shrinker, each, partial(_lower, floor)) for each in rest]
        if shrinker.consider([*trace[:index], *shifted]):
            return True
    return False


def _with_numbers(shrinker: Shrinker, occurrence: Occurrence, change: Callable[[int], int]) -> Occurrence:
    event, machine = occurrence.event, shrinker.machine
    if type(event) is not InputReceived:
        return occurrence
    try:
        value = machine.decode_input(_map_numbers(machine.encode_input(event.value), change))
    except DecodeError:
        return occurrence
    return replace(occurrence, event=InputReceived(value))


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


def _map_numbers(plain: Any, change: Callable[[int], int]) -> Any:
    if type(plain) is int:
        return change(plain)
    if isinstance(plain, list):
        return [_map_numbers(part, change) for part in plain]
    if isinstance(plain, dict):
        return {key: _map_numbers(part, change) for key, part in plain.items()}
    return plain


def remove_pairs(shrinker: Shrinker) -> None:
    """Remove two events that cancel each other, so that neither can be removed alone."""
    index = 0
    while index < len(shrinker.best):
        trace = shrinker.best
        for other in range(index + 1, min(index + PAIR_DISTANCE, len(trace))):
            if shrinker.consider([each for at, each in enumerate(trace) if at not in (index, other)]):
                break
        else:
            index += 1


def drop_cause(shrinker: Shrinker) -> None:
    """Replace the last completion by one of an action that was never emitted, and remove what led to it."""
    machine, trace = shrinker.machine, shrinker.best
    index = len(trace) - 1
    event = trace[index].event if index >= 0 else None
    if not isinstance(event, Completion) or event.of is None or machine.action_id_schema is None:
        return
    for id in minimal(machine.action_id_schema):
        last = replace(shrinker.best[index], event=Completion(None, id, event.result))
        if shrinker.consider([last]):
            return
        for first in range(index):
            for end in range(first + 1, index + 1):
                if shrinker.consider([*shrinker.best[:first], *shrinker.best[end:index], last]):
                    return


def merge_inputs(shrinker: Shrinker) -> None:
    """Replace two inputs of a class by one with the sum of one of their numbers."""
    index = 0
    while index < len(shrinker.best):
        trace = shrinker.best
        for other in range(index + 1, len(trace)):
            if _are_alike(trace[index].event, trace[other].event):
                for event in _sums(shrinker, trace[index].event, trace[other].event):
                    merged = replace(trace[index], event=event)
                    if shrinker.consider([*trace[:index], merged, *trace[index + 1 : other], *trace[other + 1 :]]):
                        break
        index += 1


def _are_alike(first: Event, second: Event) -> bool:
    """Whether both are inputs of one class."""
    return type(first) is InputReceived and type(second) is InputReceived and type(first.value) is type(second.value)


def _sums(shrinker: Shrinker, first: Event, second: Event) -> Iterator[Event]:
    assert isinstance(first, InputReceived)
    assert isinstance(second, InputReceived)
    machine = shrinker.machine
    one, two = machine.encode_input(first.value), machine.encode_input(second.value)
    if not isinstance(one, dict):
        return
    for key, number in one.items():
        if type(number) is int and type(two.get(key)) is int:
            try:
                yield InputReceived(machine.decode_input({**one, key: number + two[key]}))
            except DecodeError:
                continue


# --- passes that keep the number of events -------------------------------------------------------------------------


def simplify_event_kinds(shrinker: Shrinker) -> None:
    """Replace a crash by one between two steps, and let a crash or fault strike at the first point."""
    for index in range(len(shrinker.best)):
        if index < len(shrinker.best):
            for event in _simpler_kinds(shrinker.best[index].event):
                if shrinker.try_replace(index, event):
                    break


def _simpler_kinds(event: Event) -> Iterator[Event]:
    if type(event) is Crash and event.point is not CrashPoint.BETWEEN:
        yield Crash()
    if isinstance(event, Crash | InjectedFault) and event.nth > 1:
        yield replace(event, nth=1)


def retarget_refs(shrinker: Shrinker) -> None:
    """Let a completion refer to an earlier emission, so that the restore that repeated the action can be removed."""
    for index, occurrence in enumerate(shrinker.best):
        event = occurrence.event
        if isinstance(event, Completion | ResultLost) and event.of is not None:
            for earlier in shrinker.best[:index]:
                for position in range(1, 4):
                    ref = ActionRef(earlier.number, position)
                    if ref < event.of and shrinker.try_replace(index, replace(event, of=ref)):
                        break


def simplify_values(shrinker: Shrinker) -> None:
    """Make every value as simple as possible."""
    index = 0
    while index < len(shrinker.best):
        event = shrinker.best[index].event
        if not any(shrinker.try_replace(index, simpler) for simpler in _simpler_events(shrinker, event)):
            index += 1


def _simpler_events(shrinker: Shrinker, event: Event) -> Iterator[Event]:
    machine = shrinker.machine
    if type(event) is InputReceived:
        for value in _valid(shrinker, machine.input_schema, event.value):
            yield InputReceived(value)
    elif type(event) is Completion:
        assert machine.result_schema is not None
        kinds = _possible_results(shrinker, event.of)
        for result in _valid(shrinker, machine.result_schema, event.result):
            if kinds is None or type(result) in kinds or type(result) is type(event.result):
                yield Completion(event.of, event.id, result)
        if event.of is None and machine.action_id_schema is not None:
            for id in _valid(shrinker, machine.action_id_schema, event.id):
                yield Completion(None, id, event.result)
    elif isinstance(event, Crash | InjectedFault) and event.nth > 1:
        for nth in range(1, event.nth):
            yield replace(event, nth=nth)


def _possible_results(shrinker: Shrinker, of: ActionRef | None) -> set[type] | None:
    """Return the classes of results that `respond` may give to an action, None if there is no limit. A trace that no
    environment can bring about would prove nothing."""
    machine = shrinker.machine
    if of is None or machine.cls.respond is StateMachine.respond:
        return None
    action = shrinker.player.emitted(shrinker.best, of)
    return None if action is None else {type(result) for result in sample_responses(machine, action)}


def _valid(shrinker: Shrinker, schema: Schema, value: Any) -> Iterator[Any]:
    """Yield the simpler values that the author's constructors and the codec accept."""
    simpler = candidates(schema, value)
    while True:
        try:
            other = next(simpler)
            shrinker.machine.codec.encode(schema, other)
        except StopIteration:
            return
        except Exception:  # the author's constructor may raise anything
            continue
        yield other


def substitute_everywhere(shrinker: Shrinker) -> None:
    """Simplify a value that occurs in several inputs in all of them at once."""
    index = 0
    while index < len(shrinker.best):
        if not any(shrinker.consider(trace) for trace in _substituted(shrinker, index)):
            index += 1


def _substituted(shrinker: Shrinker, index: int) -> Iterator[list[Occurrence]]:
    trace = shrinker.best
    event = trace[index].event
    if type(event) is not InputReceived:
        return
    for other in _simpler_events(shrinker, event):
        assert isinstance(other, InputReceived)
        found = diff_values(event.value, other.value)
        if len(found) == 1 and found[0].before is not ABSENT and found[0].after is not ABSENT:
            yield [_substitute(shrinker, each, found[0].before, found[0].after) for each in trace]


def _substitute(shrinker: Shrinker, occurrence: Occurrence, before: Any, after: Any) -> Occurrence:
    if type(occurrence.event) is not InputReceived:
        return occurrence
    value = substitute(occurrence.event.value, before, after)
    try:
        shrinker.machine.codec.encode(shrinker.machine.input_schema, value)
    except DecodeError:
        return occurrence
    return replace(occurrence, event=InputReceived(value))


def duplicate_inputs(shrinker: Shrinker) -> None:
    """Replace an input by an earlier one of its class, so that the trace has fewer different values."""
    for index in range(len(shrinker.best)):
        for other in range(index):
            if index < len(shrinker.best):
                here, there = shrinker.best[index].event, shrinker.best[other].event
                if _are_alike(here, there):
                    shrinker.try_replace(index, there)


def sort_events(shrinker: Shrinker) -> None:
    """Put inputs before completions, and completions before faults."""
    index = 0
    while index + 1 < len(shrinker.best):
        trace = shrinker.best
        if shrinker.consider([*trace[:index], trace[index + 1], trace[index], *trace[index + 2 :]]):
            index = max(index - 1, 0)
        else:
            index += 1


PASSES: tuple[Callable[[Shrinker], None], ...] = (
    remove_chunks,
    remove_events,
    drop_cause,
    simplify_event_kinds,
    retarget_refs,
    merge_inputs,
    simplify_values,
    substitute_everywhere,
    duplicate_inputs,
    remove_pairs,
    sort_events,
)
