"""A minibus with two seats. It is full when there are more than two passengers, so a third one gets on."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, TransitionError, invariant

SEATS = 2


@dataclass
class GetOn: ...


@dataclass
class GetOff: ...


@dataclass
class Bus:
    passengers: int = 0


class BusIsFull(TransitionError): ...


class BusIsEmpty(TransitionError): ...


class Minibus(StateMachine):
    State = Bus
    Input = GetOn | GetOff

    def initial(self):
        return Bus()

    async def stf(self, state, input, actions):
        match input:
            case Normal(GetOn()):
                if state.passengers > SEATS:
                    raise BusIsFull(state.passengers)
                state.passengers += 1
            case Normal(GetOff()):
                if state.passengers == 0:
                    raise BusIsEmpty()
                state.passengers -= 1

    @invariant
    def nobody_stands(self, state):
        return state.passengers <= SEATS


LAW = "invariant:nobody_stands"
TRACE = ["GetOn()", "GetOn()", "GetOn()"]
