"""The store of a state in memory."""

from collections.abc import Callable
from typing import Any

from fasm_cli.contract.state_machine import Action
from fasm_cli.engine.coroutines import Runner, run_coroutine
from fasm_cli.engine.machine import Machine
from fasm_cli.types.codec import DecodeError


class MemoryStore:
    """Keeps a committed copy beside the working state: exact, at the cost of a copy for each commit."""

    fix: Callable[[Action], Action] | None

    def __init__(self, machine: Machine, state: Any, runner: Runner = run_coroutine) -> None:
        self._machine = machine
        self.fix = machine.copy_action
        self.run = runner
        self._copy = machine.copiers.of(machine.state_schema)
        self.committed = self._copy(state)
        self.working = self._copy(state)
        self._stored: Any = None  # the committed state as plain data, if it was needed

    def begin(self) -> Any:
        return self.working

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        stored = self._machine.encode_state(self.working)
        for action in actions:
            self._machine.encode_action(action)
        self.committed = self._copy(self.working)
        self._stored = stored
        return actions

    def is_dirty(self) -> bool:
        if self._machine.eq_is_exact and self.working == self.committed:
            return False
        if self._stored is None:
            self._stored = self._machine.encode_state(self.committed)
        try:
            return bool(self._stored != self._machine.encode_state(self.working))
        except DecodeError:
            return True

    def rollback(self, error: BaseException | None) -> bool:
        changed = self.is_dirty()
        self.reload()
        return changed

    def reload(self) -> None:
        self.working = self._copy(self.committed)
