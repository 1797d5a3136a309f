"""A meeting room. A meeting that begins inside another is rejected, but not one that begins at the same time."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass
class Book:
    start: Annotated[int, Between(0, 7)]
    hours: Annotated[int, Between(1, 3)]


@dataclass
class Meeting:
    start: int
    hours: int

    @property
    def end(self):
        return self.start + self.hours


@dataclass
class Room:
    meetings: list[Meeting] = field(default_factory=list)


class Overlaps(TransitionError): ...


class MeetingRoom(StateMachine):
    State = Room
    Input = Book

    def initial(self):
        return Room()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Book(start, hours)):
                new = Meeting(start, hours)
                for old in state.meetings:
                    if old.start < new.start < old.end or new.start < old.start < new.end:
                        raise Overlaps(old.start)
                state.meetings.append(new)

    @invariant
    def one_at_a_time(self, state):
        meetings = sorted(state.meetings, key=lambda meeting: meeting.start)
        return all(one.end <= next.start for one, next in pairwise(meetings))


LAW = "invariant:one_at_a_time"
TRACE = ["Book(start=0, hours=1)", "Book(start=0, hours=1)"]
