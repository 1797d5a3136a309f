"""What an author says must hold: after every transition, across one, in the end; and what is said where it does not."""

import pytest

from fasm_cli import TransitionError, eventually, invariant, sometimes, transition_invariant
from fasm_cli.engine.events import InputReceived
from fasm_cli.engine.laws import check_invariants, check_rest, count_holding, sometimes_reached


class No(TransitionError):
    pass


def law_and_reason(violation):
    return violation.law, violation.reason


def go(tiny, n=0):
    return InputReceived(tiny.Go(n))


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (False, "it is false"),
        (None, "it returned None; an invariant returns True or False"),
        (1, "it returned 1; an invariant returns True or False"),
        ([], "it returned []; an invariant returns True or False"),
    ],
)
def test_an_invariant_returns_true_and_nothing_else_will_do(tiny, held, why):
    run = tiny.run(fine=invariant(lambda self, state: held))
    assert run.judged(go(tiny)) == ("invariant:fine", why)


def test_an_invariant_that_raises_is_broken(tiny):
    run = tiny.run(fine=invariant(lambda self, state: state.names["z"]))
    assert run.judged(go(tiny)) == ("invariant:fine", "it raised KeyError: 'z'")


def test_invariants_look_at_what_was_committed_only(tiny):
    async def stf(self, state, input, actions):
        if input.value.n:
            raise No

    run = tiny.run(stf, fine=invariant(lambda self, state: False))
    assert run.judged(go(tiny, 1)) is None
    assert run.judged(go(tiny, 0)) == ("invariant:fine", "it is false")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (AssertionError("count is off"), "count is off"),
        (AssertionError(), "AssertionError: "),
        (ValueError("x"), "ValueError: x"),
    ],
)
def test_check_invariants_raises_what_is_wrong(tiny, error, why):
    def check_invariants(self, state):
        raise error

    run = tiny.run(check_invariants=check_invariants)
    assert run.judged(go(tiny)) == ("invariant:check_invariants", why)


def test_a_transition_invariant_sees_both_states(tiny):
    def grows(self, before, after):
        return after.count >= before.count

    async def stf(self, state, input, actions):
        state.count += input.value.n

    run = tiny.run(stf, grows=transition_invariant(grows))
    assert run.judged(go(tiny, 1)) is None
    assert run.judged(go(tiny, -1)) == ("transition:grows", "it is false")


def test_the_first_of_several_invariants_is_named(tiny):
    run = tiny.run(
        one=invariant(lambda self, state: True),
        two=invariant(lambda self, state: False),
        three=invariant(lambda self, state: None),
    )
    assert law_and_reason(check_invariants(run.machine, run.state)) == ("invariant:two", "it is false")
    assert count_holding(run.machine, run.state) == (1, 3)


def test_sometimes_reached_and_laws_at_rest(tiny):
    run = tiny.run(
        never=sometimes(lambda self, state: state.count > 0),
        now=sometimes(lambda self, state: True),
        odd=sometimes(lambda self, state: 1),
        done=eventually(lambda self, state: not state.waiting),
    )
    assert sometimes_reached(run.machine, run.state) == ["now"]
    assert check_rest(run.process) is None
    run.go(1)
    action = "Tracked(id=1, action=Ask(what='q', items=[]))"
    stuck = f"{action} is still pending after every result was delivered and every restart"
    assert law_and_reason(check_rest(run.process)) == ("stuck", stuck)
    run.process.pending.clear()
    assert law_and_reason(check_rest(run.process)) == (
        "eventually:done",
        "it is false although nothing is in flight any more",
    )
