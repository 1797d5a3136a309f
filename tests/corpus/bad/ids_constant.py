"""Mails of a newsletter. All of them have the id "mail", so their results cannot be told apart."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Publish: ...


@dataclass
class Mail: ...


@dataclass
class Sent: ...


@dataclass
class Issues:
    sending: int = 0


class NothingSent(TransitionError): ...


class Newsletter(StateMachine):
    State = Issues
    Input = Publish
    ActionId = str
    TrackedAction = Mail
    ActionResult = Sent

    def initial(self):
        return Issues()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Publish()):
                actions.add(Tracked("mail", Mail()))
                state.sending += 1
            case TrackedActionCompleted(id, _):
                if id != "mail" or state.sending == 0:
                    raise NothingSent(id)
                state.sending = 0

    async def restore(self, state, actions):
        if state.sending:
            actions.add(Tracked("mail", Mail()))


LAW = "ids"
TRACE = ["Publish()", "Publish()"]
