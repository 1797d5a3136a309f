"""A car wash made of a base machine that stores the jobs and a subclass that defines them."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class Wash: ...


@dataclass
class Run:
    program: str


@dataclass
class Finished: ...


@dataclass
class Jobs:
    running: dict[int, str] = field(default_factory=dict)
    next_id: int = 1


class NotRunning(TransitionError): ...


class JobMachine(StateMachine):
    State = Jobs
    ActionId = int
    TrackedAction = Run
    ActionResult = Finished

    def initial(self):
        return Jobs()

    def _program(self, state, value):
        raise NotImplementedError

    async def stf(self, state, input, actions):
        match input:
            case Normal(value):
                program = self._program(state, value)
                actions.add(Tracked(state.next_id, Run(program)))
                state.running[state.next_id] = program
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.running:
                    raise NotRunning(id)
                del state.running[id]

    async def restore(self, state, actions):
        for id, program in state.running.items():
            actions.add(Tracked(id, Run(program)))

    @invariant
    def ids_are_behind_the_counter(self, state):
        return all(id < state.next_id for id in state.running)


class CarWash(JobMachine):
    Input = Wash

    def _program(self, state, value):
        return "wax" if state.next_id % 3 == 0 else "plain"


MACHINE = "CarWash"  # of the two in this file
