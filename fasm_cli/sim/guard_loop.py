"""What a transition finds where it looks for an event loop: a tripwire.

Without one, `asyncio.sleep(1)` in an STF fails with "no running event loop", which an STF may swallow; with one, the
first thing it asks of the loop names the law. Only where asyncio is in the process already: it is never imported here.
"""

import sys
from typing import Any

from fasm_cli.core.guard import LATCH
from fasm_cli.sim.guard_witness import accuse


class Tripwire:
    """A loop of which any use is a breach of `effects`."""

    def __getattribute__(self, name: str) -> Any:
        if LATCH.armed and not name.startswith("__"):
            accuse("effects", "the event loop")
        return object.__getattribute__(self, name)


_TRIPWIRE = Tripwire()


def send(coroutine: Any) -> Any:
    """`coroutine.send(None)` with the tripwire as the running loop; the loop that runs us, if any, is back after it."""
    events: Any = sys.modules.get("asyncio.events")
    if events is None:
        return coroutine.send(None)
    running = events._get_running_loop()
    events._set_running_loop(_TRIPWIRE)
    try:
        return coroutine.send(None)
    finally:
        events._set_running_loop(running)
