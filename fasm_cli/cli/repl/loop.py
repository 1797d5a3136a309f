"""The interactive loop: read a line, execute it, print the report. `script` executes lines that nobody types."""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

from fasm_cli.cli.app import as_error, deferred_imports
from fasm_cli.cli.prompt.style import ASCII, prompt_parts
from fasm_cli.cli.render.pager import PagedWriter
from fasm_cli.cli.render.writer import TerminalWriter
from fasm_cli.cli.repl.lines import is_complete, logical_lines
from fasm_cli.cli.repl.registry import Quit, load_verbs
from fasm_cli.debugger.session import DebugSession
from fasm_cli.sessions.timeline import Timeline

with deferred_imports():
    from fasm_cli.cli.repl import execute

FREEZE_AFTER = 1000  # new steps after which the garbage collector stops scanning the existing ones


def run_prompt(session: DebugSession, output: TerminalWriter, history: Path) -> None:
    """Run the interactive loop. An error is printed and the loop continues; Ctrl-C clears the line, Ctrl-D leaves."""
    output.note(f"{session.machine.reference}: `help` lists the verbs, Tab completes, Ctrl-D leaves")
    read, frozen_at = make_reader(session, output, history), -FREEZE_AFTER

    def read_frozen() -> str:
        nonlocal frozen_at
        if abs(session.timeline.last - frozen_at) >= FREEZE_AFTER:
            gc.freeze()  # steps live on: scanning them takes as long as several key presses
            frozen_at = session.timeline.last
        return read()

    loop(session, PagedWriter(output), read_frozen)


def loop(session: DebugSession, output: TerminalWriter, read: Callable[[], str]) -> None:
    """Execute the lines that `read` returns until it raises EOFError or a line is `quit`.

    If leaving would lose steps, the first attempt only warns. After KeyboardInterrupt the next line is read.
    """
    warned: Timeline | None = None
    while True:
        try:
            for _, line in logical_lines(read().split("\n")):  # pasted text may contain several lines
                if not execute_line(session, output, line):
                    break
        except (EOFError, Quit):
            if session.file is not None or not session.timeline.journal or warned is session.timeline:
                return
            warned = session.timeline
            output.note("these steps are not saved: `save FILE` stores them; repeat to leave without saving")
        except KeyboardInterrupt:
            continue


def execute_line(session: DebugSession, output: TerminalWriter, line: str) -> bool:
    """Execute `line` and print its reports; return False after an error. Raises `Quit`."""
    load_verbs()
    try:
        for report, seconds in execute.execute_with_reload(session, line):
            output.report(report, seconds)
            output.done()
    except KeyboardInterrupt:
        output.note(f"interrupted at step {session.timeline.head}; every completed step is stored")
        return False
    except Quit:
        raise
    except Exception as error:  # an error of the machine or of fasm must not end the session
        output.fail(as_error(error), line.strip())
        return False
    return True


def make_reader(session: DebugSession, output: TerminalWriter, history: Path) -> Callable[[], str]:
    """Return the function that reads a line: from the prompt if the terminal can draw it, else from a plain one."""
    if not output.stream.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return lambda: read_plain(session)
    from prompt_toolkit.output import create_output

    from fasm_cli.cli.prompt.session import Prompt

    stream = output.stream
    prompt = Prompt(session, history, stream.encoding, output=create_output(stream))

    can_draw = True

    def read() -> str:
        nonlocal can_draw
        try:
            if can_draw:
                return prompt.read()
        except EOFError:
            raise
        except Exception as error:  # drawing failed: fall back to the plain prompt
            can_draw = False
            output.fail(as_error(error), place="the prompt cannot be drawn")
        finally:
            for place, failure in prompt.errors.take_errors():
                output.fail(as_error(failure), place=place)
        return read_plain(session)

    return read


def read_plain(session: DebugSession) -> str:
    """Read a logical line without drawing: the terminal cannot draw, or stdout is redirected. Raises EOFError."""
    text, prompt = "", "".join(part[1] for part in prompt_parts(session, ASCII))
    while True:
        print(prompt, end="", file=sys.stderr, flush=True)
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
        prompt = " " * len(prompt)
