"""A shop of gift cards: each sale is charged at a provider, which keeps its own books."""

import asyncio
import json
import os
from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Handler, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, Untracked


@dataclass
class Buy:
    amount: Annotated[int, Between(1, 100)]


@dataclass
class Charge:
    amount: int


@dataclass
class Receipt:
    order: int


@dataclass
class Charged: ...


@dataclass
class Refused:
    why: str


@dataclass
class Till:
    waiting: dict[int, int] = field(default_factory=dict)
    paid: dict[int, int] = field(default_factory=dict)
    refused: int = 0
    next_id: int = 1


class NotWaiting(TransitionError): ...


class TooMany(TransitionError): ...


class Shop(StateMachine):
    State = Till
    Input = Buy
    ActionId = int
    TrackedAction = Charge
    ActionResult = Charged | Refused
    UntrackedAction = Receipt

    def initial(self):
        return Till()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Buy(amount)):
                if len(state.waiting) == 50:
                    raise TooMany
                actions.add(Tracked(state.next_id, Charge(amount)))
                state.waiting[state.next_id] = amount
                state.next_id += 1
            case TrackedActionCompleted(id, Charged()):
                if id not in state.waiting:
                    raise NotWaiting(id)
                actions.add(Untracked(Receipt(id)))
                state.paid[id] = state.waiting.pop(id)
            case TrackedActionCompleted(id, Refused()):
                if id not in state.waiting:
                    raise NotWaiting(id)
                del state.waiting[id]
                state.refused += 1

    async def restore(self, state, actions):
        for id, amount in state.waiting.items():
            actions.add(Tracked(id, Charge(amount)))


async def provider(request):
    """Send a request to the provider; returns its answer."""
    reader, writer = await asyncio.open_unix_connection(os.environ["PROVIDER"])
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        return json.loads(await reader.readline())
    finally:
        writer.close()


async def charge(id, action):
    answer = await provider({"charge": id, "amount": action.amount})
    return Charged() if answer == "yes" else Refused(answer)


async def receipt(action):
    await provider({"receipt": action.order})


Shop.handlers = {Charge: Handler(charge, timeout=5, backoff=0.01), Receipt: receipt}
