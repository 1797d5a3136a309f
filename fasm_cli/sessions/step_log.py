"""The steps of a session by number, on every branch: those a file holds, wherever it keeps them, and those taken since.

What leads to a step is told by the parents alone, and what is broken by a list of that, both small; a record is only
fetched when it is asked for.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

from fasm_cli.engine.records import Record


class StepSequence(Sequence[Record]):
    """The steps of a file in the order they were taken: number n stands at n - 1. These are kept in memory."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records = list(records)
        self.parents = array("I", [record.parent for record in self._records])  # of number n, at n - 1
        self.broken = {record.n: record.violated_law for record in self._records if record.violated_law}  # laws

    def __len__(self) -> int:
        return len(self.parents)

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Record]: ...
    def __getitem__(self, at: int | slice) -> Record | Sequence[Record]:
        if isinstance(at, slice):
            return [self._fetch(each) for each in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._fetch(at % len(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))

    def _fetch(self, at: int) -> Record:
        return self._records[at]


class History(Mapping[int, Record]):
    """Every record by its number."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._stored = records if isinstance(records, StepSequence) else StepSequence(records)
        self._first = len(self._stored)  # how many there were; who writes the file may add to it
        self._taken: dict[int, Record] = {}

    @property
    def broken(self) -> dict[int, str]:
        """What the steps broke that broke something, in the order of their numbers; no record is fetched."""
        stored = {n: law for n, law in self._stored.broken.items() if n <= self._first and n not in self._taken}
        taken = {n: record.violated_law for n, record in self._taken.items() if record.violated_law}
        return dict(sorted({**stored, **taken}.items()))

    def __getitem__(self, n: int) -> Record:
        if n in self._taken:
            return self._taken[n]
        if 1 <= n <= self._first:
            return self._stored[n - 1]
        raise KeyError(n)

    def __contains__(self, n: object) -> bool:
        return n in self._taken or (isinstance(n, int) and 1 <= n <= self._first)

    def __iter__(self) -> Iterator[int]:
        yield from range(1, self._first + 1)
        yield from (n for n in self._taken if n > self._first)

    def __len__(self) -> int:
        return self._first + sum(n > self._first for n in self._taken)

    def add(self, record: Record) -> None:
        """A step that was taken, or taken again."""
        self._taken[record.n] = record

    def remove(self, n: int) -> None:
        """Forget a step that was taken."""
        del self._taken[n]

    def parent(self, n: int) -> int:
        """The step that step `n` was taken from. Raises KeyError."""
        if n in self._taken or not 1 <= n <= self._first:
            return self[n].parent
        return self._stored.parents[n - 1]

    def parents(self) -> Iterator[tuple[int, int]]:
        """Every step with the one that it was taken from; no record is fetched."""
        return ((n, self.parent(n)) for n in self)

    def ancestor_numbers(self, n: int) -> list[int]:
        """The numbers that lead from the initial state to step `n`; empty for 0."""
        out = []
        while n:
            out.append(n)
            n = self.parent(n)
        return out[::-1]

    def ancestors(self, n: int) -> list[Record]:
        """The records that lead from the initial state to step `n`."""
        return [self[number] for number in self.ancestor_numbers(n)]
