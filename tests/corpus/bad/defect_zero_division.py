"""Marks of a class and their average. After the last mark is removed, the average divides by zero."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError


@dataclass
class Mark:
    mark: Annotated[int, Between(1, 6)]


@dataclass
class TakeBack: ...


@dataclass
class Marks:
    marks: list[int] = field(default_factory=list)
    average: int = 0


class NothingToTakeBack(TransitionError): ...


class ClassBook(StateMachine):
    State = Marks
    Input = Mark | TakeBack

    def initial(self):
        return Marks()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Mark(mark)):
                marks = [*state.marks, mark]
            case Normal(TakeBack()):
                if not state.marks:
                    raise NothingToTakeBack()
                marks = state.marks[:-1]
        average = sum(marks) // len(marks)
        state.marks, state.average = marks, average


LAW = "defect"
TRACE = ["Mark(mark=1)", "TakeBack()"]
