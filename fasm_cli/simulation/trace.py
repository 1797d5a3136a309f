"""Events that can be played, cut and played again: what a finding is made of.

An item keeps the number it was given when it first happened. Events name actions by those numbers, so an item means
the same when others are cut out; what no longer means anything is left out of the playing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import process_time
from typing import Any

from fasm_cli.contract.chooser import stream
from fasm_cli.contract.state_machine import StateMachine, Tracked
from fasm_cli.engine.events import AHEAD, Complete, Crash, Event, Lose, Ref, Restore, Submit
from fasm_cli.engine.laws import Violation, violations
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.memory_store import open_store
from fasm_cli.engine.process import Process
from fasm_cli.engine.records import decode_event, encode_event
from fasm_cli.engine.step_result import Emission, Outcome, Step
from fasm_cli.simulation.drain import quiet_events, unrest
from fasm_cli.simulation.hidden_state import changed, kept_outside, outside
from fasm_cli.types.generate import Generators

QUIET_LAWS = ("stuck", "eventually:")


Packed = tuple[int, dict[str, Any]]


@dataclass(slots=True)
class Item:
    """An event and the number its step goes by."""

    number: int
    event: Event


@dataclass(slots=True)
class Played:
    """What playing came to: the items that meant something, and the violation the last of them showed.

    `quiet` holds the items of the quiet phase, where the violation is one of rest.
    """

    violation: Violation | None
    items: list[Item]
    quiet: list[Item] = field(default_factory=list)


class Player:
    """Plays items of one machine, exactly. `clock` is what its time is bounded by: the work of this process, so that a
    trace comes out as small on a busy machine."""

    clock = staticmethod(process_time)

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.played = 0  # how many times
        responds = machine.cls.respond is not StateMachine.respond
        self._respond = machine.instance.respond if responds else None
        self._any_result = None if machine.result is None else Generators().of(machine.result)

    def start(self) -> Process:
        return Process(self.machine, open_store(self.machine, self.machine.initial()))

    def play(self, items: Sequence[Item], law: str) -> Played:
        """Let `items` happen up to the first violation of `law`; for a law of rest, also what comes after them.

        Other laws may be broken on the way: a machine has more than one fault before it is mended.
        """
        self.played += 1
        process = self.start()
        emitted: dict[Ref, Any] = {}
        lost: set[Ref] = set()
        kept: list[Item] = []
        for item in meaningful(process, items, emitted):
            kept.append(item)
            violation = self._one(process, item, emitted, law)
            if violation is not None:
                return Played(violation, kept)
            if type(item.event) is Lose and item.event.of is not None:
                lost.add(item.event.of)
        if not law.startswith(QUIET_LAWS):
            return Played(None, kept)
        return self._rest(process, kept, emitted, lost, law)

    def glance(self, items: Sequence[Item], law: str) -> bool:
        """Whether the last of `items` breaks `law`: as `play`, without a look at the ones before."""
        if law.startswith(QUIET_LAWS):
            return True
        self.played += 1
        process = self.start()
        emitted: dict[Ref, Any] = {}
        last: Step | None = None
        before: Any = None
        for item in meaningful(process, items, emitted):
            before = process.store.committed
            last = process.step(item.event, item.number)
            note_emitted(last, emitted)
        found = None if last is None else next(violations(process, last, before), None)
        return found is not None and found.law == law

    def emitted(self, items: Sequence[Item], ref: Ref) -> Tracked | None:
        """The tracked action that `items` emit as `ref`."""
        process = self.start()
        known: dict[Ref, Any] = {}
        for item in meaningful(process, items, known):
            step = process.step(item.event, item.number)
            note_emitted(step, known)
            if step.number == ref.step:
                action = step.actions[ref.index - 1] if ref.index <= len(step.actions) else None
                return action if isinstance(action, Tracked) else None
        return None

    def left_behind(self, items: Sequence[Item]) -> Played:
        """As `play` for the law `hidden`, looking also at what is left outside of the state after each item."""
        start = outside(self.machine)
        process = self.start()
        emitted: dict[Ref, Any] = {}
        kept: list[Item] = []
        for item in meaningful(process, items, emitted):
            kept.append(item)
            violation = self._one(process, item, emitted, "hidden")
            name = changed(start, outside(self.machine))
            if violation is None and name:
                violation = kept_outside(name)
            if violation is not None:
                return Played(violation, kept)
        return Played(None, kept)

    def _rest(self, process: Process, kept: list[Item], emitted: dict[Ref, Any], lost: set[Ref], law: str) -> Played:
        number = max((item.number for item in kept), default=0)
        choose = stream(0, 0, "quiet")
        quiet: list[Item] = []

        def answer(emission: Emission) -> Any:
            if self._respond is not None:
                return self._respond(choose, emission.tracked.id, emission.tracked.action)
            assert self._any_result is not None
            return self._any_result(choose)

        for event in quiet_events(process, lost, answer):
            number += 1
            quiet.append(Item(number, event))
            violation = self._one(process, quiet[-1], emitted, law)
            if violation is not None:
                return Played(violation, kept + quiet)
        return Played(unrest(process), kept, quiet)

    @staticmethod
    def _one(process: Process, item: Item, emitted: dict[Ref, Any], law: str) -> Violation | None:
        before = process.store.committed
        step = process.step(item.event, item.number)
        note_emitted(step, emitted)
        found = next(violations(process, step, before), None)  # where two laws are broken, the first names the fault
        return found if found is not None and found.law == law else None


def meaningful(process: Process, items: Iterable[Item], emitted: dict[Ref, Any]) -> Iterator[Item]:
    """The items that mean something in this playing, resolved; each must have happened before the next is asked for."""
    for item in items:
        event = resolved(item.event, emitted)
        if event is not None and not _means_nothing(process, event):
            yield Item(item.number, event)


def note_emitted(step: Step, emitted: dict[Ref, Any]) -> None:
    """Remember under which id each tracked action of `step` was emitted."""
    if step.outcome is Outcome.COMMITTED:
        for index, action in enumerate(step.actions, 1):
            if type(action) is Tracked:
                emitted[Ref(step.number, index)] = action.id


def resolved(event: Event, emitted: dict[Ref, Any]) -> Event | None:
    """`event` with the id that its cause was emitted under in this playing; None where it was not emitted at all."""
    if type(event) is Complete and event.of is not None:
        return Complete(event.of, emitted[event.of], event.result) if event.of in emitted else None
    if type(event) is Lose and event.of is not None:
        return Lose(event.of, emitted[event.of]) if event.of in emitted else None
    return event


def _means_nothing(process: Process, event: Event) -> bool:
    """Whether the step would be skipped."""
    if type(event) is Restore:
        return process.up
    if type(event) is Crash:
        return not process.up and event.point not in AHEAD
    return not process.up and type(event) in (Submit, Complete)


def pack(machine: Machine, items: Sequence[Item]) -> list[Packed]:
    """Items as plain data, for another process or a file."""
    return [(item.number, encode_event(machine, item.event)) for item in items]


def unpack(machine: Machine, packed: Sequence[Packed]) -> list[Item]:
    """What `pack` was given. Raises `Mismatch`."""
    return [Item(number, decode_event(machine, plain, None)) for number, plain in packed]


def size(items: Sequence[Item]) -> int:
    """Inputs, completions, crashes and faults; restores are free."""
    return sum(type(item.event) is not Restore for item in items)


def renumbered(items: Sequence[Item]) -> list[Item]:
    """The same items, numbered from 1 without gaps."""
    numbers = {item.number: at for at, item in enumerate(items, 1)}

    def moved(ref: Ref | None) -> Ref | None:
        return None if ref is None else Ref(numbers[ref.step], ref.index)

    out = []
    for item in items:
        event = item.event
        if type(event) is Complete:
            event = Complete(moved(event.of), event.id, event.result)
        elif type(event) is Lose:
            event = Lose(moved(event.of), event.id)
        out.append(Item(numbers[item.number], event))
    return out
