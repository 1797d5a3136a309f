"""The smallest machine: it counts, and says so.

What it teaches: where each part goes. The type of the state carries its own limits, the STF refuses before it changes
anything, and a message that may get lost is an untracked action. Nothing waits for an answer, so there is no
`restore` to write.
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

HIGHEST = 2**64 - 1  # what a u64 holds: a counter that goes round would count backwards


@dataclass
class Count:
    counter: Annotated[int, Between(0, HIGHEST)] = 0


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
        actions.add(Untracked(Incremented(state.counter, after)))  # this may fail, so the state comes after it
        state.counter = after

    @invariant
    def in_range(self, state: Count) -> bool:
        return 0 <= state.counter <= HIGHEST

    @sometimes
    def counted_to_ten(self, state: Count) -> bool:
        return state.counter >= 10
