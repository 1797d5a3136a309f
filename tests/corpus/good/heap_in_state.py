"""A triage. Patients wait in a heap in the state, which changes only after the last line that may fail."""

import heapq
from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class Arrive:
    urgency: Annotated[int, Between(1, 5)]


@dataclass
class CallNext: ...


@dataclass
class Treat: ...


@dataclass
class Treated: ...


@dataclass
class Ward:
    waiting: list[tuple[int, int]] = field(default_factory=list)
    treating: set[int] = field(default_factory=set)
    arrived: int = 0


class NobodyWaits(TransitionError): ...


class NoRoom(TransitionError): ...


class NotTreating(TransitionError): ...


class Triage(StateMachine):
    State = Ward
    Input = Arrive | CallNext
    ActionId = int
    TrackedAction = Treat
    ActionResult = Treated

    def initial(self):
        return Ward()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Arrive(urgency)):
                state.arrived += 1
                heapq.heappush(state.waiting, (urgency, state.arrived))
            case Normal(CallNext()):
                if not state.waiting:
                    raise NobodyWaits()
                if len(state.treating) == 3:
                    raise NoRoom()
                _, patient = state.waiting[0]
                actions.add(Tracked(patient, Treat()))
                heapq.heappop(state.waiting)
                state.treating.add(patient)
            case TrackedActionCompleted(id, _):
                if id not in state.treating:
                    raise NotTreating(id)
                state.treating.remove(id)

    async def restore(self, state, actions):
        for patient in sorted(state.treating):
            actions.add(Tracked(patient, Treat()))

    @invariant
    def three_rooms(self, state):
        return len(state.treating) <= 3
