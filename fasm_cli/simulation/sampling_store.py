"""State in memory for long runs: exact where that is cheap, sampled where it would cost a look at the whole state.

A rejected transition leaves the state as it was, so there is nothing to undo and its invariants need no second look.
That this is so is verified the first times at each place that rejects and then ever more rarely. A sample that
disagrees does not have to tell where things went wrong: the run is repeated from its seed with `memory.Memory`.
"""

from collections.abc import Callable
from typing import Any

from fasm_cli.contract.state_machine import Action
from fasm_cli.engine.coroutines import Runner, run_coroutine
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.store import Store


def open_fast(engine: Engine, state: Any) -> Store:
    """The store of a fast run, with `state` committed. A state in a database is checked exactly."""
    if engine.stores is None:
        return SamplingStore(engine.machine, state, engine.runner)
    return engine.open_store(state)


EXHAUSTIVE_FIRST = 4  # occurrences of a place that are all looked at; after them the 8th, 16th, 32nd …


class SamplingStore:
    """The store of a fast run."""

    __slots__ = (
        "_copy",
        "_emitted",
        "_looked_after",
        "_machine",
        "_seen",
        "_until_look",
        "committed",
        "fix",
        "run",
        "working",
    )

    def __init__(self, machine: Machine, state: Any, runner: Runner = run_coroutine) -> None:
        self.fix: Callable[[Action], Action] | None = None
        self.run = runner
        self._copy = machine.copiers.of(machine.state_schema)
        self.committed = self._copy(state)
        self.working = state
        self._machine = machine
        self._until_look = self._looked_after = 1  # commits: the 1st, 2nd, 4th, 8th … is looked at
        self._emitted: set[type] = set()  # the classes of actions of which one was looked at
        self._seen: dict[Any, int] = {}

    def begin(self) -> Any:
        return self.working

    def is_dirty(self) -> bool:
        return bool(self.working != self.committed)

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        self._until_look -= 1
        if not self._until_look:
            self._until_look, self._looked_after = self._looked_after, 2 * self._looked_after
            self._machine.encode_state(self.working)
        for action in actions:
            if type(action.action) not in self._emitted:
                self._machine.encode_action(action)
                self._emitted.add(type(action.action))
        self.committed = self._copy(self.working)
        return actions

    def rollback(self, error: BaseException | None) -> bool:
        site = _place(error)
        seen = self._seen.get(site, 0) + 1
        self._seen[site] = seen
        if seen > EXHAUSTIVE_FIRST and seen & (seen - 1):
            return False
        return self.is_dirty()

    def reload(self) -> None:
        self.working = self._copy(self.committed)


def _place(error: BaseException | None) -> Any:
    """The class of the exception and the line that raised it."""
    frame = None if error is None else error.__traceback__
    if frame is None:
        return None
    while frame.tb_next is not None:
        frame = frame.tb_next
    return type(error), frame.tb_lineno
