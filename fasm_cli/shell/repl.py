"""The loop: lines in, reports out. Where the lines come from (a prompt, `-c`, a file, a pipe) makes no difference."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from fasm_cli.app.workbench import Workbench
from fasm_cli.core.errors import FasmError, InternalError
from fasm_cli.shell.commands import Quit, logical_lines, perform
from fasm_cli.shell.document import findings
from fasm_cli.shell.writer import Output

FINDING = 1


def run_script(workbench: Workbench, lines: Iterable[str], output: Output) -> int:
    """Perform `lines` until the first error or finding; gives the exit code."""
    for line in logical_lines(lines):
        try:
            report = perform(workbench, line)
        except Quit:
            return 0
        except FasmError as error:
            output.fail(error, line.strip())
            return error.exit_code
        if report is not None:
            output.report(report)
            if findings(report):
                return FINDING
    return 0


def run_prompt(workbench: Workbench, output: Output, history: Path) -> int:
    """The interactive loop: an error is shown and the loop goes on; Ctrl-C clears the line, Ctrl-D leaves."""
    lines = prompt_lines(workbench, history)
    for line in lines:
        try:
            report = perform(workbench, line)
        except Quit:
            break
        except FasmError as error:
            output.fail(error, line.strip())
            continue
        except KeyboardInterrupt:
            output.note("interrupted; nothing of that step was kept")
            continue
        except Exception as error:  # a fault of ours must not cost the session
            output.fail(InternalError(f"{type(error).__name__}: {error}", "please report it; the session goes on"))
            continue
        if report is not None:
            output.report(report)
    return 0


def prompt_lines(workbench: Workbench, history: Path) -> Iterator[str]:
    """Lines from prompt_toolkit; only a terminal ever gets here."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory

    from fasm_cli.shell.complete import LineCompleter

    past: History = InMemoryHistory()
    if history.parent.is_dir():
        past = FileHistory(str(history))
    session: PromptSession[str] = PromptSession(
        history=past, completer=LineCompleter(workbench), complete_while_typing=False
    )
    while True:
        try:
            yield session.prompt(lambda: prompt_text(workbench))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def prompt_text(workbench: Workbench) -> str:
    """`coffee_shop @3 ⧗1> `: where one stands, and what is pending."""
    timeline = workbench.timeline
    now = timeline.now
    place = f"@{timeline.head}" if timeline.head == timeline.last else f"@{timeline.head}/{timeline.last}"
    clock = "⧗" if (sys.stdout.encoding or "").lower().startswith("utf") else "pending "
    pending = f" {clock}{len(now.pending)}" if now.pending else ""
    down = "" if now.up else " down"
    name = workbench.machine.reference.rpartition("/")[2]
    return f"{name} {place}{pending}{down}> "
