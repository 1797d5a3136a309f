"""Running the steps of a history again, on every branch, up to the first that does not come out as it is written."""

from collections.abc import Callable, Iterator
from typing import Any

from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import Record
from fasm_cli.reports.sessions import StepDifference
from fasm_cli.reports.steps import format_event_record, format_plain
from fasm_cli.sessions.step_log import History
from fasm_cli.sessions.timeline import TakenStep, Timeline
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import canonical_text

WORDS = {
    "actions": "action",
    "changed_paths": "change",
    "unrestored_ids": "unrestored id",
    "violated_law": "violated law",
}
Compare = Callable[[Record, Record], StepDifference | None]


class Rerun:
    """The steps of `history`, taken again by `machine` from `initial`, one after the other.

    `finding` is set once a step did not come out the same, by `compare`; then it ends.
    """

    def __init__(self, machine: Machine, history: History, initial: Any, compare: Compare) -> None:
        self.finding: StepDifference | None = None
        self._history = history
        self._compare = compare
        self.timeline = Timeline(machine, initial)

    def entries(self) -> Iterator[tuple[Record, TakenStep]]:
        """Each record with what it led to now, up to the first difference."""
        timeline, history = self.timeline, self._history
        last_child = {parent: n for n, parent in history.parents()}
        for n, record in history.items():
            try:
                entry = timeline.replay(record)
            except DecodeError as wrong:
                self.finding = StepDifference(
                    n, "event", format_event_record(record.event), f"can no longer be taken: {wrong}"
                )
                return
            self.finding = self._compare(record, entry.record)
            if self.finding is not None:
                return
            yield record, entry
            for moment in (n, record.parent):
                if last_child.get(moment, 0) <= n:
                    timeline.evict(moment)


def strict_diff(old: Record, new: Record) -> StepDifference | None:
    """The first thing in which two records of one step differ. What fasm made of it (`broken`) is no part of it."""
    for what in ("event", "outcome", "error", "actions", "changed_paths", "unrestored_ids", "digest"):
        was, is_now = getattr(old, what), getattr(new, what)
        if canonical_text(was) != canonical_text(is_now):
            return narrow_diff(old.n, what, was, is_now)
    return None


def narrow_diff(step: int, what: str, old: Any, new: Any) -> StepDifference:
    """The difference told as narrowly as it goes: of two lists, the first element that is not the same."""
    if isinstance(old, list) and isinstance(new, list):
        at = next((at for at, (was, is_now) in enumerate(zip(old, new, strict=False)) if was != is_now), None)
        at = min(len(old), len(new)) if at is None else at
        was, is_now = ("".join(map(_text, side[at : at + 1])) for side in (old, new))
        return StepDifference(step, f"{WORDS.get(what, what)} {at + 1}", was, is_now)
    if what == "event":
        return StepDifference(step, what, format_event_record(old), format_event_record(new))
    return StepDifference(step, WORDS.get(what, what), _text(old), _text(new))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else format_plain(value)
