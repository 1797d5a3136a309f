"""A counter behind a network: reading and writing it takes time and may fail.

It shows a state that is awaited. `read` and `write` are methods of the state, so the STF may await them, and at each
await it may be cancelled or lose the connection. Everything that may fail comes first, and the only change comes last,
after the last await, so there is never anything to undo.
"""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fasm_cli import (
    Actions,
    Between,
    Normal,
    StateMachine,
    TrackedActionCompleted,
    TransitionError,
    Untracked,
    invariant,
    sometimes,
)

HIGHEST = 2**64 - 1
LATENCY = 0.005  # seconds of virtual time: a simulation does not wait for them


@dataclass
class Remote:
    """A number on a remote server."""

    counter: Annotated[int, Between(0, HIGHEST)] = 0

    async def read(self) -> int:
        await asyncio.sleep(LATENCY)
        return self.counter

    async def write(self, value: int) -> None:
        await asyncio.sleep(LATENCY)  # if the await fails here, nothing was written
        self.counter = value


@dataclass
class Increment:
    """Add one."""


@dataclass
class Incremented:
    """Announces the new value; no result is expected."""

    before: int
    after: int


class Overflowed(TransitionError):
    """The counter has its highest value."""


class AsyncCounter(StateMachine):
    """Counts up to 2**64 - 1 in a state that is read and written over a network."""

    State = Remote
    Input = Increment
    UntrackedAction = Incremented

    def initial(self) -> Remote:
        return Remote()

    async def stf(self, state: Remote, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        before = await state.read()
        if before == HIGHEST:
            raise Overflowed(counter=before)
        actions.add(Untracked(Incremented(before, before + 1)))  # may fail, so the write comes after it
        await state.write(before + 1)

    @invariant
    def in_range(self, state: Remote) -> bool:
        return 0 <= state.counter <= HIGHEST

    @sometimes
    def counted_to_ten(self, state: Remote) -> bool:
        return state.counter >= 10
