"""Checks every machine of `machines/` against the laws in 2,000 random steps with crashes, without the simulator.

`KNOWN_VIOLATIONS` names the laws that a machine violates on purpose.
"""

from collections.abc import Iterable
from typing import Any

import pytest

from fasm_cli import ActionsFull, StateMachine, Tracked
from fasm_cli.contract.chooser import substream
from fasm_cli.contract.state_machine import Action
from fasm_cli.engine.events import Completion, Crash, FaultKind, InjectedFault, InputReceived, Restore
from fasm_cli.engine.laws import check_invariants
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Outcome
from fasm_cli.simulation.sampling_store import open_fast
from fasm_cli.stores.open import engine_for
from fasm_cli.types.generate import Generators

RUNS, STEPS = 20, 100
KNOWN_VIOLATIONS = {
    "payment": {"invariant"},
    "dentist_as_published": {"stored", "completion", "atomic", "restore"},
}


def test_machine_has_documentation_and_checks(any_machine, machine_class):
    engine = engine_for(Machine(machine_class(any_machine)))
    machine = engine.machine
    assert machine.doc
    assert machine.invariants
    assert machine.sometimes


@pytest.mark.parametrize("run", range(RUNS))
def test_machine_keeps_the_laws(any_machine, machine_class, run):
    engine = engine_for(Machine(machine_class(any_machine)))
    machine = engine.machine
    environment = Environment(machine, run)
    known = KNOWN_VIOLATIONS.get(any_machine, set())
    process = engine.start(engine.initial())
    for _ in range(STEPS):
        before = process.store.committed
        event = environment.next(before, up=process.running)
        step = process.step(event)
        assert step.outcome in (Outcome.COMMITTED, Outcome.REJECTED), f"{event}: {step.error!r}"
        assert not step.details.state_leaked, f"{event} changed the state and failed: {step.error}"
        after = process.store.committed
        if "invariant" not in known:
            assert check_invariants(machine, after) is None, event
        if step.outcome is Outcome.COMMITTED and type(event) in (InputReceived, Completion):
            if "stored" not in known:
                assert set(process.pending) <= set(restored_ids(engine, after)), event
            if "atomic" not in known:
                check_atomic(engine, before, event, len(step.actions))
        if type(event) is Completion and step.outcome is Outcome.COMMITTED and "completion" not in known:
            tracked = [action for action in step.actions if type(action) is Tracked]
            assert tracked or after != before, f"{event} was accepted without progress"
            if event.id not in process.pending:
                assert process.step(event).outcome is Outcome.REJECTED, f"{event} was accepted twice"
        if type(event) is Restore and "stored" not in known:
            assert step.details.unrestored_ids == ()
        environment.observe(step.actions)


def test_sometimes_conditions_are_reached(any_machine, machine_class):
    """One long run and many short ones, in the store that simulations use."""
    engine = engine_for(Machine(machine_class(any_machine)))
    machine = engine.machine
    missing = set(machine.sometimes)
    for run, steps in enumerate([2500, *[40] * 60]):
        environment = Environment(machine, run, crash=0)
        store = open_fast(engine, engine.initial())
        process = Process(machine, store)
        for _ in range(steps):
            step = process.step(environment.next(store.committed, up=True))
            if step.outcome is Outcome.COMMITTED:
                environment.observe(step.actions)
                missing -= {name for name in missing if machine.sometimes[name](store.committed)}
        if not missing:
            return
    raise AssertionError(f"never reached: {', '.join(sorted(missing))}")


def test_reached_states_survive_encoding(any_machine, machine_class):
    engine = engine_for(Machine(machine_class(any_machine)))
    machine = engine.machine
    environment = Environment(machine)
    process = engine.start(engine.initial())
    for number in range(STEPS):
        environment.observe(process.step(environment.next(process.store.committed, up=process.running)).actions)
        if number % 10 == 0:
            state = process.store.committed
            again = engine.decode_state(machine.encode_state(state))
            assert again == state
            assert machine.digest(again) == machine.digest(state)
            if "restore" not in KNOWN_VIOLATIONS.get(any_machine, ()):
                assert restored_ids(engine, again) == restored_ids(engine, state)


class Environment:
    """Draws inputs, results and crashes; the run number is the seed."""

    def __init__(self, machine: Machine, run: int = 0, crash: float = 0.02) -> None:
        self.machine = machine
        self.choose = substream(1, run, "contract")
        self.crash = crash
        self.in_flight: list[Tracked] = []
        proposes = machine.cls.propose is not StateMachine.propose
        generated = Generators().of(machine.input_schema)
        self.propose = machine.instance.propose if proposes else lambda choose, _: generated(choose)

    def next(self, state: Any, *, up: bool) -> InputReceived | Completion | Crash | Restore:
        if not up:
            return Restore()
        if self.choose.chance(self.crash):
            self.in_flight.clear()
            return Crash()
        if self.in_flight and self.choose.chance(self.machine.profile.complete_rate):
            asked = self.in_flight.pop(self.choose.randbelow(len(self.in_flight)))
            return Completion(None, asked.id, self.machine.instance.respond(self.choose, asked.id, asked.action))
        return InputReceived(self.propose(self.choose, state))

    def observe(self, actions: Iterable[Action]) -> None:
        self.in_flight += [action for action in actions if type(action) is Tracked]


def restored_ids(engine, state):
    actions, error, dirty = engine.start(state).dry_run_restore()
    assert (error, dirty) == (None, False)
    return [action.id for action in actions if type(action) is Tracked]


def check_atomic(engine, before, event, emitted) -> None:
    """Repeat the transition with `add` failing at each action: it must be rejected and change nothing."""
    for room in range(emitted):
        process = engine.start(before)
        process.step(InjectedFault(FaultKind.ACTIONS_FULL, room + 1))
        step = process.step(event)
        assert type(step.error) is ActionsFull
        assert not step.details.state_leaked
        assert process.store.committed == before
