"""What each broken law is called and what is said of it, on machines that break one law each."""

import pytest

from fasm_cli import (
    RestoreError,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
    Untracked,
)
from fasm_cli.engine.events import Completion, Crash, FaultKind, InjectedFault, InputReceived, Restore
from fasm_cli.engine.laws import (
    check_step,
)
from fasm_cli.engine.step_result import Outcome


class No(TransitionError):
    pass


def go(tiny, n=0):
    return InputReceived(tiny.Go(n))


def answer(tiny, id):
    return Completion(None, id, tiny.Answer())


def test_a_machine_that_keeps_the_laws_breaks_none(tiny):
    run = tiny.run()
    events = [
        go(tiny, 1),
        go(tiny, 2),
        answer(tiny, 1),
        answer(tiny, 1),
        answer(tiny, 9),
        Crash(),
        Restore(),
        answer(tiny, 2),
    ]
    assert [run.judged(event) for event in events] == [None] * 8


def test_defect_names_the_exception(tiny):
    async def stf(self, state, input, actions):
        raise KeyError(7)

    assert tiny.run(stf).judged(go(tiny)) == ("defect", "KeyError: 7")


def test_atomic_is_about_a_state_that_was_changed_before_the_refusal(tiny):
    async def stf(self, state, input, actions):
        state.rows[0].append(1)
        raise No(input.value.n)

    assert tiny.run(stf).judged(go(tiny, 3)) == ("atomic", "the state was changed before No(3) was raised")


def test_atomic_is_broken_by_a_change_before_a_failing_add(tiny):
    async def stf(self, state, input, actions):
        state.count += 1
        actions.add(Untracked(tiny.Say()))

    run = tiny.run(stf)
    assert run.judged(go(tiny)) is None
    run(InjectedFault(FaultKind.ACTIONS_FULL, 1))
    why = "the state was changed before ActionsFull(held=0) was raised"
    assert run.judged(go(tiny)) == ("atomic", why)


def tracking(tiny, completed):
    """An STF that asks under the id of its input; `completed` handles a result."""

    async def stf(self, state, input, actions):
        if type(input) is TrackedActionCompleted:
            completed(state, input, actions)
        else:
            actions.add(Tracked(input.value.n, tiny.Ask()))
            state.waiting[input.value.n] = "q"

    return stf


def test_completion_wants_an_accepted_result_to_lead_somewhere(tiny):
    run = tiny.run(tracking(tiny, lambda state, came, actions: None))
    run.go(4)
    why = "the result of action 4 was accepted and had no effect"
    assert run.judged(answer(tiny, 4)) == ("completion", why)


def test_completion_is_kept_by_asking_again(tiny):
    run = tiny.run(tracking(tiny, lambda state, came, actions: actions.add(Tracked(came.id, tiny.Ask("again")))))
    run.go(4)
    assert run.judged(answer(tiny, 4)) is None


def test_completion_refuses_a_result_that_comes_twice_and_counts(tiny):
    def completed(state, input, actions):
        state.waiting.pop(input.id, None)
        state.count += 1

    run = tiny.run(tracking(tiny, completed))
    run.go(4)
    assert run.judged(answer(tiny, 4)) is None
    why = "a result for 4, which is not pending, was accepted and changed the state"
    assert run.judged(answer(tiny, 4)) == ("completion", why)


def test_completion_refuses_a_new_action_for_an_unknown_result(tiny):
    def completed(state, input, actions):
        actions.add(Tracked(8, tiny.Ask()))

    run = tiny.run(tracking(tiny, completed))
    why = "a result for 4, which is not pending, was accepted and led to a new action"
    assert run.judged(answer(tiny, 4)) == ("completion", why)


def test_completion_lets_a_late_result_be_ignored_or_rejected(tiny):
    def completed(state, input, actions):
        actions.add(Untracked(tiny.Say("late")))
        if input.id == 9:
            raise No

    run = tiny.run(tracking(tiny, completed))
    assert run.judged(answer(tiny, 4)) is None
    assert run.judged(answer(tiny, 9)) is None


def test_ids_are_not_given_out_again_while_they_are_pending(tiny):
    run = tiny.run()
    run.go(4)
    assert run.judged(go(tiny, 4)) == ("ids", "the id 4 was given to another action while it was pending")


def test_ids_are_the_same_when_an_input_comes_again_after_a_lost_commit(tiny):
    given = iter((10, 11, 12, 12))

    async def stf(self, state, input, actions):
        id = next(given)
        actions.add(Tracked(id, tiny.Ask()))
        state.waiting[id] = "q"

    run = tiny.run(stf)
    run(InjectedFault(FaultKind.COMMIT))
    assert run.judged(go(tiny)) is None
    why = "the same input from the same state was given other ids when it came again: 10, then 11"
    assert run.judged(go(tiny)) == ("ids", why)


def test_deterministic_is_about_the_actions_when_an_input_comes_again(tiny):
    texts = iter("ab")

    async def stf(self, state, input, actions):
        actions.add(Untracked(tiny.Say(next(texts))))

    run = tiny.run(stf)
    run(InjectedFault(FaultKind.COMMIT))
    run.go()
    why = "the same input from the same state emitted other actions when it came again"
    assert run.judged(go(tiny)) == ("deterministic", why)


def test_stored_wants_every_pending_action_to_be_restorable_from_what_was_committed(tiny):
    async def restore(self, state, actions):
        for id in state.waiting:
            if id > 4:
                actions.add(Tracked(id, tiny.Ask()))

    run = tiny.run(restore=restore)
    assert run.judged(go(tiny, 5)) is None
    assert run.judged(go(tiny, 4)) == ("stored", "the state cannot restore the pending action 4")
    run(Crash())
    assert run.judged(Restore()) == ("stored", "restore does not emit the pending action 4 again")


def test_restore_is_pure(tiny):
    async def changes(self, state, actions):
        state.count += 1

    assert tiny.run(restore=changes).judged(go(tiny))[0] == "restore"
    run = tiny.run(restore=changes)
    run(Crash())
    assert run.judged(Restore()) == ("restore", "restore changed the state")


def test_restore_gives_the_same_twice(tiny):
    times = iter(range(9))

    async def restore(self, state, actions):
        actions.add(Tracked(1, tiny.Ask(str(next(times)))))

    why = "restore emits other actions, or in another order, the second time"
    assert tiny.run(restore=restore).judged(go(tiny, 1)) == ("restore", why)


class Gone(RestoreError):
    pass


@pytest.mark.parametrize(
    ("error", "violation"),
    [
        (Gone(1), ("restore", "restore fails on the committed state: Gone(1)")),
        (No(1), ("restore", "restore fails on the committed state: No(1)")),
        (ValueError("x"), ("defect", "ValueError: x")),
    ],
)
def test_restore_does_not_fail_on_what_was_committed(tiny, error, violation):
    async def restore(self, state, actions):
        if state.waiting:
            raise error

    run = tiny.run(restore=restore)
    assert run.judged(go(tiny)) == violation


def test_a_restore_that_fails_in_its_turn_is_told_but_not_one_that_had_no_room(tiny):
    async def restore(self, state, actions):
        actions.add(Tracked(1, tiny.Ask()))
        raise Gone("lost")

    run = tiny.run(restore=restore)
    run(Crash())
    assert run.judged(Restore()) == ("restore", "restore failed: Gone('lost')")
    run(InjectedFault(FaultKind.ACTIONS_FULL, 1))
    step = run(Restore())
    assert (step.outcome, check_step(step)) == (Outcome.REJECTED, None)


def test_hidden_tells_of_an_action_that_was_changed_after_it_was_added(tiny):
    async def stf(self, state, input, actions):
        say = tiny.Say("a")
        actions.add(Untracked(say))
        say.text = "b"

    was, is_now = (f"Untracked(action=Say(text='{text}', items=[]))" for text in "ab")
    why = f"an action or an input was changed after it was handed over: {was} became {is_now}"
    assert tiny.run(stf).judged(go(tiny)) == ("hidden", why)


def test_the_more_specific_law_names_what_breaks_two(tiny):
    async def stf(self, state, input, actions):
        state.count += 1
        actions.add(Tracked(1, tiny.Ask()))
        raise ValueError

    assert tiny.run(stf).judged(go(tiny))[0] == "defect"

    async def forgets(self, state, actions):
        return None

    run = tiny.run(restore=forgets)
    assert run.judged(go(tiny, 4))[0] == "stored"
    assert run.judged(go(tiny, 4))[0] == "ids"
