"""Counts what happened in a simulation: the numbers that say how much it proves."""

from collections import Counter
from dataclasses import dataclass, field, fields

from fasm_cli.contract.state_machine import ActionsFull
from fasm_cli.engine.events import Completion, Crash, FaultKind, InjectedFault, InputReceived, Restore
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Emission, Outcome, StepResult

ARMED_FAULT_NAMES = {  # of the faults that wait for a transition
    FaultKind.ACTIONS_FULL: "add fails",
    FaultKind.LOAD: "load fails",
    FaultKind.COMMIT: "commit fails",
    FaultKind.UNKNOWN: "commit answer lost",
    FaultKind.CANCEL: "await cancelled",
    FaultKind.DISCONNECT: "operation fails",
}


@dataclass(slots=True)
class Stats:
    """Counts over runs. The counts of several runs can be added in any order."""

    runs: int = 0
    steps: int = 0
    inputs: Counter[tuple[str, str]] = field(default_factory=Counter)  # (input, "" or the error that rejected it)
    completions: Counter[tuple[str, str]] = field(default_factory=Counter)  # (result, "" or the error that rejected it)
    emitted: Counter[str] = field(default_factory=Counter)
    completed: Counter[str] = field(default_factory=Counter)  # tracked actions whose result was accepted
    lost: Counter[str] = field(default_factory=Counter)  # tracked actions whose result never arrived
    duplicated: Counter[str] = field(default_factory=Counter)  # … whose result was delivered again, the same or another
    outstanding: Counter[str] = field(default_factory=Counter)  # tracked, at the end of a run
    faults: Counter[str] = field(default_factory=Counter)
    faults_with_work: Counter[str] = field(default_factory=Counter)  # while an action was pending
    restores: int = 0
    restored: int = 0  # actions that restores emitted again
    sometimes: dict[str, tuple[int, int]] = field(default_factory=dict)  # name -> (runs, the first)

    def count(self, step: StepResult, process: Process) -> None:
        """Count one step that is not a plain input (those are counted by class, in `FastCounters`)."""
        event = step.event
        error = error_name(step)
        if type(event) is InputReceived:
            self.inputs[type(event.value).__name__, error] += 1
        elif type(event) is Completion:
            self.completions[type(event.result).__name__, error] += 1
            if step.completed_emission is not None:
                self.completed[_name(step.completed_emission)] += 1
        elif type(event) is Restore and step.outcome is Outcome.COMMITTED:
            self.restores += 1
            self.restored += len(step.actions)
        for action in step.actions:
            self.emitted[type(action.action).__name__] += 1

    def count_fault(self, name: str, process: Process, emission: Emission | None = None) -> None:
        """Count a fault that was triggered; `emission` is the action that it affects, if there is one."""
        self.faults[name] += 1
        if process.state.pending:
            self.faults_with_work[name] += 1
        if emission is not None and name == "lose_result":
            self.lost[_name(emission)] += 1
        elif emission is not None and name in ("duplicate", "conflict"):
            self.duplicated[_name(emission)] += 1

    def count_triggered_fault(self, fault: InjectedFault | Crash, step: StepResult, process: Process) -> None:
        """Count an armed fault that the next transition or restore met, if it had an effect there."""
        if type(fault) is Crash:
            if step.outcome is Outcome.ABORTED:
                self.count_fault(f"crash {fault.point}", process)
            return
        assert type(fault) is InjectedFault
        match fault.kind:
            case FaultKind.ACTIONS_FULL:
                triggered = isinstance(step.error, ActionsFull)
            case FaultKind.UNKNOWN:
                triggered = step.outcome is Outcome.COMMITTED
            case _:
                triggered = step.outcome is Outcome.ABORTED
        if triggered:
            self.count_fault(ARMED_FAULT_NAMES[fault.kind], process)

    def finish_run(self, run: int, steps: int, counters: "FastCounters", reached: set[str]) -> None:
        """Add the steps of a run; `counters` are its inputs and actions that were counted by class."""
        self.runs += 1
        self.steps += steps
        for value, times in counters.committed.items():
            self.inputs[value.__name__, ""] += times
        for (value, error), times in counters.rejected.items():
            self.inputs[value.__name__, error.__name__] += times
        for action, times in counters.emitted.items():
            self.emitted[action.__name__] += times
        for name in reached:
            times, first = self.sometimes.get(name, (0, run))
            self.sometimes[name] = (times + 1, min(first, run))

    def count_outstanding(self, process: Process) -> None:
        """Count the actions that are pending at the end of a run."""
        for emission in process.pending.values():
            self.outstanding[_name(emission)] += 1

    def add(self, other: "Stats") -> None:
        """Add the counts of other runs."""
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
    """Counts of the most frequent steps of a run, by class, because looking up names is slow."""

    committed: dict[type, int] = field(default_factory=dict)  # inputs
    rejected: dict[tuple[type, type], int] = field(default_factory=dict)  # inputs and the class of the error
    emitted: dict[type, int] = field(default_factory=dict)


def _name(emission: Emission) -> str:
    return type(emission.tracked.action).__name__


def error_name(step: StepResult) -> str:
    """Return why the step was not committed: the class of the error, or the outcome; empty if it was committed."""
    if step.outcome is Outcome.COMMITTED:
        return ""
    return type(step.error).__name__ if step.error is not None else str(step.outcome)
