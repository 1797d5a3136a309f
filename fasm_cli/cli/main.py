"""The command line: arguments in, one verb run, an exit code out.

0 nothing wrong · 1 a finding · 2 usage · 3 the machine cannot be loaded · 4 session unreadable, newer, locked or
diverged · 5 input rejected or malformed · 70 a fault of ours · 130 interrupted.
"""

import os
import re
import signal
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fasm_cli import __version__
from fasm_cli.cli.commands.base import Exit, Interrupted, app, as_error, output_for
from fasm_cli.errors import FasmError, InternalError, UsageError, did_you_mean

# Where each verb is, in the order of `fasm --help`. Only the module of the verb that is called is imported: to register
# all of them takes longer than most of them take to run.
VERBS = {
    "list": "show",
    "describe": "show",
    "repl": "repl",
    "simulate": "simulate",
    "check": "simulate",
    "replay": "simulate",
    "shrink": "trace",
    "export": "trace",
    "explain": "laws",
    "lint": "laws",
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


def main() -> int:
    """What the installed command calls."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has seen enough is no error
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is no error either
    code = run(sys.argv[1:])
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # said already; the interpreter would say it again
    return code


def run(arguments: list[str]) -> int:
    """Run one command; gives its exit code. Nothing is raised but what ends the process by a signal."""
    register(arguments)
    try:
        code = app(args=arguments, standalone_mode=False, prog_name="fasm")
        return code if isinstance(code, int) else 0
    except Exit as end:
        return end.code
    except (KeyboardInterrupt, typer.Abort):
        return _fail(Interrupted("interrupted"), arguments)
    except Exception as error:
        return _fail(
            _usage(error, _verb(arguments).replace("-", " ")) if hasattr(error, "format_message") else as_error(error),
            arguments,
        )


def register(arguments: list[str]) -> None:
    """Import what has the verb of a command line; everything, where that is for `--help` or has none that we know."""
    called = VERBS.get(arguments[0]) if arguments else None
    for module in [called] if called else sorted(set(VERBS.values())):
        import_module(f"fasm_cli.cli.commands.{module}")


def _fail(error: FasmError, arguments: list[str]) -> int:
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    output = output_for(_verb(words), "--json" in words)
    try:
        output.fail(error)
        output.done()
    except OSError:
        return InternalError.exit_code  # nobody is there to be told
    return error.exit_code


def _verb(words: list[str]) -> str:
    """The verb that was meant, as it stands in the schema of a document."""
    names = [word for word in words if not word.startswith("-")]
    return "-".join(names[:2]) if names[:1] == ["session"] else (names or ["fasm"])[0]


def _usage(error: Any, verb: str) -> UsageError:
    """One of typer's own errors, in our form: `no such option: --sed; did you mean --seed?`."""
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


class Verbs(TyperGroup):
    """The verbs in the order of the table, whatever was imported first."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(self.commands, key=list(VERBS).index)


@app.callback(cls=Verbs, invoke_without_command=True)
def top(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        print(f"fasm {__version__}")
        raise Exit(0)
    if context.invoked_subcommand is None:
        print(context.get_help())
