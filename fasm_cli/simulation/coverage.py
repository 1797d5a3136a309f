"""Says what a simulation does not prove: what it never reached, and why its figures may prove little."""

from fasm_cli.engine.events import AWAIT_FAULTS, FaultKind
from fasm_cli.engine.machine import Machine
from fasm_cli.simulation.stats import ARMED_FAULT_NAMES, Stats
from fasm_cli.simulation.world import RESULT_FAULTS, Plan
from fasm_cli.types.schema import variants

_ARMED_FAULTS = {  # the faults of a profile that are counted under other names
    "actions_full": (FaultKind.ACTIONS_FULL,),
    "store_failure": (FaultKind.LOAD, FaultKind.COMMIT, FaultKind.UNKNOWN),
    "cancel": (FaultKind.CANCEL,),
    "disconnect": (FaultKind.DISCONNECT,),
}


def unreached(machine: Machine, stats: Stats) -> list[str]:
    """Return what no run reached: `sometimes`, inputs, commits, actions and results."""
    if not stats.runs:
        return []
    proposed = {name for name, _ in stats.inputs}
    committed = {name for name, error in stats.inputs if not error}
    missing = [f"sometimes {name}" for name in machine.sometimes if name not in stats.sometimes]
    for name in variants(machine.input_schema):
        if name not in proposed:
            missing.append(f"input {name}")
        elif name not in committed:
            missing.append(f"input {name} committed")
    for schema in (machine.tracked_schema, machine.untracked_schema):
        if schema is not None:
            missing.extend(f"action {name}" for name in variants(schema) if name not in stats.emitted)
    if machine.result_schema is not None:
        answered = {name for name, _ in stats.completions}
        missing.extend(f"result {name}" for name in variants(machine.result_schema) if name not in answered)
    return missing


def warnings(machine: Machine, stats: Stats, plan: Plan) -> list[str]:
    """Return why the figures may prove little."""
    if not stats.runs:
        return []
    inputs = sum(stats.inputs.values())
    committed = sum(times for (_, error), times in stats.inputs.items() if not error)
    found = []
    if inputs and committed * 2 < inputs:
        share = (inputs - committed) * 100 // inputs
        found.append(f"{share} % of the inputs were not committed; write `propose`, or make the runs shorter")
    if machine.tracked_schema is not None and not any(not error for _, error in stats.completions):
        found.append("no completion was accepted")
    return found + [f"the fault {name} was never triggered" for name in faults_never_triggered(machine, stats, plan)]


def faults_never_triggered(machine: Machine, stats: Stats, plan: Plan) -> list[str]:
    """Return the faults that were on and not triggered: those asked for by name, and others that could have been."""
    inapplicable = {"conflict"}  # there may be no other result
    if machine.tracked_schema is None:
        inapplicable |= RESULT_FAULTS
    if machine.tracked_schema is None and machine.untracked_schema is None:
        inapplicable.add("actions_full")
    if not machine.has_awaitable_state:
        inapplicable |= {*AWAIT_FAULTS}
    return [
        name
        for name, p in plan.profile.faults.items()
        if p > 0 and (name in plan.always or name not in inapplicable) and not _was_triggered(name, stats)
    ]


def _was_triggered(name: str, stats: Stats) -> bool:
    if name in _ARMED_FAULTS:
        return any(ARMED_FAULT_NAMES[kind] in stats.faults for kind in _ARMED_FAULTS[name])
    return any(counted.split()[0] == name for counted in stats.faults)  # a crash is counted with its point
