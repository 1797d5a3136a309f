"""Seats in a theatre. A refusal by the box office is accepted without any change; the seat waits for ever."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, Untracked


@dataclass
class Reserve: ...


@dataclass
class AskBoxOffice: ...


@dataclass
class Log:
    text: str


@dataclass
class Reserved: ...


@dataclass
class Refused: ...


@dataclass
class Hall:
    asked: list[int] = field(default_factory=list)
    reserved: int = 0
    next_id: int = 1


class NotAsked(TransitionError): ...


class Theatre(StateMachine):
    State = Hall
    Input = Reserve
    ActionId = int
    TrackedAction = AskBoxOffice
    ActionResult = Reserved | Refused
    UntrackedAction = Log

    def initial(self):
        return Hall()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Reserve()):
                actions.add(Tracked(state.next_id, AskBoxOffice()))
                state.asked.append(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if id not in state.asked:
                    raise NotAsked(id)
                if result == Refused():
                    actions.add(Untracked(Log("refused")))
                else:
                    state.asked.remove(id)
                    state.reserved += 1

    async def restore(self, state, actions):
        for id in state.asked:
            actions.add(Tracked(id, AskBoxOffice()))

    def respond(self, choose, id, action):
        return Refused() if choose.chance(0.1) else Reserved()


LAW = "completion"
TRACE = ["Reserve()", "complete 1.1 Refused()"]
