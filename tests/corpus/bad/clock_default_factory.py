"""Notes dated by a default factory: `datetime.now` is called whenever the transition creates a record."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, TransitionError


@dataclass
class Write:
    text: Annotated[str, OneOf("hi", "bye")]


@dataclass
class Note:
    text: str
    written: datetime = field(default_factory=datetime.now)


@dataclass
class Pad:
    notes: list[Note] = field(default_factory=list)


class PadIsFull(TransitionError): ...


class NotePad(StateMachine):
    State = Pad
    Input = Write

    def initial(self):
        return Pad()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Write(text)):
                if len(state.notes) == 9:
                    raise PadIsFull()
                state.notes.append(Note(text))


LAW = "clock"
TRACE = ["Write(text='hi')"]
