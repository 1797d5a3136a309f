"""What came of an event: a `Step`, its outcome, and the tracked actions that are pending after it. Plain values, which
`step` makes and everybody reads."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fasm_cli.contract.state_machine import Action, Tracked
from fasm_cli.engine.events import ActionRef, Event


class Outcome(StrEnum):
    COMMITTED = "committed"
    REJECTED = "rejected"  # a TransitionError or RestoreError
    DEFECT = "defect"  # any other exception, or a value that cannot be stored
    ABORTED = "aborted"  # a crash or the store, and no fault of the machine: it did not happen
    SKIPPED = "skipped"  # the event does not apply here


@dataclass(slots=True)
class Emission:
    """A pending tracked action, the step that emitted it last, and the first one that did."""

    ref: ActionRef
    tracked: Tracked
    first_step: int


@dataclass(init=False)
class StepResult:
    """What one event led to.

    One is made for every step of a simulation, and most of its fields nearly never say anything: those are read from
    the class, and only what is given is written.
    """

    number: int
    event: Event
    outcome: Outcome
    error: BaseException | None = None
    actions: tuple[Action, ...] = ()
    state_leaked: bool = False  # the state had been changed by a transition that failed (undone), or by restore
    unrestored_ids: tuple[Any, ...] = ()  # pending ids that restore did not emit again
    uncommitted_actions: tuple[Action, ...] = ()  # what a transition that failed would have emitted
    was_pending: bool = False  # a completion: of an action that was pending
    completed_emission: Emission | None = None  # a committed completion: what was pending until now
    changed_state: bool = True  # a committed completion: it changed the state
    reused_ids: tuple[Any, ...] = ()  # ids that were given to a new tracked action while they were pending
    previous_attempt: tuple[Action, ...] | None = (
        None  # what the same input had emitted from the same state, uncommitted
    )
    mutated_value: str = ""  # an action that is not what it was when it was added
    reason: str = ""  # why the event was skipped or failed

    def __init__(
        self,
        number: int,
        event: Event,
        outcome: Outcome,
        error: BaseException | None = None,
        actions: tuple[Action, ...] = (),
    ) -> None:
        self.number = number
        self.event = event
        self.outcome = outcome
        if error is not None:
            self.error = error
        if actions:
            self.actions = actions

    def but(self, **fields: Any) -> "StepResult":
        """This step with some of its other fields said."""
        self.__dict__.update(fields)
        return self
