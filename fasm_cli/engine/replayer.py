"""The one loop that executes recorded events again.

Opening a session, `goto`, verify, migrate, reload, replay, shrinking, replicas, locating a finding and importing a
production history are all `replay` over a different source of events and a different place to execute them. What they
compare, and when they stop, is up to the caller, who stops iterating.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

from fasm_cli.engine.events import Event
from fasm_cli.types.codec import DecodeError

S = TypeVar("S", contravariant=True)
T = TypeVar("T", covariant=True)
Recorded = TypeVar("Recorded")
Result = TypeVar("Result")


class Stage(Protocol[S, T]):
    """A place where events of a source are executed."""

    def resolve(self, recorded: S) -> Event | None:
        """What the recorded event means here; None if it means nothing. Raises `DecodeError` if it does not fit the
        machine."""
        ...

    def execute(self, recorded: S, event: Event) -> T:
        """Execute the event in place of the recorded one."""
        ...


class CannotReplay(Exception):
    """A recorded event does not fit the machine. `recorded` is the element of the source, `reason` says why."""

    def __init__(self, recorded: Any, reason: str) -> None:
        super().__init__(reason)
        self.recorded = recorded
        self.reason = reason


def replay(stage: Stage[Recorded, Result], source: Iterable[Recorded]) -> Iterator[tuple[Recorded, Result]]:
    """Execute the events of `source` on `stage`, one after the other, and yield each with its result. An event
    that means nothing there is left out. Raises `CannotReplay` for one that does not fit the machine."""
    for recorded in source:
        try:
            event = stage.resolve(recorded)
        except DecodeError as wrong:
            raise CannotReplay(recorded, str(wrong)) from None
        if event is not None:
            yield recorded, stage.execute(recorded, event)
