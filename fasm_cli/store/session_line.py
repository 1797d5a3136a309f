"""Where the process stands along a file that is read from its beginning, so that nothing has to be read twice."""

from fasm_cli.core.codec import Mismatch
from fasm_cli.core.record import Record
from fasm_cli.core.standing import Standing


class Line:
    """Follows the steps as long as each is taken from the one before, and keeps where the last snapshot left it.

    A branch that starts elsewhere than at that snapshot or the beginning is not followed; what it leads to is told
    from its records when somebody asks.
    """

    def __init__(self) -> None:
        self._now: Standing | None = Standing()
        self._at = 0
        self.kept: Standing | None = None
        self.kept_at = 0

    def move(self, record: Record, *, snapshot: bool) -> None:
        """The next record of the file; whether it has a snapshot."""
        if record.parent != self._at:
            if record.parent == 0:
                self._now = Standing()
            else:
                self._now = self.kept.copy() if self.kept is not None and record.parent == self.kept_at else None
        self._at = record.n
        if self._now is None:
            return
        try:
            self._now.move(record)
        except Mismatch:  # said when somebody wants to go on from here
            self._now = None
            return
        if snapshot:
            self.kept, self.kept_at = self._now.copy(), record.n
