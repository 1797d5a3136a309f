"""Subscriptions that are renewed by the month. Dates are computed from dates, and today's date is never read."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass
class Renew:
    months: Annotated[int, Between(1, 12)]


@dataclass
class Refund:
    days: Annotated[int, Between(1, 60)]


@dataclass
class Subscription:
    ends: date = date(2024, 1, 31)
    renewals: int = 0


class NothingLeft(TransitionError): ...


class Magazine(StateMachine):
    State = Subscription
    Input = Renew | Refund

    def initial(self):
        return Subscription()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Renew(months)):
                if state.renewals == 500:
                    raise NothingLeft()
                state.ends = _later(state.ends, months)
                state.renewals += 1
            case Normal(Refund(days)):
                ends = state.ends - timedelta(days=days)
                if ends < date(2024, 1, 31):
                    raise NothingLeft(ends.isoformat())
                state.ends = ends

    @invariant
    def never_before_it_began(self, state):
        return state.ends >= date(2024, 1, 31)


def _later(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
