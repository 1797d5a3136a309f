"""Execute one line of the REPL: an alias, a verb, or an input."""

import re
from collections.abc import Iterable, Iterator
from time import perf_counter

from fasm_cli.cli.repl.registry import MAX_QUOTED, VERBS, expand_alias
from fasm_cli.debugger.session import FORMATS, DebugSession
from fasm_cli.errors import FasmError, InputError, UsageError, did_you_mean
from fasm_cli.reports import Report
from fasm_cli.reports.repl import ScriptReport
from fasm_cli.reports.steps import FindingReport
from fasm_cli.types.schema import variants

FORMAT_SUFFIX = re.compile(r"(\s*[^\W\d][\w-]*)/(\w*)(?=\s|$)")  # a verb with the format of its report
MAX_NESTING = 8  # aliases and files inside each other


def execute_with_reload(session: DebugSession, line: str) -> Iterator[tuple[Report, float | None]]:
    """Execute `line` and yield its report, with the seconds it took if the setting `time` is on.

    If the session watches its machine and the machine's file was written, the first report is that of the reload.
    Raises `FasmError` or `Quit`.
    """
    if session.repl_state.watching and session.source_changed() and line.strip() != "reload":
        from fasm_cli.debugger.reload import reload  # the prompt is drawn before this is imported

        yield reload(session), None
    settings = session.repl_state.settings
    usual = settings.format
    line, once = split_format(line)
    try:
        settings.format = once or usual
        start = perf_counter() if settings.time else None
        report = execute(session, line)
        if report is not None:
            yield report, None if start is None else perf_counter() - start
    finally:
        if once:
            settings.format = usual


def split_format(line: str) -> tuple[str, str]:
    """Split `state/json points` into `state points` and the format of its report, or "". Raises `UsageError`."""
    found = FORMAT_SUFFIX.match(line)
    if found is None:
        return line, ""
    if found[2] not in FORMATS:
        raise UsageError(f"no format {found[2][:MAX_QUOTED]!r}", f"one of {', '.join(FORMATS)}")
    return found[1] + line[found.end() :], found[2]


def execute(session: DebugSession, line: str) -> Report | None:
    """Execute `line`; return None for a blank line or a comment. Raises `FasmError` or `Quit`."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    memory = session.repl_state
    if not memory.nesting:
        memory.typed.append(text)
    if len(memory.nesting) > MAX_NESTING:
        raise UsageError(
            f"aliases and files nested more than {MAX_NESTING} deep", "does an alias or a file contain itself?"
        )
    memory.nesting.append(text)
    try:
        report = _dispatch(session, text)
    except FasmError as error:
        memory.last_problem = error
        raise
    finally:
        memory.nesting.pop()
    found = (
        [finding for finding in report.all_findings() if isinstance(finding, FindingReport)]
        if report is not None
        else []
    )
    memory.last_problem = found[-1] if found else memory.last_problem
    return report


def _dispatch(session: DebugSession, text: str) -> Report | None:
    word, *rest = text.split(maxsplit=1)
    arguments = rest[0] if rest else ""
    aliases = session.repl_state.aliases
    if word in aliases:
        return execute(session, expand_alias(word, aliases[word], arguments))
    if word in VERBS:
        try:
            return VERBS[word].run(session, arguments)
        except InputError as error:
            error.move_column(len(text) - len(arguments))
            raise
    if is_input(session, text):
        return session.submit(text)
    known = [*VERBS, *aliases, *variants(session.machine.input_schema)]
    raise UsageError(f"no verb {word[:MAX_QUOTED]!r}", did_you_mean(word, known))


def execute_all(session: DebugSession, lines: Iterable[tuple[int, str]], name: str) -> ScriptReport:
    """Execute numbered lines of the file `name` up to the first finding. Raises `FasmError`, whose message names the
    line."""
    done = ScriptReport(name)
    for number, line in lines:
        try:
            report = execute(session, line)
        except FasmError as error:
            error.message = f"{name}, line {number}: {error.message}"
            if isinstance(error, InputError):
                error.column = None  # it counts in that line, not in the line that was typed
            raise
        if report is not None:
            done.reports.append(report)
            if report.all_findings():
                break
    return done


def is_input(session: DebugSession, text: str) -> bool:
    """Whether `text` has the form of an input: a call, or the bare name of an input."""
    head = text.split("(", 1)[0].rstrip()
    return ("(" in text and head.isidentifier()) or text in variants(session.machine.input_schema)
