"""Where a process stands between two steps: what is pending, whether it runs, which fault is armed.

`ProcessState.apply` is the only place that knows how a step changes this. A `Process` applies its own steps; the
reader of a session file applies recorded ones, without the machine, to know what is pending at a snapshot.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, assert_never

from fasm_cli.contract.state_machine import Action, Tracked
from fasm_cli.engine.events import (
    ARMED_POINTS,
    ActionRef,
    Completion,
    Crash,
    CrashPoint,
    Event,
    FaultKind,
    InjectedFault,
    InputReceived,
    Restore,
    ResultLost,
)
from fasm_cli.engine.step_result import Emission, Outcome

ArmedFault = Crash | InjectedFault
_COMMITTED, _ABORTED, _SKIPPED = Outcome.COMMITTED, Outcome.ABORTED, Outcome.SKIPPED  # looking them up is slow
COMMIT_UNKNOWN = InjectedFault(FaultKind.UNKNOWN)
CRASH_BEFORE_COMMIT = Crash(CrashPoint.BEFORE_COMMIT)


@dataclass(slots=True)
class ProcessState:
    """`pending` maps the id of every tracked action without an accepted result to its emission, oldest first.
    `armed_fault` is the fault or crash that waits for the next transition or restore."""

    pending: dict[Any, Emission] = field(default_factory=dict)
    running: bool = True
    armed_fault: ArmedFault | None = None

    def copy(self) -> "ProcessState":
        """An independent copy; emissions are never changed and are shared."""
        return ProcessState(dict(self.pending), self.running, self.armed_fault)

    def apply(self, number: int, event: Event, outcome: Outcome, actions: Iterable[Action]) -> tuple[Any, ...]:
        """Step `number` happened. Returns the ids that it gave to an action while another one with the same id was
        pending."""
        if outcome is _SKIPPED or type(event) is ResultLost:
            return ()
        armed, committed = self.armed_fault, outcome is _COMMITTED
        if type(event) is InputReceived or type(event) is Completion:
            if armed is not None and not is_for_restore(armed):
                self.armed_fault = None
                fatal = COMMIT_UNKNOWN if committed else CRASH_BEFORE_COMMIT if outcome is _ABORTED else None
                self.running = armed != fatal
            if not committed:
                return ()
            if type(event) is Completion:
                self.pending.pop(event.id, None)
            return self._register(number, actions, restored=False) if actions else ()
        if type(event) is InjectedFault:
            self.armed_fault = event
        elif type(event) is Crash:
            if event.point in ARMED_POINTS:
                self.armed_fault = event
            else:
                self.running = False
        elif type(event) is Restore:
            self.armed_fault = None
            if committed:
                self.running = True
                self._register(number, actions, restored=True)
        else:
            assert_never(event)
        return ()

    def _register(self, number: int, actions: Iterable[Action], *, restored: bool) -> tuple[Any, ...]:
        """Add the tracked actions to `pending`. An action that restore emits again keeps its name and its place."""
        pending = self.pending
        reused = []
        for position, action in enumerate(actions, 1):
            if type(action) is not Tracked:
                continue
            known = pending.get(action.id)
            ref = first = ActionRef(number, position)
            if known is not None:
                first = known.first
                if restored:
                    ref = first.emitted_again(number)
                else:
                    reused.append(action.id)
            pending[action.id] = Emission(ref, action, first, number, position)
        return tuple(reused)


def is_for_restore(armed: ArmedFault) -> bool:
    """Whether the fault waits for a restore and lets transitions pass."""
    return type(armed) is Crash and armed.point is CrashPoint.IN_RESTORE
