"""A car on loan. The driver is asked to bring it back even if there is no driver."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, TransitionError, Untracked


@dataclass
class Lend:
    driver: Annotated[str, OneOf("eva", "fred")]


@dataclass
class BringBack: ...


@dataclass
class Remind:
    driver: str


@dataclass
class Driver:
    name: str
    reminded: int = 0


@dataclass
class Car:
    driver: Driver | None = None


class LentAlready(TransitionError): ...


class CarPool(StateMachine):
    State = Car
    Input = Lend | BringBack
    UntrackedAction = Remind

    def initial(self):
        return Car()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Lend(name)):
                if state.driver is not None:
                    raise LentAlready(state.driver.name)
                state.driver = Driver(name)
            case Normal(BringBack()):
                actions.add(Untracked(Remind(state.driver.name)))
                state.driver.reminded += 1
                if state.driver.reminded == 3:
                    state.driver = None


LAW = "defect"
TRACE = ["BringBack()"]
