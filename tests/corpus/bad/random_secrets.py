"""Logins with a one-time code, taken from `secrets` by the transition."""

import secrets
from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Untracked


@dataclass
class LogIn: ...


@dataclass
class SendCode:
    code: str


@dataclass
class Session:
    code: str = ""
    logins: int = 0


class Login(StateMachine):
    State = Session
    Input = LogIn
    UntrackedAction = SendCode

    def initial(self):
        return Session()

    async def stf(self, state, input, actions):
        match input:
            case Normal(LogIn()):
                code = secrets.token_hex(3)
                actions.add(Untracked(SendCode(code)))
                state.code = code
                state.logins += 1


LAW = "random"
TRACE = ["LogIn()"]
