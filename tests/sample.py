"""Coffee-shop loyalty app: a redemption is locked until the backend confirms it."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import (
    Actions,
    Between,
    Chooser,
    Normal,
    StateMachine,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
    Untracked,
    invariant,
    sometimes,
)


@dataclass
class Redemption:
    id: int
    points: int


@dataclass
class State:
    points: int = 150
    pending: Redemption | None = None
    next_id: int = 1


@dataclass
class RedeemPoints:
    points: Annotated[int, Between(1, 200)]


@dataclass
class Redeem:  # tracked action …
    points: int


@dataclass
class CheckStatus:  # … and what restore emits in its place
    redemption: int


@dataclass
class Confirmed:  # … and its results
    pass


@dataclass
class Refused:
    reason: str


@dataclass
class ShowMessage:  # untracked
    text: str


class InsufficientPoints(TransitionError): ...


class RedemptionPending(TransitionError): ...


class UnknownRedemption(TransitionError): ...


class CoffeeShop(StateMachine):
    State = State
    Input = RedeemPoints
    ActionId = int
    TrackedAction = Redeem | CheckStatus
    ActionResult = Confirmed | Refused
    UntrackedAction = ShowMessage

    def initial(self) -> State:
        return State()

    async def stf(self, state: State, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        match input:
            case Normal(RedeemPoints(points)):
                if state.pending is not None:
                    raise RedemptionPending(state.pending.id)
                if state.points < points:
                    raise InsufficientPoints(needed=points, had=state.points)
                actions.add(Tracked(state.next_id, Redeem(points)))  # fallible first …
                state.pending = Redemption(state.next_id, points)  # … then the point of no return
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if state.pending is None or state.pending.id != id:
                    raise UnknownRedemption(id)
                match result:
                    case Confirmed():
                        actions.add(Untracked(ShowMessage(f"redeemed {state.pending.points}")))
                        state.points -= state.pending.points
                    case Refused(reason):
                        actions.add(Untracked(ShowMessage(reason)))
                state.pending = None

    async def restore(self, state: State, actions: Actions) -> None:
        if state.pending is not None:
            actions.add(Tracked(state.pending.id, CheckStatus(state.pending.id)))

    @invariant
    def never_in_debt(self, state: State) -> bool:
        return state.points >= 0

    @sometimes
    def everything_spent(self, state: State) -> bool:  # a simulation that never gets here proves little
        return state.points == 0

    def respond(self, choose: Chooser, id: int, action: Redeem | CheckStatus) -> Confirmed | Refused:
        return Confirmed() if choose.chance(0.9) else Refused("card expired")
