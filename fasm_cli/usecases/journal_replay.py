"""Executes the steps of a journal again, on every branch, up to the first that differs from its record."""

from collections.abc import Callable, Iterator
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.records import Record
from fasm_cli.engine.replayer import CannotReplay
from fasm_cli.reports.sessions import StepDifference
from fasm_cli.reports.steps import format_event_record, format_plain
from fasm_cli.sessions.journal import Journal
from fasm_cli.sessions.timeline import TakenStep, Timeline
from fasm_cli.types.plain import canonical_text

WORDS = {
    "actions": "action",
    "changed_paths": "change",
    "unrestored_ids": "unrestored id",
    "violated_law": "violated law",
}
Compare = Callable[[Record, Record], StepDifference | None]


class JournalReplay:
    """Executes the steps of `journal`, on every branch, again from `initial`.

    `difference` is set when a step differs from its record by `compare`; iterating ends there.
    """

    def __init__(self, engine: Engine, journal: Journal, initial: Any, compare: Compare) -> None:
        self.difference: StepDifference | None = None
        self.timeline = Timeline(engine, initial)
        self._journal = journal
        self._compare = compare

    def steps(self) -> Iterator[tuple[Record, TakenStep]]:
        """Yield each record with the step that it gives now, up to the first difference."""
        journal = self._journal
        last_child = {journal.parent(n): n for n in journal}
        try:
            for recorded, taken in self.timeline.replay(journal.values()):
                self.difference = self._compare(recorded, taken.record)
                if self.difference is not None:
                    return
                yield recorded, taken
                for n in (recorded.n, recorded.parent):
                    if last_child.get(n, 0) <= recorded.n:
                        self.timeline.evict(n)
        except CannotReplay as failed:
            record: Record = failed.recorded
            text = format_event_record(record.event)
            self.difference = StepDifference(record.n, "event", text, f"can no longer be taken: {failed.reason}")


def strict_diff(old: Record, new: Record) -> StepDifference | None:
    """The first thing in which two records of one step differ. What fasm made of it (`broken`) is no part of it."""
    for what in ("event", "outcome", "error", "actions", "changed_paths", "unrestored_ids", "digest"):
        was, is_now = getattr(old, what), getattr(new, what)
        if canonical_text(was) != canonical_text(is_now):
            return narrow_diff(old.n, what, was, is_now)
    return None


def narrow_diff(step: int, what: str, old: Any, new: Any) -> StepDifference:
    """Describe a difference as narrowly as possible: for two lists, by the first element that differs."""
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
