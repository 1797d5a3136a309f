"""What a verb's words may be, by kind, as things stand now: pending actions, steps, paths of the state, files."""

import os
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from fasm_cli.cli.prompt.value_completions import MOST, Option, values
from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.registry import VERBS
from fasm_cli.debugger.expect import OUTCOMES
from fasm_cli.debugger.export import FORMATS
from fasm_cli.debugger.expressions.grammar import FUNCTIONS, field_names, field_of
from fasm_cli.debugger.navigate import END, START
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.events import CrashPoint, FaultKind
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import Record
from fasm_cli.errors import FasmError
from fasm_cli.reports.steps import event_text
from fasm_cli.sessions.timeline import Snapshot
from fasm_cli.simulation.answers import sample_responses
from fasm_cli.types.format import format_value
from fasm_cli.types.schema import variants

SHORT = 60  # characters of a value beside an option
RECENT = 40  # steps that are looked at and offered: each must be read and told while somebody waits for a key
SEGMENT = re.compile(r"\.?([^\W\d]\w*)|\[([^\[\]]*)\]")

POINTS = {
    CrashPoint.BETWEEN: "after every action of the last step was sent out",
    CrashPoint.AFTER_COMMIT: "before the first action of the last step was sent out",
    CrashPoint.AFTER_ACTION: "when the first N actions of the last step were sent out",
    CrashPoint.BEFORE_COMMIT: "at the end of the next transition: it never happened",
    CrashPoint.IN_RESTORE: "at the N-th emission of the next restore",
}
FAILURES = {
    FaultKind.ACTIONS_FULL: "the N-th actions.add raises ActionsFull",
    FaultKind.LOAD: "the store cannot give the state",
    FaultKind.COMMIT: "the store refuses the commit",
    FaultKind.CANCEL: "cancelled at the N-th await of the state",
    FaultKind.DISCONNECT: "the N-th await of the state raises",
    FaultKind.UNKNOWN: "committed, and the answer lost",
}


def inputs(bench: DebugSession, word: str = "", before: tuple[str, ...] = ()) -> Iterator[Option]:
    for shape in variants(bench.machine.input_schema).values():
        yield from values(shape)


def actions(bench: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    for id, each in bench.timeline.now.pending.items():
        yield Option(str(each.ref), f"id {format_value(id)}  {short(format_value(each.tracked.action))}")


def completed(bench: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    """The actions that had a result in the last steps; whether one is pending again is not asked."""
    seen: dict[str, Record] = {}
    last = bench.timeline.last
    for record in map(bench.timeline.journal.__getitem__, range(last, max(last - RECENT, 0), -1)):
        of = record.event.get("of") if record.event.get("type") == "completion" else None
        if of:
            seen.setdefault(str(of), record)
    for handle, record in seen.items():
        yield Option(handle, short(event_text(bench.timeline, record)))


def results(bench: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    """Whole results that this action may get, then everything that a result may begin with."""
    machine = bench.machine
    if machine.result_schema is None:
        return
    try:
        tracked = bench.find(before[0]).tracked if before else None
    except FasmError:  # no such action: said when the line is performed
        tracked = None
    if tracked is not None:
        for result in sample_responses(machine, tracked):
            yield Option(format_value(result), f"as respond answers {type(tracked.action).__name__}")
    yield from values(machine.result_schema)


def steps(bench: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    """The newest first; where digits are typed, the newest of those that begin with them."""
    numbers = (n for n in range(bench.timeline.last, 0, -1) if str(n).startswith(word))
    for record in map(bench.timeline.journal.__getitem__, islice(numbers, RECENT)):
        mark = f"  {record.outcome}" if record.outcome != "committed" else ""
        yield Option(str(record.n), f"{short(event_text(bench.timeline, record))}{mark}")
    yield Option("0", "the initial state")
    if not word[:1].isdigit():
        yield Option("-1", "the step before")
        yield Option(START, "the initial state")
        yield Option(END, "the last step of this branch")


def paths(bench: DebugSession, word: str, before: tuple[str, ...] = ()) -> Iterator[Option]:
    """The places one level below what `word` names so far."""
    yield from below(bench.timeline.now.state, "", word)


def expressions(bench: DebugSession, word: str, before: tuple[str, ...] = ()) -> Iterator[Option]:
    """`state`, `prev` and the others, or what lies below them."""
    now = bench.timeline.now
    roots: dict[str, Any] = {"state": now.state, "prev": previous(bench).state}
    root = re.match(r"[^\W\d]\w*(?=[.\[])", word)
    if root is not None and root[0] in roots:
        yield from below(roots[root[0]], root[0], word[root.end() :])
        return
    yield Option("state", "the committed state")
    yield Option("prev", "the state before this step")
    yield Option("pending", f"{len(now.pending)} now")
    yield Option("up", str(now.running))
    yield from (Option(f"{name}(") for name in FUNCTIONS)


def previous(bench: DebugSession) -> Snapshot:
    timeline = bench.timeline
    return timeline.snapshot(timeline.journal[timeline.head].parent) if timeline.head else timeline.now


def below(value: Any, prefix: str, word: str) -> Iterator[Option]:
    """The children of the last whole segment of `word`, which starts at `value`; `prefix` stands before them."""
    cut = max(word.rfind("."), word.rfind("["), 0)
    for found in SEGMENT.finditer(word[:cut]):
        try:
            value = field_of(value, found[1]) if found[1] else _keyed(value)[found[2]]
        except (AttributeError, KeyError):
            return
    at = prefix + word[:cut]
    for name in field_names(value):
        yield Option(f"{at}.{name}" if at else name, short(format_value(field_of(value, name))))
    for key, each in islice(_keyed(value).items(), MOST):
        yield Option(f"{at}[{key}]", short(format_value(each)))


def _keyed(value: Any) -> dict[str, Any]:
    """The elements of a collection by the text of their key or index."""
    if type(value) is dict:
        return {format_value(key): each for key, each in value.items()}
    return {str(at): each for at, each in enumerate(value)} if isinstance(value, list | tuple) else {}


def files(bench: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    """What lies in the folder that `word` is in; hidden files where a dot is typed."""
    folder, name = os.path.split(word)
    try:
        with os.scandir(Path(folder).expanduser() if folder else ".") as found:
            entries = sorted((entry.name, entry.is_dir()) for entry in islice(found, 10 * MOST))
    except OSError:  # no such folder
        return
    for entry, is_folder in entries:
        if entry.startswith(".") <= name.startswith("."):
            yield Option(os.path.join(folder, entry) + ("/" if is_folder else ""))  # noqa: PTH118  as it was typed


def verbs(bench: DebugSession, word: str = "", before: tuple[str, ...] = ()) -> Iterator[Option]:
    return (Option(verb.name, verb.summary) for verb in VERBS.values())


def aliases(bench: DebugSession) -> Iterator[Option]:
    return (Option(name, short(line)) for name, line in bench.repl_state.aliases.items())


def labels(bench: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    return (Option(name, f"step {step}") for name, step in bench.marks.labels.items())


def branches(bench: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    for branch, tip in bench.timeline.journal.branches.tips.items():
        yield Option(bench.branch_name(branch), f"up to step {tip}")


def settings(bench: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    now = bench.repl_state.settings
    yield Option("format", f"{now.format} now; text or json")
    yield Option("time", f"{'on' if now.time else 'off'} now; on or off")


def invariants(bench: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    return (Option(name) for name in every_invariant(bench.machine))


def every_invariant(machine: Machine) -> list[str]:
    return [*machine.invariants, *(["check_invariants"] if machine.checks_invariants else [])]


def short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


Places = Callable[[DebugSession, str, tuple[str, ...]], Iterator[Option]]
OF_KIND: dict[Kind, Places] = {  # by kind: what may stand for a word, given the words before it
    Kind.INPUT: inputs,
    Kind.ACTION: actions,
    Kind.COMPLETED: completed,
    Kind.ACTION_RESULT: results,
    Kind.PATH: paths,
    Kind.EXPRESSION: expressions,
    Kind.STEP: steps,
    Kind.FILE: files,
    Kind.LABEL: labels,
    Kind.BRANCH: branches,
    Kind.FORMAT: lambda bench, word, before: map(Option, FORMATS),
    Kind.SETTING: settings,
    Kind.OUTCOME: lambda bench, word, before: map(Option, OUTCOMES),
    Kind.VERB: verbs,
    Kind.INVARIANT: invariants,
    Kind.POINT: lambda bench, word, before: (Option(point, POINTS[point]) for point in CrashPoint),
    Kind.FAILURE: lambda bench, word, before: (
        Option(each, FAILURES[each]) for each in bench.machine.applicable_faults
    ),
}
