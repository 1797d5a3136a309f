"""What every verb of the command line is made of: the typer app, its options, how a report and an exit code get out.

The verbs themselves are in `cli` (simulate, replay) and `cli_*`; each registers itself with `@app.verb`, which takes
the examples of its help. They are run as tests.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand

from fasm_cli.cli import shell_completion as cli_names
from fasm_cli.cli.render.writer import JsonWriter, Output, TerminalWriter
from fasm_cli.contract.database import ConnectionLost
from fasm_cli.errors import FasmError, InternalError, MachineError
from fasm_cli.project.project import Project
from fasm_cli.project.tracebacks import author_traceback

FINDING, DIVERGED, REJECTED, INTERRUPTED = 1, 4, 5, 130
DEBUG = "FASM_DEBUG"
Verb = TypeVar("Verb", bound=Callable[..., None])

JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="A name under machines/, path.py[:Class] or pkg.module[:Class].",
        autocompletion=cli_names.machines,
    ),
]
Session = Annotated[
    str,
    typer.Argument(metavar="SESSION", help="A path, or a name under sessions/.", autocompletion=cli_names.sessions),
]
MachineOption = Annotated[
    str, typer.Option("--machine", metavar="TARGET", help="The machine, where the file may not name it.")
]

Db = Annotated[
    str,
    typer.Option("--db", metavar="URL", help="Where states are: sqlite:// (memory), sqlite:///FILE, postgresql://…"),
]


class Command(TyperCommand):
    """A verb whose help shows its arguments without braces and its examples one a line."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        examples = (self.epilog or "").splitlines()
        if examples:
            formatter.write_paragraph()
            formatter.write("\n".join(["Examples:", *(f"  {line.strip()}" for line in examples)]) + "\n")


class App(typer.Typer):
    """A typer app all of whose verbs are `Command`s; called without a verb it prints its help."""

    def __init__(self, name: str, help: str) -> None:
        super().__init__(name=name, help=help, rich_markup_mode=None, pretty_exceptions_enable=False)

    def verb(self, *examples: str, name: str | None = None) -> Callable[[Verb], Verb]:
        """Registers a function as a verb; `examples` are whole command lines."""
        return self.command(name, cls=Command, epilog="\n".join(examples))


app = App("fasm", "Fallible async state machines: step, crash, restore, simulate and replay them.")


class Exit(Exception):
    """Ends the command with a code that is not an error's."""

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
    """The output of one command; an error becomes part of a JSON document, with what was done before it.

    Stdout is the result's alone: what a machine prints goes to stderr.
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


def failed(output: Output, error: FasmError, source: str = "") -> Exit:
    """Write `error`; gives what ends the command with its code."""
    output.fail(error, source)
    output.done()
    return Exit(error.exit_code)


def as_error(error: BaseException) -> FasmError:
    """Whose fault `error` is, and what to say of it: what is not raised on purpose is the author's where it comes out
    of a machine's file, else ours."""
    if isinstance(error, FasmError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("interrupted")
    told = f"{type(error).__name__}: {error}"
    frames = author_traceback(error)
    if frames:
        return MachineError(f"the machine raised {told}", frames=frames)
    if isinstance(error, ConnectionLost):
        return InternalError(f"the database cannot be reached: {error}", "what was committed is still there")
    if isinstance(error, OSError):  # a full disk, a folder that is gone
        return InternalError(f"the system refuses to go on: {error.strerror or error}")
    if os.environ.get(DEBUG):
        traceback.print_exception(error, file=sys.stderr)
    return InternalError(told, f"a fault of fasm: please report it; {DEBUG}=1 shows where it comes from")


def project(db: str = "") -> Project:
    """The project around the working directory. The verbs of sessions take no --db: for them too there is `FASM_DB`."""
    return Project.find(Path.cwd(), db or os.environ.get("FASM_DB", ""))
