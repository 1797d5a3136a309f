"""Defines how a production process executes the actions of a machine. Simulations never call handlers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Handler:
    """Executes the actions of one class.

    call: `await call(id, action)` returns the result of a tracked action; `await call(action)` executes an untracked
        one. It may run more than once for the same action, because after a crash the runtime cannot know whether the
        first execution took effect. `id` is the same every time: use it as the idempotency key of the external call.
    timeout: seconds after which an attempt is cancelled and counts as failed.
    max_attempts: number of attempts; 0 means no limit.
    backoff: seconds to wait before the second attempt; the wait doubles with every further attempt.
    max_backoff: upper limit of the wait, in seconds.
    on_exhausted: after the last failed attempt, `on_exhausted(error)` returns the result of a tracked action. An
        untracked action is dropped.

    Raises `ValueError` if a number is out of range.
    """

    call: Callable[..., Awaitable[Any]]
    timeout: float = 30.0
    max_attempts: int = 0
    backoff: float = 0.5
    max_backoff: float = 60.0
    on_exhausted: Callable[[Exception], Any] | None = None

    def __post_init__(self) -> None:
        for name in ("timeout", "backoff", "max_backoff"):
            seconds = getattr(self, name)
            if not isinstance(seconds, int | float) or not seconds > 0:
                raise ValueError(f"Handler({name}={seconds!r}): must be a number of seconds greater than 0")
        if type(self.max_attempts) is not int or self.max_attempts < 0:
            raise ValueError(f"Handler(max_attempts={self.max_attempts!r}): must be a whole number; 0 means no limit")


def as_handler(given: Any) -> Handler:
    """Wrap a plain async function in a `Handler` with the default limits."""
    return given if isinstance(given, Handler) else Handler(given)
