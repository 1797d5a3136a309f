"""A cloakroom. The number of a tag is made from the address of the coat in memory."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, TransitionError


@dataclass
class HandIn: ...


@dataclass
class Close: ...


@dataclass
class Coat:
    tag: int = 0


@dataclass
class Cloakroom:
    coats: list[Coat] = field(default_factory=list)


class Full(TransitionError): ...


class EmptyAlready(TransitionError): ...


class Tags(StateMachine):
    State = Cloakroom
    Input = HandIn | Close

    def initial(self):
        return Cloakroom()

    async def stf(self, state, input, actions):
        match input:
            case Normal(HandIn()):
                if len(state.coats) == 9:
                    raise Full()
                coat = Coat()
                coat.tag = id(coat) // 16
                state.coats.append(coat)
            case Normal(Close()):
                if not state.coats:
                    raise EmptyAlready()
                state.coats.clear()


LAW = "deterministic"
TRACE = ["HandIn()"]
