"""Stores the state of fast runs in memory: exact if that is cheap, sampled if it would compare the whole state.

A rejected transition should leave the state unchanged, so that there is nothing to roll back. The store verifies this
for the first rejections at each line of the machine, and then ever more rarely. A sample that fails need not say where
the state was changed: the run is repeated from its seed with the exact `MemoryStore`.
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


EXHAUSTIVE_FIRST = 4  # rejections at a line that are all verified; then the 8th, 16th, 32nd …


class SamplingStore:
    """The store of a fast run."""

    __slots__ = (
        "_copy",
        "_encoded_classes",
        "_machine",
        "_rejections",
        "_sample_interval",
        "_until_sample",
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
        self._until_sample = self._sample_interval = 1  # commits: the 1st, 2nd, 4th, 8th … is encoded
        self._encoded_classes: set[type] = set()  # the classes of actions of which one was encoded
        self._rejections: dict[Any, int] = {}

    def begin(self) -> Any:
        return self.working

    def is_dirty(self) -> bool:
        return bool(self.working != self.committed)

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        self._until_sample -= 1
        if not self._until_sample:
            self._until_sample, self._sample_interval = self._sample_interval, 2 * self._sample_interval
            self._machine.encode_state(self.working)
        for action in actions:
            if type(action.action) not in self._encoded_classes:
                self._machine.encode_action(action)
                self._encoded_classes.add(type(action.action))
        self.committed = self._copy(self.working)
        return actions

    def rollback(self, error: BaseException | None) -> bool:
        site = _raise_site(error)
        times = self._rejections.get(site, 0) + 1
        self._rejections[site] = times
        if times > EXHAUSTIVE_FIRST and times & (times - 1):  # not a power of two
            return False
        return self.is_dirty()

    def reload(self) -> None:
        self.working = self._copy(self.committed)


def _raise_site(error: BaseException | None) -> Any:
    """Return the class of the exception and the line that raised it."""
    frame = None if error is None else error.__traceback__
    if frame is None:
        return None
    while frame.tb_next is not None:
        frame = frame.tb_next
    return type(error), frame.tb_lineno
