"""How the actions of a machine are carried out for real: what its author writes beside the machine, and no simulation
ever calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Handler:
    """What carries out one type of action.

    `call(id, action)` gives the result of a tracked action, `call(action)` carries out an untracked one. Either may run
    more than once for one action: after a crash nobody knows whether the first was enough. `id` is the same each time,
    and is meant to be the idempotency key of whatever is called.

    An attempt that raises, or takes more than `timeout` seconds, is made again after a wait of `backoff` seconds, then
    of twice as many and so on up to `longest`. Where there are `attempts` (0: as many as it takes), `failed(error)`
    gives the result that a tracked action has after the last one; an untracked one is then given up.
    """

    call: Callable[..., Awaitable[Any]]
    timeout: float = 30.0
    max_attempts: int = 0
    backoff: float = 0.5
    max_backoff: float = 60.0
    on_exhausted: Callable[[Exception], Any] | None = None

    def __post_init__(self) -> None:
        for name in ("timeout", "backoff", "longest"):
            seconds = getattr(self, name)
            if not isinstance(seconds, int | float) or not seconds > 0:
                raise ValueError(f"Handler({name}={seconds!r}): a number of seconds above 0")
        if type(self.max_attempts) is not int or self.max_attempts < 0:
            raise ValueError(f"Handler(attempts={self.max_attempts!r}): a whole number; 0 is as many as it takes")


def as_handler(given: Any) -> Handler:
    """A function alone is a handler with the usual patience."""
    return given if isinstance(given, Handler) else Handler(given)
