"""Webhooks, tried up to three times. Attempts are counted when a result is accepted."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, Tracked, TrackedActionCompleted, TransitionError, Untracked, invariant


@dataclass
class Notify:
    host: Annotated[str, OneOf("one", "two")]


@dataclass
class Post:
    host: str
    attempt: int


@dataclass
class Ok: ...


@dataclass
class Timeout: ...


@dataclass
class Alarm:
    host: str


@dataclass
class Hook:
    host: str
    attempt: int = 1


@dataclass
class Outbox:
    hooks: dict[int, Hook] = field(default_factory=dict)
    next_id: int = 1
    given_up: int = 0


class NotPosting(TransitionError): ...


class Webhooks(StateMachine):
    State = Outbox
    Input = Notify
    ActionId = int
    TrackedAction = Post
    ActionResult = Ok | Timeout
    UntrackedAction = Alarm

    def initial(self):
        return Outbox()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Notify(host)):
                actions.add(Tracked(state.next_id, Post(host, 1)))
                state.hooks[state.next_id] = Hook(host)
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                hook = state.hooks.get(id)
                if hook is None:
                    raise NotPosting(id)
                if result == Ok():
                    del state.hooks[id]
                elif hook.attempt == 3:
                    actions.add(Untracked(Alarm(hook.host)))
                    del state.hooks[id]
                    state.given_up += 1
                else:
                    actions.add(Tracked(id, Post(hook.host, hook.attempt + 1)))
                    hook.attempt += 1

    async def restore(self, state, actions):
        for id, hook in state.hooks.items():
            actions.add(Tracked(id, Post(hook.host, hook.attempt)))

    @invariant
    def three_attempts(self, state):
        return all(hook.attempt <= 3 for hook in state.hooks.values())
