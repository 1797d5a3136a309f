"""Cash withdrawals. A refusal decreases the counter of ids, although later withdrawals may be pending."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Withdraw: ...


@dataclass
class AskBank: ...


@dataclass
class Allowed: ...


@dataclass
class Refused: ...


@dataclass
class Machine:
    asked: set[int] = field(default_factory=set)
    paid_out: int = 0
    next_id: int = 1


class NotAsked(TransitionError): ...


class CashMachine(StateMachine):
    State = Machine
    Input = Withdraw
    ActionId = int
    TrackedAction = AskBank
    ActionResult = Allowed | Refused

    def initial(self):
        return Machine()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Withdraw()):
                actions.add(Tracked(state.next_id, AskBank()))
                state.asked.add(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if id not in state.asked:
                    raise NotAsked(id)
                state.asked.remove(id)
                match result:
                    case Allowed():
                        state.paid_out += 1
                    case Refused():
                        state.next_id -= 1

    async def restore(self, state, actions):
        for id in sorted(state.asked):
            actions.add(Tracked(id, AskBank()))


LAW = "ids"
TRACE = ["Withdraw()", "Withdraw()", "complete 1.1 Refused()", "Withdraw()"]
