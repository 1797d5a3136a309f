"""One transition: how it ends, what is kept of it, and that one that did not commit left nothing behind."""

import asyncio
import types

import pytest

from fasm_cli import ActionsFull, Tracked, TrackedActionCompleted, TransitionError, Untracked
from fasm_cli.engine.coroutines import ContractViolation
from fasm_cli.engine.events import ActionRef, Completion, InputReceived, Restore, ResultLost
from fasm_cli.engine.step_result import Emission, Outcome


class No(TransitionError):
    """A reason."""


class Odd(BaseException):
    """An exception that `except Exception` lets through."""


def wreck(state):
    """Change the state at every depth."""
    state.count = 99
    state.rows[0].append(9)
    state.rows.append([])
    state.names["a"].clear()
    state.names["b"] = ["new"]
    state.waiting[5] = "five"


def test_an_input_that_commits_changes_the_state_and_emits(tiny):
    async def stf(self, state, input, actions):
        state.count += input.value.n
        actions.add(Untracked(tiny.Say("first")))
        actions.add(Tracked(7, tiny.Ask("second")))

    run = tiny.run(stf)
    step = run.go(3)
    assert (step.number, step.outcome, step.error) == (1, Outcome.COMMITTED, None)
    assert step.actions == (Untracked(tiny.Say("first")), Tracked(7, tiny.Ask("second")))
    assert not step.details.state_leaked
    assert run.state == tiny.Box(count=3)
    assert run.process.pending == {7: Emission(ActionRef(1, 2), Tracked(7, tiny.Ask("second")), ActionRef(1, 2), 1, 2)}


def test_a_reason_rejects_and_is_kept(tiny):
    async def stf(self, state, input, actions):
        actions.add(Untracked(tiny.Say()))
        raise No("because", had=input.value.n)

    run = tiny.run(stf)
    step = run.go(3)
    assert step.outcome is Outcome.REJECTED
    assert str(step.error) == "No('because', had=3)"
    assert (step.actions, step.details.state_leaked, run.state, run.process.pending) == ((), False, tiny.Box(), {})


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (No(), Outcome.REJECTED),
        (ActionsFull(), Outcome.REJECTED),
        (ValueError("x"), Outcome.DEFECT),
        (StopAsyncIteration(), Outcome.DEFECT),
        (RecursionError(), Outcome.DEFECT),
        (MemoryError(), Outcome.DEFECT),
        (AssertionError(), Outcome.DEFECT),
        (SystemExit(3), Outcome.DEFECT),
        (asyncio.CancelledError(), Outcome.DEFECT),
        (Odd(), Outcome.DEFECT),
    ],
)
def test_whatever_a_transition_did_before_it_raised_is_undone_and_told(tiny, error, outcome):
    async def stf(self, state, input, actions):
        actions.add(Tracked(5, tiny.Ask()))
        wreck(state)
        raise error

    run = tiny.run(stf)
    for number in (1, 2):
        step = run.go()
        assert (step.number, step.outcome, step.error, step.details.state_leaked) == (number, outcome, error, True)
        assert (step.actions, run.process.pending, run.process.running) == ((), {}, True)
        assert run.state == tiny.Box()
        assert run.store.begin() == tiny.Box()


def test_a_transition_that_fails_before_it_changes_anything_is_not_dirty(tiny):
    async def stf(self, state, input, actions):
        raise ValueError

    assert not tiny.run(stf).go().details.state_leaked


def test_ctrl_c_goes_up_and_leaves_everything_as_it_was(tiny):
    async def stf(self, state, input, actions):
        actions.add(Tracked(1, tiny.Ask()))
        wreck(state)
        if type(input) is TrackedActionCompleted:
            raise KeyboardInterrupt
        wreck(state)

    run = tiny.run(stf)
    run.go()
    before, pending = run.machine.encode_state(run.state), dict(run.process.pending)
    with pytest.raises(KeyboardInterrupt):
        run.answer(1)
    assert run.machine.encode_state(run.state) == before == run.machine.encode_state(run.store.begin())
    assert run.process.pending == pending
    assert run.process.running
    assert run.go().outcome is Outcome.COMMITTED


@types.coroutine
def suspend(value):
    yield value


def test_awaiting_what_is_not_the_state_is_a_defect(tiny):
    async def stf(self, state, input, actions):
        wreck(state)
        await suspend([1])

    run = tiny.run(stf)
    step = run.go()
    assert (step.outcome, step.details.state_leaked, run.state) == (Outcome.DEFECT, True, tiny.Box())
    assert "awaits" in str(step.error)


def test_helper_coroutines_are_free(tiny):
    async def helper(state):
        state.count += 1

    async def stf(self, state, input, actions):
        await helper(state)

    run = tiny.run(stf)
    assert run.go().outcome is Outcome.COMMITTED
    assert run.state.count == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_transition_that_will_not_be_closed_is_a_defect(tiny):
    async def stf(self, state, input, actions):
        while True:
            try:
                await suspend(1)
            except GeneratorExit:
                state.count += 1
                if state.count > 3:
                    raise

    run = tiny.run(stf)
    step = run.go()
    assert (step.outcome, run.state) == (Outcome.DEFECT, tiny.Box())
    assert run.store.begin() == tiny.Box()


def test_a_value_that_is_returned_is_a_defect(tiny):
    async def stf(self, state, input, actions):
        state.count += 1
        return state

    run = tiny.run(stf)
    step = run.go()
    assert (step.outcome, step.details.state_leaked, run.state) == (Outcome.DEFECT, True, tiny.Box())
    assert type(step.error) is ContractViolation
    assert str(step.error).startswith("returned Box(count=1")
    assert str(step.error).endswith("; change the state in place and return None")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda state: setattr(state, "count", "1"), "count: expected int, got str '1'"),
        (lambda state: setattr(state, "count", True), "count: expected int, got bool True"),
        (lambda state: state.rows[1].append(None), "rows[1][1]: expected int, got NoneType None"),
        (lambda state: state.names.update(b="xy"), "names['b']: expected list, got str 'xy'"),
        (lambda state: state.waiting.update({"1": "x"}), "waiting['1']: expected int, got str '1'"),
        (lambda state: state.rows.append(state.rows), "rows[2][0]: expected int, got list [1]"),
    ],
)
def test_a_state_that_cannot_be_stored_is_a_defect_with_its_path(tiny, change, why):
    async def stf(self, state, input, actions):
        change(state)

    run = tiny.run(stf)
    step = run.go()
    assert (step.outcome, type(step.error), str(step.error)) == (Outcome.DEFECT, ContractViolation, why)
    assert run.state == run.store.begin() == tiny.Box()


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (lambda tiny: Tracked("1", tiny.Ask()), "Tracked.id: expected int, got str '1'"),
        (lambda tiny: Tracked(1, tiny.Say()), "Tracked.action: expected Ask, got Say Say(text='hello', items=[])"),
        (lambda tiny: Untracked(tiny.Say(7)), "Untracked.action.text: expected str, got int 7"),
    ],
)
def test_an_action_that_cannot_be_stored_is_a_defect_with_its_path(tiny, action, why):
    async def stf(self, state, input, actions):
        state.count += 1
        actions.add(action(tiny))

    run = tiny.run(stf)
    step = run.go()
    assert (step.outcome, str(step.error), step.details.state_leaked) == (Outcome.DEFECT, why, True)
    assert (step.actions, run.state, run.process.pending) == ((), tiny.Box(), {})


def test_adding_what_is_no_action_is_a_defect(tiny):
    async def stf(self, state, input, actions):
        actions.add(tiny.Say("x"))

    step = tiny.run(stf).go()
    assert (step.outcome, type(step.error)) == (Outcome.DEFECT, TypeError)
    assert str(step.error) == (
        "actions.add takes Tracked(id, action) or Untracked(action), got Say(text='x', items=[])"
    )


def test_an_action_is_what_it_was_when_it_was_added(tiny):
    async def stf(self, state, input, actions):
        kept = tiny.Ask("a", state.rows[0])
        actions.add(Tracked(1, kept))
        kept.what = "b"
        state.rows[0].append(2)

    run = tiny.run(stf)
    step = run.go()
    assert step.actions == (Tracked(1, tiny.Ask("a", [1])),)
    before, after = (
        "Tracked(id=1, action=Ask(what='a', items=[1]))",
        "Tracked(id=1, action=Ask(what='b', items=[1, 2]))",
    )
    assert step.details.mutated_value == f"{before} became {after}"
    step.actions[0].action.items.append(7)
    assert run.state.rows[0] == [1, 2]


def test_a_completion_settles_what_was_pending_and_only_that(tiny):
    run = tiny.run()
    run.go(1)
    run.go(2)
    unknown = run.answer(5)
    assert (unknown.outcome, unknown.was_pending, unknown.changed_state) == (Outcome.COMMITTED, False, False)
    assert list(run.process.pending) == [1, 2]
    step = run.answer(1, "no")
    assert (step.outcome, step.was_pending, step.changed_state) == (Outcome.COMMITTED, True, True)
    assert step.actions == (Untracked(tiny.Say("no")),)
    assert list(run.process.pending) == [2]
    assert not run.answer(1).was_pending


def test_a_completion_that_is_rejected_stays_pending(tiny):
    async def stf(self, state, input, actions):
        if type(input) is TrackedActionCompleted:
            raise No(input.id)
        actions.add(Tracked(1, tiny.Ask()))
        state.waiting[1] = "q"

    run = tiny.run(stf)
    run.go()
    step = run.answer(1)
    assert (step.outcome, step.was_pending, list(run.process.pending)) == (Outcome.REJECTED, True, [1])


def test_an_id_that_is_given_out_again_is_told_and_keeps_its_age(tiny):
    run = tiny.run()
    run.go(4)
    run.go(2)
    step = run.go(4)
    assert step.details.reused_ids == (4,)
    assert run.process.pending[4] == Emission(ActionRef(3, 1), Tracked(4, tiny.Ask()), ActionRef(1, 1), 3, 1)
    run.answer(4)
    assert run.go(4).details.reused_ids == ()
    assert run.process.pending[4].first.step == 5


def test_a_lost_result_changes_nothing(tiny):
    run = tiny.run()
    run.go(1)
    step = run(ResultLost(ActionRef(1, 1), 1))
    assert (step.outcome, step.actions, list(run.process.pending)) == (Outcome.COMMITTED, (), [1])


def test_what_does_not_apply_is_skipped(tiny):
    run = tiny.run()
    step = run(Restore())
    assert (step.outcome, step.details.reason) == (Outcome.SKIPPED, "the process is running; crash it first")
    run.process.state.running = False
    for event in (InputReceived(tiny.Go()), Completion(None, 1, tiny.Answer())):
        step = run(event)
        assert (step.outcome, step.details.reason) == (Outcome.SKIPPED, "the process has crashed; restore it first")
    assert run.state == tiny.Box()


def test_assigning_to_the_machine_is_a_defect(tiny):
    async def stf(self, state, input, actions):
        self.last = input

    step = tiny.run(stf).go()
    assert step.outcome is Outcome.DEFECT
    assert str(step.error) == "self.last = …: Tiny must hold no state; keep it in Tiny.State"


def test_an_event_may_be_given_its_number(tiny):
    run = tiny.run()
    assert run.process.step(InputReceived(tiny.Go(1)), 40).number == 40
    assert run.process.pending[1].ref == ActionRef(40, 1)
    assert run.go(2).number == 41
