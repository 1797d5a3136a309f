"""Shifts of a ward. The first shift may be handed over, and nobody looks whether the taker has one already."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError

Nurse = Annotated[int, Between(0, 2)]


@dataclass
class Assign:
    shift: Annotated[int, Between(0, 2)]
    nurse: Nurse


@dataclass
class HandOver:
    taker: Nurse


@dataclass
class Roster:
    nurses: dict[int, int] = field(default_factory=lambda: {0: 0})  # by shift


class Taken(TransitionError): ...


class HasItAlready(TransitionError): ...


class SameNurse(ValueError): ...


class Ward(StateMachine):
    State = Roster
    Input = Assign | HandOver

    def initial(self):
        return Roster()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Assign(shift, nurse)):
                if shift in state.nurses or nurse in state.nurses.values():
                    raise Taken(shift)
                state.nurses[shift] = nurse
            case Normal(HandOver(taker)):
                if state.nurses[0] == taker:
                    raise HasItAlready(taker)
                state.nurses[0] = taker

    def check_invariants(self, state):
        if len(set(state.nurses.values())) < len(state.nurses):
            raise SameNurse("a nurse has two shifts")


LAW = "invariant:check_invariants"
TRACE = ["Assign(shift=1, nurse=1)", "HandOver(taker=1)"]
