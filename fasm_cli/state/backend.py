"""From what a machine says of its state to stores that can hold it."""

import os
import weakref
from typing import Any
from urllib.parse import urlsplit

from fasm_cli.core.codec import Mismatch
from fasm_cli.core.errors import MachineError, UsageError
from fasm_cli.core.machine import Machine
from fasm_cli.core.store import Store
from fasm_cli.state.gate import drive_awaiting

URLS = "write sqlite:///file, or sqlite:// for one in memory"


def equip(machine: Machine, url: str = "") -> Machine:
    """Give `machine` what it needs to be run: how its state is awaited, and where it is kept (`url` where the machine
    does not say, or is not to be asked). Raises `UsageError` for the URL and `MachineError` for the schema."""
    if machine.awaits:
        machine.drive = drive_awaiting
    url = url or (machine.store.url if machine.store is not None else "")
    if url:
        machine.backend = Databases(machine.store.schema if machine.store is not None else "", url)
        try:
            machine.initial()
        except Mismatch as wrong:
            raise MachineError(f"{machine.name}: initial() gives a state that cannot be stored: {wrong}") from None
    return machine


class Databases:
    """Scratch databases of one schema: each store that is open has one to itself, and they are used again.

    What stands at `url` is never touched: a file gets others beside it, a server schemas of their own.
    """

    def __init__(self, schema: str, url: str) -> None:
        self._schema = schema
        self._url = url
        self._process = os.getpid()
        self._made = 0
        self._free: list[Any] = []
        self._left: list[Any] = []
        weakref.finalize(self, _close_all, self._process, self._free)
        kind = urlsplit(url).scheme
        if kind != "sqlite":
            raise UsageError(f"no store {url!r}", URLS)

    def open(self, machine: Machine, state: Any) -> Store:
        """A store with `state` committed. Raises `Mismatch` where the database does not take it."""
        from fasm_cli.state.kept import Kept

        connection = self._taken()
        store = Kept(machine, connection, state)
        weakref.finalize(store, self._free.append, connection)
        return store

    def close(self) -> None:
        """Remove what is not in use."""
        while self._free:
            self._free.pop().close()

    def _taken(self) -> Any:
        if self._process != os.getpid():  # a child that was forked: what its parent has open is its parent's
            self._process, self._left = os.getpid(), self._free
            self._free = []
        if self._free:
            return self._free.pop()
        self._made += 1
        name = f"{os.getpid()}_{self._made}"
        from fasm_cli.state.kept import OWN_SCHEMA

        schema = f"{OWN_SCHEMA};\n{self._schema}"
        from fasm_cli.state.sqlite import MEMORY, SqliteConnection

        path = urlsplit(self._url).path.removeprefix("/")
        return SqliteConnection(schema, f"{path}.scratch_{name}" if path else MEMORY)


def _close_all(process: int, free: list[Any]) -> None:
    if process == os.getpid():
        for connection in free:
            connection.close()
