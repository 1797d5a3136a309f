"""Observes the steps of a trace in one process, and compares the observations of several.

A transition may depend on nothing but its state and input. Replicas with other hash seeds and time zones execute the
same events from the initial state (`deterministic`, or `restore` if only what restore emits differs), and one of them
executes every step in isolation from the stored state, the last step first (`hidden`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Completion, InputReceived, Restore, decode_event
from fasm_cli.engine.finding import Finding
from fasm_cli.engine.laws import has_restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.records import error_text
from fasm_cli.engine.replayer import replay
from fasm_cli.engine.step_result import StepResult
from fasm_cli.engine.trace import EncodedOccurrence, ProcessStage, decode_trace
from fasm_cli.types.plain import TAG

EncodedTrace = Sequence[EncodedOccurrence]


@dataclass(frozen=True, slots=True)
class Effect:
    """The result of one step: outcome, error and digest of the committed state, and the actions, as plain data."""

    outcome: str
    error: str
    digest: str
    actions: list[Any]


@dataclass(frozen=True, slots=True)
class Observation:
    """One step of a trace. `state` is the stored state before it, None unless it was asked for, and `digest` the
    digest of that state. `restored` is what restore emits for the state after it."""

    occurrence: EncodedOccurrence
    state: Any
    digest: str
    can_be_isolated: bool  # a transition of a running process without an armed fault
    effect: Effect
    restored: list[Any]


def observe(engine: Engine, trace: EncodedTrace, *, with_states: bool = False) -> list[Observation]:
    """Execute `trace` from the initial state and observe every step, with the states before them if asked for."""
    machine, process = engine.machine, engine.start(engine.initial())
    stage, store = ProcessStage({"": process}), process.store
    encoded = {number: (number, parent, at, plain) for number, parent, at, plain in trace}
    observations: list[Observation] = []
    after = _snapshot(process, with_state=with_states)
    was_running, was_armed = True, False
    for occurrence, done in replay(stage, decode_trace(machine, trace)):
        before = after
        if store.committed is not done.before:
            after = _snapshot(process, with_state=with_states)
        is_transition = type(done.result.event) in (InputReceived, Completion)
        observations.append(
            Observation(
                encoded[occurrence.number],
                before.state,
                before.digest,
                was_running and not was_armed and is_transition,
                _effect(machine, done.result, after.digest),
                after.restored,
            )
        )
        was_running, was_armed = process.running, process.state.armed_fault is not None
    return observations


def replay_isolated(engine: Engine, observations: Sequence[Observation]) -> dict[int, Effect]:
    """Execute every step by itself from its stored state, the last one first. Return the effects by step number."""
    machine = engine.machine
    effects = {}
    for each in reversed(observations):
        if each.can_be_isolated:
            number, _, _, plain = each.occurrence
            process = engine.start(engine.decode_state(each.state))
            store = process.store
            before = store.committed
            step = process.step(decode_event(machine, plain, None), number)
            digest = each.digest if store.committed is before else machine.digest(store.committed)
            effects[number] = _effect(machine, step, digest)
    return effects


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A committed state as it is stored, and what restore emits for it."""

    state: Any
    digest: str
    restored: list[Any]


def _snapshot(process: Process, *, with_state: bool) -> _Snapshot:
    machine, state = process.machine, process.store.committed
    actions = process.dry_run_restore()[0] if has_restore(machine) else ()
    restored = [machine.encode_action(action) for action in actions]
    return _Snapshot(machine.encode_state(state) if with_state else None, machine.digest(state), restored)


def _effect(machine: Machine, step: StepResult, digest: str) -> Effect:
    error = error_text(step.error) if step.error is not None else ""
    return Effect(str(step.outcome), error, digest, [machine.encode_action(action) for action in step.actions])


# --- comparison ----------------------------------------------------------------------------------------------------

_ORDER = "restore emits other actions, or in another order, in another process"


def compare_replicas(first: Sequence[Observation], second: Sequence[Observation]) -> Finding | None:
    """Return the first step at which two processes with different hash seeds differ, with the trace up to there."""
    for one, other in zip(first, second, strict=False):
        law = reason = ""
        if one.occurrence[3][TAG] == Restore.type_name and one.effect.actions != other.effect.actions:
            law, reason = "restore", _ORDER
        elif one.effect != other.effect:
            law = "deterministic"
            differs = _difference(one.effect, other.effect)
            reason = f"another process, with another hash seed and time zone, has a different result: {differs}"
        elif one.restored != other.restored:
            law, reason = "restore", _ORDER
        if law:
            return _finding(law, reason, first, one)
    return None


def compare_isolated(observations: Sequence[Observation], isolated: dict[int, Effect]) -> Finding | None:
    """Return the last step that has a different result in isolation, with the trace up to there. The last one was
    executed first in isolation, so that nothing that the others leave behind can have reached it."""
    for each in reversed(observations):
        other = isolated.get(each.occurrence[0])
        if other is not None and each.effect != other:
            differs = _difference(each.effect, other)
            reason = f"executed alone, from the stored state, the step has a different result: {differs}"
            return _finding("hidden", reason, observations, each)
    return None


def _finding(law: str, reason: str, observations: Iterable[Observation], last: Observation) -> Finding:
    trace = tuple(each.occurrence for each in observations if each.occurrence[0] <= last.occurrence[0])
    return Finding(law=law, reason=reason, trace=trace, original_size=len(trace), by_replicas=True)


def first_differing(views: Sequence[dict[str, str]]) -> str:
    """Return the first name whose text is not the same in all `views`, or an empty string."""
    return next((name for name, text in views[0].items() if any(view.get(name) != text for view in views[1:])), "")


def _difference(one: Effect, other: Effect) -> str:
    if (one.outcome, one.error) != (other.outcome, other.error):
        return f"{one.outcome} {one.error}".strip() + f", not {other.outcome} {other.error}".rstrip()
    if one.actions != other.actions:
        return "other actions, or another order of them"
    return "another state"
