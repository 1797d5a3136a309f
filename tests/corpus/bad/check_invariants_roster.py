"""Shifts of a ward. A nurse who falls ill is replaced by nurse 1, without a check that she is free."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError

STANDS_IN = 1


@dataclass
class Assign:
    shift: Annotated[int, Between(1, 3)]
    nurse: Annotated[int, Between(0, 3)]


@dataclass
class FallIll: ...


@dataclass
class Roster:
    nurses: dict[int, int] = field(default_factory=lambda: {0: 0})  # by shift


class Taken(TransitionError): ...


class StandsInAlready(TransitionError): ...


class SameNurse(ValueError): ...


class Ward(StateMachine):
    State = Roster
    Input = Assign | FallIll

    def initial(self):
        return Roster()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Assign(shift, nurse)):
                if shift in state.nurses or nurse in state.nurses.values():
                    raise Taken(shift)
                state.nurses[shift] = nurse
            case Normal(FallIll()):
                if state.nurses[0] == STANDS_IN:
                    raise StandsInAlready()
                state.nurses[0] = STANDS_IN

    def check_invariants(self, state):
        if len(set(state.nurses.values())) < len(state.nurses):
            raise SameNurse("a nurse has two shifts")


LAW = "invariant:check_invariants"
TRACE = ["Assign(shift=1, nurse=1)", "FallIll()"]
