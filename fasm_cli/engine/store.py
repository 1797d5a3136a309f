"""What a process asks of the place its state lives in. The store in memory is in `memory`; others are in `state`."""

from collections.abc import Callable
from typing import Any, Protocol

from fasm_cli.contract.state_machine import Action
from fasm_cli.engine.coroutines import Runner
from fasm_cli.engine.machine import Machine


class Store(Protocol):
    """Where a machine's state lives. `begin` gives the state to work on; then exactly one of the others follows.

    `committed` is a copy of the committed state that nobody changes, and `live` what a transition works on; both are
    of the class the machine declares. `fix` copies an action where the store is exact. `drive` runs a coroutine over
    `live`: it knows what of it can be awaited.
    """

    committed: Any
    working: Any
    fix: Callable[[Action], Action] | None

    @property
    def run(self) -> Runner: ...

    def begin(self) -> Any:
        """The state for a transition or a restore. A connection that is lost is noticed where it is used."""
        ...

    def is_dirty(self) -> bool:
        """Whether the state is not what was committed last."""
        ...

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        """Keep the state as it is now, with what is to be kept of `actions`. Gives the actions to emit.

        Raises `Mismatch` where either cannot be stored and `DatabaseError` where the database refuses.
        """
        ...

    def rollback(self, error: BaseException | None) -> bool:
        """Undo a transition that ended with `error` (None: a restore); true where it had changed what it should not
        have: anything in a restore, and else whatever is not undone by a transaction."""
        ...

    def reload(self) -> None:
        """Forget everything that is not committed: what a crash does."""
        ...


class StoreFactory(Protocol):
    """Makes the stores of a machine whose state is not in memory alone."""

    def open(self, machine: Machine, state: Any) -> Store:
        """A store of its own that has `state` committed. Raises `Mismatch` where it cannot hold it."""
        ...

    def close(self) -> None:
        """Remove what no store that is open uses."""
        ...
