"""A menu. The cached function is pure, but the list that it returns is changed, and the cache keeps the change."""

from dataclasses import dataclass, field
from functools import lru_cache

from fasm_cli import Normal, StateMachine


@dataclass
class AddSpecial: ...


@dataclass
class Kitchen:
    menu: list[str] = field(default_factory=list)


class Menu(StateMachine):
    State = Kitchen
    Input = AddSpecial

    def initial(self):
        return Kitchen()

    async def stf(self, state, input, actions):
        match input:
            case Normal(AddSpecial()):
                dishes = _dishes()
                dishes.append("special")
                state.menu = dishes[-20:]


@lru_cache
def _dishes():
    return ["soup", "salad"]


LAW = "hidden"
TRACE = ["AddSpecial()", "AddSpecial()"]
