"""A ticket printer. `restore` goes through the queue with `pop` and leaves it empty."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Buy: ...


@dataclass
class PrintTicket:
    number: int


@dataclass
class Printed: ...


@dataclass
class Counter:
    printing: list[int] = field(default_factory=list)
    sold: int = 0


class NotPrinting(TransitionError): ...


class TicketPrinter(StateMachine):
    State = Counter
    Input = Buy
    ActionId = int
    TrackedAction = PrintTicket
    ActionResult = Printed

    def initial(self):
        return Counter()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Buy()):
                number = state.sold + 1
                actions.add(Tracked(number, PrintTicket(number)))
                state.printing.append(number)
                state.sold = number
            case TrackedActionCompleted(id, _):
                if id not in state.printing:
                    raise NotPrinting(id)
                state.printing.remove(id)

    async def restore(self, state, actions):
        while state.printing:
            number = state.printing.pop(0)
            actions.add(Tracked(number, PrintTicket(number)))


LAW = "restore"
TRACE = ["Buy()"]
