"""The same steps in other processes: what a transition leads to may depend on nothing but its state and input.

Three replicas with other hash seeds and time zones play the same events from the initial state (`deterministic`, and
`restore` where only what restore emits differs); a fourth takes every step alone, last one first, from the stored state
(`hidden`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Completion, InputReceived
from fasm_cli.engine.laws import Violation, has_restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.records import error_text
from fasm_cli.engine.step_result import StepResult
from fasm_cli.simulation.trace import Packed, TraceEvent, decode, note_emitted, resolved

ENVIRONMENTS = (  # far apart, whatever the time zone of the first
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "1", "TZ": "<-11>11"},
    {"PYTHONHASHSEED": "2", "TZ": "<+13>-13"},
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one step led to: outcome, error and digest of the committed state, and the actions, as plain data."""

    result: tuple[str, str, str]
    actions: list[Any]


@dataclass(frozen=True, slots=True)
class Observation:
    """One step of a run; `state` is the stored state it was taken from (None where nobody asked for it), and `digest`
    stands for it."""

    number: int
    state: Any
    digest: str
    event: dict[str, Any]
    alone: bool  # a transition that can be taken by itself
    led: Effect
    restored: list[Any]  # what restore emits for the state after it


def observe(engine: Engine, packed: Sequence[Packed], *, stored: bool = False) -> list[Observation]:
    """Play `packed` from the initial state and note every step, with the states where they are to be `stored`."""
    machine, process = engine.machine, engine.start(engine.initial())
    store = process.store
    emitted: dict[Any, Any] = {}
    seen: list[Observation] = []
    now = _look(process, stored=stored)
    for (number, plain), item in zip(packed, decode(machine, packed), strict=True):
        event = resolved(item.event, emitted)
        if event is None:
            continue
        committed, before = store.committed, now
        alone = process.running and process.state.armed_fault is None and type(event) in (InputReceived, Completion)
        step = process.step(event, number)
        note_emitted(step, process, emitted)
        if store.committed is not committed:
            now = _look(process, stored=stored)
        led = _led(machine, step, now.digest)
        seen.append(Observation(number, before.state, before.digest, plain, alone, led, now.restored))
    return seen


def replay_isolated(engine: Engine, seen: Sequence[Observation]) -> dict[int, Effect]:
    """What every step of `seen` leads to by itself, from its stored state; the last one is taken first."""
    machine = engine.machine
    led = {}
    for one in reversed(seen):
        if one.alone:
            item: TraceEvent = decode(machine, [(one.number, one.event)])[0]
            process = engine.start(engine.decode_state(one.state))
            store = process.store
            before = store.committed
            step = process.step(item.event, one.number)
            digest = one.digest if store.committed is before else machine.digest(store.committed)
            led[one.number] = _led(machine, step, digest)
    return led


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A committed state as it is stored, and what restore emits for it."""

    state: Any
    digest: str
    restored: list[Any]


def _look(process: Process, *, stored: bool) -> Snapshot:
    machine, state = process.machine, process.store.committed
    restored = (
        [machine.encode_action(action) for action in process.dry_run_restore()[0]] if has_restore(machine) else []
    )
    return Snapshot(machine.encode_state(state) if stored else None, machine.digest(state), restored)


def _led(machine: Machine, step: StepResult, digest: str) -> Effect:
    error = error_text(step.error) if step.error is not None else ""
    return Effect((str(step.outcome), error, digest), [machine.encode_action(action) for action in step.actions])


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two processes did not come to the same at step `number`."""

    number: int
    violation: Violation


def compare_replicas(first: Sequence[Observation], second: Sequence[Observation]) -> Disagreement | None:
    """The first step at which two replicas with different hash seeds differ."""
    for one, other in zip(first, second, strict=False):
        if one.event.get("type") == "restore" and one.led.actions != other.led.actions:
            return Disagreement(one.number, Violation("restore", _ORDER))
        if one.led != other.led:
            differs = _difference(one.led, other.led)
            why = f"another process, with another hash seed and time zone, came to something else: {differs}"
            return Disagreement(one.number, Violation("deterministic", why))
        if one.restored != other.restored:
            return Disagreement(one.number, Violation("restore", _ORDER))
    return None


def compare_isolated(warm: Sequence[Observation], cold: dict[int, Effect]) -> Disagreement | None:
    """A step that led to something else when it was taken alone from the stored state: the last one, since it was the
    first to be taken so, and what the others leave behind cannot have reached it."""
    for one in reversed(warm):
        other = cold.get(one.number)
        if other is not None and one.led != other:
            why = f"taken alone, from the stored state, the step leads to something else: {_difference(one.led, other)}"
            return Disagreement(one.number, Violation("hidden", why))
    return None


_ORDER = "restore emits other actions, or in another order, in another process"


def differing(views: Sequence[dict[str, str]]) -> str:
    """The first global that is not the same in every process, or an empty string."""
    return next((name for name, text in views[0].items() if any(view.get(name) != text for view in views[1:])), "")


def _difference(one: Effect, other: Effect) -> str:
    if one.result[:2] != other.result[:2]:
        return f"{' '.join(one.result[:2]).strip()}, not {' '.join(other.result[:2]).strip()}"
    if one.actions != other.actions:
        return "other actions, or another order of them"
    return "another state"
