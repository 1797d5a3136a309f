"""Two mirrors of a download. `restore` begins with the other one each time, by rotating the list in the state."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Download: ...


@dataclass
class Fetch:
    mirror: str


@dataclass
class Fetched: ...


@dataclass
class Mirrors:
    mirrors: list[str] = field(default_factory=lambda: ["north", "south"])
    fetching: int | None = None
    next_id: int = 1


class FetchingAlready(TransitionError): ...


class NotFetching(TransitionError): ...


class Downloads(StateMachine):
    State = Mirrors
    Input = Download
    ActionId = int
    TrackedAction = Fetch
    ActionResult = Fetched

    def initial(self):
        return Mirrors()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Download()):
                if state.fetching is not None:
                    raise FetchingAlready(state.fetching)
                actions.add(Tracked(state.next_id, Fetch(state.mirrors[0])))
                state.fetching = state.next_id
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if state.fetching != id:
                    raise NotFetching(id)
                state.fetching = None

    async def restore(self, state, actions):
        if state.fetching is not None:
            state.mirrors.append(state.mirrors.pop(0))
            actions.add(Tracked(state.fetching, Fetch(state.mirrors[0])))


LAW = "restore"
TRACE = ["Download()"]
