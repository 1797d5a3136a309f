"""The interface of a store, which holds the state of one process, and the store in memory; `stores` has the others."""

from collections.abc import Callable
from typing import Any, Protocol

from fasm_cli.contract.state_machine import Action
from fasm_cli.engine.coroutines import Runner, run_coroutine
from fasm_cli.engine.machine import Machine
from fasm_cli.types.codec import DecodeError


class Store(Protocol):
    """Holds the state of a process. `begin` starts a transition; exactly one of `commit`, `rollback` and `reload` ends
    it.

    committed: a copy of the committed state, which nobody changes.
    working: the state that a transition changes; both are of the class that the machine declares.
    fix: copies an action, if the store checks that values are not changed afterwards.
    """

    committed: Any
    working: Any
    fix: Callable[[Action], Action] | None

    @property
    def run(self) -> Runner:
        """Runs a coroutine over `working`; it knows what of that can be awaited."""
        ...

    def begin(self) -> Any:
        """The state for a transition or a restore. A lost connection is noticed when it is used."""
        ...

    def is_dirty(self) -> bool:
        """Whether the working state differs from the committed one."""
        ...

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        """Commit the working state, and what the store keeps of `actions`. Returns the actions to emit.

        Raises `DecodeError` if either cannot be stored, `DatabaseError` if the database refuses.
        """
        ...

    def rollback(self, error: BaseException | None) -> bool:
        """Roll back a transition that ended with `error` (None: a restore). Returns True if the state had been
        modified: any change during a restore, or (for a transition) a change outside the transaction."""
        ...

    def reload(self) -> None:
        """Discard everything that is not committed, as a crash does."""
        ...


class StoreFactory(Protocol):
    """Opens the stores of a machine whose state is in a database."""

    def open(self, machine: Machine, state: Any) -> Store:
        """A store of its own with `state` committed. Raises `DecodeError` if it cannot hold the state."""
        ...

    def close(self) -> None:
        """Remove the databases that no open store uses."""
        ...


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
