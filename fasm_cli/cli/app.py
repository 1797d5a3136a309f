"""What every command is made of: the table of verbs, the typer application, options, output, errors and exit codes.

`typer.core` is documented for custom classes, but it is no stable interface. If its classes are missing or changed,
`fasm` falls back to the plain ones: all commands work, and only the layout of their help differs.
"""

import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from fasm_cli.cli import shell_completion
from fasm_cli.cli.render.writer import JsonWriter, Output, TerminalWriter
from fasm_cli.contract.database import ConnectionLost
from fasm_cli.errors import FasmError, InputError, InternalError, MachineError, UsageError, did_you_mean
from fasm_cli.project.project import Project
from fasm_cli.project.tracebacks import author_traceback
from fasm_cli.reports.report import INTERRUPTED

try:
    from typer.core import TyperCommand, TyperGroup
except ImportError:  # pragma: no cover - a future typer
    TyperCommand = TyperGroup = None  # type: ignore[assignment, misc]

# The module under cli/commands that defines each verb, in the order of `fasm --help`. Only the module of the verb that
# is called is imported: registering all of them takes longer than most of them take to run.
VERBS = {
    "list": "machines",
    "describe": "machines",
    "repl": "repl",
    "simulate": "simulate",
    "check": "simulate",
    "replay": "traces",
    "shrink": "traces",
    "export": "traces",
    "explain": "machines",
    "lint": "machines",
    "session": "session",
    "step": "step",
    "complete": "step",
    "crash": "step",
    "restore": "step",
    "pending": "step",
    "back": "step",
    "goto": "step",
    "run": "run",
    "history": "run",
    "migrate": "run",
}

DEBUG = "FASM_DEBUG"
T = TypeVar("T")
Verb = TypeVar("Verb", bound=Callable[..., None])

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


# --- typer --------------------------------------------------------------------------------------------------------


def command_class() -> Any:
    """The class of a command whose help shows arguments without braces and one example a line; None if typer has no
    class to derive it from."""
    if TyperCommand is None or not hasattr(TyperCommand, "format_epilog"):
        return None

    class Command(TyperCommand):
        def collect_usage_pieces(self, ctx: Any) -> list[str]:
            return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

        def format_epilog(self, ctx: Any, formatter: Any) -> None:
            examples = (self.epilog or "").splitlines()
            if examples:
                formatter.write_paragraph()
                formatter.write("\n".join(["Examples:", *(f"  {line.strip()}" for line in examples)]) + "\n")

    return Command


def group_class() -> Any:
    """The class of the top-level group, which lists the verbs in the order of the table; None as `command_class`."""
    if TyperGroup is None or not hasattr(TyperGroup, "list_commands"):
        return None

    class Group(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return sorted(self.commands, key=list(VERBS).index)

    return Group


class App(typer.Typer):
    """A typer application whose verbs have examples."""

    def __init__(self, name: str, help: str) -> None:
        super().__init__(name=name, help=help, rich_markup_mode=None, pretty_exceptions_enable=False)
        self._command_class = command_class()

    def verb(self, *examples: str, name: str | None = None) -> Callable[[Verb], Verb]:
        """Register a function as a verb. `examples` are whole command lines; the tests run them."""
        return self.command(name, cls=self._command_class, epilog="\n".join(examples))


app = App("fasm", "Fallible async state machines: step, crash, restore, simulate and replay them.")


def is_usage_error(error: BaseException) -> bool:
    """Whether `error` is typer's own complaint about a command line."""
    return hasattr(error, "format_message")


def usage_error(error: Any, verb: str) -> UsageError:
    """Convert typer's own error: `no such option: --sed; did you mean --seed?`."""
    message = " ".join(error.format_message().rstrip(".").split())
    context = getattr(error, "ctx", None)
    unknown = re.match(r"No such command '(.*?)'", message)
    if unknown is not None and context is not None:
        return UsageError(f"no verb {unknown[1]!r}", did_you_mean(unknown[1], context.command.commands))
    usage = " ".join(context.get_usage().split()) if context is not None else f"see fasm {verb} --help"
    usage = usage.replace("Usage:", "usage:")
    if getattr(error, "possibilities", None):
        message, usage = error.message, f"did you mean {' or '.join(sorted(error.possibilities))}? {usage}"
    return UsageError(f"{message[:1].lower()}{message[1:]}", usage)


# --- output, errors and exit codes --------------------------------------------------------------------------------


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
