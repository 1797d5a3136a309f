"""The journal of a session: its steps on every branch, in memory or in a file, and what a reader must know about them.

Ancestry and violated laws are kept in two small arrays. The records of a file are loaded when they are asked for.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from fasm_cli.engine.process import ProcessState
from fasm_cli.engine.records import Record, apply_record
from fasm_cli.types.codec import DecodeError

MAIN = "main"
MIN_DISTANCE = 25  # steps between two process states that a `StateTracker` keeps, plus one for each pending action


class StepSequence(Sequence[Record]):
    """The steps of a file in the order in which they were appended: number n is at n - 1. This class keeps them in
    memory; `FileSteps` reads them from their file."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records = list(records)
        self.parents = array("I", [record.parent for record in self._records])  # of number n, at n - 1
        self.violated_laws = {record.n: record.violated_law for record in self._records if record.violated_law}

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


class Branches:
    """The branches of a journal.

    The first step after another one continues its branch; each later one starts a branch. A branch goes by the number
    of its first step (0: the branch that begins at the initial state). Until a person names it, it is called `main`,
    `main~2`, `main~3` in the order in which the branches were started.
    """

    def __init__(self, parents: Iterable[tuple[int, int]] = ()) -> None:
        self._branch = array("I", [0])  # by step
        self._next = array("I", [0])  # the first step after a step; 0 if there is none
        self.tips: dict[int, int] = {0: 0}  # the last step by branch, in the order in which they were started
        for n, parent in parents:
            self.add(n, parent)

    def add(self, n: int, parent: int) -> bool:
        """Add step `n`. Returns whether it starts a branch."""
        gap = [0] * (n + 1 - len(self._branch))  # numbers may be left out
        self._branch.extend(gap)
        self._next.extend(gap)
        forks = self._next[parent] != 0
        if not forks:
            self._next[parent] = n
        self._branch[n] = branch = n if forks else self._branch[parent]
        self.tips[branch] = n
        return forks

    def remove_last(self, n: int, parent: int) -> None:
        """Remove step `n`, the last one that was added."""
        branch = self._branch[n]
        if branch == n:
            del self.tips[branch]
        else:
            self.tips[branch] = parent
            self._next[parent] = 0

    def branch_of(self, n: int) -> int:
        """The branch that step `n` is on."""
        return self._branch[n]

    def default_name(self, branch: int) -> str:
        """The name of a branch that was not given one."""
        at = list(self.tips).index(branch)
        return f"{MAIN}~{at + 1}" if at else MAIN


class Journal(Mapping[int, Record]):
    """Every record by its number.

    `snapshots` are the plain states after some of the steps. `process_states` tell where the process stood after some
    steps with a snapshot, with ids as canonical text and actions as plain data.
    """

    def __init__(
        self,
        records: Iterable[Record] = (),
        snapshots: Mapping[int, Any] | None = None,
        process_states: Mapping[int, ProcessState] | None = None,
    ) -> None:
        self._stored = records if isinstance(records, StepSequence) else StepSequence(records)
        self._first_new = len(self._stored)  # steps that were there at first; a writer of the file may add to them
        self._new: dict[int, Record] = {}
        self.snapshots = {} if snapshots is None else snapshots
        self._process_states = process_states or {}
        self.branches = Branches((n, self.parent(n)) for n in self)

    @property
    def violated_laws(self) -> dict[int, str]:
        """The law that a step violated, by step, for the steps that violated one. Loads no record."""
        stored = {
            n: law for n, law in self._stored.violated_laws.items() if n <= self._first_new and n not in self._new
        }
        new = {n: record.violated_law for n, record in self._new.items() if record.violated_law}
        return dict(sorted({**stored, **new}.items()))

    def __getitem__(self, n: int) -> Record:
        if n in self._new:
            return self._new[n]
        if 1 <= n <= self._first_new:
            return self._stored[n - 1]
        raise KeyError(n)

    def __contains__(self, n: object) -> bool:
        return n in self._new or (isinstance(n, int) and 1 <= n <= self._first_new)

    def __iter__(self) -> Iterator[int]:
        yield from range(1, self._first_new + 1)
        yield from (n for n in self._new if n > self._first_new)

    def __len__(self) -> int:
        return self._first_new + sum(n > self._first_new for n in self._new)

    def append(self, record: Record) -> bool:
        """Add a step, or replace the one with its number. Returns whether it starts a branch."""
        self._new[record.n] = record
        return self.branches.add(record.n, record.parent)

    def remove_last(self, record: Record) -> None:
        """Remove the step that was appended last."""
        del self._new[record.n]
        self.branches.remove_last(record.n, record.parent)

    def parent(self, n: int) -> int:
        """The step before step `n`. Raises `KeyError`."""
        if n in self._new or not 1 <= n <= self._first_new:
            return self[n].parent
        return self._stored.parents[n - 1]

    def ancestor_numbers(self, n: int) -> list[int]:
        """The numbers of the steps from the initial state to step `n`; empty for 0."""
        out = []
        while n:
            out.append(n)
            n = self.parent(n)
        return out[::-1]

    def ancestors(self, n: int) -> list[Record]:
        """The records from the initial state to step `n`."""
        return [self[number] for number in self.ancestor_numbers(n)]

    def is_ancestor(self, n: int, of: int) -> bool:
        """Whether step `n` is on the way from the initial state to step `of`, or is that step."""
        while of > n:
            of = self.parent(of)
        return of == n

    def steps_between(self, n: int, to: int) -> list[int]:
        """The steps after `n` up to `to`, which must be a descendant of `n`."""
        out = []
        while to != n:
            out.append(to)
            to = self.parent(to)
        return out[::-1]

    def process_state(self, n: int) -> ProcessState:
        """Where the process stands after step `n`, from the records alone, with ids as canonical text and actions as
        plain data. Raises `DecodeError` if a record holds no event."""
        since = []
        while n and n not in self._process_states:
            since.append(n)
            n = self.parent(n)
        state = self._process_states[n].copy() if n else ProcessState()
        for number in reversed(since):
            apply_record(state, self[number])
        return state


class StateTracker:
    """Follows the process state through a file that is read from its beginning, and keeps it at some of the snapshots,
    so that little is read twice: copying a state costs no more than reading the steps since the last one.

    A branch that starts at a step without a kept state is not followed; `Journal.process_state` computes it when asked.
    """

    def __init__(self) -> None:
        self._now: ProcessState | None = ProcessState()
        self._at = 0
        self._last = 0  # the last step whose state was kept
        self.kept: dict[int, ProcessState] = {}

    def add(self, record: Record, *, snapshot: bool) -> None:
        """Apply the next record of the file; `snapshot` says whether it has a snapshot."""
        if record.parent != self._at:
            known = self.kept.get(record.parent)
            self._now = ProcessState() if record.parent == 0 else known.copy() if known is not None else None
        self._at = record.n
        if self._now is None:
            return
        try:
            apply_record(self._now, record)
        except DecodeError:  # reported when the user continues from here
            self._now = None
            return
        if snapshot and record.n - self._last >= MIN_DISTANCE + len(self._now.pending):
            self._last = record.n
            self.kept[record.n] = self._now.copy()
