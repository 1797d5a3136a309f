"""The step in tight corners: interrupts, coroutines that misbehave, inputs that are changed."""

import types

import pytest

from fasm_cli import Tracked, TrackedActionCompleted
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Crash, CrashPoint, InputReceived, Restore
from fasm_cli.engine.step_result import Outcome
from fasm_cli.sessions.timeline import Timeline


@types.coroutine
def suspend(value):
    yield value


def test_ctrl_c_inside_restore_leaves_the_state_as_it_was(tiny):
    async def restore(self, state, actions):
        state.count = 99
        raise KeyboardInterrupt

    run = tiny.run(restore=restore)
    run(Crash())
    with pytest.raises(KeyboardInterrupt):
        run(Restore())
    assert run.store.begin() == tiny.Box()


def test_a_transition_that_raises_while_it_is_closed_is_a_defect(tiny):
    async def stf(self, state, input, actions):
        try:
            await suspend(1)
        finally:
            raise ValueError("while closing")

    assert tiny.run(stf).go().outcome is Outcome.DEFECT


def test_a_generator_exit_of_the_author_is_a_defect(tiny):
    async def stf(self, state, input, actions):
        raise GeneratorExit

    assert tiny.run(stf).go().outcome is Outcome.DEFECT


def test_a_crash_inside_the_next_restore_does_not_strike_a_transition_before_it(tiny):
    run = tiny.run()
    run(Crash(CrashPoint.IN_RESTORE, 1))
    assert run.go(1).outcome is Outcome.COMMITTED
    run(Crash())
    assert run(Restore()).outcome is Outcome.ABORTED


def test_a_transition_that_changes_its_input_does_not_break_the_step(tiny):
    async def stf(self, state, input, actions):
        if type(input) is TrackedActionCompleted:
            input.id = []
            state.count += 1
        else:
            actions.add(Tracked(1, tiny.Ask()))

    run = tiny.run(stf)
    run.go()
    assert run.answer(1).was_pending


def test_a_state_that_keeps_its_input_does_not_change_the_event(tiny):
    async def stf(self, state, input, actions):
        state.rows.append(input.value.items)
        state.rows[2].append(77)

    run = tiny.run(stf)
    first = run.go(1, 5)
    run.go(2, 6)
    assert first.event == InputReceived(tiny.Go(1, [5]))


def test_a_timeline_records_the_input_that_was_given(tiny):
    async def stf(self, state, input, actions):
        input.value.items.append("x")

    machine = tiny.run(stf).machine
    line = Timeline(Engine(machine), machine.instance.initial())
    assert line.step(InputReceived(tiny.Go(1, [5]))).record.event["value"]["items"] == [5]
