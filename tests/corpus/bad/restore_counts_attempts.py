"""Webhooks. Each pending one has a record with its attempts, and `restore` counts itself as one."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Notify:
    host: Annotated[str, OneOf("alpha", "omega")]


@dataclass
class Post:
    host: str


@dataclass
class Acknowledged: ...


@dataclass
class Hook:
    host: str
    attempts: int = 1


@dataclass
class Outbox:
    hooks: dict[int, Hook] = field(default_factory=dict)
    next_id: int = 1


class UnknownHook(TransitionError): ...


class Webhooks(StateMachine):
    State = Outbox
    Input = Notify
    ActionId = int
    TrackedAction = Post
    ActionResult = Acknowledged

    def initial(self):
        return Outbox()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Notify(host)):
                actions.add(Tracked(state.next_id, Post(host)))
                state.hooks[state.next_id] = Hook(host)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.hooks:
                    raise UnknownHook(id)
                del state.hooks[id]

    async def restore(self, state, actions):
        for id, hook in state.hooks.items():
            actions.add(Tracked(id, Post(hook.host)))
            hook.attempts += 1


LAW = "restore"
TRACE = ["Notify(host='alpha')"]
