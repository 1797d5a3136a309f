"""What happened in a simulation, counted: the numbers that say whether it proves anything."""

from collections import Counter
from dataclasses import dataclass, field, fields

from fasm_cli.contract.state_machine import ActionsFull
from fasm_cli.engine.events import Completion, Crash, FaultKind, InjectedFault, InputReceived, Restore
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Emission, Outcome, StepResult

WAITING = {  # what faults are called that wait for a transition
    FaultKind.ACTIONS_FULL: "add fails",
    FaultKind.LOAD: "load fails",
    FaultKind.COMMIT: "commit fails",
    FaultKind.UNKNOWN: "commit answer lost",
    FaultKind.CANCEL: "await cancelled",
    FaultKind.DISCONNECT: "operation fails",
}


@dataclass(slots=True)
class Stats:
    """Counts over runs; tallies of different runs add up in any order to the same."""

    runs: int = 0
    steps: int = 0
    inputs: Counter[tuple[str, str]] = field(default_factory=Counter)  # (input, "" or the name of the refusal)
    completions: Counter[tuple[str, str]] = field(default_factory=Counter)  # (result, "" or the name of the refusal)
    emitted: Counter[str] = field(default_factory=Counter)
    completed: Counter[str] = field(default_factory=Counter)  # tracked actions, by a result that was accepted
    lost: Counter[str] = field(default_factory=Counter)  # tracked actions whose result never arrived
    duplicated: Counter[str] = field(default_factory=Counter)  # … whose result came again, the same or another
    outstanding: Counter[str] = field(default_factory=Counter)  # tracked, at the end of a run
    faults: Counter[str] = field(default_factory=Counter)
    faults_with_work: Counter[str] = field(default_factory=Counter)  # while something was pending
    restores: int = 0
    restored: int = 0  # actions that restores emitted again
    sometimes: dict[str, tuple[int, int]] = field(default_factory=dict)  # name -> (runs that reached it, the first)

    def count(self, step: StepResult, process: Process) -> None:
        """Take in one step that is not a plain input (those are counted by class, in `Plain`)."""
        event = step.event
        refusal = refusal_of(step)
        if type(event) is InputReceived:
            self.inputs[type(event.value).__name__, refusal] += 1
        elif type(event) is Completion:
            self.completions[type(event.result).__name__, refusal] += 1
            if step.completed_emission is not None:
                self.completed[_name(step.completed_emission)] += 1
        elif type(event) is Restore and step.outcome is Outcome.COMMITTED:
            self.restores += 1
            self.restored += len(step.actions)
        for action in step.actions:
            self.emitted[type(action.action).__name__] += 1

    def fault(self, name: str, process: Process, emission: Emission | None = None) -> None:
        """A fault strikes; `emission` is what it strikes at, if that is an action."""
        self.faults[name] += 1
        if process.pending:
            self.faults_with_work[name] += 1
        if emission is not None and name == "lose_result":
            self.lost[_name(emission)] += 1
        elif emission is not None and name in ("duplicate", "conflict"):
            self.duplicated[_name(emission)] += 1

    def count_triggered_fault(self, fault: InjectedFault | Crash, step: StepResult, process: Process) -> None:
        """A fault that waited for the next transition or restore met it; it counts where it cut that off."""
        if type(fault) is Crash:
            if step.outcome is Outcome.ABORTED:
                self.fault(f"crash {fault.point}", process)
            return
        assert type(fault) is InjectedFault
        match fault.kind:
            case FaultKind.ACTIONS_FULL:
                struck = isinstance(step.error, ActionsFull)
            case FaultKind.UNKNOWN:
                struck = step.outcome is Outcome.COMMITTED
            case _:
                struck = step.outcome is Outcome.ABORTED
        if struck:
            self.fault(WAITING[fault.kind], process)

    def finish_run(self, run: int, steps: int, plain: "FastCounters", reached: set[str]) -> None:
        """The steps of a run are over; `plain` are its inputs and actions that were counted by class."""
        self.runs += 1
        self.steps += steps
        for value, times in plain.committed.items():
            self.inputs[value.__name__, ""] += times
        for (value, error), times in plain.refused.items():
            self.inputs[value.__name__, error.__name__] += times
        for action, times in plain.emitted.items():
            self.emitted[action.__name__] += times
        for name in reached:
            times, first = self.sometimes.get(name, (0, run))
            self.sometimes[name] = (times + 1, min(first, run))

    def count_outstanding(self, process: Process) -> None:
        """What is left pending at the very end."""
        for emission in process.pending.values():
            self.outstanding[_name(emission)] += 1

    def add(self, other: "Stats") -> None:
        """Take in the counts of other runs."""
        self.runs += other.runs
        self.steps += other.steps
        self.restores += other.restores
        self.restored += other.restored
        for each in fields(self):
            if each.default_factory is Counter:
                getattr(self, each.name).update(getattr(other, each.name))
        for name, (times, first) in other.sometimes.items():
            known, earliest = self.sometimes.get(name, (0, first))
            self.sometimes[name] = (known + times, min(first, earliest))


@dataclass(slots=True)
class FastCounters:
    """What a run is mostly made of, counted without making a name of anything."""

    committed: dict[type, int] = field(default_factory=dict)  # inputs
    refused: dict[tuple[type, type], int] = field(default_factory=dict)  # inputs, and the class of the refusal
    emitted: dict[type, int] = field(default_factory=dict)


def _name(emission: Emission) -> str:
    return type(emission.tracked.action).__name__


def refusal_of(step: StepResult) -> str:
    """Empty where the step was committed, else what it was refused with."""
    if step.outcome is Outcome.COMMITTED:
        return ""
    return type(step.error).__name__ if step.error is not None else str(step.outcome)
