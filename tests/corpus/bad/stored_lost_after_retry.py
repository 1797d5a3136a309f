"""Uploads that are retried under a new number; the file stays listed under the old one."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Upload: ...


@dataclass
class Put:
    file: int


@dataclass
class Stored: ...


@dataclass
class Timeout: ...


@dataclass
class Files:
    attempts: dict[int, int] = field(default_factory=dict)  # the file of each attempt
    files: int = 0
    next_attempt: int = 1


class NoSuchAttempt(TransitionError): ...


class Uploader(StateMachine):
    State = Files
    Input = Upload
    ActionId = int
    TrackedAction = Put
    ActionResult = Stored | Timeout

    def initial(self):
        return Files()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Upload()):
                actions.add(Tracked(state.next_attempt, Put(state.files)))
                state.attempts[state.next_attempt] = state.files
                state.files += 1
                state.next_attempt += 1
            case TrackedActionCompleted(id, result):
                if id not in state.attempts:
                    raise NoSuchAttempt(id)
                if result == Timeout():
                    actions.add(Tracked(state.next_attempt, Put(state.attempts[id])))
                    state.next_attempt += 1
                else:
                    del state.attempts[id]

    async def restore(self, state, actions):
        for id, file in state.attempts.items():
            actions.add(Tracked(id, Put(file)))

    def respond(self, choose, id, action):
        return Timeout() if choose.chance(0.2) else Stored()


LAW = "stored"
TRACE = ["Upload()", "complete 1.1 Timeout()"]
