"""Crashes at every point, faults of the store and of the container, and what `restore` makes of them."""

import pytest

from fasm_cli import ActionsFull, RestoreError, Tracked, TransitionError, Untracked
from fasm_cli.engine.events import ActionRef, Crash, CrashPoint, FaultKind, InjectedFault, Restore
from fasm_cli.engine.step_result import Outcome


async def three(self, state, input, actions):
    """Adds three actions, and only then changes the state."""
    for id in (1, 2, 3):
        actions.add(Tracked(id, self.Ask(str(id))))
    state.count += 1
    state.waiting.update({1: "1", 2: "2", 3: "3"})


@pytest.fixture
def run(tiny):
    return tiny.run(three, Ask=tiny.Ask)


@pytest.mark.parametrize("room", [1, 2, 3])
def test_add_fails_at_the_nth_call_and_rejects(tiny, run, room):
    assert run(InjectedFault(FaultKind.ACTIONS_FULL, room)).outcome is Outcome.COMMITTED
    step = run.go()
    assert step.outcome is Outcome.REJECTED
    assert str(step.error) == f"ActionsFull(held={room - 1})"
    assert (step.details.state_leaked, run.state, run.process.pending) == (False, tiny.Box(), {})
    assert run.go().outcome is Outcome.COMMITTED  # it is injected once


def test_add_that_fails_after_the_last_call_strikes_nothing(run):
    run(InjectedFault(FaultKind.ACTIONS_FULL, 4))
    assert run.go().outcome is Outcome.COMMITTED
    assert run.process.state.armed_fault is None


def test_a_machine_that_swallows_a_full_container_commits_what_fitted(tiny):
    async def stf(self, state, input, actions):
        for text in "abc":
            try:
                actions.add(Untracked(tiny.Say(text)))
            except ActionsFull:
                state.count += 1

    run = tiny.run(stf)
    run(InjectedFault(FaultKind.ACTIONS_FULL, 2))
    step = run.go()
    assert [action.action.text for action in step.actions] == ["a"]
    assert run.state.count == 2


@pytest.mark.parametrize(
    ("event", "why", "up"),
    [
        (InjectedFault(FaultKind.LOAD), "the state could not be loaded", True),
        (InjectedFault(FaultKind.COMMIT), "the store refused the commit", True),
        (Crash(CrashPoint.BEFORE_COMMIT), "the process died before the commit", False),
    ],
)
def test_a_transition_that_was_not_committed_never_happened(tiny, run, event, why, up):
    run(event)
    step = run.go()
    assert (step.outcome, step.details.reason, step.actions) == (Outcome.ABORTED, why, ())
    assert [action.id for action in step.details.uncommitted_actions] == (
        [] if event == InjectedFault(FaultKind.LOAD) else [1, 2, 3]
    )
    assert (run.state, run.process.pending, run.process.running) == (tiny.Box(), {}, up)
    assert run.store.begin() == tiny.Box()


def test_a_commit_whose_answer_was_lost_happened_and_ends_the_process(run):
    run(InjectedFault(FaultKind.UNKNOWN))
    step = run.go()
    assert (step.outcome, len(step.actions)) == (Outcome.COMMITTED, 3)
    assert (run.state.count, list(run.process.pending), run.process.running) == (1, [1, 2, 3], False)
    assert run(Restore()).details.unrestored_ids == ()


def test_a_crash_keeps_what_was_committed_and_nothing_else(tiny, run):
    run.go()
    for point in (CrashPoint.BETWEEN, CrashPoint.AFTER_COMMIT, CrashPoint.AFTER_ACTION):
        step = run(Crash(point, 1))
        assert (step.outcome, run.process.running, run.state.count) == (Outcome.COMMITTED, False, 1)
        again = run(Crash(point))
        assert (again.outcome, again.details.reason) == (Outcome.SKIPPED, "the process has crashed already")
        assert run(Restore()).outcome is Outcome.COMMITTED
    assert list(run.process.pending) == [1, 2, 3]


def test_restore_emits_what_is_pending_again_and_its_age_is_kept(tiny):
    run = tiny.run()
    run.go(4)
    run.go(2)
    step = run.restart()
    assert (step.outcome, step.details.unrestored_ids, step.details.state_leaked) == (Outcome.COMMITTED, (), False)
    assert step.actions == (Tracked(4, tiny.Ask("q")), Tracked(2, tiny.Ask("q")))
    pending = run.process.pending
    assert [(id, each.ref, each.first.step) for id, each in pending.items()] == [
        (4, ActionRef(1, 1, again=4), 1),
        (2, ActionRef(2, 1, again=4), 2),
    ]


def test_a_pending_id_that_restore_leaves_out_is_missing(tiny):
    async def restore(self, state, actions):
        actions.add(Tracked(2, tiny.Ask()))
        actions.add(Tracked(9, tiny.Ask()))
        actions.add(Untracked(tiny.Say()))

    run = tiny.run(restore=restore)
    run.go(1)
    run.go(2)
    step = run.restart()
    assert step.details.unrestored_ids == (1,)
    assert list(run.process.pending) == [1, 2, 9]
    assert run.process.pending[9].first.step == 4


def test_a_restore_that_changes_the_state_is_told_and_undone(tiny):
    async def restore(self, state, actions):
        state.rows[0].append(5)

    run = tiny.run(restore=restore)
    step = run.restart()
    assert (step.outcome, step.details.state_leaked, run.state) == (Outcome.COMMITTED, True, tiny.Box())
    assert run.store.begin() == tiny.Box()


class Gone(RestoreError):
    pass


class Refused(TransitionError):
    pass


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Gone(7), Outcome.REJECTED),
        (Refused(), Outcome.REJECTED),
        (ValueError(), Outcome.DEFECT),
        (SystemExit(), Outcome.DEFECT),
    ],
)
def test_a_restore_that_raises_leaves_the_process_down(tiny, error, outcome):
    async def restore(self, state, actions):
        actions.add(Tracked(1, tiny.Ask()))
        raise error

    run = tiny.run(restore=restore)
    run.go(1)
    step = run.restart()
    assert (step.outcome, step.error, step.actions) == (outcome, error, ())
    assert not run.process.running
    assert run.process.pending[1].ref == ActionRef(1, 1)


def test_a_restore_that_emits_what_cannot_be_stored_is_a_defect(tiny):
    async def restore(self, state, actions):
        actions.add(Tracked(None, tiny.Ask()))

    step = tiny.run(restore=restore).restart()
    assert (step.outcome, str(step.error)) == (Outcome.DEFECT, "Tracked.id: expected int, got NoneType None")


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_crash_inside_restore_changes_nothing(run, at):
    run.go()
    before = dict(run.process.pending)
    run(Crash())
    run(Crash(CrashPoint.IN_RESTORE, at))
    step = run(Restore())
    assert (step.outcome, step.details.reason) == (Outcome.ABORTED, "the process died in restore")
    assert [action.id for action in step.details.uncommitted_actions] == [1, 2, 3][: at - 1]
    assert (run.process.running, run.process.pending) == (False, before)
    assert run(Restore()).details.unrestored_ids == ()


def test_add_that_fails_inside_restore_rejects_it(run):
    run.go()
    run(Crash())
    run(InjectedFault(FaultKind.ACTIONS_FULL, 2))
    step = run(Restore())
    assert (step.outcome, str(step.error)) == (Outcome.REJECTED, "ActionsFull(held=1)")
    assert not run.process.running
    assert run(Restore()).outcome is Outcome.COMMITTED


def test_a_fault_waits_for_a_transition_that_takes_place(run):
    run(Crash())
    run(InjectedFault(FaultKind.COMMIT))
    assert run.go().outcome is Outcome.SKIPPED
    assert run.process.state.armed_fault == InjectedFault(FaultKind.COMMIT)


def test_looking_at_what_restore_would_do_keeps_nothing(run):
    run.go()
    before = dict(run.process.pending)
    emitted, error, dirty = run.process.dry_run_restore()
    assert ([action.id for action in emitted], error, dirty) == ([1, 2, 3], None, False)
    assert run.process.dry_run_restore(Crash(CrashPoint.IN_RESTORE, 2))[0] == emitted[:1]
    assert (run.process.pending, run.process.running) == (before, True)
