"""Reads a session from bytes in memory."""

from fasm_cli.sessions.files import OpenFile
from fasm_cli.sessions.reader import Scan, Scanner


class MemoryFile(OpenFile):
    """The part of `OpenFile` that a reader needs, for bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def at(self, offset: int, size: int) -> bytes:
        return self._data[offset : offset + size]


def scan(data: bytes, name: str) -> Scan:
    """The session in `data`, called `name` in messages."""
    return Scanner(MemoryFile(data), name).run()
