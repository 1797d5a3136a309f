"""Databases that states are in: scratch ones, made as they are needed and removed afterwards."""

import os
import re
import weakref
from itertools import count
from typing import Any, Protocol

from fasm_cli.engine.machine import Machine
from fasm_cli.engine.store import Store


class Scratch(Protocol):
    """Where databases can be made that nobody else has."""

    def connect(self, schema: str, name: str) -> Any: ...
    def names(self) -> list[str]: ...
    def remove(self, name: str) -> None: ...


class ScratchFactory:
    """Scratch databases of one schema: each store that is open has one to itself, and they are used again.

    What stands at the URL itself is never touched. A process that is killed leaves its databases behind; the next one
    of this computer to end removes them.
    """

    def __init__(self, schema: str, scratch: Scratch) -> None:
        from fasm_cli.stores.state_row import STATE_TABLE

        self._schema = f"{STATE_TABLE};\n{schema}"
        self._scratch = scratch
        self._pool = _Pool()
        weakref.finalize(self, _end, self._pool, scratch)

    def open(self, machine: Machine, state: Any) -> Store:
        """A store with `state` committed. Raises `Mismatch` where the database does not take it."""
        from fasm_cli.stores.snapshot_store import SnapshotStore

        pool = self._pool
        connection = pool.acquire() or self._scratch.connect(
            self._schema, f"fasm_scratch_{_hostname()}_{next(_numbers)}_{os.getpid()}"
        )
        try:
            store = SnapshotStore(machine, connection, state)
        except BaseException:
            pool.give_back(connection, os.getpid())
            raise
        weakref.finalize(store, pool.give_back, connection, os.getpid())
        return store

    def close(self) -> None:
        """Remove every database that no store has."""
        self._pool.empty()
        _collect_orphans(self._scratch)


class _Pool:
    """Connections that no store has at the moment. Those of a parent process are its own, and left alone."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._free: list[Any] = []
        self._parents: list[Any] = []
        self.ended = False

    def acquire(self) -> Any:
        """A connection, or None."""
        if self._process != os.getpid():
            self._process, self._parents, self._free = os.getpid(), self._free, []
        return self._free.pop() if self._free else None

    def give_back(self, connection: Any, process: int) -> None:
        if process != os.getpid():
            self._parents.append(connection)
        elif self.ended:
            connection.close()
        else:
            self._free.append(connection)

    def empty(self) -> None:
        while (connection := self.acquire()) is not None:
            connection.close()


def _end(pool: _Pool, scratch: Scratch) -> None:
    pool.ended = True
    pool.empty()
    _collect_orphans(scratch)


def _collect_orphans(scratch: Scratch) -> None:
    """Remove the databases of processes that are gone."""
    for name in scratch.names():
        owner = re.match(rf"fasm_scratch_{_hostname()}_\d+_(\d+)", name)
        if owner is not None and not _pid_alive(int(owner[1])):
            scratch.remove(name)


_numbers = count(1)  # of the databases of this process


def _hostname() -> str:
    import platform

    return re.sub(r"\W", "_", platform.node().lower())[:20]


def _pid_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
