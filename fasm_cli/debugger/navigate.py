"""Going back and forth in time: places, branches, labels, and the search for where something became true."""

import re
from collections.abc import Iterable

from fasm_cli.debugger.predicate import Predicate
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
from fasm_cli.usecases.compatibility import check_version
from fasm_cli.usecases.sessions import log_of, timeline_of

START, END = "start", "end"
NAME = re.compile(r"[^\W\d][\w.~-]{0,59}")


def back(workbench: DebugSession, count: int = 1) -> HeadMoved:
    """Move the head `count` steps towards the initial state."""
    return goto(workbench, _behind(workbench.timeline, count))


def _behind(timeline: Timeline, count: int) -> int:
    """The step that lies `count` steps behind the head, 1 or more."""
    before = [0, *timeline.journal.ancestor_numbers(timeline.head)][:-1]
    if not 1 <= count <= len(before):
        raise UsageError(f"cannot go back {count} of {len(before)} steps", "`goto 0` is the initial state")
    return before[-count]


def forward(workbench: DebugSession, count: int = 1) -> HeadMoved:
    """Move the head `count` steps along the branch that was walked last."""
    way = forward_path(workbench)
    if count < 1 or count > len(way):
        raise UsageError(f"cannot go forward {count} of {len(way)} steps", "a new step goes on from here")
    return goto(workbench, way[count - 1])


def forward_path(workbench: DebugSession) -> list[int]:
    """The steps after the head, in order: the way one came from, else to the end of the head's own branch."""
    timeline = workbench.timeline
    end = workbench.repl_state.forward_target
    if end == timeline.head or not timeline.journal.is_ancestor(timeline.head, end):
        end = timeline.journal.branches.tips[timeline.journal.branches.branch_of(timeline.head)]
    return timeline.journal.steps_between(timeline.head, end)


def goto(workbench: DebugSession, step: int) -> HeadMoved:
    """Move the head to `step`; nothing is lost, and the next step forks."""
    timeline = workbench.timeline
    start, before = timeline.head, timeline.now
    _require_step(timeline, step)
    workbench.move(step)
    now = timeline.now
    changed = [str(change) for change in diff_values(before.state, now.state)]
    return HeadMoved(start, step, changed, len(now.pending), now.running, workbench.branch_name())


def _require_step(timeline: Timeline, step: int) -> None:
    if step != 0 and step not in timeline.journal:
        raise UsageError(f"no step {step}", f"steps go from 0 to {timeline.last}")


def resolve_step(workbench: DebugSession, text: str) -> int:
    """The step that `7`, `-1` (counted back from here), `start`, `end`, a label or a branch means."""
    timeline = workbench.timeline
    word = text.strip()
    if re.fullmatch(r"[#@]?[0-9]{1,9}", word):
        step = int(word.lstrip("#@"))
        _require_step(timeline, step)
        return step
    if re.fullmatch(r"-[0-9]{1,9}", word):
        return _behind(timeline, int(word[1:])) if int(word) else timeline.head
    if word == START:
        return 0
    if word == END:
        return (forward_path(workbench) or [timeline.head])[-1]
    if word in workbench.marks.labels:
        return workbench.marks.labels[word]
    named = _branches(workbench)
    if word in named:
        return timeline.journal.branches.tips[named[word]]
    known = [START, END, *workbench.marks.labels, *named]
    raise UsageError(f"no place {word[:60]!r}: not a number, a label or a branch", did_you_mean(word, known))


def run_until_change(workbench: DebugSession, text: str, *, backwards: bool = False) -> HeadMoved:
    """Move to the first step, forward or back, at which `text` is no longer what it is here."""
    timeline = workbench.timeline
    question = Predicate(workbench, text)
    here = question.holds(timeline.head)
    way: Iterable[int] = forward_path(workbench)
    if backwards:
        way = reversed([0, *timeline.journal.ancestor_numbers(timeline.head)][:-1])
    for step in way:
        if question.holds(step) is not here:
            return goto(workbench, step)
    if question.fault is not None and not question.answered:
        raise question.fault
    where = "back to the initial state" if backwards else "from here to the end of the branch"
    raise UsageError(f"{text} stays {here} {where}", "`tree` shows the other branches")


# --- names --------------------------------------------------------------------------------------------------------


def label(workbench: DebugSession, name: str) -> Saved:
    """Give the step at the head a name."""
    _check_new(workbench, name)
    workbench.mark(Mark(MarkKind.LABEL, name, workbench.timeline.head))
    return Saved(f"step {workbench.timeline.head} is called", name)


def branch(workbench: DebugSession, name: str) -> Saved:
    """Give the branch at the head a name."""
    was = workbench.branch_name()
    _check_new(workbench, name)
    workbench.mark(Mark(MarkKind.BRANCH, name, workbench.timeline.journal.branches.branch_of(workbench.timeline.head)))
    return Saved(f"branch {was} is called", name)


def _check_new(workbench: DebugSession, name: str) -> None:
    if not NAME.fullmatch(name) or name in (START, END) or name.startswith(f"{MAIN}~"):
        raise UsageError(f"{name[:60]!r} is no name for it", "a letter first, then letters, digits, - . _ ~")
    if name in workbench.marks.labels or name in _branches(workbench):
        raise UsageError(f"{name!r} is taken", "`tree` shows the names there are")


def switch(workbench: DebugSession, name: str) -> HeadMoved:
    """Move to the end of another branch."""
    named = _branches(workbench)
    if name not in named:
        raise UsageError(f"no branch {name[:60]!r}", did_you_mean(name, named))
    return goto(workbench, workbench.timeline.journal.branches.tips[named[name]])


def _branches(workbench: DebugSession) -> dict[str, int]:
    return {workbench.branch_name(branch or 0): branch for branch in workbench.timeline.journal.branches.tips}


# --- the whole ----------------------------------------------------------------------------------------------------


def log(workbench: DebugSession, first: int = 1, last: int | None = None, *, everything: bool = True) -> Log:
    """The steps from `first` to `last` in the order they were taken; `here` marks those that lead to the head, and
    without `everything` those alone are told."""
    timeline = workbench.timeline
    here = set(timeline.journal.ancestor_numbers(timeline.head))
    end = timeline.last if last is None else last
    steps = [n for n in range(first, end + 1) if everything or n in here]
    return log_of(timeline.journal, timeline.head, workbench.marks, steps, lambda each: event_text(timeline, each))


def tree(workbench: DebugSession) -> Tree:
    """Every branch, in the order they were started."""
    timeline = workbench.timeline
    branches = timeline.journal.branches
    laws = timeline.journal.violated_laws
    on: dict[int, list[int]] = {branch: [] for branch in branches.tips}
    for n in timeline.journal:
        on[branches.branch_of(n)].append(n)
    lines = []
    for branch, tip in branches.tips.items():
        steps = on[branch]
        parent = timeline.journal.parent(branch) if branch else 0
        labels = [(name, step) for name, step in workbench.marks.labels.items() if branches.branch_of(step) == branch]
        broken = [f"#{n} {law}" for n, law in laws.items() if branches.branch_of(n) == branch]
        here = branches.branch_of(timeline.head) == branch
        of = workbench.branch_name(parent) if branch else ""
        first = steps[0] if steps else 0
        lines.append(
            BranchLine(workbench.branch_name(branch), parent, of, first, tip, len(steps), here, labels, broken)
        )
    return Tree(lines, timeline.head)


def diff(workbench: DebugSession, before: str = "", after: str = "") -> Differences:
    """What differs between two places; from the step before to here where none is given, from one to here."""
    timeline = workbench.timeline
    if not before:
        record = timeline.journal.get(timeline.head)
        first, one = f"@{record.parent if record else 0}", timeline.snapshot(record.parent if record else 0)
    else:
        first, one = _moment(workbench, before)
    second, two = _moment(workbench, after) if after else (f"@{timeline.head}", timeline.now)
    changed = diff_report(one.state, two.state)
    here, there = (
        {f"{each.ref} {format_value(each.tracked.action)}" for each in m.pending.values()} for m in (one, two)
    )
    pending = [f"- {text}" for text in sorted(here - there)] + [f"+ {text}" for text in sorted(there - here)]
    return Differences(first, second, changed, pending)


def _moment(workbench: DebugSession, text: str) -> tuple[str, Snapshot]:
    """A place in this session; or the head of another one of the same machine, or its step (`FILE@STEP`)."""
    if ".toml" in text or "/" in text:
        side = side_of(workbench.project, text)
        check_version(side.path, side.stored.header, workbench.machine, given=True)
        return text, timeline_of(workbench.engine, side.path, side.stored, side.step).now
    step = resolve_step(workbench, text)
    return f"@{step}", workbench.timeline.snapshot(step)


def parse_range(workbench: DebugSession, text: str) -> tuple[int, int | None]:
    """`a..b`, `a..` or `..b` as two steps. Raises `UsageError`."""
    first, dots, last = text.partition("..")
    if not dots:
        raise InputError(f"not a range of steps: {text[:60]!r}", "write a..b, like 3..7 or start..end")
    return resolve_step(workbench, first) if first else 1, resolve_step(workbench, last) if last else None
