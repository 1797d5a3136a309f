"""Execute lines that nobody types at a prompt: of `-c`, `-f` and pipes, and of transcripts.

A transcript holds `> line` and the output of the line. It is compared with the present output, or rewritten. In a
Markdown file the blocks fenced as `fasm` form one transcript, in their order; the text between them is ignored.
"""

import difflib
import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from fasm_cli.cli.app import deferred_imports
from fasm_cli.cli.render.writer import Output, TerminalWriter, TranscriptWriter
from fasm_cli.cli.repl.lines import logical_lines
from fasm_cli.cli.repl.registry import Quit, load_verbs
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import FasmError, UsageError
from fasm_cli.reports import FINDING, INTERRUPTED

with deferred_imports():
    from fasm_cli.cli.repl import config, execute, loop
    from fasm_cli.reports import repl as reports

COMMAND_LINE, STANDARD_INPUT = "-c", "standard input"  # names of sources in error messages
PROMPT, CONTINUATION = "> ", "... "  # how a transcript shows a line and its further lines
EXPECTS_A_FINDING = re.compile(r"\s*expect\s+(defect|broken)\b")
FENCED_BLOCK = re.compile(r"(?m)^```fasm\n(.*?)^```$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ScriptOptions:
    """`echo` prints each line before its output; `keep_going` continues after errors and findings."""

    echo: bool = False
    keep_going: bool = False


# --- sources of lines ---------------------------------------------------------------------------------------------


def run_interactive(session: DebugSession, output: Output, options: ScriptOptions = ScriptOptions()) -> int:
    """Execute lines from the prompt if stdin is a terminal, else the lines of stdin. Returns the exit code."""
    apply_settings(output, session)
    if isinstance(output, TerminalWriter) and sys.stdin is not None and sys.stdin.isatty():
        config.configure_prompt(session)
        loop.run_prompt(session, output, session.project.root / ".fasm" / "history")
        return 0
    return run_script(session, _decode(sys.stdin, STANDARD_INPUT), output, STANDARD_INPUT, options)


def run_given_lines(
    session: DebugSession, lines: list[str], file: Path | None, output: Output, options: ScriptOptions
) -> int:
    """Execute the lines of `-c`, then those of the file of `-f`. Returns the exit code."""
    apply_settings(output, session)
    code = run_script(session, lines, output, COMMAND_LINE, options)
    if file is not None and (options.keep_going or not code):
        code = run_script(session, read_lines(file), output, str(file), options) or code
    return code


def apply_settings(output: Output, session: DebugSession) -> None:
    """Let the verb `set` decide how `output` writes reports; a JSON document is not affected."""
    if isinstance(output, TerminalWriter):
        output.settings = session.repl_state.settings


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file. Raises `UsageError`."""
    try:
        with path.open(encoding="utf-8") as file:
            yield from _decode(file, str(path))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "-f takes a text file with one line each") from None


def _decode(stream: TextIO | None, name: str) -> Iterator[str]:
    """Yield the lines of a stream as they arrive. Raises `UsageError` if they are not UTF-8."""
    if stream is None:
        return
    try:
        for line in stream:
            yield line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8: {error.reason}") from None


# --- execution ----------------------------------------------------------------------------------------------------


def run_script(
    session: DebugSession, lines: Iterable[str], output: Output, name: str, options: ScriptOptions = ScriptOptions()
) -> int:
    """Execute the lines of `name` until the first error, or the first finding that the next line does not expect.

    Returns the exit code. With `options.keep_going` it is that of a finding if there was one, else of the first error.
    """
    load_verbs()
    code = 0
    waiting = logical_lines(lines)
    ahead: tuple[int, str] | None = None
    while (numbered := ahead or next(waiting, None)) is not None:
        ahead = None
        number, line = numbered
        if options.echo:
            output.echo(echo_lines(line))
        try:
            found = 0
            for report, seconds in execute.execute_with_reload(session, line):
                output.report(report, seconds)
                found = len(report.all_findings())
                if report.exit_code() == INTERRUPTED:
                    return INTERRUPTED
        except Quit:
            return code
        except FasmError as error:
            output.fail(error, line.strip(), f"{name}, line {number}")
            code = code or error.exit_code
            if not options.keep_going:
                return code
            continue
        if found:
            ahead = next((each for each in waiting if each[1].strip()), None)
            if ahead is None or not EXPECTS_A_FINDING.match(ahead[1]):
                code = FINDING
                if not options.keep_going:
                    return code
    return code


def echo_lines(line: str) -> list[str]:
    """Return a logical line as a transcript shows it."""
    first, *rest = line.strip().split("\n")
    return [f"{PROMPT}{first}", *(f"{CONTINUATION}{part}" for part in rest)]


# --- transcripts --------------------------------------------------------------------------------------------------


def run_transcript(session: DebugSession, check: Path | None, update: Path | None, output: Output) -> int:
    """Compare the transcript `check` with the present output, or rewrite `update`. Returns the exit code."""
    if update is not None:
        changed = rewrite_transcript(session, update)
        output.report(reports.Message([f"{update} {'was rewritten' if changed else 'matches the output'}"]))
        return 0
    assert check is not None
    diff = diff_transcript(session, check)
    output.report(reports.Message(diff.splitlines() or [f"{check} matches the output"]))
    return FINDING if diff else 0


def diff_transcript(session: DebugSession, path: Path) -> str:
    """Return a unified diff from the transcript in `path` to the present output, or "" if they are equal."""
    text = _read_transcript(path)
    now = play_transcript(session, text, markdown=path.suffix == ".md")
    lines = difflib.unified_diff(text.splitlines(), now.splitlines(), str(path), "now", lineterm="", n=2)
    return "".join(f"{line}\n" for line in lines)


def rewrite_transcript(session: DebugSession, path: Path) -> bool:
    """Write the present output into `path`; return whether the file changed. Raises `UsageError`."""
    text = _read_transcript(path)
    now = play_transcript(session, text, markdown=path.suffix == ".md")
    if now == text:
        return False
    try:
        path.write_text(now, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    return True


def play_transcript(session: DebugSession, text: str, *, markdown: bool) -> str:
    """Return the transcript in `text` with the present output."""
    if not markdown:
        lines = text.splitlines()
        first = next((at for at, line in enumerate(lines) if line.startswith(PROMPT)), None)
        if first is None:
            return text
        return "".join(f"{line}\n" for line in lines[:first]) + "".join(_play_block(session, text))
    return FENCED_BLOCK.sub(lambda found: f"```fasm\n{''.join(_play_block(session, found[1]))}```", text)


def _play_block(session: DebugSession, text: str) -> Iterator[str]:
    load_verbs()
    for line in lines_in_transcript(text.splitlines()):
        yield "".join(f"{echoed}\n" for echoed in echo_lines(line))
        output = TranscriptWriter(io.StringIO(), session.repl_state.settings)
        try:
            for report, _ in execute.execute_with_reload(session, line):
                output.report(report)
        except Quit:
            return
        except FasmError as error:
            output.fail(error, line.strip())
        yield output.stream.getvalue()


def lines_in_transcript(lines: Iterable[str]) -> Iterator[str]:
    """Yield the logical lines of a transcript, without the output."""
    joined: list[str] = []
    for line in lines:
        if line.startswith(PROMPT):
            yield from ["\n".join(joined)] if joined else []
            joined = [line.removeprefix(PROMPT)]
        elif line.startswith(CONTINUATION) and joined:
            joined.append(line.removeprefix(CONTINUATION))
        elif joined:
            yield "\n".join(joined)
            joined = []
    yield from ["\n".join(joined)] if joined else []


def _read_transcript(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", "a transcript is `> line` followed by its output"
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error.reason}") from None
