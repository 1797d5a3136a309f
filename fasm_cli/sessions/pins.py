"""What a person pins to a history: names of steps and branches, and where to stop. Kept beside the steps."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Pin(StrEnum):
    LABEL = "label"  # `name` is a step's
    BRANCH = "branch"  # `name` is that of the branch whose first step is `step` (0: the one from the initial state)
    WATCH = "watch"  # `name` is a path: stop when its value changes
    BREAK = "break"  # `name` is an expression, or one of `EVENTS`: stop when it is true


EVENTS = ("invariant", "reject")  # what `break` knows besides expressions: something broke; an input was rejected


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that was pinned, or (`gone`) taken off again."""

    pin: Pin
    name: str
    step: int = 0
    gone: bool = False


@dataclass(slots=True)
class Marks:
    """What is pinned now."""

    labels: dict[str, int] = field(default_factory=dict)
    branches: dict[int, str] = field(default_factory=dict)  # by first step
    stops: list[Mark] = field(default_factory=list)  # watches and breaks, in the order they were set

    @classmethod
    def of(cls, marks: Iterable[Mark]) -> "Marks":
        out = cls()
        for mark in marks:
            out.add(mark)
        return out

    def add(self, mark: Mark) -> None:
        """Take in the next mark; a later one stands in place of an earlier one of the same name."""
        if mark.pin is Pin.LABEL:
            self.labels.pop(mark.name, None)
            if not mark.gone:
                self.labels[mark.name] = mark.step
        elif mark.pin is Pin.BRANCH:
            self.branches[mark.step] = mark.name
        else:
            self.stops = [stop for stop in self.stops if (stop.pin, stop.name) != (mark.pin, mark.name)]
            if not mark.gone:
                self.stops.append(mark)

    def labels_by_step(self) -> dict[int, list[str]]:
        """The labels of each step that has one."""
        out: dict[int, list[str]] = {}
        for name, step in self.labels.items():
            out.setdefault(step, []).append(name)
        return out

    def now(self) -> list[Mark]:
        """The marks that lead here and no others."""
        labels = [Mark(Pin.LABEL, name, step) for name, step in self.labels.items()]
        branches = [Mark(Pin.BRANCH, name, step) for step, name in self.branches.items()]
        return [*labels, *branches, *self.stops]
