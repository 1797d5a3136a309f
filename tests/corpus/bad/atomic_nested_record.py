"""Rooms of a hostel, one bed each. The guest is counted in the nested record before the check that the room is free."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, TransitionError


@dataclass
class CheckIn:
    room: Annotated[str, OneOf("attic", "cellar")]


@dataclass
class Room:
    beds: int = 1
    guests: int = 0


@dataclass
class Hostel:
    rooms: dict[str, Room] = field(default_factory=lambda: {"attic": Room(), "cellar": Room()})


class RoomFull(TransitionError): ...


class FrontDesk(StateMachine):
    State = Hostel
    Input = CheckIn

    def initial(self):
        return Hostel()

    async def stf(self, state, input, actions):
        match input:
            case Normal(CheckIn(name)):
                room = state.rooms[name]
                room.guests += 1
                if room.guests > room.beds:
                    raise RoomFull(name, beds=room.beds)


LAW = "atomic"
TRACE = ["CheckIn(room='attic')", "CheckIn(room='attic')"]
