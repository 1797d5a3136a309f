"""What is drawn or offered at the prompt may fail, as it asks the machine's own code; it must not cost the session."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class ErrorBoundary:
    """Runs what the prompt needs and gives something else where it raises; the first fault of each place is told."""

    def __init__(self) -> None:
        self._met: set[str] = set()
        self._untold: list[tuple[str, Exception]] = []

    def run(self, place: str, work: Callable[[], T], otherwise: T) -> T:
        """`work()`; `otherwise` where it raises. `place` is what was being done, in words."""
        try:
            return work()
        except Exception as error:  # an author's __repr__, __post_init__, respond, invariant; or a fault of ours
            if place not in self._met:
                self._met.add(place)
                self._untold.append((place, error))
            return otherwise

    def take_errors(self) -> list[tuple[str, Exception]]:
        """The faults that were not given before."""
        told, self._untold = self._untold, []
        return told
