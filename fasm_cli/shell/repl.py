"""The loop at a prompt: a line in, a report out. Lines that nobody types are performed in `repl_script`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from fasm_cli.app.workbench import Workbench
from fasm_cli.shell.cli_base import as_error
from fasm_cli.shell.repl_lines import is_complete
from fasm_cli.shell.repl_verbs import Quit, performed
from fasm_cli.shell.writer import Output


def run_prompt(workbench: Workbench, output: Output, history: Path) -> int:
    """The interactive loop: an error is shown and the loop goes on; Ctrl-C clears the line, Ctrl-D leaves."""
    output.note(f"{workbench.machine.reference}: `help` lists the verbs, Tab completes, Ctrl-D leaves")
    drawn = output.stream is not None and output.stream.isatty()
    for line in prompt_lines(workbench, output.stream, history) if drawn else bare_lines(workbench):
        try:
            for report in performed(workbench, line):
                output.report(report)
                output.done()
        except Quit:
            break
        except KeyboardInterrupt:
            output.note("interrupted; nothing of that step was kept")
            continue
        except Exception as error:  # whoever's fault it is, it must not cost the session
            output.fail(as_error(error), line.strip())
    return 0


def prompt_lines(workbench: Workbench, stream: TextIO, history: Path) -> Iterator[str]:
    """Lines from prompt_toolkit; only a terminal ever gets here."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.application import get_app
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.history import FileHistory, InMemoryHistory
    from prompt_toolkit.output import create_output

    from fasm_cli.shell.repl_complete import LineCompleter

    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(history)) if can_keep(history) else InMemoryHistory(),
        completer=LineCompleter(workbench),
        complete_while_typing=False,
        multiline=Condition(lambda: not is_complete(get_app().current_buffer.text)),  # Enter ends what is closed
        output=create_output(stream),
    )
    while True:
        try:
            yield session.prompt(lambda: prompt_text(workbench, stream.encoding))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def can_keep(history: Path) -> bool:
    """Whether lines may be added to this file. Its folder is the user's wish; nothing is created unasked."""
    try:
        with history.open("ab"):
            return True
    except OSError:
        return False


def bare_lines(workbench: Workbench) -> Iterator[str]:
    """Lines from a terminal whose result goes elsewhere: the prompt, on stderr, is all that is drawn."""
    while True:
        print(prompt_text(workbench, "ascii"), end="", file=sys.stderr, flush=True)
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            print(file=sys.stderr)
            continue
        if not line:
            print(file=sys.stderr)
            return
        yield line


def prompt_text(workbench: Workbench, encoding: str) -> str:
    """`coffee_shop @3 ⧗1> `: where one stands, and what is pending."""
    timeline = workbench.timeline
    now = timeline.now
    place = f"@{timeline.head}" if timeline.head == timeline.last else f"@{timeline.head}/{timeline.last}"
    clock = "⧗" if encoding.lower().startswith("utf") else "pending "
    pending = f" {clock}{len(now.pending)}" if now.pending else ""
    down = "" if now.up else " down"
    name = workbench.machine.reference.rpartition("/")[2]
    return f"{name} {place}{pending}{down}> "
