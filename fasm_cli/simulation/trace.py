"""Plays traces: executes their occurrences exactly and says which law they violate.

An event refers to actions by the numbers of the steps that emitted them, so a trace can be played after some of its
occurrences were removed; an occurrence that means nothing in the shorter trace is left out.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import process_time
from typing import Any

from fasm_cli.contract.state_machine import StateMachine, Tracked
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import ActionRef, Restore, ResultLost
from fasm_cli.engine.laws import Violation, check_rest, first_violation
from fasm_cli.engine.replayer import replay
from fasm_cli.engine.step_result import Emission
from fasm_cli.engine.trace import Occurrence, ProcessStage, Replayed
from fasm_cli.simulation.hidden_state import first_difference, hidden_violation, snapshot
from fasm_cli.simulation.network import drain
from fasm_cli.simulation.world import stream
from fasm_cli.types.generate import Generators

LIVENESS_LAWS = ("stuck", "eventually:")  # laws about a machine at rest


@dataclass(slots=True)
class PlayResult:
    """The result of playing a trace: the violation that its last occurrence shows, and the occurrences that meant
    something. `drained` are those of the final phase if the violation is one of a machine at rest."""

    violation: Violation | None
    trace: list[Occurrence]
    drained: list[Occurrence] = field(default_factory=list)


class Player:
    """Plays traces of one machine.

    `clock` gives the seconds that bound the search for a smaller trace: those that this process works, so that a
    busy computer does not lead to a larger trace.
    """

    clock = staticmethod(process_time)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.machine = machine = engine.machine
        self.played = 0  # how many times
        self._responds = machine.cls.respond is not StateMachine.respond
        self._any_result = None if machine.result_schema is None else Generators().of(machine.result_schema)

    def start(self) -> ProcessStage:
        """Return a new process in the initial state."""
        return ProcessStage({"": self._engine.start(self._engine.initial())})

    def play(self, trace: Sequence[Occurrence], law: str) -> PlayResult:
        """Execute `trace` up to the first violation of `law`; for a law about rest, drain the machine after it.

        Other laws may be violated on the way: a machine can have several faults.
        """
        self.played += 1
        stage = self.start()
        applied: list[Occurrence] = []
        lost: set[ActionRef] = set()
        for occurrence, done in executed(stage, trace):
            applied.append(occurrence)
            violation = _violation_of(law, done)
            if violation is not None:
                return PlayResult(violation, applied)
            if type(occurrence.event) is ResultLost:
                pending = done.process.pending.get(occurrence.event.id)
                if pending is not None and occurrence.event.of in (pending.ref, pending.place):
                    lost.add(pending.ref)
        if not law.startswith(LIVENESS_LAWS):
            return PlayResult(None, applied)
        return self._drain(stage, applied, lost, law)

    def fails_at_end(self, trace: Sequence[Occurrence], law: str) -> bool:
        """Whether the last occurrence of `trace` violates `law`: `play` without checking the ones before."""
        if law.startswith(LIVENESS_LAWS):
            return True
        self.played += 1
        stage = self.start()
        last = deque(replay(stage, trace), maxlen=1)
        return bool(last) and _violation_of(law, last[0][1]) is not None

    def emitted(self, trace: Sequence[Occurrence], ref: ActionRef) -> Tracked | None:
        """Return the tracked action that `trace` emits as `ref`; None if it does not."""
        stage = self.start()
        for _, done in replay(stage, trace):
            if ref in stage.ids and done.result.number == (ref.again or ref.step):
                id = stage.ids[ref]
                return next(each for each in done.result.actions if type(each) is Tracked and each.id == id)
        return None

    def emissions(self, trace: Sequence[Occurrence]) -> dict[ActionRef, ActionRef]:
        """Return the place of each action that `trace` emits again after a restart, by its name."""
        if all(type(each.event) is not Restore for each in trace):
            return {}
        stage = self.start()
        places: dict[ActionRef, ActionRef] = {}
        for _, done in replay(stage, trace):
            if type(done.result.event) is Restore:
                places.update({each.ref: each.place for each in done.process.pending.values()})
        return places

    def play_checking_hidden_state(self, trace: Sequence[Occurrence]) -> PlayResult:
        """Play `trace` for the law `hidden`, and compare what is outside of the state after each occurrence."""
        start = snapshot(self.machine)
        stage = self.start()
        applied: list[Occurrence] = []
        for occurrence, done in executed(stage, trace):
            applied.append(occurrence)
            violation = _violation_of("hidden", done)
            name = first_difference(start, snapshot(self.machine))
            if violation is None and name:
                violation = hidden_violation(name)
            if violation is not None:
                return PlayResult(violation, applied)
        return PlayResult(None, applied)

    def _drain(self, stage: ProcessStage, applied: list[Occurrence], lost: set[ActionRef], law: str) -> PlayResult:
        number = max((each.number for each in applied), default=0)  # of all: numbers may not grow along the trace
        parent = applied[-1].number if applied else 0
        drained: list[Occurrence] = []
        choose = stream(0, 0, "quiet")

        def answer(emission: Emission) -> Any:
            if self._responds:
                return self.machine.instance.respond(choose, emission.tracked.id, emission.tracked.action)
            assert self._any_result is not None
            return self._any_result(choose)

        process = stage.processes[""]
        for event in drain(process, lost, answer):
            number += 1
            drained.append(Occurrence(number, parent, event))
            parent = number
            violation = _violation_of(law, stage.execute(drained[-1], event))
            if violation is not None:
                return PlayResult(violation, applied + drained)
        return PlayResult(check_rest(process), applied, drained)


def executed(stage: ProcessStage, trace: Iterable[Occurrence]) -> Iterator[tuple[Occurrence, Replayed]]:
    """Replay `trace` and yield each occurrence as it was executed: with the ids that its actions have this time."""
    for recorded, done in replay(stage, trace):
        event = done.result.event
        yield (recorded if event is recorded.event else replace(recorded, event=event)), done


def _violation_of(law: str, done: Replayed) -> Violation | None:
    """Return the violation of a step if it is one of `law`. If a step violates two laws, the first names the fault."""
    found = first_violation(done.process, done.result, done.before)
    return found if found is not None and found.law == law else None
