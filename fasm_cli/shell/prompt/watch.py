"""Looking for a change of the machine's file while the prompt waits."""

import asyncio
from collections.abc import Callable
from pathlib import Path

EVERY = 0.3  # seconds between two looks


async def watching(path: Path, changed: Callable[[], None]) -> None:
    """Call `changed` once `path` has changed since this was started. A file that is being replaced is waited for."""
    before = _stamp(path)
    while (now := _stamp(path)) == before or now is None:
        await asyncio.sleep(EVERY)
    changed()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
