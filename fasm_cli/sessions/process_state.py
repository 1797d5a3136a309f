"""Where a process stands after some steps, told from their records alone: no machine is run, and none is needed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from fasm_cli.engine.events import ARMED_POINTS, ActionRef, Crash, CrashPoint, FaultKind, InjectedFault
from fasm_cli.engine.records import Record
from fasm_cli.engine.step_result import Outcome
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import TAG, canonical_text


@dataclass(slots=True)
class Standing:
    """What is pending, by its id as canonical text: where it was emitted last and since which step it is pending; and
    whether the process is up, and what waits ahead of it. It starts as the initial state does."""

    pending: dict[str, tuple[ActionRef, int]] = field(default_factory=dict)
    up: bool = True
    ahead: Crash | InjectedFault | None = None

    def copy(self) -> "Standing":
        return Standing(dict(self.pending), self.up, self.ahead)

    def after(self, records: Iterable[Record]) -> "Standing":
        """Itself, moved on by `records`, each taken from the one before. Raises `Mismatch`."""
        for record in records:
            self.move(record)
        return self

    def move(self, record: Record) -> None:
        """Take in one more record. Raises `Mismatch` where it holds no event or no action."""
        try:
            self._move(record)
        except (KeyError, TypeError, ValueError):
            raise DecodeError(f"step {record.n} holds what is no event, or no action") from None

    def _move(self, record: Record) -> None:
        kind = record.event[TAG]
        ahead = self.ahead
        waits = kind == "fault" or (kind == "crash" and record.event["point"] in ARMED_POINTS)
        if waits:
            at = record.event.get("at", 0)
            is_fault = kind == "fault"
            self.ahead = (
                InjectedFault(FaultKind(record.event["failure"]), at)
                if is_fault
                else Crash(CrashPoint(record.event["point"]), at)
            )
            return
        if kind == "lose" or record.outcome == Outcome.SKIPPED:
            return
        if record.outcome == Outcome.COMMITTED:
            self._commit(record, kind)
            unknown = kind != "restore" and ahead is not None and ahead == InjectedFault(FaultKind.UNKNOWN)
            self.up = kind != "crash" and not unknown
        elif record.outcome == Outcome.ABORTED and ahead == Crash(CrashPoint.BEFORE_COMMIT):
            self.up = False
        waits_on = kind == "crash" or (
            kind != "restore" and ahead is not None and ahead == Crash(CrashPoint.IN_RESTORE, ahead.nth)
        )
        self.ahead = ahead if waits_on else None

    def _commit(self, record: Record, kind: str) -> None:
        if kind == "completion":
            self.pending.pop(canonical_text(record.event["id"]), None)
        for index, action in enumerate(record.actions, 1):
            if action[TAG] == "Tracked":
                id = canonical_text(action["id"])
                known = self.pending.get(id)
                self.pending[id] = (ActionRef(record.n, index), known[1] if known else record.n)
