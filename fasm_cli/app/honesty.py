"""What a simulation does not prove, said before what it does."""

from fasm_cli.core.machine import Machine, input_types
from fasm_cli.core.model import Profile
from fasm_cli.sim.tally import Tally


def never_happened(machine: Machine, tally: Tally) -> list[str]:
    """What a simulation that is worth its name would have met."""
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


def warnings(machine: Machine, tally: Tally, profile: Profile) -> list[str]:
    """Why the figures may prove little."""
    inputs = sum(tally.inputs.values())
    committed = sum(times for (_, refusal), times in tally.inputs.items() if not refusal)
    notes = []
    if inputs and committed * 2 < inputs:
        share = (inputs - committed) * 100 // inputs
        notes.append(f"{share} % of the inputs were not committed; write `propose`, or make the runs shorter")
    if machine.tracked is not None:
        if not any(not refusal for _, refusal in tally.completions):
            notes.append("no completion was accepted")
        notes += [f"the fault {name} never struck" for name in _idle(machine, tally, profile)]
    return notes


def _idle(machine: Machine, tally: Tally, profile: Profile) -> list[str]:
    """The faults that were meant to strike and did not."""
    wanted = {
        "crash": ("crash",),
        "lose": ("lose",),
        "duplicate": ("completion of nothing pending",),
        "add": ("add fails",),
        "store": ("load fails", "commit fails", "unknown fails"),
        **({"cancel": ("await cancelled",), "operation": ("operation fails",)} if machine.awaits else {}),
    }
    return [
        name
        for name, told in wanted.items()
        if profile.faults[name] > 0 and not any(known.startswith(told) for known in tally.faults)
    ]
