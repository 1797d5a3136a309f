"""A weighbridge that writes its own journal: the transition appends every weighing to a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine

JOURNAL = Path("/dev/null")


@dataclass
class Weigh:
    tonnes: Annotated[int, Between(1, 40)]


@dataclass
class Bridge:
    weighed: int = 0
    tonnes: int = 0


class Weighbridge(StateMachine):
    State = Bridge
    Input = Weigh

    def initial(self):
        return Bridge()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Weigh(tonnes)):
                state.weighed += 1
                state.tonnes += tonnes
                with JOURNAL.open("a", encoding="utf-8") as journal:
                    journal.write(f"{state.weighed}: {tonnes} t\n")


LAW = "effects"
TRACE = ["Weigh(tonnes=1)"]
