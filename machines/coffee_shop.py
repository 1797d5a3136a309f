"""Coffee-shop loyalty app: points pay for coffee, once the backend confirms that it took them.

What it teaches: an answer that is on its way cannot be called back. A redemption stays locked in the state from the
request until its fate is known, whatever the customer does meanwhile. Cancelling only changes what happens next:
a confirmation that comes too late is not refused, as if nothing had been taken, but followed by a tracked refund,
and the redemption is forgotten when the refund is through. One redemption has one id for all of its actions.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from fasm_cli import (
    Actions,
    Between,
    Chooser,
    Normal,
    Profile,
    StateMachine,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
    Untracked,
    invariant,
    sometimes,
)

CENTS_PER_POINT = 5


class Phase(Enum):
    """Where a redemption stands between the request and its end."""

    REQUESTED = "requested"
    CANCELLED = "cancelled"  # by the customer, while the backend may be taking the points
    REFUNDING = "refunding"  # the points were taken all the same and are to be given back


@dataclass
class Redemption:
    id: int
    points: int
    phase: Phase = Phase.REQUESTED


@dataclass
class Shop:
    user_id: int = 12345
    points_balance: int = 150
    pending_redemption: Redemption | None = None
    order_cents: int = 550
    next_redemption_id: int = 1


# --- inputs ---------------------------------------------------------------------------------------------------


@dataclass
class RedeemPoints:
    """Pay with points, 5 cents for each."""

    points: Annotated[int, Between(1, 1000)]


@dataclass
class CancelOrder:
    """Do not redeem after all."""


# --- tracked actions and their results ------------------------------------------------------------------------


@dataclass
class Redeem:
    """Asks the backend to take the points."""

    user_id: int
    points: int


@dataclass
class CheckStatus:
    """Asks the backend what became of a redemption."""

    redemption_id: int


@dataclass
class Refund:
    """Asks the backend to give the points back; asking twice under one id gives them back once."""

    user_id: int
    points: int


@dataclass
class Success:
    """The backend has taken the points."""

    points_deducted: int


@dataclass
class Failed:
    """The backend has done nothing, and will not."""

    reason: str


@dataclass
class Pending:
    """The backend does not know yet."""


@dataclass
class Refunded:
    """The backend has given the points back."""


# --- untracked actions ----------------------------------------------------------------------------------------


@dataclass
class ShowStampAnimation:
    pass


@dataclass
class LogAnalytics:
    event: str


@dataclass
class UpdatePointsDisplay:
    points: int


@dataclass
class UpdateOrderTotal:
    cents: int


@dataclass
class ShowSuccessMessage:
    text: str


@dataclass
class ShowErrorMessage:
    text: str


@dataclass
class PlaySuccessSound:
    pass


@dataclass
class SendPushNotification:
    text: str


# --- refusals -------------------------------------------------------------------------------------------------


class InsufficientPoints(TransitionError):
    """The customer has fewer points than that."""


class RedemptionAlreadyPending(TransitionError):
    """One redemption at a time: the fate of the one before is not known yet."""


class InvalidRedemptionId(TransitionError):
    """No redemption waits under this id: a result that comes twice, too late or out of nowhere."""


class UnexpectedResult(TransitionError):
    """The redemption waits for something else."""


class NothingToCancel(TransitionError):
    """No redemption is pending that is not cancelled already."""


class CoffeeShop(StateMachine):
    """Redeems loyalty points; a redemption is locked until the backend has confirmed, refused or refunded it."""

    State = Shop
    Input = RedeemPoints | CancelOrder
    ActionId = int
    TrackedAction = Redeem | CheckStatus | Refund
    ActionResult = Success | Failed | Pending | Refunded
    UntrackedAction = (
        ShowStampAnimation
        | LogAnalytics
        | UpdatePointsDisplay
        | UpdateOrderTotal
        | ShowSuccessMessage
        | ShowErrorMessage
        | PlaySuccessSound
        | SendPushNotification
    )

    profile = Profile(complete_rate=0.5)

    def initial(self) -> Shop:
        return Shop()

    async def stf(self, state: Shop, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        pending = state.pending_redemption
        match input:
            case Normal(RedeemPoints(points)):
                _request(state, points, actions)
            case Normal(CancelOrder()):
                if pending is None or pending.phase is not Phase.REQUESTED:
                    raise NothingToCancel()
                pending.phase = Phase.CANCELLED
            case TrackedActionCompleted(id, result):
                if pending is None or pending.id != id:
                    raise InvalidRedemptionId(id)
                if pending.phase is Phase.REFUNDING:
                    _refund_answered(state, pending, result, actions)
                else:
                    _redeem_answered(state, pending, result, actions)

    async def restore(self, state: Shop, actions: Actions) -> None:
        pending = state.pending_redemption
        if pending is None:
            return
        if pending.phase is Phase.REFUNDING:
            actions.add(Tracked(pending.id, Refund(state.user_id, pending.points)))
        else:
            actions.add(Tracked(pending.id, CheckStatus(pending.id)))

    @invariant
    def never_in_debt(self, state: Shop) -> bool:
        return state.points_balance >= 0 and state.order_cents >= 0

    @invariant
    def locked_points_are_there(self, state: Shop) -> bool:
        pending = state.pending_redemption
        return pending is None or (pending.points <= state.points_balance and pending.id < state.next_redemption_id)

    @sometimes
    def everything_spent(self, state: Shop) -> bool:
        return state.points_balance == 0

    @sometimes
    def cancelled_too_late(self, state: Shop) -> bool:
        return state.pending_redemption is not None and state.pending_redemption.phase is Phase.REFUNDING

    def propose(self, choose: Chooser, state: Shop) -> RedeemPoints | CancelOrder:
        if choose.chance(0.15):
            return CancelOrder()
        most = state.points_balance if choose.chance(0.8) else 200  # now and then more than there is
        return RedeemPoints(choose.randint(1, max(1, most)))

    def respond(
        self, choose: Chooser, id: int, action: Redeem | CheckStatus | Refund
    ) -> Success | Failed | Pending | Refunded:
        if choose.chance(0.1):
            return Pending()
        match action:
            case Redeem(_, points):
                return Success(points) if choose.chance(0.85) else Failed("card expired")
            case CheckStatus():  # answered afresh, so the request itself never arrived
                return Failed("never heard of it")
            case Refund():
                return Refunded()


def _request(state: Shop, points: int, actions: Actions) -> None:
    if state.pending_redemption is not None:
        raise RedemptionAlreadyPending(state.pending_redemption.id)
    if state.points_balance < points:
        raise InsufficientPoints(needed=points, had=state.points_balance)
    id = state.next_redemption_id
    actions.add(Tracked(id, Redeem(state.user_id, points)))
    actions.add(Untracked(ShowStampAnimation()))
    actions.add(Untracked(LogAnalytics(f"redemption_requested:{points}")))
    # Everything that can fail is behind us; from here on nothing may.
    state.pending_redemption = Redemption(id, points)
    state.next_redemption_id += 1


def _redeem_answered(
    state: Shop, pending: Redemption, result: Success | Failed | Pending | Refunded, actions: Actions
) -> None:
    match result:
        case Success(deducted):
            if deducted != pending.points:
                raise UnexpectedResult(result, asked=pending.points)
            if pending.phase is Phase.CANCELLED:
                actions.add(Tracked(pending.id, Refund(state.user_id, deducted)))
                pending.phase = Phase.REFUNDING
            else:
                _redeemed(state, deducted, actions)
        case Failed(reason):
            actions.add(Untracked(ShowErrorMessage(reason)))
            state.pending_redemption = None
        case Pending():
            # Accepted and left at that, nobody would ever ask again.
            actions.add(Tracked(pending.id, CheckStatus(pending.id)))
        case Refunded():
            raise UnexpectedResult(result, phase=pending.phase.value)


def _redeemed(state: Shop, points: int, actions: Actions) -> None:
    saved = points * CENTS_PER_POINT
    balance, total = state.points_balance - points, max(0, state.order_cents - saved)
    text = f"Redeemed {points} points! Saved ${saved // 100}.{saved % 100:02}"
    actions.add(Untracked(UpdatePointsDisplay(balance)))
    actions.add(Untracked(UpdateOrderTotal(total)))
    actions.add(Untracked(ShowSuccessMessage(text)))
    actions.add(Untracked(PlaySuccessSound()))
    actions.add(Untracked(SendPushNotification(text)))
    state.points_balance, state.order_cents, state.pending_redemption = balance, total, None


def _refund_answered(
    state: Shop, pending: Redemption, result: Success | Failed | Pending | Refunded, actions: Actions
) -> None:
    match result:
        case Refunded():
            actions.add(Untracked(ShowErrorMessage("Order cancelled, points returned")))
            state.pending_redemption = None
        case Failed() | Pending():  # the points are owed until they are back
            actions.add(Tracked(pending.id, Refund(state.user_id, pending.points)))
        case Success():
            raise UnexpectedResult(result, phase=pending.phase.value)
