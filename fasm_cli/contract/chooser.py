"""Provides the only source of chance: every draw of a simulation comes from a `Chooser`, so one seed decides it."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")
_EXACT = 1 << 53  # random() has 53 bits; a larger range takes more than one draw


class Chooser:
    """Draws from one seed, the same on every platform and Python version.

    It uses only `Random.random()`, the one sequence that the documentation of Python promises to keep.
    """

    __slots__ = ("draw",)

    def __init__(self, seed: int) -> None:
        self.draw = Random(seed).random

    def randbelow(self, n: int) -> int:
        """A whole number from 0 to `n - 1`. Raises `ValueError` if `n` is less than 1."""
        if n < 1:
            raise ValueError(f"randbelow({n}): must be at least 1")
        if n <= _EXACT:
            return int(self.draw() * n)
        high = (n - 1) // _EXACT
        while True:  # rejection sampling: at most half of the draws are rejected
            drawn = self.randbelow(high + 1) * _EXACT + int(self.draw() * _EXACT)
            if drawn < n:
                return drawn

    def randint(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included. Raises `ValueError` if there is none."""
        return low + self.randbelow(high - low + 1)

    def chance(self, p: float) -> bool:
        """True with probability `p`, from 0 to 1."""
        return self.draw() < p

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`, all with the same probability. Raises `ValueError` if there are none."""
        if not options:
            raise ValueError("pick() needs at least one option")
        return options[int(self.draw() * len(options))]

    def weighted(self, options: Iterable[tuple[float, T]]) -> T:
        """The value of one of the pairs `(weight, value)`, with a probability in proportion to its weight.

        Raises `ValueError` if there are no pairs.
        """
        pairs = tuple(options)
        left = self.draw() * sum(weight for weight, _ in pairs)
        for weight, value in pairs:
            left -= weight
            if left < 0:
                return value
        if not pairs:
            raise ValueError("weighted() needs at least one option")
        return pairs[-1][1]

    def shuffled(self, options: Iterable[T]) -> list[T]:
        """A new list of all `options` in random order (Fisher-Yates)."""
        out = list(options)
        for last in range(len(out) - 1, 0, -1):
            other = int(self.draw() * (last + 1))
            out[last], out[other] = out[other], out[last]
        return out


def substream(seed: int, run: int, name: str) -> Chooser:
    """The draws for one purpose (`inputs`, `answers`, `faults`) in one run.

    Runs are independent of each other, and so are the purposes: without faults, a run draws the same inputs.
    """
    key = blake2b(f"fasm/1/{seed}/{run}/{name}".encode(), digest_size=16).digest()
    return Chooser(int.from_bytes(key, "big"))
