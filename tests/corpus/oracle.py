"""Finds the simplest trace that violates a law by trying all of them: slow, obvious, independent of the simulator.

Traces are tried in the order of their size, with few and simple values. Laws that need a look from outside of the
process (effects, random, clock, reads, hash order, hidden state) are not checked here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, product
from typing import Any
from uuid import UUID

from fasm_cli.contract.constraints import Between, OneOf, Size, Text
from fasm_cli.contract.state_machine import StateMachine, Tracked
from fasm_cli.engine.events import ActionRef, Completion, Crash, Event, FaultKind, InjectedFault, InputReceived, Restore
from fasm_cli.engine.laws import Violation, check_rest, violations
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Emission, Outcome
from fasm_cli.engine.store import MemoryStore
from fasm_cli.simulation.network import drain
from fasm_cli.types.schema import (
    CollectionSchema,
    DictSchema,
    EnumSchema,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
)

SEEN = ("atomic", "stored", "restore", "ids", "completion", "defect", "stuck")  # the laws that can be checked here

MAX_VALUES = 40  # values of one type


def sees(law: str) -> bool:
    """Whether the oracle checks `law`."""
    return law in SEEN or law.startswith(("invariant:", "transition:", "eventually:"))


@dataclass
class World:
    """A process, and the actions that it has emitted so far."""

    machine: Machine
    process: Process
    emitted: dict[ActionRef, Tracked] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @classmethod
    def fresh(cls, machine: Machine) -> "World":
        return cls(machine, Process(machine, MemoryStore(machine, machine.instance.initial())))

    def execute(self, event: Event) -> Violation | None:
        """Execute `event`, and a restore after a crash. Return the first violation."""
        wrong = self._one(event)
        self.lines.append(event.format())
        if wrong is None and not self.process.running:
            wrong = self._one(Restore())
        return wrong

    def _one(self, event: Event) -> Violation | None:
        before = self.process.store.committed
        step = self.process.step(event)
        if step.outcome is Outcome.COMMITTED:
            for index, action in enumerate(step.actions, 1):
                if type(action) is Tracked:
                    self.emitted[ActionRef(step.number, index)] = action
        return next(violations(self.process, step, before), None)

    def drain(self) -> Violation | None:
        """Return what is wrong after every result was delivered; violations on the way are ignored."""

        def answer(emission: Emission) -> Any:
            return _answer(self.machine, emission.tracked)

        for event in drain(self.process, set(), answer):
            self._one(event)
        return check_rest(self.process)


class First:
    """A chooser that always picks the first option."""

    def randbelow(self, n: int) -> int:
        return 0

    def randint(self, low: int, high: int) -> int:
        return low

    def chance(self, p: float) -> bool:
        return False

    def pick(self, options: Any) -> Any:
        return options[0]


def _answer(machine: Machine, tracked: Tracked) -> Any:
    if machine.cls.respond is not StateMachine.respond:
        return machine.instance.respond(First(), tracked.id, tracked.action)  # type: ignore[arg-type]
    return next(values(machine.result_schema))  # type: ignore[arg-type]


def play(machine: Machine, events: list[Event], law: str) -> tuple[World, Violation | None]:
    """Execute `events`. Return the first violation; for a law about rest, that of the drained machine."""
    world = World.fresh(machine)
    for event in events:
        wrong = world.execute(event)
        if wrong is not None:
            return world, wrong
    return world, world.drain() if law == "stuck" or law.startswith("eventually:") else None


def choices(world: World) -> Iterator[Event]:
    """Yield every event that can happen next, the simplest first."""
    machine = world.machine
    for value in values(machine.input_schema):
        yield InputReceived(value)
    if machine.result_schema is not None:
        results = list(values(machine.result_schema))
        for ref, tracked in world.emitted.items():
            for result in results:
                yield Completion(ref, tracked.id, result)
        for id in values(machine.action_id_schema):  # type: ignore[arg-type]
            if id not in {tracked.id for tracked in world.emitted.values()}:
                for result in results:
                    yield Completion(None, id, result)
                break
    if world.process.state.armed_fault is None:
        yield InjectedFault(FaultKind.ACTIONS_FULL, 1)
        yield InjectedFault(FaultKind.ACTIONS_FULL, 2)
        yield Crash()


def search(machine: Machine, longest: int, law: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every violation of the smallest size at which there is one, as its law and its trace; of `law` only, where given.

    States that were reached before on another way are left out: the first way to each is the one that counts.
    """
    level: list[list[Event]] = [[]]
    seen: set[Any] = set()
    for _ in range(longest):
        following: list[list[Event]] = []
        found = False
        for events in level:
            world, _wrong = play(machine, events, "")
            for event in choices(world):
                trace = [*events, event]
                then, wrong = play(machine, trace, law or "stuck")
                if wrong is not None and law in ("", wrong.law):
                    found = True
                    yield wrong.law, then.lines
                elif wrong is None or wrong.law in ("stuck",) or wrong.law.startswith("eventually:"):
                    key = _key(play(machine, trace, "")[0])
                    if key not in seen:
                        seen.add(key)
                        following.append(trace)
        if found:
            return
        level = following


def _key(world: World) -> Any:
    process = world.process
    pending = tuple((repr(id), emission.ref) for id, emission in process.pending.items())
    emitted = tuple((ref, repr(tracked)) for ref, tracked in world.emitted.items())
    return world.machine.digest(process.store.committed), pending, emitted, repr(process.state.armed_fault)


# --- simple values ---------------------------------------------------------------------------------------------------


def values(shape: Schema, depth: int = 0) -> Iterator[Any]:
    """A few values of `shape`, the simplest first."""
    return islice(_values(shape, depth), MAX_VALUES)


def _values(shape: Schema, depth: int) -> Iterator[Any]:
    size = next((limit for limit in shape.constraints if isinstance(limit, Size)), Size(0, 2))
    for limit in shape.constraints:
        if isinstance(limit, OneOf):
            yield from limit.values
            return
        if isinstance(limit, Between):
            yield from _between(limit)
            return
        if isinstance(limit, Text):
            letters = limit.alphabet or "ab"
            for length in range(limit.min, limit.max + 1):
                yield from map("".join, product(letters, repeat=length))
            return
    match shape:
        case NoneSchema():
            yield None
        case ScalarSchema(scalar=scalar):
            yield from _SCALARS.get(scalar.cls, ())
        case EnumSchema(cls=kind):
            yield from kind
        case RecordSchema(cls=kind, fields=fields):
            names = [each.name for each in fields]
            if depth < 3:
                for parts in product(*(list(values(each.schema, depth + 1)) for each in fields)):
                    yield kind(**dict(zip(names, parts, strict=True)))
        case CollectionSchema(cls=kind, item=item):
            parts = list(islice(values(item, depth + 1), 2))
            for length in range(size.min, min(size.max, 2) + 1):
                yield from map(kind, product(parts, repeat=length))
        case TupleSchema(items=items):
            yield from product(*(list(values(item, depth + 1)) for item in items))
        case DictSchema():
            yield {}
        case UnionSchema(members=members):
            for member in members.values():
                yield from values(member, depth + 1)


def _between(limit: Between) -> Iterator[Any]:
    if type(limit.low) is int:
        yield from (
            range(limit.low, limit.high + 1)
            if limit.high - limit.low < 6
            else (
                *range(limit.low, limit.low + 4),
                limit.high,
            )
        )
    elif type(limit.low) is datetime:
        yield from (limit.low, limit.low + (limit.high - limit.low) / 2, limit.high)
    else:
        yield from (limit.low, limit.high)


_SCALARS: dict[type, tuple[Any, ...]] = {
    int: (0, 1, -1),
    str: ("", "a"),
    bool: (False, True),
    float: (0.0, 1.0),
    UUID: (UUID(int=0),),
}
