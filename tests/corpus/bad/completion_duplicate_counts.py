"""Refunds. A paid refund stays on the list, and a second result for it is counted again."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Complain: ...


@dataclass
class Refund: ...


@dataclass
class Refunded: ...


@dataclass
class Case:
    closed: bool = False


@dataclass
class Desk:
    cases: list[Case] = field(default_factory=list)
    refunded: int = 0


class NoSuchCase(TransitionError): ...


class Complaints(StateMachine):
    State = Desk
    Input = Complain
    ActionId = int
    TrackedAction = Refund
    ActionResult = Refunded

    def initial(self):
        return Desk()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Complain()):
                actions.add(Tracked(len(state.cases), Refund()))
                state.cases.append(Case())
            case TrackedActionCompleted(id, _):
                if not 0 <= id < len(state.cases):
                    raise NoSuchCase(id)
                state.cases[id].closed = True
                state.refunded += 10

    async def restore(self, state, actions):
        for id, case in enumerate(state.cases):
            if not case.closed:
                actions.add(Tracked(id, Refund()))


LAW = "completion"
TRACE = ["Complain()", "complete 1.1 Refunded()", "complete 1.1 Refunded()"]
