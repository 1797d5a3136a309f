"""What a person pins to a history: names of steps and branches, and where to stop. Kept beside the steps."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class MarkKind(StrEnum):
    LABEL = "label"  # `name` is a step's
    BRANCH = "branch"  # `name` is that of the branch whose first step is `step` (0: the one from the initial state)
    WATCH = "watch"  # `name` is a path: stop when its value changes
    BREAK = "break"  # `name` is an expression, or one of `EVENTS`: stop when it is true


EVENTS = ("invariant", "reject")  # what `break` knows besides expressions: something broke; an input was rejected


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that was pinned, or (`gone`) taken off again."""

    kind: MarkKind
    name: str
    step: int = 0
    removed: bool = False


@dataclass(slots=True)
class Marks:
    """What is pinned now."""

    labels: dict[str, int] = field(default_factory=dict)
    branches: dict[int, str] = field(default_factory=dict)  # by first step
    breakpoints: list[Mark] = field(default_factory=list)  # watches and breaks, in the order they were set

    @classmethod
    def of(cls, marks: Iterable[Mark]) -> "Marks":
        out = cls()
        for mark in marks:
            out.add(mark)
        return out

    def add(self, mark: Mark) -> None:
        """Take in the next mark; a later one stands in place of an earlier one of the same name."""
        if mark.kind is MarkKind.LABEL:
            self.labels.pop(mark.name, None)
            if not mark.removed:
                self.labels[mark.name] = mark.step
        elif mark.kind is MarkKind.BRANCH:
            self.branches[mark.step] = mark.name
        else:
            self.breakpoints = [stop for stop in self.breakpoints if (stop.kind, stop.name) != (mark.kind, mark.name)]
            if not mark.removed:
                self.breakpoints.append(mark)

    def labels_by_step(self) -> dict[int, list[str]]:
        """The labels of each step that has one."""
        out: dict[int, list[str]] = {}
        for name, step in self.labels.items():
            out.setdefault(step, []).append(name)
        return out

    def current(self) -> list[Mark]:
        """The marks that lead here and no others."""
        labels = [Mark(MarkKind.LABEL, name, step) for name, step in self.labels.items()]
        branches = [Mark(MarkKind.BRANCH, name, step) for step, name in self.branches.items()]
        return [*labels, *branches, *self.breakpoints]
