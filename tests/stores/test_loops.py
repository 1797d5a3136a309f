"""Awaitable states: sleeping takes no real time, and only the state may be awaited."""

import asyncio
from dataclasses import dataclass, field

import pytest

from fasm_cli import ConnectionLost, Untracked
from fasm_cli.engine.events import FaultKind, InjectedFault
from fasm_cli.engine.laws import first_violation
from fasm_cli.engine.step_result import Outcome
from fasm_cli.purity import install as guard
from tests.stores.conftest import Said, running

DAY = 86_400.0


@dataclass
class Wire:
    async def pause(self, seconds):
        await asyncio.sleep(seconds)
        return asyncio.get_running_loop().time()


@dataclass
class Far:
    count: int = 0
    wire: Wire = field(default_factory=Wire)

    async def read(self):
        await self.wire.pause(DAY)
        return self.count

    async def together(self):
        return await asyncio.gather(self.wire.pause(3), self.wire.pause(1), self.wire.pause(2))

    async def never(self):
        await asyncio.get_running_loop().create_future()


@pytest.fixture(autouse=True)
def guarded():
    guard.install()
    yield
    guard.uninstall()


def test_sleeping_takes_no_real_time(go):
    async def stf(self, state, input, actions):
        state.count = await state.read() + 1
        actions.add(Untracked(Said(str(await state.wire.pause(1)))))
        actions.add(Untracked(Said(str(await state.together()))))

    process = running(stf, Far)  # awaits days of virtual time: on a real clock this test does not end
    for _ in range(2):  # the clock starts at 0 for each transition
        step = go(process)
        assert [action.action.text for action in step.actions] == [str(DAY + 1), f"[{DAY + 4}, {DAY + 2}, {DAY + 3}]"]
    assert process.store.committed.count == 2


def test_only_the_state_may_be_awaited(go):
    async def sleeps(self, state, input, actions):
        await asyncio.sleep(1)

    async def helper(wire):
        await wire.pause(1)

    async def other(self, state, input, actions):
        await helper(state.wire)  # through the state after all
        await helper(Wire())

    async def yields(self, state, input, actions):
        await asyncio.sleep(0)  # asks for no loop, and suspends

    async def handed(state):
        await asyncio.sleep(1)

    async def hands(self, state, input, actions):
        await handed(state)  # a function that gets the state is not the state

    assert str(go(running(yields, Far)).error).startswith("awaits asyncio.sleep() at test_loops.py:")
    assert str(go(running(hands, Far)).error).startswith("calls asyncio.sleep() at test_loops.py:")
    line = sleeps.__code__.co_firstlineno + 1
    assert str(go(running(sleeps, Far)).error) == f"calls asyncio.sleep() at test_loops.py:{line}"
    assert "asyncio.sleep()" in str(go(running(other, Far)).error)


def test_awaiting_for_ever_is_a_defect(go):
    async def stf(self, state, input, actions):
        await state.never()

    step = go(running(stf, Far))
    assert (step.outcome, str(step.error)) == (Outcome.DEFECT, "awaits something of the state that never comes")


def test_the_virtual_loop_has_no_threads(go):
    @dataclass
    class Wired(Far):
        async def read(self):
            await asyncio.to_thread(print)

    async def stf(self, state, input, actions):
        await state.read()

    step = go(running(stf, Wired))
    assert str(step.error).startswith("run_in_executor: the loop of a transition has no outside")


@pytest.mark.parametrize("failure", [FaultKind.CANCEL, FaultKind.DISCONNECT])
def test_a_state_changed_before_the_last_await_is_found(go, failure):
    async def stf(self, state, input, actions):
        state.count += 1
        await state.read()

    process = running(stf, Far)
    process.step(InjectedFault(failure, 1))
    step = go(process)
    assert (step.outcome, step.details.state_leaked, first_violation(process, step, process.store.committed).law) == (
        Outcome.ABORTED,
        True,
        "atomic",
    )


def test_a_failing_await_may_be_handled(go):
    async def stf(self, state, input, actions):
        try:
            await state.read()
        except ConnectionLost:
            await state.read()
        state.count += 1

    process = running(stf, Far)
    process.step(InjectedFault(FaultKind.DISCONNECT, 1))
    assert go(process).outcome is Outcome.COMMITTED
    assert process.store.committed.count == 1
