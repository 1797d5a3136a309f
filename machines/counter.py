"""The smallest machine: it counts and announces each increment.

It shows where each part goes. The type of the state declares its limits, the STF rejects an input before it changes
anything, and a message that may be lost is an untracked action. There are no tracked actions, so there is nothing to
restore.
"""

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

HIGHEST = 2**64 - 1  # the largest u64: a counter that wraps around would count backwards


@dataclass
class Count:
    counter: Annotated[int, Between(0, HIGHEST)] = 0


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


class Counter(StateMachine):
    """Counts up to 2**64 - 1 and announces every increment."""

    State = Count
    Input = Increment
    UntrackedAction = Incremented

    def initial(self) -> Count:
        return Count()

    async def stf(self, state: Count, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        if state.counter == HIGHEST:
            raise Overflowed(counter=state.counter)
        after = state.counter + 1
        actions.add(Untracked(Incremented(state.counter, after)))  # may fail, so the state changes after it
        state.counter = after

    @invariant
    def in_range(self, state: Count) -> bool:
        return 0 <= state.counter <= HIGHEST

    @sometimes
    def counted_to_ten(self, state: Count) -> bool:
        return state.counter >= 10
