"""Reservations of a stock of one. Only `CheckStatus` after a crash reports that a reservation never arrived; the
piece is then put back twice."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class Reserve: ...


@dataclass
class Hold: ...


@dataclass
class CheckStatus: ...


@dataclass
class Held: ...


@dataclass
class NeverArrived: ...


@dataclass
class Stock:
    left: int = 1
    reserving: int | None = None
    next_id: int = 1


class SoldOut(TransitionError): ...


class NotReserving(TransitionError): ...


class Warehouse(StateMachine):
    State = Stock
    Input = Reserve
    ActionId = int
    TrackedAction = Hold | CheckStatus
    ActionResult = Held | NeverArrived

    def initial(self):
        return Stock()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Reserve()):
                if state.left == 0:
                    raise SoldOut()
                actions.add(Tracked(state.next_id, Hold()))
                state.left -= 1
                state.reserving = state.next_id
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if state.reserving != id:
                    raise NotReserving(id)
                state.reserving = None
                state.left += 1 if result == Held() else 2  # a held piece is handed out and bought again

    async def restore(self, state, actions):
        if state.reserving is not None:
            actions.add(Tracked(state.reserving, CheckStatus()))

    @invariant
    def one_piece(self, state):
        return state.left <= 1

    def respond(self, choose, id, action):
        return NeverArrived() if action == CheckStatus() else Held()


LAW = "invariant:one_piece"
TRACE = ["Reserve()", "complete 1.1 NeverArrived()"]
