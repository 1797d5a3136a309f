"""From what a machine says of its state to stores that can hold it."""

import os
import re
import weakref
from itertools import count
from typing import Any, Protocol
from urllib.parse import urlsplit

from fasm_cli.core.codec import Mismatch
from fasm_cli.core.errors import MachineError, UsageError
from fasm_cli.core.machine import Machine
from fasm_cli.core.store import Store
from fasm_cli.state.gate import drive_awaiting

URLS = "write sqlite:///FILE, or sqlite:// for one in memory"


def equip(machine: Machine, url: str = "") -> Machine:
    """Give `machine` what it needs to be run: how its state is awaited, and where it is kept (`url` where the machine
    does not say, or is not to be asked). Raises `UsageError` for the URL and `MachineError` for the schema."""
    if machine.awaits:
        machine.drive = drive_awaiting
    url = url or (machine.store.url if machine.store is not None else "")
    if url:
        machine.backend = Databases(machine.store.schema if machine.store is not None else "", _scratch(url))
        try:
            machine.initial()
        except Mismatch as wrong:
            raise MachineError(f"{machine.name}: initial() gives a state that cannot be stored: {wrong}") from None
    return machine


class Scratch(Protocol):
    """Where databases can be made that nobody else has."""

    def connect(self, schema: str, name: str) -> Any: ...
    def names(self) -> list[str]: ...
    def remove(self, name: str) -> None: ...


def _scratch(url: str) -> Scratch:
    if urlsplit(url).scheme == "sqlite":
        from fasm_cli.state.sqlite import SqliteScratch

        return SqliteScratch(url)
    raise UsageError(f"no store {url!r}", URLS)


class Databases:
    """Scratch databases of one schema: each store that is open has one to itself, and they are used again.

    What stands at the URL itself is never touched. A process that is killed leaves its databases behind; the next one
    of this computer to end removes them.
    """

    def __init__(self, schema: str, scratch: Scratch) -> None:
        from fasm_cli.state.kept import OWN_SCHEMA

        self._schema = f"{OWN_SCHEMA};\n{schema}"
        self._scratch = scratch
        self._process = os.getpid()
        self._free: list[Any] = []
        self._left: list[Any] = []
        weakref.finalize(self, _end, self._process, self._free, scratch)

    def open(self, machine: Machine, state: Any) -> Store:
        """A store with `state` committed. Raises `Mismatch` where the database does not take it."""
        from fasm_cli.state.kept import Kept

        connection = self._taken()
        store = Kept(machine, connection, state)
        weakref.finalize(store, self._free.append, connection)
        return store

    def close(self) -> None:
        """Remove every database that no store has."""
        _end(self._process, self._free, self._scratch)

    def _taken(self) -> Any:
        if self._process != os.getpid():  # a child that was forked: what its parent has open is its parent's
            self._process, self._left, self._free = os.getpid(), self._free, []
        if self._free:
            return self._free.pop()
        return self._scratch.connect(self._schema, f"fasm_scratch_{_here()}_{next(_numbers)}_{os.getpid()}")


_numbers = count(1)  # of the databases of this process


def _here() -> str:
    import platform

    return re.sub(r"\W", "_", platform.node().lower())[:20]


def _end(process: int, free: list[Any], scratch: Scratch) -> None:
    if process != os.getpid():
        return
    while free:
        free.pop().close()
    for name in scratch.names():
        owner = re.match(rf"fasm_scratch_{_here()}_\d+_(\d+)", name)
        if owner is not None and not _lives(int(owner[1])):
            scratch.remove(name)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
