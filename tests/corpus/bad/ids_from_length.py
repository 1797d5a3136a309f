"""Loans of a library. The id is one more than the number of open loans, so an id is used again while it is pending."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Borrow: ...


@dataclass
class AwaitReturn: ...


@dataclass
class Returned: ...


@dataclass
class Shelf:
    loans: set[int] = field(default_factory=set)


class NoSuchLoan(TransitionError): ...


class Library(StateMachine):
    State = Shelf
    Input = Borrow
    ActionId = int
    TrackedAction = AwaitReturn
    ActionResult = Returned

    def initial(self):
        return Shelf()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Borrow()):
                id = len(state.loans) + 1
                actions.add(Tracked(id, AwaitReturn()))
                state.loans.add(id)
            case TrackedActionCompleted(id, _):
                if id not in state.loans:
                    raise NoSuchLoan(id)
                state.loans.remove(id)

    async def restore(self, state, actions):
        for id in sorted(state.loans):
            actions.add(Tracked(id, AwaitReturn()))


LAW = "ids"
TRACE = ["Borrow()", "Borrow()", "complete 1.1 Returned()", "Borrow()"]
