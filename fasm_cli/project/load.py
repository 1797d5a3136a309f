"""Loading a machine that is going to run: under the guard, which has to be there before the machine is imported."""

from fasm_cli.engine.machine import Machine
from fasm_cli.project.project import Project
from fasm_cli.purity import install as guard
from fasm_cli.stores.bind import attach_store


def load(project: Project, target: str) -> Machine:
    """The machine that TARGET names, with a place for its state."""
    guard.install()
    return attach_store(project.load(target), project.db)


def reload_machine(project: Project, machine: Machine) -> Machine:
    """The machine as its file is now. Raises `MachineError` where that cannot be loaded any more."""
    guard.install()
    return attach_store(project.load_again(machine.reference), project.db)


def load_for_file(project: Project, reference: str, by_hand: str) -> Machine:
    """The machine that a file names by `reference`, or the one given by hand."""
    guard.install()
    return attach_store(project.load(by_hand) if by_hand else project.load_trusted(reference), project.db)
