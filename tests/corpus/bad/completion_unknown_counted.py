"""Door openers. A signal of a door that was not opened changes no door, but is counted."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted


@dataclass
class Open: ...


@dataclass
class Unlock: ...


@dataclass
class Unlocked: ...


@dataclass
class House:
    opening: set[int] = field(default_factory=set)
    signals: int = 0
    next_id: int = 1


class Doors(StateMachine):
    State = House
    Input = Open
    ActionId = int
    TrackedAction = Unlock
    ActionResult = Unlocked

    def initial(self):
        return House()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Open()):
                actions.add(Tracked(state.next_id, Unlock()))
                state.opening.add(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                state.signals += 1
                state.opening.discard(id)

    async def restore(self, state, actions):
        for id in sorted(state.opening):
            actions.add(Tracked(id, Unlock()))


LAW = "completion"
TRACE = ["TrackedActionCompleted(id=0, result=Unlocked())"]
