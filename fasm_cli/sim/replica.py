"""The same steps in other processes: what a transition leads to may depend on nothing but its state and input.

Three replicas with other hash seeds play the same events from the initial state (`deterministic`, and `restore` where
only what restore emits differs); a fourth takes every step alone, last one first, from the stored state (`hidden`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fasm_cli.core.event import Complete, Submit
from fasm_cli.core.laws import Violation, restores
from fasm_cli.core.machine import Machine
from fasm_cli.core.memory import Memory
from fasm_cli.core.record import error_text
from fasm_cli.core.step import Process, Step
from fasm_cli.sim.trace import Item, Packed, note_emitted, resolved, unpack

HASH_SEEDS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one step led to, as plain data; `state` is the stored state it was taken from, `digest` stands for it."""

    number: int
    state: Any
    digest: str
    event: dict[str, Any]
    alone: bool  # a transition that can be taken by itself
    result: tuple[str, str, str]  # outcome, error, digest
    actions: list[Any]
    restored: list[Any]


def observe(machine: Machine, packed: Sequence[Packed]) -> list[Seen]:
    """Play `packed` from the initial state and note every step."""
    store = Memory(machine, machine.instance.initial())
    process = Process(machine, store)
    emitted: dict[Any, Any] = {}
    seen = []
    digest = machine.digest(store.committed)
    for (number, plain), item in zip(packed, unpack(machine, packed), strict=True):
        event = resolved(item.event, emitted)
        if event is None:
            continue
        before, state, was = store.committed, store.stored(), digest
        alone = process.up and process.ahead is None and type(event) in (Submit, Complete)
        step = process.step(event, number)
        note_emitted(step, emitted)
        digest = was if store.committed is before else machine.digest(store.committed)
        seen.append(_seen(process, step, state, was, plain, digest, alone=alone))
    return seen


def alone(machine: Machine, seen: Sequence[Seen]) -> list[Seen]:
    """Every step of `seen` by itself, from its stored state; the last one first."""
    out = []
    for one in reversed(seen):
        if one.alone:
            item: Item = unpack(machine, [(one.number, one.event)])[0]
            store = Memory(machine, machine.codec.decode(machine.state, one.state))
            process, before = Process(machine, store), store.committed
            step = process.step(item.event, one.number)
            digest = one.digest if store.committed is before else machine.digest(store.committed)
            out.append(_seen(process, step, one.state, one.digest, one.event, digest, alone=True))
    return out[::-1]


def _seen(
    process: Process, step: Step, state: Any, was: str, plain: dict[str, Any], digest: str, *, alone: bool
) -> Seen:
    machine = process.machine
    error = error_text(step.error) if step.error is not None else ""
    restored: list[Any] = []
    if restores(machine):
        restored = [machine.encode_action(action) for action in process.restored()[0]]
    actions = [machine.encode_action(action) for action in step.actions]
    return Seen(step.number, state, was, plain, alone, (str(step.outcome), error, digest), actions, restored)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two processes did not come to the same at step `number`."""

    number: int
    violation: Violation


def between_seeds(first: Sequence[Seen], second: Sequence[Seen]) -> Disagreement | None:
    """The first step at which two replicas with different hash seeds differ."""
    for one, other in zip(first, second, strict=False):
        if one.event.get("type") == "restore" and one.actions != other.actions:
            return Disagreement(one.number, Violation("restore", _ORDER))
        if one.result != other.result or one.actions != other.actions:
            why = f"another process, with another hash seed, came to something else: {_difference(one, other)}"
            return Disagreement(one.number, Violation("deterministic", why))
        if one.restored != other.restored:
            return Disagreement(one.number, Violation("restore", _ORDER))
    return None


def from_stored(warm: Sequence[Seen], cold: Sequence[Seen]) -> Disagreement | None:
    """A step that led to something else when it was taken alone from the stored state: the last one, since it was the
    first to be taken so, and what the others leave behind cannot have reached it."""
    by_number = {one.number: one for one in cold}
    for one in reversed(warm):
        other = by_number.get(one.number)
        if other is not None and (one.result != other.result or one.actions != other.actions):
            why = f"taken alone, from the stored state, the step leads to something else: {_difference(one, other)}"
            return Disagreement(one.number, Violation("hidden", why))
    return None


_ORDER = "restore emits other actions, or in another order, in another process"


def differing(views: Sequence[dict[str, str]]) -> str:
    """The first global that is not the same in every process, or an empty string."""
    return next((name for name, text in views[0].items() if any(view.get(name) != text for view in views[1:])), "")


def _difference(one: Seen, other: Seen) -> str:
    if one.result[:2] != other.result[:2]:
        return f"{' '.join(one.result[:2]).strip()}, not {' '.join(other.result[:2]).strip()}"
    if one.actions != other.actions:
        return "other actions, or another order of them"
    return "another state"
