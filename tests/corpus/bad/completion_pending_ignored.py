"""Card payments. `Pending` is accepted without any change: nothing asks again before the next crash."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Pay: ...


@dataclass
class Charge: ...


@dataclass
class Charged: ...


@dataclass
class Pending: ...


@dataclass
class Terminal:
    charging: set[int] = field(default_factory=set)
    next_id: int = 1


class NotCharging(TransitionError): ...


class CardPayments(StateMachine):
    State = Terminal
    Input = Pay
    ActionId = int
    TrackedAction = Charge
    ActionResult = Charged | Pending

    def initial(self):
        return Terminal()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pay()):
                actions.add(Tracked(state.next_id, Charge()))
                state.charging.add(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if id not in state.charging:
                    raise NotCharging(id)
                match result:
                    case Charged():
                        state.charging.remove(id)
                    case Pending():
                        pass

    async def restore(self, state, actions):
        for id in sorted(state.charging):
            actions.add(Tracked(id, Charge()))

    def respond(self, choose, id, action):
        return Pending() if choose.chance(0.1) else Charged()


LAW = "completion"
TRACE = ["Pay()", "complete 1.1 Pending()"]
