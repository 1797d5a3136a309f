"""What a simulation does not prove, said before what it does."""

from fasm_cli.engine.events import AWAIT_FAULTS, FaultKind
from fasm_cli.engine.machine import Machine
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.stats import WAITING, Stats
from fasm_cli.simulation.world import RESULT_FAULTS
from fasm_cli.types.schema import variants


def unreached(machine: Machine, tally: Stats) -> list[str]:
    """What a simulation that is worth its name would have met."""
    if not tally.runs:
        return []
    proposed = {name for name, _ in tally.inputs}
    committed = {name for name, refusal in tally.inputs if not refusal}
    never = [f"sometimes {name}" for name in machine.sometimes if name not in tally.sometimes]
    for name in variants(machine.input_schema):
        if name not in proposed:
            never.append(f"input {name}")
        elif name not in committed:
            never.append(f"input {name} committed")
    for shape in (machine.tracked_schema, machine.untracked_schema):
        if shape is not None:
            never.extend(f"action {name}" for name in variants(shape) if name not in tally.emitted)
    if machine.result_schema is not None:
        answered = {name for name, _ in tally.completions}
        never.extend(f"result {name}" for name in variants(machine.result_schema) if name not in answered)
    return never


def warnings(machine: Machine, tally: Stats, plan: Plan) -> list[str]:
    """Why the figures may prove little."""
    if not tally.runs:
        return []
    inputs = sum(tally.inputs.values())
    committed = sum(times for (_, refusal), times in tally.inputs.items() if not refusal)
    notes = []
    if inputs and committed * 2 < inputs:
        share = (inputs - committed) * 100 // inputs
        notes.append(f"{share} % of the inputs were not committed; write `propose`, or make the runs shorter")
    if machine.tracked_schema is not None and not any(not refusal for _, refusal in tally.completions):
        notes.append("no completion was accepted")
    return notes + [f"the fault {name} never struck" for name in faults_never_triggered(machine, tally, plan)]


STRUCK = {  # what the counts call a fault, where that is not its name
    "actions_full": (FaultKind.ACTIONS_FULL,),
    "store_failure": (FaultKind.LOAD, FaultKind.COMMIT, FaultKind.UNKNOWN),
    "cancel": (FaultKind.CANCEL,),
    "disconnect": (FaultKind.DISCONNECT,),
}


def faults_never_triggered(machine: Machine, tally: Stats, plan: Plan) -> list[str]:
    """The faults that were meant to strike and did not: what was asked for by hand, and else what could have."""
    hopeless = {"conflict"}  # there may be no other result
    if machine.tracked_schema is None:
        hopeless |= RESULT_FAULTS
    if machine.tracked_schema is None and machine.untracked_schema is None:
        hopeless.add("actions_full")
    if not machine.has_awaitable_state:
        hopeless |= {*AWAIT_FAULTS}
    return [
        name
        for name, p in plan.profile.faults.items()
        if p > 0 and (name in plan.always or name not in hopeless) and not _struck(name, tally)
    ]


def _struck(name: str, tally: Stats) -> bool:
    if name in STRUCK:
        return any(WAITING[failure] in tally.faults for failure in STRUCK[name])
    return any(known.split()[0] == name for known in tally.faults)  # a crash is told with its point
