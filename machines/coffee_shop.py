"""Coffee-shop loyalty app: points pay for coffee once the backend confirms that it deducted them.

It shows that a request in flight cannot be cancelled. The state keeps a redemption locked from the request until its
result is known, whatever the customer does. `CancelOrder` only changes what happens next: a confirmation that arrives
after it is not rejected, because the points were deducted; it is followed by a tracked refund, and the redemption is
removed when the refund is confirmed. All actions of a redemption have the same id.
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
    """The progress of a redemption."""

    REQUESTED = "requested"
    CANCELLED = "cancelled"  # by the customer; the backend may still deduct the points
    REFUNDING = "refunding"  # the points were deducted after the cancellation and must be returned


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
    """Pay with points; each is worth 5 cents."""

    points: Annotated[int, Between(1, 1000)]


@dataclass
class CancelOrder:
    """Cancel the redemption."""


# --- tracked actions and their results ------------------------------------------------------------------------


@dataclass
class Redeem:
    """Asks the backend to deduct the points."""

    user_id: int
    points: int


@dataclass
class CheckStatus:
    """Asks the backend whether a redemption succeeded."""

    redemption_id: int


@dataclass
class Refund:
    """Asks the backend to return the points; it is idempotent by id."""

    user_id: int
    points: int


@dataclass
class Success:
    """The backend has deducted the points."""

    points_deducted: int


@dataclass
class Failed:
    """The backend has not changed anything and will not."""

    reason: str


@dataclass
class Pending:
    """The backend does not know the result yet."""


@dataclass
class Refunded:
    """The backend has returned the points."""


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


# --- errors ---------------------------------------------------------------------------------------------------


class InsufficientPoints(TransitionError):
    """The customer does not have enough points."""


class RedemptionAlreadyPending(TransitionError):
    """The result of the previous redemption is not known yet."""


class InvalidRedemptionId(TransitionError):
    """No pending redemption has this id: the result is a duplicate, late or unknown."""


class UnexpectedResult(TransitionError):
    """The redemption expects a different result."""


class NothingToCancel(TransitionError):
    """No redemption is pending, or it is cancelled already."""


class CoffeeShop(StateMachine):
    """Redeems loyalty points; a redemption is locked until the backend confirms, refuses or refunds it."""

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
                _request_redemption(state, points, actions)
            case Normal(CancelOrder()):
                if pending is None or pending.phase is not Phase.REQUESTED:
                    raise NothingToCancel()
                pending.phase = Phase.CANCELLED
            case TrackedActionCompleted(id, result):
                if pending is None or pending.id != id:
                    raise InvalidRedemptionId(id)
                if pending.phase is Phase.REFUNDING:
                    _handle_refund_result(state, pending, result, actions)
                else:
                    _handle_redeem_result(state, pending, result, actions)

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
    def locked_points_are_covered(self, state: Shop) -> bool:
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
        limit = state.points_balance if choose.chance(0.8) else 200  # sometimes more than the balance
        return RedeemPoints(choose.randint(1, max(1, limit)))

    def respond(
        self, choose: Chooser, id: int, action: Redeem | CheckStatus | Refund
    ) -> Success | Failed | Pending | Refunded:
        if choose.chance(0.1):
            return Pending()
        match action:
            case Redeem(_, points):
                return Success(points) if choose.chance(0.85) else Failed("card expired")
            case CheckStatus():  # a restarted process asks, so the request never arrived
                return Failed("never heard of it")
            case Refund():
                return Refunded()


def _request_redemption(state: Shop, points: int, actions: Actions) -> None:
    if state.pending_redemption is not None:
        raise RedemptionAlreadyPending(state.pending_redemption.id)
    if state.points_balance < points:
        raise InsufficientPoints(needed=points, had=state.points_balance)
    id = state.next_redemption_id
    actions.add(Tracked(id, Redeem(state.user_id, points)))
    actions.add(Untracked(ShowStampAnimation()))
    actions.add(Untracked(LogAnalytics(f"redemption_requested:{points}")))
    # Nothing may fail from here on.
    state.pending_redemption = Redemption(id, points)
    state.next_redemption_id += 1


def _handle_redeem_result(
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
                _confirm(state, deducted, actions)
        case Failed(reason):
            actions.add(Untracked(ShowErrorMessage(reason)))
            state.pending_redemption = None
        case Pending():
            # Without a new action, no result would ever arrive.
            actions.add(Tracked(pending.id, CheckStatus(pending.id)))
        case Refunded():
            raise UnexpectedResult(result, phase=pending.phase.value)


def _confirm(state: Shop, points: int, actions: Actions) -> None:
    saved = points * CENTS_PER_POINT
    balance, total = state.points_balance - points, max(0, state.order_cents - saved)
    text = f"Redeemed {points} points! Saved ${saved // 100}.{saved % 100:02}"
    actions.add(Untracked(UpdatePointsDisplay(balance)))
    actions.add(Untracked(UpdateOrderTotal(total)))
    actions.add(Untracked(ShowSuccessMessage(text)))
    actions.add(Untracked(PlaySuccessSound()))
    actions.add(Untracked(SendPushNotification(text)))
    state.points_balance, state.order_cents, state.pending_redemption = balance, total, None


def _handle_refund_result(
    state: Shop, pending: Redemption, result: Success | Failed | Pending | Refunded, actions: Actions
) -> None:
    match result:
        case Refunded():
            actions.add(Untracked(ShowErrorMessage("Order cancelled, points returned")))
            state.pending_redemption = None
        case Failed() | Pending():  # the refund is repeated until it succeeds
            actions.add(Tracked(pending.id, Refund(state.user_id, pending.points)))
        case Success():
            raise UnexpectedResult(result, phase=pending.phase.value)
