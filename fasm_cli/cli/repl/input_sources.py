"""Where the lines of a REPL come from: a person at a prompt, a file, a pipe, a transcript."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from fasm_cli.cli.render.writer import Output, TerminalWriter
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.reports.report import FINDING

TYPED = "-c"
PIPED = "standard input"


def converse(workbench: DebugSession, output: Output, *, echo: bool = False, keep_going: bool = False) -> int:
    """Lines from the prompt, or from a pipe; gives the exit code."""
    apply_settings(output, workbench)
    if isinstance(output, TerminalWriter) and sys.stdin is not None and sys.stdin.isatty():
        from fasm_cli.cli.repl.config import configure_prompt
        from fasm_cli.cli.repl.loop import run_prompt  # no other verb draws

        configure_prompt(workbench)
        run_prompt(workbench, output, workbench.project.root / ".fasm" / "history")
        return 0
    from fasm_cli.cli.repl.script import ScriptOptions, run_script

    return run_script(workbench, decoded(sys.stdin, PIPED), output, PIPED, ScriptOptions(echo, keep_going))


def scripted(
    workbench: DebugSession, lines: list[str], file: Path | None, output: Output, *, echo: bool, keep_going: bool
) -> int:
    """The lines of -c, then those of -f; gives the exit code."""
    from fasm_cli.cli.repl.script import ScriptOptions, run_script

    apply_settings(output, workbench)
    manner = ScriptOptions(echo, keep_going)
    code = run_script(workbench, lines, output, TYPED, manner)
    if file is not None and (keep_going or not code):
        code = run_script(workbench, lines_of(file), output, str(file), manner) or code
    return code


def apply_settings(output: Output, workbench: DebugSession) -> None:
    """Let `set` decide how reports are written; a JSON document is one whatever it says."""
    if isinstance(output, TerminalWriter):
        output.settings = workbench.repl_state.settings


def transcript(workbench: DebugSession, check: Path | None, update: Path | None, output: Output) -> int:
    """Compare a transcript, or write it anew; gives the exit code."""
    from fasm_cli.cli.repl.transcript import difference, rewrite
    from fasm_cli.reports.repl import Message

    if update is not None:
        written = rewrite(workbench, update)
        output.report(Message([f"{update} {'was written anew' if written else 'says what comes out'}"]))
        return 0
    assert check is not None
    told = difference(workbench, check)
    output.report(Message(told.splitlines() or [f"{check} says what comes out"]))
    return FINDING if told else 0


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a file. Raises `UsageError`."""
    try:
        with path.open(encoding="utf-8") as file:
            yield from decoded(file, str(path))
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", "-f takes a text file, one line after another"
        ) from None


def decoded(stream: TextIO | None, name: str) -> Iterator[str]:
    """The lines of a stream as they come. Raises `UsageError` where it is not text."""
    if stream is None:
        return
    try:
        for line in stream:
            yield line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8: {error.reason}") from None
