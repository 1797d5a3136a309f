"""Events and steps as plain data: what a session file holds of them, and back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.contract.state_machine import Action, RestoreError, Tracked, TransitionError, Untracked
from fasm_cli.engine.coroutines import ContractViolation
from fasm_cli.engine.events import (
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
    parse_ref,
)
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.step_result import Outcome, StepResult
from fasm_cli.errors import InputError
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import TAG

IdOf = Callable[[ActionRef], Any] | None


@dataclass(slots=True)
class Record:
    """One step as it was: plain data only, so that it can be read without its machine.

    `n` counts from 1, `parent` is the step it was taken from (0 is the initial state). `digest` stands for the
    committed state afterwards.
    """

    n: int
    parent: int
    event: dict[str, Any]
    outcome: str
    error: str = ""
    actions: list[dict[str, Any]] = field(default_factory=list)
    changed_paths: list[str] = field(default_factory=list)
    unrestored_ids: list[Any] = field(default_factory=list)
    violated_law: str = ""
    digest: str = ""

    def same_outcome_as(self, other: "Record") -> bool:
        """Whether both led to the same: outcome, error, actions and state."""
        return (self.outcome, self.error, self.actions, self.digest) == (
            other.outcome,
            other.error,
            other.actions,
            other.digest,
        )


def encode_event(machine: Machine, event: Event) -> dict[str, Any]:
    """Plain data for `event`. Raises `Mismatch` where a value is not what the machine declares."""
    match event:
        case InputReceived(value):
            return {TAG: "input", "value": machine.codec.encode_message(machine.input_schema, value)}
        case Completion(of, id, result):
            if machine.result_schema is None or machine.action_id_schema is None:
                raise DecodeError("this machine has no tracked actions to complete")
            cause = {} if of is None else {"of": str(of)}
            plain_id = machine.codec.encode(machine.action_id_schema, id)
            return {
                TAG: "completion",
                **cause,
                "id": plain_id,
                "result": machine.codec.encode_message(machine.result_schema, result),
            }
        case ResultLost(of, id):
            cause = {} if of is None else {"of": str(of)}
            return {
                TAG: "lose",
                **cause,
                "id": machine.codec.encode(machine.action_id_schema, id) if machine.action_id_schema else None,
            }
        case Crash(point, at):
            return {TAG: "crash", "point": str(point), **({"at": at} if at else {})}
        case Restore():
            return {TAG: "restore"}
        case InjectedFault(failure, at):
            return {TAG: "fault", "failure": str(failure), **({"at": at} if at else {})}


def decode_event(machine: Machine, plain: Any, id_of: IdOf) -> Event:
    """The event that `plain` stands for. `id_of` gives the id under which an action was emitted in *this* run, or
    raises KeyError: causes count, and stored ids are for the reader; without it they are taken. Raises `Mismatch`."""
    if not isinstance(plain, dict):
        raise DecodeError(f"an event is a table, not {plain!r}")
    kind, rest = plain.get(TAG), {key: value for key, value in plain.items() if key != TAG}
    try:
        match kind:
            case "input" if set(rest) == {"value"}:
                return InputReceived(machine.codec.decode_message(machine.input_schema, rest["value"]))
            case "completion" if set(rest) - {"of"} == {"id", "result"} and machine.result_schema is not None:
                of, id = _cause(machine, rest, id_of)
                return Completion(of, id, machine.codec.decode_message(machine.result_schema, rest["result"]))
            case "lose" if set(rest) - {"of"} == {"id"}:
                return ResultLost(*_cause(machine, rest, id_of))
            case "crash" if set(rest) - {"at"} == {"point"}:
                return Crash(CrashPoint(rest["point"]), _count(rest))
            case "restore" if not rest:
                return Restore()
            case "fault" if set(rest) - {"at"} == {"failure"}:
                return InjectedFault(FaultKind(rest["failure"]), _count(rest))
    except ValueError as error:  # an enum's: it names what it was given
        raise DecodeError(str(error)) from None
    raise DecodeError(f"no such event: {plain!r}")


def _cause(machine: Machine, plain: dict[str, Any], id_of: IdOf) -> tuple[ActionRef | None, Any]:
    if machine.action_id_schema is None:
        raise DecodeError("this machine has no tracked actions")
    try:
        ref = parse_ref(str(plain["of"])) if "of" in plain else None
        if ref is None or id_of is None:
            return ref, machine.codec.decode(machine.action_id_schema, plain["id"])
        return ref, id_of(ref)
    except InputError as error:
        raise DecodeError(error.message) from None
    except KeyError:
        raise DecodeError(f"no tracked action {plain['of']} was emitted") from None


def _count(plain: dict[str, Any]) -> int:
    at = plain.get("at", 0)
    if type(at) is not int or at < 0:
        raise DecodeError(f"at: expected a count, got {at!r}")
    return at


def decode_action(machine: Machine, plain: dict[str, Any]) -> Action:
    """The action that was stored as `plain`. Raises `Mismatch`."""
    if plain.get(TAG) == "Tracked" and machine.tracked_schema is not None and machine.action_id_schema is not None:
        id = machine.codec.decode(machine.action_id_schema, plain.get("id"))
        return Tracked(id, machine.codec.decode_message(machine.tracked_schema, plain.get("action")))
    if plain.get(TAG) == "Untracked" and machine.untracked_schema is not None:
        return Untracked(machine.codec.decode_message(machine.untracked_schema, plain.get("action")))
    raise DecodeError(f"no such action: {plain!r}")


def record_step(machine: Machine, step: StepResult, parent: int, state: Any, changed: list[str], broken: str) -> Record:
    """What is kept of `step`, which left the committed `state`."""
    failed = step.outcome in (Outcome.REJECTED, Outcome.DEFECT)
    return Record(
        n=step.number,
        parent=parent,
        event=encode_event(machine, step.event),
        outcome=str(step.outcome),
        error=error_text(step.error) if failed else step.reason,
        actions=[machine.encode_action(action) for action in step.actions],
        changed_paths=changed,
        unrestored_ids=[machine.codec.encode(machine.action_id_schema, id) for id in step.unrestored_ids]
        if machine.action_id_schema
        else [],
        violated_law=broken,
        digest=machine.digest(state),
    )


def error_text(error: BaseException | None) -> str:
    """One line: a reason prints as its author's constructor call, any other exception as `KeyError: 7`."""

    if isinstance(error, TransitionError | RestoreError | ContractViolation):
        return " ".join(str(error).split())
    return " ".join(f"{type(error).__name__}: {error}".split())
