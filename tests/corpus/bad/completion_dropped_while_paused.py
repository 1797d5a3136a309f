"""A conveyor belt. While it is paused, results are accepted and dropped as if they would be delivered again."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Put: ...


@dataclass
class Pause: ...


@dataclass
class Resume: ...


@dataclass
class Carry: ...


@dataclass
class AtTheEnd: ...


@dataclass
class Belt:
    paused: bool = False
    on_it: set[int] = field(default_factory=set)
    next_id: int = 1


class Paused(TransitionError): ...


class AsItWas(TransitionError): ...


class NotOnIt(TransitionError): ...


class Conveyor(StateMachine):
    State = Belt
    Input = Put | Pause | Resume
    ActionId = int
    TrackedAction = Carry
    ActionResult = AtTheEnd

    def initial(self):
        return Belt()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Put()):
                if state.paused:
                    raise Paused()
                actions.add(Tracked(state.next_id, Carry()))
                state.on_it.add(state.next_id)
                state.next_id += 1
            case Normal(Pause()):
                if state.paused or not state.on_it:
                    raise AsItWas()
                state.paused = True
            case Normal(Resume()):
                if not state.paused:
                    raise AsItWas()
                state.paused = False
            case TrackedActionCompleted(id, _):
                if id not in state.on_it:
                    raise NotOnIt(id)
                if not state.paused:
                    state.on_it.remove(id)

    async def restore(self, state, actions):
        for id in sorted(state.on_it):
            actions.add(Tracked(id, Carry()))


LAW = "completion"
TRACE = ["Put()", "Pause()", "complete 1.1 AtTheEnd()"]
