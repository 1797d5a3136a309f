"""The steps of a file without their text: where each one stands, and its text read again when it is asked for.

A step costs 24 bytes, whatever is in it; the last few hundred that were asked for are kept.
"""

import tomllib
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions.block import SUM_LENGTH, read_step
from fasm_cli.sessions.byte_source import Source
from fasm_cli.sessions.format import STEP, chain_checksum
from fasm_cli.sessions.journal import StepSequence
from fasm_cli.sessions.toml_values import NotStorable

MOST_KEPT = 512  # records


class FileSteps(StepSequence):
    """The steps of `source`, which is called `name`."""

    def __init__(self, source: Source, name: str) -> None:
        super().__init__()
        self._source, self._name = source, name
        self._offsets, self._sizes = array("Q"), array("I")
        self._previous = array("Q")  # the sum of the block before it
        self._kept: OrderedDict[int, Record] = OrderedDict()
        self.snapshots = Snapshots(self)

    def note(self, record: Record, offset: int, size: int, previous: str, *, snapshot: bool) -> None:
        """The next step stands in `size` bytes at `offset`, behind a block with the sum `previous`."""
        self.parents.append(record.parent)
        self._offsets.append(offset)
        self._sizes.append(size)
        self._previous.append(int(previous, 16))
        if record.violated_law:
            self.violated_laws[record.n] = record.violated_law
        if snapshot:
            self.snapshots.numbers.append(record.n)

    def read(self, n: int) -> tuple[Record, Any]:
        """Step `n` and its snapshot, None where it has none. Raises `SessionError` where the file was changed."""
        block = self._source.at(self._offsets[n - 1], self._sizes[n - 1])
        body, own = block[:-SUM_LENGTH], block[-SUM_LENGTH:]
        if own != f'sum = "{chain_checksum(body, f"{self._previous[n - 1]:016x}")}"\n'.encode():
            raise self._changed(n)
        try:
            return read_step(body[len(STEP) :], n)
        except (NotStorable, tomllib.TOMLDecodeError):
            raise self._changed(n) from None

    def _changed(self, n: int) -> SessionError:
        return SessionError(f"{self._name}: step {n} was changed while it was open", "open it again")

    def _fetch(self, at: int) -> Record:
        kept = self._kept
        if at in kept:
            kept.move_to_end(at)
            return kept[at]
        record, _ = self.read(at + 1)
        kept[at] = record
        if len(kept) > MOST_KEPT:
            kept.popitem(last=False)
        return record


class Snapshots(Mapping[int, Any]):
    """Plain states by the number of the step that led to them, read when they are asked for."""

    def __init__(self, steps: FileSteps) -> None:
        self._steps = steps
        self.numbers = array("I")

    def __getitem__(self, n: int) -> Any:
        if n not in self:
            raise KeyError(n)
        return self._steps.read(n)[1]

    def __contains__(self, n: object) -> bool:
        return n in self.numbers

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)
