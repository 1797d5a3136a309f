"""What a simulation does not prove, said before what it does."""

from fasm_cli.engine.events import AWAITED, Failure
from fasm_cli.engine.machine import Machine, input_types
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.stats import WAITING, Tally
from fasm_cli.simulation.world import OF_RESULTS


def never_happened(machine: Machine, tally: Tally) -> list[str]:
    """What a simulation that is worth its name would have met."""
    if not tally.runs:
        return []
    proposed = {name for name, _ in tally.inputs}
    committed = {name for name, refusal in tally.inputs if not refusal}
    never = [f"sometimes {name}" for name in machine.sometimes if name not in tally.sometimes]
    for name in input_types(machine.input):
        if name not in proposed:
            never.append(f"input {name}")
        elif name not in committed:
            never.append(f"input {name} committed")
    for shape in (machine.tracked, machine.untracked):
        if shape is not None:
            never.extend(f"action {name}" for name in input_types(shape) if name not in tally.emitted)
    if machine.result is not None:
        answered = {name for name, _ in tally.completions}
        never.extend(f"result {name}" for name in input_types(machine.result) if name not in answered)
    return never


def warnings(machine: Machine, tally: Tally, plan: Plan) -> list[str]:
    """Why the figures may prove little."""
    if not tally.runs:
        return []
    inputs = sum(tally.inputs.values())
    committed = sum(times for (_, refusal), times in tally.inputs.items() if not refusal)
    notes = []
    if inputs and committed * 2 < inputs:
        share = (inputs - committed) * 100 // inputs
        notes.append(f"{share} % of the inputs were not committed; write `propose`, or make the runs shorter")
    if machine.tracked is not None and not any(not refusal for _, refusal in tally.completions):
        notes.append("no completion was accepted")
    return notes + [f"the fault {name} never struck" for name in _idle(machine, tally, plan)]


STRUCK = {  # what the counts call a fault, where that is not its name
    "add": (Failure.ADD,),
    "store": (Failure.LOAD, Failure.COMMIT, Failure.UNKNOWN),
    "cancel": (Failure.CANCEL,),
    "operation": (Failure.OPERATION,),
}


def _idle(machine: Machine, tally: Tally, plan: Plan) -> list[str]:
    """The faults that were meant to strike and did not: what was asked for by hand, and else what could have."""
    hopeless = {"conflict"}  # there may be no other result
    if machine.tracked is None:
        hopeless |= OF_RESULTS
    if machine.tracked is None and machine.untracked is None:
        hopeless.add("add")
    if not machine.awaits:
        hopeless |= {*AWAITED}
    return [
        name
        for name, p in plan.profile.faults.items()
        if p > 0 and (name in plan.always or name not in hopeless) and not _struck(name, tally)
    ]


def _struck(name: str, tally: Tally) -> bool:
    if name in STRUCK:
        return any(WAITING[failure] in tally.faults for failure in STRUCK[name])
    return any(known.split()[0] == name for known in tally.faults)  # a crash is told with its point
