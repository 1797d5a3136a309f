"""What every pass of the shrinker stands on: the best trace so far, and whether another one may take its place."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fasm_cli.engine.events import Complete, Crash, Event, Fault, Lose, Point, Restore, Submit
from fasm_cli.engine.laws import Violation
from fasm_cli.simulation.trace import Item, Player, size
from fasm_cli.types.codec import Mismatch
from fasm_cli.types.format import render
from fasm_cli.types.simplify import weight

PLAYS = 5000  # candidates played for one finding: the bound that makes a result the same everywhere

_RANK: dict[type, int] = {Submit: 0, Complete: 1, Lose: 2, Fault: 3, Crash: 4, Restore: 5}
_POINTS = list(Point)


class Best:
    """The simplest trace so far that breaks a law; `seconds` and `plays` bound the search for a simpler one."""

    def __init__(
        self, player: Player, items: Sequence[Item], violation: Violation, seconds: float, plays: int = PLAYS
    ) -> None:
        self.player = player
        self._plays = plays
        self.machine = player.machine
        self._law = violation.law
        self._until = player.clock() + seconds
        self._seen: set[str] = set()
        self.in_time = True
        self.best = player.play(items, self._law)
        self.key = self._sort_key(self.best.items)

    @property
    def fails(self) -> bool:
        """Whether the trace it was given breaks its law at all when it is played alone."""
        return self.best.violation is not None and self.best.violation.law == self._law

    def consider(self, items: Sequence[Item]) -> bool:
        """Take `items` for the best where they are new, simpler, and fail in the same way."""
        if self.spent():
            return False
        text = _text(items)
        if text in self._seen:
            return False
        self._seen.add(text)
        if self._sort_key(items) >= self.key:
            return False
        try:
            if not self.player.glance(items, self._law):
                return False
            played = self.player.play(items, self._law)
        except Mismatch:  # a value that the machine does not declare
            return False
        if played.violation is None or played.violation.law != self._law:
            return False
        key = self._sort_key(played.items)
        if key >= self.key:
            return False
        self.best, self.key = played, key
        return True

    def spent(self) -> bool:
        if self.player.clock() > self._until:
            self.in_time = False
        return self.player.played >= self._plays or not self.in_time

    def replaced(self, at: int, event: Event) -> bool:
        items = self.best.items
        if at >= len(items):
            return False
        return self.consider([*items[:at], replace(items[at], event=event), *items[at + 1 :]])

    def _sort_key(self, items: Sequence[Item]) -> tuple[Any, ...]:
        kinds = tuple(_RANK[type(item.event)] for item in items)
        return size(items), len(items), kinds, tuple(self._weight(item.event) for item in items)

    def _weight(self, event: Event) -> tuple[Any, ...]:
        machine = self.machine
        match event:
            case Submit(value):
                return weight(machine.input, value)
            case Complete(of, id, result):
                assert machine.result is not None
                cause = (1, weight(machine.action_id, id)) if of is None and machine.action_id else (0, of)
                return (weight(machine.result, result), *cause)
            case Lose(of, _):
                return (of,)
            case Crash(point, at):
                return (_POINTS.index(point), at)
            case Fault(failure, at):
                return (str(failure), at)
        return ()


def _text(items: Sequence[Item]) -> str:
    """What tells candidates apart."""
    return "\n".join(f"{item.number} {render(item.event)}" for item in items)
