"""Looking for a change of the machine's file while the prompt waits."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from fasm_cli.debugger.session import DebugSession

EVERY = 0.3  # seconds between two looks


class Watch:
    """Tells of each change of the file that the workbench's machine was loaded from, also of one made meanwhile."""

    def __init__(self, bench: DebugSession) -> None:
        self._bench = bench
        self._seen = self._look()

    async def changes(self, tell: Callable[[], None]) -> None:
        """Call `tell` at the next change, and end. In the prompt's own loop: nothing else touches the machine."""
        while not self.changed():
            await asyncio.sleep(EVERY)
        tell()

    def changed(self) -> bool:
        """Whether the file has changed since the last time that this was true. One that is gone is waited for."""
        source, now = self._look()
        if now is None:
            return False
        before, self._seen = self._seen, (source, now)
        return before[0] == source and before[1] != now

    def _look(self) -> tuple[str, tuple[int, int] | None]:
        source = self._bench.machine.source
        try:
            found = Path(source).stat()
        except OSError:
            return source, None
        return source, (found.st_mtime_ns, found.st_size)
