"""A line performed: as an alias, a verb, or an input."""

import re
from collections.abc import Iterable, Iterator
from time import perf_counter

from fasm_cli.cli.render.document import findings
from fasm_cli.cli.repl.registry import SHOWN, VERBS, shifted
from fasm_cli.debugger.session import Workbench
from fasm_cli.debugger.settings import FORMATS
from fasm_cli.engine.machine import input_types
from fasm_cli.errors import FasmError, InputError, UsageError, did_you_mean
from fasm_cli.reports.repl import Sourced
from fasm_cli.reports.reports import Finding, Report

ONCE = re.compile(r"(\s*[^\W\d][\w-]*)/(\w*)(?=\s|$)")  # a verb, and how its report is written
DEEPEST = 8  # files and aliases that perform lines that perform lines


def performed(workbench: Workbench, line: str) -> Iterator[Report]:
    """What comes of `line`; before it, of reloading the machine where its file was written and that is waited for.
    Raises `FasmError` or `Quit`."""
    if workbench.memo.watching and workbench.stale() and line.strip() != "reload":
        from fasm_cli.debugger.reload import reload  # brings all that takes many steps: a prompt is drawn before

        yield reload(workbench)
    settings = workbench.memo.settings
    usual = settings.format
    line, asked = _formatted(line)
    try:
        settings.format = asked or usual
        report = perform(workbench, line)
        if report is not None:
            yield report
    finally:
        if asked:
            settings.format = usual


def _formatted(line: str) -> tuple[str, str]:
    """`state/json points` as `state points` and the format that what comes of it is to have, this once; empty where
    the line says nothing of it. Raises `UsageError`."""
    found = ONCE.match(line)
    if found is None:
        return line, ""
    if found[2] not in FORMATS:
        raise UsageError(f"no format {found[2][:SHOWN]!r}", f"one of {', '.join(FORMATS)}")
    return found[1] + line[found.end() :], found[2]


def perform(workbench: Workbench, line: str) -> Report | None:
    """Do what `line` says; None for a blank line or a comment. Raises `FasmError` or `Quit`."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    memo = workbench.memo
    if memo.depth == 0:
        memo.typed.append(text)
    if memo.depth > DEEPEST:
        raise UsageError(f"lines that perform lines, {DEEPEST} deep", "an alias or a file that names itself?")
    start = perf_counter()
    memo.depth += 1
    try:
        report = _perform(workbench, text)
    except FasmError as error:
        memo.trouble = error
        raise
    finally:
        memo.depth -= 1
    found = [finding for finding in findings(report) if isinstance(finding, Finding)] if report is not None else []
    memo.trouble = found[-1] if found else memo.trouble
    memo.settings.took = perf_counter() - start
    return report


def _perform(workbench: Workbench, text: str) -> Report | None:
    word, *rest = text.split(maxsplit=1)
    arguments = rest[0] if rest else ""
    if word in workbench.memo.aliases:
        return perform(workbench, expanded(word, workbench.memo.aliases[word], arguments))
    if word in VERBS:
        with shifted(len(text) - len(arguments)):
            return VERBS[word].run(workbench, arguments)
    if is_input(workbench, text):
        return workbench.submit(text)
    known = [*VERBS, *workbench.memo.aliases, *input_types(workbench.machine.input)]
    raise UsageError(f"no verb {word[:SHOWN]!r}", did_you_mean(word, known))


def expanded(name: str, line: str, arguments: str) -> str:
    """An alias with its `$1`, `$2`, … filled in. Raises `UsageError` for too few or too many."""
    given = arguments.split()
    wanted = max((int(found) for found in re.findall(r"\$([1-9])", line)), default=0)
    if len(given) != wanted:
        raise UsageError(f"{name} takes {wanted} words, got {len(given)}", f"{name} = {line}")
    return re.sub(r"\$([1-9])", lambda found: given[int(found[1]) - 1], line)


def perform_all(workbench: Workbench, lines: Iterable[tuple[int, str]], name: str) -> Sourced:
    """Numbered lines from elsewhere, up to the first finding; an error says which line it is in. Raises `FasmError`."""
    done = Sourced(name)
    for at, line in lines:
        try:
            report = perform(workbench, line)
        except FasmError as error:
            error.message = f"{name}, line {at}: {error.message}"
            if isinstance(error, InputError):
                error.column = None  # it is in that line, not in the one that was typed
            raise
        if report is not None:
            done.reports.append(report)
            if findings(report):
                break
    return done


def is_input(workbench: Workbench, text: str) -> bool:
    """Whether `text` has the form of an input: a call, or the bare name of an input."""
    head = text.split("(", 1)[0].rstrip()
    return ("(" in text and head.isidentifier()) or text in input_types(workbench.machine.input)
