"""What a record alone tells of the process that took it: what is pending after it, whether it is up, what waits."""

from fasm_cli.core.codec.plain import TAG, canonical_text
from fasm_cli.core.event import AHEAD, Crash, Failure, Fault, Point, Ref
from fasm_cli.core.record import Record
from fasm_cli.core.step import Outcome


def fold(
    record: Record, pending: dict[str, tuple[Ref, int]], *, up: bool, ahead: Crash | Fault | None
) -> tuple[bool, Crash | Fault | None]:
    """What one record does to the pending ids (as canonical text) and to the process, without its machine."""
    kind = record.event[TAG]
    waits = kind == "fault" or (kind == "crash" and record.event["point"] in AHEAD)
    if waits:
        at = record.event.get("at", 0)
        is_fault = kind == "fault"
        return up, Fault(Failure(record.event["failure"]), at) if is_fault else Crash(Point(record.event["point"]), at)
    if kind == "lose" or record.outcome == Outcome.SKIPPED:
        return up, ahead
    if record.outcome == Outcome.COMMITTED:
        if kind == "completion":
            pending.pop(canonical_text(record.event["id"]), None)
        for index, action in enumerate(record.actions, 1):
            if action[TAG] == "Tracked":
                known = pending.get(canonical_text(action["id"]))
                pending[canonical_text(action["id"])] = (Ref(record.n, index), known[1] if known else record.n)
        unknown = kind != "restore" and ahead is not None and ahead == Fault(Failure.UNKNOWN)
        up = kind != "crash" and not unknown
    elif record.outcome == Outcome.FAILED and ahead == Crash(Point.BEFORE_COMMIT):
        up = False
    waits_on = kind == "crash" or (
        kind != "restore" and ahead is not None and ahead == Crash(Point.IN_RESTORE, ahead.at)
    )
    return up, ahead if waits_on else None
