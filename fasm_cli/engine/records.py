"""Steps as plain data: what a session file, a journal table and another process keep of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.contract.state_machine import Action, RestoreError, Tracked, TransitionError, Untracked
from fasm_cli.engine.coroutines import ContractViolation
from fasm_cli.engine.events import Plain, PlainValues, decode_event
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import ProcessState
from fasm_cli.engine.step_result import Outcome, StepResult
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import TAG, canonical_text


@dataclass(slots=True)
class Record:
    """One step as plain data, readable without its machine.

    `n` counts from 1; `parent` is the step before it (0 is the initial state). `digest` stands for the committed
    state after it. `at` names the machine of a system that took the step, "" for a machine that is alone; `cause` is
    the action whose delivery the step was, as text.
    """

    n: int
    parent: int
    event: Plain
    outcome: str
    error: str = ""
    actions: list[Plain] = field(default_factory=list)
    changed_paths: list[str] = field(default_factory=list)
    unrestored_ids: list[Any] = field(default_factory=list)
    violated_law: str = ""
    digest: str = ""
    at: str = ""
    cause: str = ""

    def same_outcome_as(self, other: "Record") -> bool:
        """Whether both have the same outcome, error, actions and state."""
        return (self.outcome, self.error, self.actions, self.digest) == (
            other.outcome,
            other.error,
            other.actions,
            other.digest,
        )


def record_step(
    machine: Machine, step: StepResult, parent: int, state: Any, changed_paths: list[str], violated_law: str
) -> Record:
    """The record of `step`, after which `state` is committed."""
    raised = step.outcome in (Outcome.REJECTED, Outcome.DEFECT)
    return Record(
        n=step.number,
        parent=parent,
        event=step.event.encode(machine),
        outcome=str(step.outcome),
        error=error_text(step.error) if raised else step.details.reason,
        actions=[machine.encode_action(action) for action in step.actions],
        changed_paths=changed_paths,
        unrestored_ids=[machine.encode_id(id) for id in step.details.unrestored_ids],
        violated_law=violated_law,
        digest=machine.digest(state),
        at=step.at,
        cause="" if step.cause is None else str(step.cause),
    )


def decode_action(machine: Machine, plain: Plain) -> Action:
    """The action that was stored as `plain`. Raises `DecodeError`."""
    if plain.get(TAG) == "Tracked" and machine.tracked_schema is not None:
        return Tracked(
            machine.decode_id(plain.get("id")),
            machine.codec.decode_message(machine.tracked_schema, plain.get("action")),
        )
    if plain.get(TAG) == "Untracked" and machine.untracked_schema is not None:
        return Untracked(machine.codec.decode_message(machine.untracked_schema, plain.get("action")))
    raise DecodeError(f"no such action: {plain!r}")


def apply_record(state: ProcessState, record: Record) -> None:
    """Apply a recorded step to `state` without the machine: ids are keyed by their canonical text, actions stay plain
    data. Raises `DecodeError` if the record holds no event or no action."""
    try:
        event = decode_event(_CANONICAL_IDS, record.event, None)
        state.apply(record.n, event, Outcome(record.outcome), list(_plain_actions(record.actions)))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DecodeError(f"step {record.n} holds no event, or no action") from None


def _plain_actions(actions: Iterable[Plain]) -> Iterable[Action]:
    for plain in actions:
        if plain[TAG] == "Tracked":
            yield Tracked(canonical_text(plain["id"]), plain["action"])
        else:
            yield Untracked(plain["action"])


class _CanonicalIds(PlainValues):
    """Plain values, with ids as their canonical text: an id may be a table, which is not hashable."""

    def decode_id(self, plain: Any) -> str:
        return canonical_text(plain)


_CANONICAL_IDS = _CanonicalIds()


def error_text(error: BaseException | None) -> str:
    """One line: a rejection as its author's constructor call, any other exception as `KeyError: 7`."""
    if isinstance(error, TransitionError | RestoreError | ContractViolation):
        return " ".join(str(error).split())
    return " ".join(f"{type(error).__name__}: {error}".split())
