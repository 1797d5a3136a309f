"""Where the process stands along a file that is read from its beginning, so that little has to be read twice."""

from fasm_cli.engine.process_state import ProcessState
from fasm_cli.engine.records import Record, apply_record
from fasm_cli.types.codec import DecodeError

APART = 25  # steps between two standings that are kept, at least; and as many more as are pending, so that keeping
# them costs no more than reading the steps


class Line:
    """Follows the steps as long as each is taken from the one before, and keeps where snapshots left it.

    A branch that starts elsewhere than where a standing is kept is not followed; what it leads to is told from its
    records when somebody asks.
    """

    def __init__(self) -> None:
        self._now: ProcessState | None = ProcessState()
        self._at = 0
        self._last = 0  # the step that a standing was kept for last
        self.kept: dict[int, ProcessState] = {}

    def move(self, record: Record, *, snapshot: bool) -> None:
        """The next record of the file; whether it has a snapshot."""
        if record.parent != self._at:
            known = self.kept.get(record.parent)
            self._now = ProcessState() if record.parent == 0 else known.copy() if known is not None else None
        self._at = record.n
        if self._now is None:
            return
        try:
            apply_record(self._now, record)
        except DecodeError:  # said when somebody wants to go on from here
            self._now = None
            return
        if snapshot and record.n - self._last >= APART + len(self._now.pending):
            self._last = record.n
            self.kept[record.n] = self._now.copy()
