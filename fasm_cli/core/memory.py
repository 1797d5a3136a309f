"""Where a machine's state lives: what a process asks of a store, and the store in memory."""

from collections.abc import Callable
from typing import Any, Protocol

from fasm_cli.core.codec import Mismatch
from fasm_cli.core.machine import Machine
from fasm_cli.core.model import Action


class Store(Protocol):
    """Where a machine's state lives. `begin` gives the state to work on; then exactly one of the others follows.

    `committed` is a copy of the committed state that nobody changes; `fix` copies an action where the store is exact.
    """

    committed: Any
    fix: Callable[[Action], Action] | None

    def begin(self) -> Any: ...
    def changed(self) -> bool:
        """Whether the state is not what was committed last."""
        ...

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        """Keep the state as it is now. Gives the actions to emit; raises `Mismatch` where either cannot be stored."""
        ...

    def rollback(self, error: BaseException | None) -> bool:
        """Undo a transition that ended with `error` (None: a restore); true where it had changed the state, which it
        should not have."""
        ...

    def reload(self) -> None:
        """Forget everything that is not committed: what a crash does."""
        ...


class Memory:
    """State in memory with a committed copy beside it: exact at the cost of a copy for each commit."""

    fix: Callable[[Action], Action] | None

    def __init__(self, machine: Machine, state: Any) -> None:
        self._machine = machine
        self.fix = machine.copy_action
        self._copy = machine.copiers.of(machine.state)
        self.committed = self._copy(state)
        self._live = self._copy(state)
        self._stored: Any = None  # the committed state as plain data, once somebody has asked for it

    def begin(self) -> Any:
        return self._live

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        stored = self._machine.encode_state(self._live)
        for action in actions:
            self._machine.encode_action(action)
        self.committed = self._copy(self._live)
        self._stored = stored
        return actions

    def changed(self) -> bool:
        if self._machine.comparable and self._live == self.committed:
            return False
        before = self.stored()
        try:
            return bool(before != self._machine.encode_state(self._live))
        except Mismatch:
            return True

    def stored(self) -> Any:
        """The committed state as it is stored: plain data, not to be changed."""
        if self._stored is None:
            self._stored = self._machine.encode_state(self.committed)
        return self._stored

    def rollback(self, error: BaseException | None) -> bool:
        changed = self.changed()
        self.reload()
        return changed

    def reload(self) -> None:
        self._live = self._copy(self.committed)
