"""The result of one event: its outcome, what it emitted, and what the laws need to know about it."""

from enum import StrEnum
from typing import Any

from fasm_cli.contract.state_machine import Action, Tracked
from fasm_cli.engine.events import ActionRef, Event
from fasm_cli.types.fields import record


class Outcome(StrEnum):
    """What became of an event."""

    COMMITTED = "committed"
    REJECTED = "rejected"  # a TransitionError or RestoreError
    DEFECT = "defect"  # any other exception, or a value that cannot be stored
    ABORTED = "aborted"  # a crash or a failing store prevented the commit, through no fault of the machine
    SKIPPED = "skipped"  # the event does not apply here


@record
class Emission:
    """A pending tracked action. `ref` names its last emission, which is the `position`-th action (from 1) of step
    `step`; `first` names the emission that made it pending."""

    ref: ActionRef
    tracked: Tracked
    first: ActionRef
    step: int
    position: int

    @property
    def place(self) -> ActionRef:
        """The emission as the `position`-th action of its step, which is its name unless a restore repeated it."""
        return ActionRef(self.step, self.position)


@record
class StepDetails:
    """Facts about a step that rarely occur."""

    state_leaked: bool = False  # a failed transition had changed the state (rolled back), or restore had
    unrestored_ids: tuple[Any, ...] = ()  # pending ids that restore did not emit
    uncommitted_actions: tuple[Action, ...] = ()  # what an aborted transition would have emitted
    reused_ids: tuple[Any, ...] = ()  # ids that were given to a new tracked action while they were pending
    previous_attempt: tuple[Action, ...] | None = None  # what the same input emitted from the same state, uncommitted
    mutated_value: str = ""  # an action or input that is not what it was when it was handed over
    reason: str = ""  # why the event was skipped or aborted
    at: str = ""  # the machine of a system that took the step
    cause: ActionRef | None = None  # the action whose delivery the step was


NO_DETAILS = StepDetails()


@record
class StepResult:
    """The result of one event, as step `number`.

    The simulator makes one for every step, so the facts that rarely occur are apart, in `details`.
    """

    number: int
    event: Event
    outcome: Outcome
    error: BaseException | None = None
    actions: tuple[Action, ...] = ()
    was_pending: bool = False  # a completion: its action was pending
    completed_emission: Emission | None = None  # a committed completion: what was pending until now
    changed_state: bool = True  # a committed completion: it changed the state
    details: StepDetails = NO_DETAILS

    @property
    def at(self) -> str:
        """The machine of a system that took the step, "" for a machine that is alone."""
        return self.details.at

    @property
    def cause(self) -> ActionRef | None:
        """The action whose delivery the step was, if it was one."""
        return self.details.cause
