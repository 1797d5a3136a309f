"""An engine: a machine together with where its states are stored and how its coroutines run."""

from dataclasses import dataclass
from typing import Any

from fasm_cli.engine.coroutines import Runner, run_coroutine
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process, ProcessState
from fasm_cli.engine.store import MemoryStore, Store, StoreFactory


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that is needed to execute `machine`; made once, by `stores.open.engine_for`.

    `stores` makes the stores of a state that lives in a database; None keeps the state in memory. `runner` runs a
    transition over a state in memory.
    """

    machine: Machine
    stores: StoreFactory | None = None
    runner: Runner = run_coroutine

    def open_store(self, state: Any) -> Store:
        """A store with `state` committed. Raises `DecodeError` if the store cannot hold it."""
        if self.stores is not None:
            return self.stores.open(self.machine, state)
        return MemoryStore(self.machine, state, self.runner)

    def start(self, state: Any, process_state: ProcessState | None = None) -> Process:
        """A process whose committed state is `state`: running with nothing pending, or as `process_state` says.
        Raises `DecodeError` if the store cannot hold it."""
        return Process(self.machine, self.open_store(state), process_state)

    def initial(self) -> Any:
        """The machine's initial state, as its store returns it."""
        return self._stored(self.machine.instance.initial())

    def decode_state(self, plain: Any) -> Any:
        """The state that `plain` encodes, as its store returns it. Raises `DecodeError`."""
        return self._stored(self.machine.codec.decode(self.machine.state_schema, plain))

    def _stored(self, state: Any) -> Any:
        return state if self.stores is None else self.stores.open(self.machine, state).committed

    def close(self) -> None:
        """Remove the scratch databases that no open store uses."""
        if self.stores is not None:
            self.stores.close()
