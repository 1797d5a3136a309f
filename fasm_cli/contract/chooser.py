"""The only chance there is: every draw of a simulation comes out of a `Chooser`, so a seed is the whole story.

It lives beside the contract and not among the simulator's rooms because a machine's `propose` and `respond` are
written against it.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")
_EXACT = 1 << 53  # random() has 53 bits; a larger range takes more than one draw


class Chooser:
    """Draws from one seed, the same on every platform and Python version.

    Only `Random.random()` is used: it is the one sequence that Python's documentation promises to keep.
    """

    __slots__ = ("draw",)

    def __init__(self, seed: int) -> None:
        self.draw = Random(seed).random

    def randbelow(self, n: int) -> int:
        """A whole number from 0 to `n - 1`."""
        if n < 1:
            raise ValueError(f"below({n}): there is no whole number from 0 to {n - 1}")
        if n <= _EXACT:
            return int(self.draw() * n)
        high = (n - 1) // _EXACT
        while True:  # rejected at most half of the time
            drawn = self.randbelow(high + 1) * _EXACT + int(self.draw() * _EXACT)
            if drawn < n:
                return drawn

    def randint(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.randbelow(high - low + 1)

    def chance(self, p: float) -> bool:
        """True with probability `p`."""
        return self.draw() < p

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`, all equally likely."""
        if not options:
            raise ValueError("pick() from an empty sequence")
        return options[int(self.draw() * len(options))]

    def weighted(self, options: Iterable[tuple[float, T]]) -> T:
        """One of the `(weight, value)` pairs' values, as likely as its weight says."""
        pairs = tuple(options)
        left = self.draw() * sum(weight for weight, _ in pairs)
        for weight, value in pairs:
            left -= weight
            if left < 0:
                return value
        if not pairs:
            raise ValueError("weighted() from no options")
        return pairs[-1][1]

    def shuffled(self, options: Iterable[T]) -> list[T]:
        """All of `options` in a random order, as a new list."""
        out = list(options)
        for last in range(len(out) - 1, 0, -1):
            other = int(self.draw() * (last + 1))
            out[last], out[other] = out[other], out[last]
        return out


def substream(seed: int, run: int, name: str) -> Chooser:
    """The draws of one purpose (`inputs`, `answers`, `faults`) in one run.

    Runs are independent of each other and so are the streams: switching the faults off does not move the inputs.
    """
    key = blake2b(f"fasm/1/{seed}/{run}/{name}".encode(), digest_size=16).digest()
    return Chooser(int.from_bytes(key, "big"))
