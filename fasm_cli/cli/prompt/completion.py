"""Complete a line: the texts that may stand at its end, best match first.

`candidates` is a function of the session and the text; `toolkit` adapts it to prompt_toolkit.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, assert_never

from fasm_cli.cli.prompt.line_parser import (
    OpenBracket,
    Token,
    expected_schema,
    last_argument_kinds,
    last_word,
    open_brackets,
    parameters,
    parse_line,
    record_schema,
    tokenize,
    value_schema,
)
from fasm_cli.cli.repl.registry import VERBS, Kind
from fasm_cli.contract.constraints import Between, OneOf
from fasm_cli.contract.state_machine import TrackedActionCompleted
from fasm_cli.debugger.breakpoints import OUTCOMES
from fasm_cli.debugger.export import FORMATS
from fasm_cli.debugger.expressions.evaluate import FUNCTIONS, field_names, field_of
from fasm_cli.debugger.navigate import END, START
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.events import CrashPoint, FaultKind
from fasm_cli.engine.records import Record
from fasm_cli.errors import FasmError
from fasm_cli.reports.steps import event_text
from fasm_cli.sessions.timeline import Snapshot
from fasm_cli.simulation.world import sample_responses
from fasm_cli.types.description import schema_label
from fasm_cli.types.format import format_value
from fasm_cli.types.schema import (
    CollectionSchema,
    DatabaseSchema,
    DictSchema,
    EnumSchema,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
    variants,
)

VALUE_BEGINS_AFTER = ("open", "comma", "equals", "colon")  # kinds of tokens
OPENING: dict[type, str] = {list: "[", tuple: "(", set: "{", frozenset: "frozenset({"}
PART_START = r"(?:(?<![A-Za-z0-9])|(?-i:(?<=[a-z])(?=[A-Z])))"  # the beginning of a part of a name
MAX_OPTIONS = 200  # offered at once: nobody reads further


MAX_META = 60  # characters of the text beside an option
RECENT = 40  # steps that are offered: each is read and formatted while a person waits for a key
PATH_SEGMENT = re.compile(r"\.?([^\W\d]\w*)|\[([^\[\]]*)\]")

CRASH_POINT_TEXTS = {
    CrashPoint.BETWEEN: "after every action of the last step was delivered",
    CrashPoint.AFTER_COMMIT: "before any action of the last step was delivered",
    CrashPoint.AFTER_ACTION: "after the first N actions of the last step were delivered",
    CrashPoint.BEFORE_COMMIT: "at the end of the next transition, which is rolled back",
    CrashPoint.IN_RESTORE: "at the N-th emission of the next restore",
}
FAULT_TEXTS = {
    FaultKind.ACTIONS_FULL: "the N-th actions.add raises ActionsFull",
    FaultKind.LOAD: "the store cannot load the state",
    FaultKind.COMMIT: "the store refuses the commit",
    FaultKind.CANCEL: "cancelled at the N-th await of the state",
    FaultKind.DISCONNECT: "the N-th await of the state raises",
    FaultKind.UNKNOWN: "the commit succeeds, but its answer is lost",
}


@dataclass(frozen=True, slots=True)
class Option:
    """A text that completes a word; the menu shows `meta` beside it."""

    text: str
    meta: str = ""


def candidates(session: DebugSession, text: str) -> tuple[str, list[Option]]:
    """Return the word at the end of `text` and the options that may replace it, best match first."""
    if text.lstrip().startswith("#"):
        return "", []
    line = tokenize(text)
    parsed = parse_line(line)
    kinds = last_argument_kinds(parsed)
    stack = open_brackets(line)
    if stack and Kind.EXPRESSION not in kinds:
        before, word = last_word(line)
        return word, rank(word, options_in_bracket(session, before, stack, kinds))
    word = text[parsed.start :]
    if parsed.verb is None:
        if any(token.kind == "blank" for token in tokenize(word.rstrip())):  # the first word is not a verb
            return "", []
        options = [*inputs(session), *aliases(session), *verb_names(session)]
        if word:
            options.append(
                Option(f"{TrackedActionCompleted.__name__}(", "a result for an action that was never emitted")
            )
        return word, rank(word, options) if not word.endswith((" ", "\n")) else []
    if Kind.EXPRESSION in kinds:
        whole, word = word, last_path(word)
        others = [kind for kind in kinds if kind is not Kind.EXPRESSION and kind in COMPLETERS and whole == word]
        offered = [option for kind in others for option in COMPLETERS[kind](session, word, parsed.words)]
        return word, rank(word, [*offered, *expressions(session, word)])
    offered = [
        option for kind in kinds if kind in COMPLETERS for option in COMPLETERS[kind](session, word, parsed.words)
    ]
    return word, rank(word, offered)


def last_path(text: str) -> str:
    """Return the path at the end of an expression: `pending[7].st` of `len(state.x) > pending[7].st`."""
    at = len(text)
    while at and (text[at - 1].isalnum() or text[at - 1] in "_.]["):
        at -= 1
    return text[at:].lstrip("[")


def options_in_bracket(
    session: DebugSession, before: list[Token], stack: list[OpenBracket], kinds: tuple[Kind, ...]
) -> Iterator[Option]:
    """Yield what may come next in the innermost open bracket: the fields that are not given yet, or values."""
    solid = [token for token in before if token.kind != "blank"]
    if not solid or solid[-1].kind not in VALUE_BEGINS_AFTER:
        return  # after a value only a comma or a bracket may follow
    machine, inner = session.machine, stack[-1]
    record = record_schema(machine, inner.name) if inner.name else None
    if record is not None and not inner.keyword:
        given = {field.name for field in record.fields[: 0 if inner.given else inner.position]} | set(inner.given)
        for field in parameters(record):
            if field.name not in given:
                yield Option(f"{field.name}=", field.meta)
    schema = expected_schema(machine, value_schema(machine, kinds), stack)
    if schema is not None and (record is None or inner.keyword):
        yield from values(schema)


def rank(word: str, options: Iterable[Option]) -> list[Option]:
    """Return the options that match `word`, best first.

    First those that begin with it, then those that do so in another case, then those that contain its letters in order,
    the first letter at the beginning of a part of the name (`pts` matches `RedeemPoints`).
    """
    wanted = word.lower()
    loose = re.compile(PART_START + ".*?".join(map(re.escape, word)), re.IGNORECASE)
    matches: tuple[list[Option], list[Option], list[tuple[int, int, Option]]] = ([], [], [])
    for at, option in enumerate(options):
        text = option.text.lower()
        if option.text == word:
            continue
        if option.text.startswith(word):
            matches[0].append(option)
        elif text.startswith(wanted):
            matches[1].append(option)
        elif found := loose.search(option.text):
            matches[2].append((found.end() - found.start(), at, option))
    fuzzy = [option for _, _, option in sorted(matches[2], key=lambda each: each[:2])]
    return list({option.text: option for option in (*matches[0], *matches[1], *fuzzy)}.values())[:MAX_OPTIONS]


# --- values of a type ---------------------------------------------------------------------------------------------


def values(schema: Schema) -> Iterator[Option]:
    """Yield what a value of `schema` may be, or begin with."""
    choice = next((limit for limit in schema.constraints if isinstance(limit, OneOf)), None)
    if choice is not None:
        yield from (Option(format_value(value)) for value in choice.values)
        return
    match schema:
        case UnionSchema(members=members):
            for member in members.values():
                yield from values(member)
        case NoneSchema():
            yield Option("None")
        case EnumSchema(cls=kind):
            yield from (
                Option(f"{kind.__name__}.{name}", _member_value(each)) for name, each in kind.__members__.items()
            )
        case RecordSchema():
            yield _call_option(schema)
        case CollectionSchema(cls=kind):
            yield Option(OPENING[kind], schema_label(schema))
        case TupleSchema():
            yield Option("(", schema_label(schema))
        case DictSchema():
            yield Option("{", schema_label(schema))
        case ScalarSchema():
            yield from _scalar_options(schema)
        case DatabaseSchema():
            return
        case _:
            assert_never(schema)


def _member_value(member: object) -> str:
    value = getattr(member, "value", None)
    return format_value(value) if isinstance(value, int | str) else ""


def _scalar_options(schema: ScalarSchema) -> Iterator[Option]:
    limit = next((limit for limit in schema.constraints if isinstance(limit, Between)), None)
    if limit is not None:
        yield from (Option(format_value(limit.low), "the lowest"), Option(format_value(limit.high), "the highest"))
    elif schema.scalar.cls is bool:
        yield from (Option("True"), Option("False"))
    elif schema.scalar.build is not None:
        yield Option(f"{schema.scalar.cls.__name__}(", schema_label(schema))


def _call_option(record: RecordSchema) -> Option:
    """Return `Name(`, or `Name()` if the record has no fields."""
    name = record.cls.__name__
    return Option(f"{name}({'' if record.fields else ')'}", ", ".join(map(str, parameters(record))))


# --- words of a verb, by kind -------------------------------------------------------------------------------------


def inputs(session: DebugSession, word: str = "", before: tuple[str, ...] = ()) -> Iterator[Option]:
    for schema in variants(session.machine.input_schema).values():
        yield from values(schema)


def actions(session: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    for id, each in session.timeline.now.pending.items():
        yield Option(str(each.ref), f"id {format_value(id)}  {_shorten(format_value(each.tracked.action))}")


def completed(session: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    """Yield the actions that received a result in the last steps, even if they are pending again."""
    seen: dict[str, Record] = {}
    last = session.timeline.last
    for record in map(session.timeline.journal.__getitem__, range(last, max(last - RECENT, 0), -1)):
        of = record.event.get("of") if record.event.get("type") == "completion" else None
        if of:
            seen.setdefault(str(of), record)
    for handle, record in seen.items():
        yield Option(handle, _shorten(event_text(session.timeline, record)))


def results(session: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    """Yield complete results that `respond` gives for this action, then everything that a result may begin with."""
    machine = session.machine
    if machine.result_schema is None:
        return
    try:
        tracked = session.find_action(before[0]).tracked if before else None
    except FasmError:  # no such action: reported when the line is executed
        tracked = None
    if tracked is not None:
        for result in sample_responses(machine, tracked):
            yield Option(format_value(result), f"from respond() for {type(tracked.action).__name__}")
    yield from values(machine.result_schema)


def steps(session: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    """Yield the newest steps first; if digits are typed, the newest that begin with them."""
    numbers = (n for n in range(session.timeline.last, 0, -1) if str(n).startswith(word))
    for record in map(session.timeline.journal.__getitem__, islice(numbers, RECENT)):
        mark = f"  {record.outcome}" if record.outcome != "committed" else ""
        yield Option(str(record.n), f"{_shorten(event_text(session.timeline, record))}{mark}")
    yield Option("0", "the initial state")
    if not word[:1].isdigit():
        yield Option("-1", "the previous step")
        yield Option(START, "the initial state")
        yield Option(END, "the last step of this branch")


def paths(session: DebugSession, word: str, before: tuple[str, ...] = ()) -> Iterator[Option]:
    """Yield the paths one level below the one that `word` names so far."""
    yield from _paths_below(session.timeline.now.state, "", word)


def expressions(session: DebugSession, word: str, before: tuple[str, ...] = ()) -> Iterator[Option]:
    """Yield the names of an expression, or the paths below them."""
    now = session.timeline.now
    roots: dict[str, Any] = {"state": now.state, "prev": _previous(session).state}
    root = re.match(r"[^\W\d]\w*(?=[.\[])", word)
    if root is not None and root[0] in roots:
        yield from _paths_below(roots[root[0]], root[0], word[root.end() :])
        return
    yield Option("state", "the committed state")
    yield Option("prev", "the state before this step")
    yield Option("pending", f"{len(now.pending)} now")
    yield Option("up", str(now.running))
    yield from (Option(f"{name}(") for name in FUNCTIONS)


def _previous(session: DebugSession) -> Snapshot:
    timeline = session.timeline
    return timeline.snapshot(timeline.journal[timeline.head].parent) if timeline.head else timeline.now


def _paths_below(value: Any, prefix: str, word: str) -> Iterator[Option]:
    """Yield the children of the last complete segment of the path `word` of `value`, with `prefix` before them."""
    cut = max(word.rfind("."), word.rfind("["), 0)
    for found in PATH_SEGMENT.finditer(word[:cut]):
        try:
            value = field_of(value, found[1]) if found[1] else _keyed(value)[found[2]]
        except (AttributeError, KeyError):
            return
    at = prefix + word[:cut]
    for name in field_names(value):
        yield Option(f"{at}.{name}" if at else name, _shorten(format_value(field_of(value, name))))
    for key, each in islice(_keyed(value).items(), MAX_OPTIONS):
        yield Option(f"{at}[{key}]", _shorten(format_value(each)))


def _keyed(value: Any) -> dict[str, Any]:
    """Return the elements of a collection by their key or index as text."""
    if type(value) is dict:
        return {format_value(key): each for key, each in value.items()}
    return {str(at): each for at, each in enumerate(value)} if isinstance(value, list | tuple) else {}


def files(session: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    """Yield the files in the folder of `word`; hidden ones only if a dot is typed."""
    folder, name = os.path.split(word)
    try:
        with os.scandir(Path(folder).expanduser() if folder else ".") as found:
            entries = sorted((entry.name, entry.is_dir()) for entry in islice(found, 10 * MAX_OPTIONS))
    except OSError:  # no such folder
        return
    for entry, is_folder in entries:
        if entry.startswith(".") <= name.startswith("."):
            yield Option(os.path.join(folder, entry) + ("/" if is_folder else ""))  # noqa: PTH118  keeps `~` and `./` as typed


def verb_names(session: DebugSession, word: str = "", before: tuple[str, ...] = ()) -> Iterator[Option]:
    return (Option(verb.name, verb.summary) for verb in VERBS.values())


def aliases(session: DebugSession) -> Iterator[Option]:
    return (Option(name, _shorten(line)) for name, line in session.repl_state.aliases.items())


def labels(session: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    return (Option(name, f"step {step}") for name, step in session.marks.labels.items())


def branches(session: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    for branch, tip in session.timeline.journal.branches.tips.items():
        yield Option(session.branch_name(branch), f"up to step {tip}")


def settings(session: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    now = session.repl_state.settings
    yield Option("format", f"{now.format} now; text or json")
    yield Option("time", f"{'on' if now.time else 'off'} now; on or off")


def invariants(session: DebugSession, word: str, before: tuple[str, ...]) -> Iterator[Option]:
    machine = session.machine
    names = [*machine.invariants, *(["check_invariants"] if machine.checks_invariants else [])]
    return map(Option, names)


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_META else f"{text[: MAX_META - 1]}…"


Completer = Callable[[DebugSession, str, tuple[str, ...]], Iterator[Option]]
COMPLETERS: dict[Kind, Completer] = {  # each takes the session, the word, and the words before it
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
    Kind.FORMAT: lambda session, word, before: map(Option, FORMATS),
    Kind.SETTING: settings,
    Kind.OUTCOME: lambda session, word, before: map(Option, OUTCOMES),
    Kind.VERB: verb_names,
    Kind.INVARIANT: invariants,
    Kind.CRASH_POINT: lambda session, word, before: (Option(point, CRASH_POINT_TEXTS[point]) for point in CrashPoint),
    Kind.FAULT: lambda session, word, before: (
        Option(each, FAULT_TEXTS[each]) for each in session.machine.applicable_faults
    ),
}
