"""Events that can be played, cut and played again: what a finding is made of.

An item keeps the number it was given when it first happened. Events name actions by those numbers, so an item means
the same when others are cut out; what no longer means anything is left out of the playing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import process_time
from typing import Any

from fasm_cli.contract.chooser import substream
from fasm_cli.contract.state_machine import StateMachine, Tracked
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import (
    ActionRef,
    Event,
    Restore,
    ResultLost,
    decode_event,
)
from fasm_cli.engine.laws import Violation, violations
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Emission, Outcome, StepResult
from fasm_cli.simulation.drain import drain, liveness_violation
from fasm_cli.simulation.hidden_state import first_difference, hidden_violation, snapshot
from fasm_cli.types.generate import Generators

LIVENESS_LAWS = ("stuck", "eventually:")


Packed = tuple[int, dict[str, Any]]


@dataclass(slots=True)
class TraceEvent:
    """An event and the number its step goes by."""

    number: int
    event: Event


@dataclass(slots=True)
class PlayResult:
    """What playing came to: the items that meant something, and the violation the last of them showed.

    `quiet` holds the items of the quiet phase, where the violation is one of rest.
    """

    violation: Violation | None
    items: list[TraceEvent]
    quiet: list[TraceEvent] = field(default_factory=list)


class Player:
    """Plays items of one machine, exactly. `clock` is what its time is bounded by: the work of this process, so that a
    trace comes out as small on a busy machine."""

    clock = staticmethod(process_time)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.machine = machine = engine.machine
        self.played = 0  # how many times
        responds = machine.cls.respond is not StateMachine.respond
        self._respond = machine.instance.respond if responds else None
        self._any_result = None if machine.result_schema is None else Generators().of(machine.result_schema)

    def start(self) -> Process:
        return self._engine.start(self._engine.initial())

    def play(self, items: Sequence[TraceEvent], law: str) -> PlayResult:
        """Let `items` happen up to the first violation of `law`; for a law of rest, also what comes after them.

        Other laws may be broken on the way: a machine has more than one fault before it is mended.
        """
        self.played += 1
        process = self.start()
        emitted: dict[ActionRef, Any] = {}
        lost: set[ActionRef] = set()
        kept: list[TraceEvent] = []
        for item in applicable_events(process, items, emitted):
            kept.append(item)
            violation = self._one(process, item, emitted, law)
            if violation is not None:
                return PlayResult(violation, kept)
            if type(item.event) is ResultLost and item.event.of is not None:
                lost.add(item.event.of)
        if not law.startswith(LIVENESS_LAWS):
            return PlayResult(None, kept)
        return self._rest(process, kept, emitted, lost, law)

    def fails_at_end(self, items: Sequence[TraceEvent], law: str) -> bool:
        """Whether the last of `items` breaks `law`: as `play`, without a look at the ones before."""
        if law.startswith(LIVENESS_LAWS):
            return True
        self.played += 1
        process = self.start()
        emitted: dict[ActionRef, Any] = {}
        last: StepResult | None = None
        before: Any = None
        for item in applicable_events(process, items, emitted):
            before = process.store.committed
            last = process.step(item.event, item.number)
            note_emitted(last, process, emitted)
        found = None if last is None else next(violations(process, last, before), None)
        return found is not None and found.law == law

    def emitted(self, items: Sequence[TraceEvent], ref: ActionRef) -> Tracked | None:
        """The tracked action that `items` emit as `ref`."""
        process = self.start()
        known: dict[ActionRef, Any] = {}
        for item in applicable_events(process, items, known):
            step = process.step(item.event, item.number)
            note_emitted(step, process, known)
            if ref in known and step.number == (ref.again or ref.step):
                return next(each for each in step.actions if type(each) is Tracked and each.id == known[ref])
        return None

    def play_checking_hidden_state(self, items: Sequence[TraceEvent]) -> PlayResult:
        """As `play` for the law `hidden`, looking also at what is left outside of the state after each item."""
        start = snapshot(self.machine)
        process = self.start()
        emitted: dict[ActionRef, Any] = {}
        kept: list[TraceEvent] = []
        for item in applicable_events(process, items, emitted):
            kept.append(item)
            violation = self._one(process, item, emitted, "hidden")
            name = first_difference(start, snapshot(self.machine))
            if violation is None and name:
                violation = hidden_violation(name)
            if violation is not None:
                return PlayResult(violation, kept)
        return PlayResult(None, kept)

    def _rest(
        self, process: Process, kept: list[TraceEvent], emitted: dict[ActionRef, Any], lost: set[ActionRef], law: str
    ) -> PlayResult:
        number = max((item.number for item in kept), default=0)
        choose = substream(0, 0, "quiet")
        quiet: list[TraceEvent] = []

        def answer(emission: Emission) -> Any:
            if self._respond is not None:
                return self._respond(choose, emission.tracked.id, emission.tracked.action)
            assert self._any_result is not None
            return self._any_result(choose)

        for event in drain(process, lost, answer):
            number += 1
            quiet.append(TraceEvent(number, event))
            violation = self._one(process, quiet[-1], emitted, law)
            if violation is not None:
                return PlayResult(violation, kept + quiet)
        return PlayResult(liveness_violation(process), kept, quiet)

    @staticmethod
    def _one(process: Process, item: TraceEvent, emitted: dict[ActionRef, Any], law: str) -> Violation | None:
        before = process.store.committed
        step = process.step(item.event, item.number)
        note_emitted(step, process, emitted)
        found = next(violations(process, step, before), None)  # where two laws are broken, the first names the fault
        return found if found is not None and found.law == law else None


def applicable_events(
    process: Process, items: Iterable[TraceEvent], emitted: dict[ActionRef, Any]
) -> Iterator[TraceEvent]:
    """The items that mean something in this playing, resolved; each must have happened before the next is asked for."""
    for item in items:
        event = resolved(item.event, emitted)
        if event is not None and not event.reason_to_skip(running=process.running):
            yield TraceEvent(item.number, event)


def note_emitted(step: StepResult, process: Process, emitted: dict[ActionRef, Any]) -> None:
    """Remember the id of each tracked action that `step` emitted, by its name and by its place in the step."""
    if step.outcome is Outcome.COMMITTED:
        for index, action in enumerate(step.actions, 1):
            if type(action) is Tracked:
                emitted[ActionRef(step.number, index)] = emitted[process.pending[action.id].ref] = action.id


def resolved(event: Event, emitted: dict[ActionRef, Any]) -> Event | None:
    """`event` with the id that its action was emitted under in this run; None if it was not emitted."""
    return event.bind(emitted.__getitem__)


def encode(machine: Machine, items: Sequence[TraceEvent]) -> list[Packed]:
    """Items as plain data, for another process or a file."""
    return [(item.number, item.event.encode(machine)) for item in items]


def decode(machine: Machine, packed: Sequence[Packed]) -> list[TraceEvent]:
    """What `pack` was given. Raises `Mismatch`."""
    return [TraceEvent(number, decode_event(machine, plain, None)) for number, plain in packed]


def size(items: Sequence[TraceEvent]) -> int:
    """Inputs, completions, crashes and faults; restores are free."""
    return sum(type(item.event) is not Restore for item in items)


def renumbered(items: Sequence[TraceEvent]) -> list[TraceEvent]:
    """The same items, numbered from 1 without gaps."""
    numbers = {item.number: at for at, item in enumerate(items, 1)}

    return [TraceEvent(numbers[item.number], item.event.renumber(numbers)) for item in items]
