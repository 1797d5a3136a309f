"""Meter readings. A reading that was not asked for opens a new account."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class AskForReading: ...


@dataclass
class Read: ...


@dataclass
class Reading: ...


@dataclass
class Meters:
    done: dict[int, bool] = field(default_factory=dict)
    next_id: int = 1


class ReadAlready(TransitionError): ...


class MeterReadings(StateMachine):
    State = Meters
    Input = AskForReading
    ActionId = int
    TrackedAction = Read
    ActionResult = Reading

    def initial(self):
        return Meters()

    async def stf(self, state, input, actions):
        match input:
            case Normal(AskForReading()):
                while state.next_id in state.done:
                    state.next_id += 1
                actions.add(Tracked(state.next_id, Read()))
                state.done[state.next_id] = False
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if state.done.get(id):
                    raise ReadAlready(id)
                state.done[id] = True

    async def restore(self, state, actions):
        for id, done in state.done.items():
            if not done:
                actions.add(Tracked(id, Read()))


LAW = "completion"
TRACE = ["TrackedActionCompleted(id=0, result=Reading())"]
