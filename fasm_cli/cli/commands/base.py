"""What all commands share: their options, and how a report, an error and an exit code leave the process."""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from fasm_cli.cli import shell_completion
from fasm_cli.cli.render.writer import JsonWriter, Output, TerminalWriter
from fasm_cli.contract.database import ConnectionLost
from fasm_cli.errors import FasmError, InputError, InternalError, MachineError
from fasm_cli.project.project import Project
from fasm_cli.project.tracebacks import author_traceback
from fasm_cli.reports.report import INTERRUPTED

DEBUG = "FASM_DEBUG"
T = TypeVar("T")

JsonFlag = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="A name under machines/, path.py[:Class] or pkg.module[:Class].",
        autocompletion=shell_completion.machines,
    ),
]
Session = Annotated[
    str,
    typer.Argument(
        metavar="SESSION", help="A path, or a name under sessions/.", autocompletion=shell_completion.sessions
    ),
]
MachineOption = Annotated[
    str, typer.Option("--machine", metavar="TARGET", help="The machine, if the file may not name it.")
]
Db = Annotated[
    str,
    typer.Option("--db", metavar="URL", help="Where states are: sqlite:// (memory), sqlite:///FILE, postgresql://…"),
]


class Exit(Exception):
    """Ends the process with an exit code; everything was written before."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Interrupted(FasmError):
    """Ctrl-C."""

    exit_code = INTERRUPTED
    kind = "interrupted"


def output_for(verb: str, as_json: bool) -> Output:
    return JsonWriter(verb) if as_json else TerminalWriter()


@contextmanager
def command_output(verb: str, as_json: bool) -> Iterator[Output]:
    """The output of one command. The exit code is the one of the last report, or what the block sets as `code`.

    An error becomes part of a JSON document, beside the reports made before it. Stdout is for the result alone: what a
    machine prints goes to stderr.
    """
    output = output_for(verb, as_json)
    try:
        with redirect_stdout(sys.stderr):
            yield output
    except Exit:
        raise
    except (Exception, KeyboardInterrupt) as error:
        raise failed(output, as_error(error)) from None
    output.done()
    if output.code:
        raise Exit(output.code)


def failed(output: Output, error: FasmError, source: str = "") -> Exit:
    """Write `error`; `source` is the text it is in. Returns the exception that ends the command."""
    output.fail(error, source)
    output.done()
    return Exit(error.exit_code)


def parse_or_exit(output: Output, source: str, parse: Callable[[], T]) -> T:
    """Return `parse()`. An `InputError` ends the command, and points at its place in `source`."""
    try:
        return parse()
    except InputError as error:
        raise failed(output, error, source) from None


def as_error(error: BaseException) -> FasmError:
    """Convert any exception. It is the author's (`MachineError`) if it comes out of a machine's file, else ours."""
    if isinstance(error, FasmError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("interrupted")
    text = f"{type(error).__name__}: {error}"
    frames = author_traceback(error)
    if frames:
        return MachineError(f"the machine raised {text}", frames=frames)
    if isinstance(error, ConnectionLost):
        return InternalError(f"the database cannot be reached: {error}", "committed steps are kept")
    if isinstance(error, OSError):  # a full disk, a missing folder
        return InternalError(f"the operating system refused: {error.strerror or error}")
    if os.environ.get(DEBUG):
        traceback.print_exception(error, file=sys.stderr)
    return InternalError(text, f"a bug in fasm: please report it; {DEBUG}=1 shows where it comes from")


def project(db: str = "") -> Project:
    """The project around the working directory. `FASM_DB` replaces `--db` for commands that have no such option."""
    return Project.find(Path.cwd(), db or os.environ.get("FASM_DB", ""))
