"""A closed office. It rejects every input."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, TransitionError


@dataclass
class Apply:
    text: str


@dataclass
class Office:
    accepted: int = 0


class ComeBackTomorrow(TransitionError): ...


class ClosedOffice(StateMachine):
    State = Office
    Input = Apply

    def initial(self):
        return Office()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Apply(text)):
                raise ComeBackTomorrow(letters=len(text))
