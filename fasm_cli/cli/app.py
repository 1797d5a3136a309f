"""The command line: reads it, imports the module of its verb, runs one command and returns an exit code.

0 ok · 1 a finding · 2 usage · 3 the machine cannot be loaded · 4 session unreadable, newer, locked or diverged ·
5 input rejected or malformed · 70 internal error · 130 interrupted.

`typer.core` is documented for custom classes, but it is no stable interface. If its classes are missing or changed,
`fasm` falls back to the plain ones: all commands work, and only the layout of their help differs.
"""

import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import wraps
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from inspect import Parameter, signature
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from fasm_cli import __version__
from fasm_cli.cli.render.writer import JsonWriter, Output, TerminalWriter
from fasm_cli.contract.database import ConnectionLost
from fasm_cli.errors import FasmError, InternalError, MachineError, UsageError, did_you_mean
from fasm_cli.project.project import Project
from fasm_cli.reports import INTERRUPTED

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
    "replay": "sessions",
    "shrink": "sessions",
    "export": "sessions",
    "explain": "machines",
    "lint": "machines",
    "session": "sessions",
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
P = ParamSpec("P")


# --- imports ------------------------------------------------------------------------------------------------------


class _DeferringFinder:
    """Finds modules as usual, with a loader that executes them at the first use of an attribute."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None and spec.submodule_search_locations is None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def deferred_imports() -> Iterator[None]:
    """Defer the execution of the modules (not packages) imported in this block to the first use of an attribute.

    Most commands need few of the modules of their neighbours, and importing all of them takes longer than the command.
    So write `from fasm_cli.usecases import verify` here, and `verify.verify(...)` later: `from fasm_cli.usecases.verify
    import verify` would use an attribute at once. A module that registers something must not be imported here.
    """
    sys.meta_path.insert(0, _DeferringFinder)
    try:
        yield
    finally:
        sys.meta_path.remove(_DeferringFinder)


# --- completion in the shell: it imports no machine, and it raises nothing ----------------------------------------

Named = list[tuple[str, str]]  # a word, and the help that some shells show beside it


def complete_machine(incomplete: str) -> Named:
    return [(found.name, found.summary) for found in project().list_machines() if found.name.startswith(incomplete)]


def complete_session(incomplete: str) -> Named:
    """The sessions under `sessions/`; the shell completes paths itself."""
    return [(path.stem, "a session") for path in project().session_files() if path.stem.startswith(incomplete)]


# --- arguments and options ----------------------------------------------------------------------------------------

JsonFlag = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="A name under machines/, path.py[:Class] or pkg.module[:Class].",
        autocompletion=complete_machine,
    ),
]
Session = Annotated[
    str, typer.Argument(metavar="SESSION", help="A path, or a name under sessions/.", autocompletion=complete_session)
]
MachineOption = Annotated[
    str, typer.Option("--machine", metavar="TARGET", help="The machine, if the file may not name it.")
]
Db = Annotated[
    str,
    typer.Option("--db", metavar="URL", help="Where states are: sqlite:// (memory), sqlite:///FILE, postgresql://…"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report everything, write nothing.")]


def project(db: str = "") -> Project:
    """The project around the working directory. `FASM_DB` replaces `--db` for commands that have no such option."""
    return Project.find(Path.cwd(), db or os.environ.get("FASM_DB", ""))


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
    """A typer application whose verbs have examples, write to an `Output` and return an exit code."""

    def __init__(self, name: str, help: str, prefix: str = "") -> None:
        super().__init__(name=name, help=help, rich_markup_mode=None, pretty_exceptions_enable=False)
        self._command_class = command_class()
        self._prefix = prefix

    def verb(
        self, *examples: str, name: str = "", has_json: bool = True
    ) -> Callable[[Callable[Concatenate[Output, P], None]], Callable[..., int]]:
        """Register a function as a verb. `examples` are whole command lines; the tests run them.

        The first parameter of the function is the output of the command. The others are its arguments and options;
        `--json` is added to them if `has_json`.
        """

        def register(function: Callable[Concatenate[Output, P], None]) -> Callable[..., int]:
            verb = name or function.__name__

            @wraps(function)
            def run(*, json: bool = False, **arguments: Any) -> int:
                return run_verb(f"{self._prefix}{verb}", function, arguments, as_json=json)

            parameters = list(signature(function).parameters.values())[1:]
            if has_json:
                parameters.append(Parameter("json", Parameter.KEYWORD_ONLY, default=False, annotation=JsonFlag))
            run.__signature__ = signature(function).replace(parameters=parameters)  # type: ignore[attr-defined]
            run.__annotations__ = {each.name: each.annotation for each in parameters}
            return self.command(verb, cls=self._command_class, epilog="\n".join(examples))(run)

        return register


app = App("fasm", "Fallible async state machines: step, crash, restore, simulate and replay them.")


@app.callback(cls=group_class(), invoke_without_command=True)
def top(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        print(f"fasm {__version__}")
        raise typer.Exit
    print_help(context)


def print_help(context: typer.Context) -> None:
    """Print the help of a group that is called without a verb."""
    if context.invoked_subcommand is None:
        print(context.get_help())


# --- running ------------------------------------------------------------------------------------------------------


def main() -> int:
    """Run the command line of this process; returns the exit code. This is the installed `fasm`."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has seen enough is no error
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without a character is no error either
    code = run(sys.argv[1:])
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # reported already; the interpreter would report it again
    return code


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code. Raises nothing."""
    register(arguments)
    try:
        code = app(args=arguments, standalone_mode=False, prog_name="fasm")
        return code if isinstance(code, int) else 0
    except (Exception, KeyboardInterrupt) as error:
        words = arguments[: arguments.index("--")] if "--" in arguments else arguments
        verb = _verb(words)
        try:
            return fail(output_for(verb, "--json" in words), as_error(error, verb))
        except OSError:
            return InternalError.exit_code  # stderr is closed


def register(arguments: list[str]) -> None:
    """Import the module of the verb of a command line; every module for `--help` and for a verb that is unknown."""
    called = VERBS.get(arguments[0]) if arguments else None
    for module in [called] if called else sorted(set(VERBS.values())):
        import_module(f"fasm_cli.cli.commands.{module}")


def _verb(words: list[str]) -> str:
    """The verb of a command line as documents name it: `session-list`; `fasm` if there is none."""
    names = [word for word in words if not word.startswith("-")]
    return "-".join(names[:2]) if names[:1] == ["session"] else (names or ["fasm"])[0]


def run_verb(verb: str, function: Callable[..., None], arguments: dict[str, Any], *, as_json: bool) -> int:
    """Call the function of a verb. The exit code is that of its last report or error, or what it sets as `code`.

    An error becomes part of a JSON document, beside the reports made before it. Stdout is for the result alone: what a
    machine prints goes to stderr.
    """
    output = output_for(verb, as_json)
    try:
        with redirect_stdout(sys.stderr):
            function(output, **arguments)
    except (Exception, KeyboardInterrupt) as error:
        return fail(output, as_error(error))
    output.done()
    return output.code


def output_for(verb: str, as_json: bool) -> Output:
    return JsonWriter(verb) if as_json else TerminalWriter()


# --- errors -------------------------------------------------------------------------------------------------------


class Interrupted(FasmError):
    """Ctrl-C."""

    exit_code = INTERRUPTED
    kind = "interrupted"


def fail(output: Output, error: FasmError) -> int:
    """Write `error` as the end of a command; returns the exit code."""
    output.fail(error, output.source)
    output.done()
    return error.exit_code


def as_error(error: BaseException, verb: str = "") -> FasmError:
    """Convert any exception; `verb` is in the hint of typer's own complaints.

    It is the author's (`MachineError`) if it comes out of a machine's file, else ours.
    """
    if isinstance(error, FasmError):
        return error
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return Interrupted("interrupted")
    if verb and hasattr(error, "format_message"):
        return usage_error(error, verb)
    from fasm_cli.project.tracebacks import author_traceback

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


def usage_error(error: Any, verb: str) -> UsageError:
    """Convert typer's own complaint about a command line: `no such option: --sed; did you mean --seed?`."""
    message = " ".join(error.format_message().rstrip(".").split())
    context = getattr(error, "ctx", None)
    unknown = re.match(r"No such command '(.*?)'", message)
    if unknown is not None and context is not None:
        return UsageError(f"no verb {unknown[1]!r}", did_you_mean(unknown[1], context.command.commands))
    usage = (
        " ".join(context.get_usage().split()) if context is not None else f"see fasm {verb.replace('-', ' ')} --help"
    )
    usage = usage.replace("Usage:", "usage:")
    if getattr(error, "possibilities", None):
        message, usage = error.message, f"did you mean {' or '.join(sorted(error.possibilities))}? {usage}"
    return UsageError(f"{message[:1].lower()}{message[1:]}", usage)
