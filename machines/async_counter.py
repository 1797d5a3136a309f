"""A counter that is somewhere else: reading and writing it takes a while and may fail.

What it teaches: a state may be awaited. `read` and `write` are methods of the state, so an STF may wait for them, and
at each await it may be cancelled or find the connection gone. Everything that may fail comes first, and the one line
that changes something comes last, behind the last await: then there is never anything to undo.
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
LATENCY = 0.005  # seconds, of the virtual clock: simulating them takes no time


@dataclass
class Remote:
    """A number at the other end of a wire."""

    counter: Annotated[int, Between(0, HIGHEST)] = 0

    async def read(self) -> int:
        await asyncio.sleep(LATENCY)
        return self.counter

    async def write(self, value: int) -> None:
        await asyncio.sleep(LATENCY)  # a write that is cut off here was not made
        self.counter = value


@dataclass
class Increment:
    """Count one more."""


@dataclass
class Incremented:
    """Tells whoever watches; nobody answers."""

    before: int
    after: int


class Overflowed(TransitionError):
    """The counter is at its highest value."""


class AsyncCounter(StateMachine):
    """Counts up to 2**64 - 1 in a state that is read and written over a wire."""

    State = Remote
    Input = Increment
    UntrackedAction = Incremented

    def initial(self) -> Remote:
        return Remote()

    async def stf(self, state: Remote, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        before = await state.read()
        if before == HIGHEST:
            raise Overflowed(counter=before)
        actions.add(Untracked(Incremented(before, before + 1)))  # this may fail, so the write comes after it
        await state.write(before + 1)

    @invariant
    def in_range(self, state: Remote) -> bool:
        return 0 <= state.counter <= HIGHEST

    @sometimes
    def counted_to_ten(self, state: Remote) -> bool:
        return state.counter >= 10
