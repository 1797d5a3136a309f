"""Move through the history of a session: steps, branches, labels, and searches for a change."""

import re
from collections.abc import Iterable

from fasm_cli.debugger.breakpoints import Predicate
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import InputError, UsageError, did_you_mean
from fasm_cli.reports.repl import BranchLine, Differences, Saved, Tree
from fasm_cli.reports.sessions import HeadMoved, Log
from fasm_cli.reports.steps import diff_report, event_text
from fasm_cli.sessions.journal import MAIN
from fasm_cli.sessions.model import Mark, MarkKind
from fasm_cli.sessions.timeline import Snapshot, Timeline
from fasm_cli.types.codec import format_value
from fasm_cli.types.diff import diff_values
from fasm_cli.usecases.compare import side_of
from fasm_cli.usecases.sessions import check_version, log_of, timeline_of

START, END = "start", "end"
NAME = re.compile(r"[^\W\d][\w.~-]{0,59}")


def back(session: DebugSession, count: int = 1) -> HeadMoved:
    """Move the head `count` steps towards the initial state. Raises `UsageError`."""
    return goto(session, _step_back(session.timeline, count))


def _step_back(timeline: Timeline, count: int) -> int:
    """Return the ancestor `count` steps (at least 1) before the head."""
    before = [0, *timeline.journal.ancestor_numbers(timeline.head)][:-1]
    if not 1 <= count <= len(before):
        raise UsageError(f"cannot go back {count} of {len(before)} steps", "`goto 0` is the initial state")
    return before[-count]


def forward(session: DebugSession, count: int = 1) -> HeadMoved:
    """Move the head `count` steps along `forward_path`. Raises `UsageError`."""
    path = forward_path(session)
    if count < 1 or count > len(path):
        raise UsageError(f"cannot go forward {count} of {len(path)} steps", "a new step continues from here")
    return goto(session, path[count - 1])


def forward_path(session: DebugSession) -> list[int]:
    """Return the steps after the head, in order: back to where the head came from, else to the end of its branch."""
    timeline = session.timeline
    end = session.repl_state.forward_target
    if end == timeline.head or not timeline.journal.is_ancestor(timeline.head, end):
        end = timeline.journal.branches.tips[timeline.journal.branches.branch_of(timeline.head)]
    return timeline.journal.steps_between(timeline.head, end)


def goto(session: DebugSession, step: int) -> HeadMoved:
    """Move the head to `step`. No step is lost; the next step starts a branch. Raises `UsageError`."""
    timeline = session.timeline
    start, before = timeline.head, timeline.now
    _require_step(timeline, step)
    session.move(step)
    now = timeline.now
    changed = [str(change) for change in diff_values(before.state, now.state)]
    return HeadMoved(start, step, changed, len(now.pending), now.running, session.branch_name())


def _require_step(timeline: Timeline, step: int) -> None:
    if step != 0 and step not in timeline.journal:
        raise UsageError(f"no step {step}", f"steps go from 0 to {timeline.last}")


def resolve_step(session: DebugSession, text: str) -> int:
    """Return the step that `7`, `-1` (relative to the head), `start`, `end`, a label or a branch names.
    Raises `UsageError`."""
    timeline = session.timeline
    word = text.strip()
    if re.fullmatch(r"[#@]?[0-9]{1,9}", word):
        step = int(word.lstrip("#@"))
        _require_step(timeline, step)
        return step
    if re.fullmatch(r"-[0-9]{1,9}", word):
        return _step_back(timeline, int(word[1:])) if int(word) else timeline.head
    if word == START:
        return 0
    if word == END:
        return (forward_path(session) or [timeline.head])[-1]
    if word in session.marks.labels:
        return session.marks.labels[word]
    branches = _branches_by_name(session)
    if word in branches:
        return timeline.journal.branches.tips[branches[word]]
    known = [START, END, *session.marks.labels, *branches]
    raise UsageError(f"no step, label or branch {word[:60]!r}", did_you_mean(word, known))


def run_until_change(session: DebugSession, text: str, *, backwards: bool = False) -> HeadMoved:
    """Move to the first step, forward or backwards, after which the predicate `text` has changed.

    Raises `UsageError` if there is none, `InputError` if the predicate cannot be evaluated after any step.
    """
    timeline = session.timeline
    predicate = Predicate(session, text)
    here = predicate.holds(timeline.head)
    path: Iterable[int] = forward_path(session)
    if backwards:
        path = reversed([0, *timeline.journal.ancestor_numbers(timeline.head)][:-1])
    for step in path:
        if predicate.holds(step) is not here:
            return goto(session, step)
    if predicate.error is not None and not predicate.was_evaluated:
        raise predicate.error
    where = "between the initial state and here" if backwards else "between here and the end of the branch"
    raise UsageError(f"{text} is {here} here and never changes {where}", "`tree` shows the other branches")


def parse_range(session: DebugSession, text: str) -> tuple[int, int | None]:
    """Return the first and the last step of `a..b`, `a..` or `..b`. Raises `InputError` or `UsageError`."""
    first, dots, last = text.partition("..")
    if not dots:
        raise InputError(f"not a range of steps: {text[:60]!r}", "write a..b, like 3..7 or start..end")
    return resolve_step(session, first) if first else 1, resolve_step(session, last) if last else None


# --- names --------------------------------------------------------------------------------------------------------


def label(session: DebugSession, name: str) -> Saved:
    """Give the step at the head a name. Raises `UsageError`."""
    _check_new_name(session, name)
    session.mark(Mark(MarkKind.LABEL, name, session.timeline.head))
    return Saved(f"step {session.timeline.head} labelled", name)


def branch(session: DebugSession, name: str) -> Saved:
    """Give the branch at the head a name. Raises `UsageError`."""
    old = session.branch_name()
    _check_new_name(session, name)
    session.mark(Mark(MarkKind.BRANCH, name, session.timeline.journal.branches.branch_of(session.timeline.head)))
    return Saved(f"branch {old} renamed to", name)


def _check_new_name(session: DebugSession, name: str) -> None:
    if not NAME.fullmatch(name) or name in (START, END) or name.startswith(f"{MAIN}~"):
        raise UsageError(f"{name[:60]!r} is not a valid name", "begin with a letter, then letters, digits, - . _ ~")
    if name in session.marks.labels or name in _branches_by_name(session):
        raise UsageError(f"the name {name!r} is in use", "`tree` lists the names")


def switch(session: DebugSession, name: str) -> HeadMoved:
    """Move to the last step of another branch. Raises `UsageError`."""
    branches = _branches_by_name(session)
    if name not in branches:
        raise UsageError(f"no branch {name[:60]!r}", did_you_mean(name, branches))
    return goto(session, session.timeline.journal.branches.tips[branches[name]])


def _branches_by_name(session: DebugSession) -> dict[str, int]:
    return {session.branch_name(branch or 0): branch for branch in session.timeline.journal.branches.tips}


# --- overviews ----------------------------------------------------------------------------------------------------


def log(session: DebugSession, first: int = 1, last: int | None = None, *, everything: bool = True) -> Log:
    """List the steps from `first` to `last` in the order of execution, or only the ancestors of the head among them."""
    timeline = session.timeline
    ancestors = set(timeline.journal.ancestor_numbers(timeline.head))
    end = timeline.last if last is None else last
    steps = [n for n in range(first, end + 1) if everything or n in ancestors]
    return log_of(timeline.journal, timeline.head, session.marks, steps, lambda each: event_text(timeline, each))


def tree(session: DebugSession) -> Tree:
    """List every branch in the order in which they were started."""
    timeline = session.timeline
    branches = timeline.journal.branches
    steps_on: dict[int, list[int]] = {branch: [] for branch in branches.tips}
    for n in timeline.journal:
        steps_on[branches.branch_of(n)].append(n)
    lines = []
    for branch, tip in branches.tips.items():
        steps = steps_on[branch]
        parent = timeline.journal.parent(branch) if branch else 0
        labels = [(name, step) for name, step in session.marks.labels.items() if branches.branch_of(step) == branch]
        broken = [f"#{n} {law}" for n, law in timeline.journal.violated_laws.items() if branches.branch_of(n) == branch]
        here = branches.branch_of(timeline.head) == branch
        of = session.branch_name(parent) if branch else ""
        first = steps[0] if steps else 0
        lines.append(BranchLine(session.branch_name(branch), parent, of, first, tip, len(steps), here, labels, broken))
    return Tree(lines, timeline.head)


def diff(session: DebugSession, before: str = "", after: str = "") -> Differences:
    """Compare two states: the parent of the head with the head, `before` with the head, or `before` with `after`.

    Each is a step (see `resolve_step`), a session file of the same machine, or its step (`FILE@STEP`).
    """
    timeline = session.timeline
    if not before:
        record = timeline.journal.get(timeline.head)
        parent = record.parent if record else 0
        first, old = f"@{parent}", timeline.snapshot(parent)
    else:
        first, old = _resolve_snapshot(session, before)
    second, new = _resolve_snapshot(session, after) if after else (f"@{timeline.head}", timeline.now)
    removed, added = (
        {f"{each.ref} {format_value(each.tracked.action)}" for each in snapshot.pending.values()}
        for snapshot in (old, new)
    )
    pending = [f"- {text}" for text in sorted(removed - added)] + [f"+ {text}" for text in sorted(added - removed)]
    return Differences(first, second, diff_report(old.state, new.state), pending)


def _resolve_snapshot(session: DebugSession, text: str) -> tuple[str, Snapshot]:
    if ".toml" in text or "/" in text:
        side = side_of(session.project, text)
        check_version(side.path, side.stored.header, session.machine, given=True)
        return text, timeline_of(session.engine, side.path, side.stored, side.step).now
    step = resolve_step(session, text)
    return f"@{step}", session.timeline.snapshot(step)
