"""A calculator of expression trees: the type of its input contains itself, and so does its evaluation."""

from dataclasses import dataclass
from typing import Annotated, Union

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass
class Number:
    value: Annotated[int, Between(0, 9)]


@dataclass
class Sum:
    left: "Expression"
    right: "Expression"


@dataclass
class Negative:
    of: "Expression"


Expression = Union[Number, Sum, Negative]  # noqa: UP007 - a forward reference has no |


@dataclass
class Evaluate:
    expression: Expression


@dataclass
class Display:
    value: int = 0
    last: Expression | None = None


class TooLarge(TransitionError): ...


class Calculator(StateMachine):
    State = Display
    Input = Evaluate

    def initial(self):
        return Display()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Evaluate(expression)):
                value = _value(expression)
                if abs(value) > 99:
                    raise TooLarge(value)
                state.value, state.last = value, _copy(expression)

    @invariant
    def shows_the_last(self, state):
        return state.last is None or state.value == _value(state.last)


def _value(expression):
    match expression:
        case Number(value):
            return value
        case Sum(left, right):
            return _value(left) + _value(right)
        case Negative(of):
            return -_value(of)


def _copy(expression):
    match expression:
        case Number(value):
            return Number(value)
        case Sum(left, right):
            return Sum(_copy(left), _copy(right))
        case Negative(of):
            return Negative(_copy(of))
