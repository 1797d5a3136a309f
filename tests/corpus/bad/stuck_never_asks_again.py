"""Deeds at a notary. Only `restore` asks about a postponed deed, and every result for it is rejected."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Sign: ...


@dataclass
class AskNotary: ...


@dataclass
class Signed: ...


@dataclass
class Busy: ...


@dataclass
class Office:
    deeds: dict[int, bool] = field(default_factory=dict)  # whether the notary was busy
    next_id: int = 1


class NoSuchDeed(TransitionError): ...


class PutOff(TransitionError): ...


class Notary(StateMachine):
    State = Office
    Input = Sign
    ActionId = int
    TrackedAction = AskNotary
    ActionResult = Signed | Busy

    def initial(self):
        return Office()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Sign()):
                actions.add(Tracked(state.next_id, AskNotary()))
                state.deeds[state.next_id] = False
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if id not in state.deeds:
                    raise NoSuchDeed(id)
                if state.deeds[id]:
                    raise PutOff(id)
                match result:
                    case Signed():
                        del state.deeds[id]
                    case Busy():
                        state.deeds[id] = True

    async def restore(self, state, actions):
        for id in state.deeds:
            actions.add(Tracked(id, AskNotary()))

    def respond(self, choose, id, action):
        return Busy()


LAW = "stuck"
TRACE = ["Sign()"]
