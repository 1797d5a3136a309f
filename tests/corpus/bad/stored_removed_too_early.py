"""Bank transfers. `Accepted` only means that the bank will try, but the transfer is then removed from the list."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Pay: ...


@dataclass
class Send: ...


@dataclass
class AskAgain: ...


@dataclass
class Accepted: ...


@dataclass
class Settled: ...


@dataclass
class Ledger:
    open: set[int] = field(default_factory=set)
    settled: int = 0
    next_id: int = 1


class UnknownTransfer(TransitionError): ...


class Transfers(StateMachine):
    State = Ledger
    Input = Pay
    ActionId = int
    TrackedAction = Send | AskAgain
    ActionResult = Accepted | Settled

    def initial(self):
        return Ledger()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pay()):
                actions.add(Tracked(state.next_id, Send()))
                state.open.add(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if id not in state.open:
                    raise UnknownTransfer(id)
                match result:
                    case Accepted():
                        actions.add(Tracked(id, AskAgain()))
                    case Settled():
                        state.settled += 1
                state.open.remove(id)

    async def restore(self, state, actions):
        for id in sorted(state.open):
            actions.add(Tracked(id, AskAgain()))

    def respond(self, choose, id, action):
        return Accepted() if choose.chance(0.3) else Settled()


LAW = "stored"
TRACE = ["Pay()", "complete 1.1 Accepted()"]
