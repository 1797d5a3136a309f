"""Loans, decided by coroutines that await only each other."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Borrow:
    euros: Annotated[int, Between(1, 50)]


@dataclass
class PayOut:
    euros: int


@dataclass
class PaidOut: ...


@dataclass
class Bank:
    paying: dict[int, int] = field(default_factory=dict)
    lent: int = 0
    next_id: int = 1


class TooMuch(TransitionError): ...


class NotPaying(TransitionError): ...


class Loans(StateMachine):
    State = Bank
    Input = Borrow
    ActionId = int
    TrackedAction = PayOut
    ActionResult = PaidOut

    def initial(self):
        return Bank()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Borrow(euros)):
                await self._check(state, euros)
                await self._pay(state, euros, actions)
            case TrackedActionCompleted(id, _):
                if id not in state.paying:
                    raise NotPaying(id)
                state.lent += state.paying.pop(id)

    async def _check(self, state, euros):
        if await self._committed(state) + euros > 1000:
            raise TooMuch(euros)

    async def _committed(self, state):
        return state.lent + sum([euros async for euros in _open(state)])

    async def _pay(self, state, euros, actions):
        actions.add(Tracked(state.next_id, PayOut(euros)))
        state.paying[state.next_id] = euros
        state.next_id += 1

    async def restore(self, state, actions):
        async for id in _ids(state):
            actions.add(Tracked(id, PayOut(state.paying[id])))


async def _open(state):
    for euros in state.paying.values():
        yield euros


async def _ids(state):
    for id in sorted(state.paying):
        yield id
