"""What happened in a simulation, counted: the numbers that say whether it proves anything."""

from collections import Counter
from dataclasses import dataclass, field

from fasm_cli.core.event import AHEAD, Complete, Crash, Failure, Fault, Lose, Submit
from fasm_cli.core.outcome import Outcome, Step
from fasm_cli.core.step import Process


@dataclass(slots=True)
class Tally:
    """Counts over runs; tallies of different runs add up in any order to the same."""

    runs: int = 0
    steps: int = 0
    inputs: Counter[tuple[str, str]] = field(default_factory=Counter)  # (input, "" or the name of the refusal)
    completions: Counter[tuple[str, str]] = field(default_factory=Counter)  # (result, "" or the name of the refusal)
    emitted: Counter[str] = field(default_factory=Counter)
    outstanding: Counter[str] = field(default_factory=Counter)  # tracked, at the end of a run
    faults: Counter[str] = field(default_factory=Counter)
    faults_with_work: Counter[str] = field(default_factory=Counter)  # while something was pending
    restores: int = 0
    restored: int = 0  # actions that restores emitted again
    sometimes: dict[str, tuple[int, int]] = field(default_factory=dict)  # name -> (runs that reached it, the first)

    def count(self, step: Step, process: Process) -> None:
        """Take in one step that is not a plain input (those are counted by class, in `Plain`)."""
        event = step.event
        refusal = refusal_of(step)
        if type(event) is Submit:
            self.inputs[type(event.value).__name__, refusal] += 1
        elif type(event) is Complete:
            self.completions[type(event.result).__name__, refusal] += 1
            if not step.expected:
                self._fault("completion of nothing pending", process)
        elif type(event) is Crash:
            if event.point not in AHEAD:
                self._fault(f"crash {event.point}", process)
        elif type(event) is Lose:
            self._fault("lose", process)
        elif type(event) is not Fault and step.outcome is Outcome.COMMITTED:
            self.restores += 1
            self.restored += len(step.actions)
        for action in step.actions:
            self.emitted[type(action.action).__name__] += 1

    def struck(self, fault: Fault | Crash, process: Process) -> None:
        """A fault that waited for the next transition or restore and met it."""
        if type(fault) is Fault:
            name = "await cancelled" if fault.failure is Failure.CANCEL else f"{fault.failure} fails"
        else:
            name = f"crash {fault.point}"  # type: ignore[union-attr]
        self._fault(name, process)

    def finish_run(self, run: int, steps: int, plain: "Plain", reached: set[str]) -> None:
        """The steps of a run are over; `plain` are its inputs and actions that were counted by class."""
        self.runs += 1
        self.steps += steps
        for (value, error), times in plain.inputs.items():
            self.inputs[value.__name__, "" if error is None else error.__name__] += times
        for action, times in plain.emitted.items():
            self.emitted[action.__name__] += times
        for name in reached:
            times, first = self.sometimes.get(name, (0, run))
            self.sometimes[name] = (times + 1, min(first, run))

    def outstanding_of(self, process: Process) -> None:
        """What is left pending at the very end."""
        for emission in process.pending.values():
            self.outstanding[type(emission.tracked.action).__name__] += 1

    def _fault(self, name: str, process: Process) -> None:
        self.faults[name] += 1
        if process.pending:
            self.faults_with_work[name] += 1

    def add(self, other: "Tally") -> None:
        """Take in the counts of other runs."""
        self.runs += other.runs
        self.steps += other.steps
        self.restores += other.restores
        self.restored += other.restored
        for name in ("inputs", "completions", "emitted", "outstanding", "faults", "faults_with_work"):
            getattr(self, name).update(getattr(other, name))
        for name, (times, first) in other.sometimes.items():
            known, earliest = self.sometimes.get(name, (0, first))
            self.sometimes[name] = (known + times, min(first, earliest))


@dataclass(slots=True)
class Plain:
    """What a run is mostly made of, counted without making a name of anything."""

    inputs: dict[tuple[type, type | None], int] = field(default_factory=dict)  # by class, and class of the refusal
    emitted: dict[type, int] = field(default_factory=dict)


def refusal_of(step: Step) -> str:
    """Empty where the step was committed, else what it was refused with."""
    if step.outcome is Outcome.COMMITTED:
        return ""
    return type(step.error).__name__ if step.error is not None else str(step.outcome)
