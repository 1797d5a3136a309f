"""What every pass of the shrinker stands on: the best trace so far, and whether another one may take its place."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fasm_cli.engine.events import (
    Completion,
    Crash,
    CrashPoint,
    Event,
    InjectedFault,
    InputReceived,
    Restore,
    ResultLost,
)
from fasm_cli.engine.laws import Violation
from fasm_cli.simulation.trace import Player, TraceEvent, size
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.format import format_value
from fasm_cli.types.simplify import complexity

PLAYS = 5000  # candidates played for one finding: the bound that makes a result the same everywhere

_RANK: dict[type, int] = {InputReceived: 0, Completion: 1, ResultLost: 2, InjectedFault: 3, Crash: 4, Restore: 5}
_POINTS = list(CrashPoint)


class ShrinkState:
    """The simplest trace so far that breaks a law; `seconds` and `plays` bound the search for a simpler one."""

    def __init__(
        self, player: Player, items: Sequence[TraceEvent], violation: Violation, seconds: float, plays: int = PLAYS
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
    def reproduces(self) -> bool:
        """Whether the trace it was given breaks its law at all when it is played alone."""
        return self.best.violation is not None and self.best.violation.law == self._law

    def consider(self, items: Sequence[TraceEvent]) -> bool:
        """Take `items` for the best where they are new, simpler, and fail in the same way."""
        if self.budget_exhausted():
            return False
        text = _text(items)
        if text in self._seen:
            return False
        self._seen.add(text)
        if self._sort_key(items) >= self.key:
            return False
        try:
            if not self.player.fails_at_end(items, self._law):
                return False
            played = self.player.play(items, self._law)
        except DecodeError:  # a value that the machine does not declare
            return False
        if played.violation is None or played.violation.law != self._law:
            return False
        key = self._sort_key(played.items)
        if key >= self.key:
            return False
        self.best, self.key = played, key
        return True

    def budget_exhausted(self) -> bool:
        if self.player.clock() > self._until:
            self.in_time = False
        return self.player.played >= self._plays or not self.in_time

    def try_replace(self, at: int, event: Event) -> bool:
        items = self.best.items
        if at >= len(items):
            return False
        return self.consider([*items[:at], replace(items[at], event=event), *items[at + 1 :]])

    def _sort_key(self, items: Sequence[TraceEvent]) -> tuple[Any, ...]:
        kinds = tuple(_RANK[type(item.event)] for item in items)
        return size(items), len(items), kinds, tuple(self._weight(item.event) for item in items)

    def _weight(self, event: Event) -> tuple[Any, ...]:
        machine = self.machine
        match event:
            case InputReceived(value):
                return complexity(machine.input_schema, value)
            case Completion(of, id, result):
                assert machine.result_schema is not None
                cause = (
                    (1, complexity(machine.action_id_schema, id))
                    if of is None and machine.action_id_schema
                    else (0, of)
                )
                return (complexity(machine.result_schema, result), *cause)
            case ResultLost(of, _):
                return (of,)
            case Crash(point, at):
                return (_POINTS.index(point), at)
            case InjectedFault(failure, at):
                return (str(failure), at)
        return ()


def _text(items: Sequence[TraceEvent]) -> str:
    """What tells candidates apart."""
    return "\n".join(f"{item.number} {format_value(item.event)}" for item in items)
