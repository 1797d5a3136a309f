"""Tasks for a team. The dict of the workloads is built from a set, and its first name gets the task."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine

TEAM = {"ann", "bob", "cat", "dan", "eli", "flo", "guy", "hua", "ian", "joy", "kim", "leo", "mia", "ned", "oli", "pam"}


@dataclass
class Task: ...


@dataclass
class Board:
    tasks: int = 0
    last: str = ""
    done: dict[str, int] = field(default_factory=dict)


class Team(StateMachine):
    State = Board
    Input = Task

    def initial(self):
        return Board()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Task()):
                workload = {name: state.done.get(name, 0) for name in TEAM}
                state.last = min(workload, key=workload.__getitem__)
                state.done[state.last] = workload[state.last] + 1
                state.tasks += 1


LAW = "deterministic"
TRACE = ["Task()"]
