"""A line performed: as an alias, a verb, or an input."""

import re
from collections.abc import Iterable, Iterator
from time import perf_counter

from fasm_cli.cli.repl.registry import SHOWN, VERBS, offset_errors
from fasm_cli.debugger.session import DebugSession
from fasm_cli.debugger.settings import FORMATS
from fasm_cli.errors import FasmError, InputError, UsageError, did_you_mean
from fasm_cli.reports.repl import ScriptReport
from fasm_cli.reports.report import Report
from fasm_cli.reports.steps import Finding
from fasm_cli.types.schema import variants

ONCE = re.compile(r"(\s*[^\W\d][\w-]*)/(\w*)(?=\s|$)")  # a verb, and how its report is written
DEEPEST = 8  # files and aliases that perform lines that perform lines


def execute_with_reload(workbench: DebugSession, line: str) -> Iterator[Report]:
    """What comes of `line`; before it, of reloading the machine where its file was written and that is waited for.
    Raises `FasmError` or `Quit`."""
    if workbench.repl_state.watching and workbench.source_changed() and line.strip() != "reload":
        from fasm_cli.debugger.reload import reload  # brings all that takes many steps: a prompt is drawn before

        yield reload(workbench)
    settings = workbench.repl_state.settings
    usual = settings.format
    line, asked = split_format(line)
    try:
        settings.format = asked or usual
        report = execute(workbench, line)
        if report is not None:
            yield report
    finally:
        if asked:
            settings.format = usual


def split_format(line: str) -> tuple[str, str]:
    """`state/json points` as `state points` and the format that what comes of it is to have, this once; empty where
    the line says nothing of it. Raises `UsageError`."""
    found = ONCE.match(line)
    if found is None:
        return line, ""
    if found[2] not in FORMATS:
        raise UsageError(f"no format {found[2][:SHOWN]!r}", f"one of {', '.join(FORMATS)}")
    return found[1] + line[found.end() :], found[2]


def execute(workbench: DebugSession, line: str) -> Report | None:
    """Do what `line` says; None for a blank line or a comment. Raises `FasmError` or `Quit`."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    memo = workbench.repl_state
    if memo.depth == 0:
        memo.typed.append(text)
    if memo.depth > DEEPEST:
        raise UsageError(f"lines that perform lines, {DEEPEST} deep", "an alias or a file that names itself?")
    start = perf_counter()
    memo.depth += 1
    try:
        report = _perform(workbench, text)
    except FasmError as error:
        memo.last_problem = error
        raise
    finally:
        memo.depth -= 1
    found = [finding for finding in report.all_findings() if isinstance(finding, Finding)] if report is not None else []
    memo.last_problem = found[-1] if found else memo.last_problem
    memo.settings.took = perf_counter() - start
    return report


def _perform(workbench: DebugSession, text: str) -> Report | None:
    word, *rest = text.split(maxsplit=1)
    arguments = rest[0] if rest else ""
    if word in workbench.repl_state.aliases:
        return execute(workbench, expanded(word, workbench.repl_state.aliases[word], arguments))
    if word in VERBS:
        with offset_errors(len(text) - len(arguments)):
            return VERBS[word].run(workbench, arguments)
    if is_input(workbench, text):
        return workbench.submit(text)
    known = [*VERBS, *workbench.repl_state.aliases, *variants(workbench.machine.input_schema)]
    raise UsageError(f"no verb {word[:SHOWN]!r}", did_you_mean(word, known))


def expanded(name: str, line: str, arguments: str) -> str:
    """An alias with its `$1`, `$2`, … filled in. Raises `UsageError` for too few or too many."""
    given = arguments.split()
    wanted = max((int(found) for found in re.findall(r"\$([1-9])", line)), default=0)
    if len(given) != wanted:
        raise UsageError(f"{name} takes {wanted} words, got {len(given)}", f"{name} = {line}")
    return re.sub(r"\$([1-9])", lambda found: given[int(found[1]) - 1], line)


def perform_all(workbench: DebugSession, lines: Iterable[tuple[int, str]], name: str) -> ScriptReport:
    """Numbered lines from elsewhere, up to the first finding; an error says which line it is in. Raises `FasmError`."""
    done = ScriptReport(name)
    for at, line in lines:
        try:
            report = execute(workbench, line)
        except FasmError as error:
            error.message = f"{name}, line {at}: {error.message}"
            if isinstance(error, InputError):
                error.column = None  # it is in that line, not in the one that was typed
            raise
        if report is not None:
            done.reports.append(report)
            if report.all_findings():
                break
    return done


def is_input(workbench: DebugSession, text: str) -> bool:
    """Whether `text` has the form of an input: a call, or the bare name of an input."""
    head = text.split("(", 1)[0].rstrip()
    return ("(" in text and head.isidentifier()) or text in variants(workbench.machine.input_schema)
