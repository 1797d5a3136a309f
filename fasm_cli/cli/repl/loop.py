"""The loop at a prompt: a line in, a report out. Lines that nobody types are performed in `repl_script`."""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

from fasm_cli.cli.commands.base import as_error
from fasm_cli.cli.prompt.colours import ASCII
from fasm_cli.cli.prompt.status_items import prompt_parts
from fasm_cli.cli.render.pager import PagedWriter
from fasm_cli.cli.render.writer import TerminalWriter
from fasm_cli.cli.repl.lines import is_complete, logical_lines
from fasm_cli.cli.repl.registry import Quit
from fasm_cli.debugger.session import DebugSession
from fasm_cli.sessions.timeline import Timeline

MANY = 1000  # steps; what is garbage when so many have come stays, which is little


def run_prompt(workbench: DebugSession, output: TerminalWriter, history: Path) -> None:
    """The interactive loop: an error is shown and the loop goes on; Ctrl-C clears the line, Ctrl-D leaves."""
    output.note(f"{workbench.machine.reference}: `help` lists the verbs, Tab completes, Ctrl-D leaves")
    ask, settled = make_reader(workbench, output, history), -MANY

    def ask_settled() -> str:
        nonlocal settled
        if abs(workbench.timeline.last - settled) >= MANY:
            gc.freeze()  # steps are no garbage: going through them takes the time of several keys
            settled = workbench.timeline.last
        return ask()

    loop(workbench, PagedWriter(output), ask_settled)


def loop(workbench: DebugSession, output: TerminalWriter, ask: Callable[[], str]) -> None:
    """Perform what `ask` gives until it raises EOFError or a line says `quit`, twice where steps would be lost by it;
    KeyboardInterrupt asks again."""
    warned: Timeline | None = None
    while True:
        try:
            for _, line in logical_lines(ask().split("\n")):  # a paste may hold several
                if not execute_line(workbench, output, line):
                    break
        except (EOFError, Quit):
            if workbench.file is not None or not workbench.timeline.journal or warned is workbench.timeline:
                return
            warned = workbench.timeline
            output.note("what happened here is in no file: `save FILE` keeps it; once more leaves")
        except KeyboardInterrupt:
            continue


def execute_line(workbench: DebugSession, output: TerminalWriter, line: str) -> bool:
    """Do what `line` says and show what came of it; whether that was no error. Raises `Quit`."""
    from fasm_cli.cli.repl.verbs import (
        execute_with_reload,
    )  # all that a line may do; the prompt is on the screen by now

    try:
        for report in execute_with_reload(workbench, line):
            output.report(report)
            output.done()
    except KeyboardInterrupt:
        output.note(f"interrupted at step {workbench.timeline.head}; every whole step is kept")
        return False
    except Quit:
        raise
    except Exception as error:  # whoever's fault it is, it must not cost the session
        output.fail(as_error(error), line.strip())
        return False
    return True


def make_reader(workbench: DebugSession, output: TerminalWriter, history: Path) -> Callable[[], str]:
    """What asks for a line: the prompt where there is a terminal that can draw one."""
    if not output.stream.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return lambda: read_plain(workbench)
    from prompt_toolkit.output import create_output

    from fasm_cli.cli.prompt.session import Prompt

    stream = output.stream
    prompt = Prompt(workbench, history, stream.encoding, output=create_output(stream))

    drawing = True

    def ask() -> str:
        nonlocal drawing
        try:
            if drawing:
                return prompt.ask()
        except EOFError:
            raise
        except Exception as error:  # drawing itself fails: better a bare prompt than none
            drawing = False
            output.fail(as_error(error), place="the prompt cannot be drawn")
        finally:
            for place, fault in prompt.shelter.take_errors():
                output.fail(as_error(fault), place=place)
        return read_plain(workbench)

    return ask


def read_plain(workbench: DebugSession) -> str:
    """A line, with those that its open brackets ask for, where nothing can be drawn: a terminal that cannot, or whose
    result goes elsewhere. Raises EOFError."""
    text, told = "", "".join(part[1] for part in prompt_parts(workbench, ASCII))
    while True:
        print(told, end="", file=sys.stderr, flush=True)
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            print(file=sys.stderr)
            raise
        if not line:
            print(file=sys.stderr)
            raise EOFError
        text += line
        if is_complete(text.rstrip("\n")):
            return text.rstrip("\n")
        told = " " * len(told)
