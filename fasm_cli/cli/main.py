"""The entry point of `fasm`: reads the command line, runs one command and returns an exit code.

0 ok · 1 a finding · 2 usage · 3 the machine cannot be loaded · 4 session unreadable, newer, locked or diverged ·
5 input rejected or malformed · 70 internal error · 130 interrupted.
"""

import os
import signal
import sys
from importlib import import_module
from typing import Annotated

import typer

from fasm_cli import __version__
from fasm_cli.cli.app import (
    VERBS,
    Exit,
    Interrupted,
    app,
    as_error,
    group_class,
    is_usage_error,
    output_for,
    usage_error,
)
from fasm_cli.errors import FasmError, InternalError


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
    except Exit as end:
        return end.code
    except (KeyboardInterrupt, typer.Abort):
        return _fail(Interrupted("interrupted"), arguments)
    except Exception as error:
        if is_usage_error(error):
            return _fail(usage_error(error, _verb(arguments).replace("-", " ")), arguments)
        return _fail(as_error(error), arguments)


def register(arguments: list[str]) -> None:
    """Import the module of the verb of a command line; every module for `--help` and for a verb that is unknown."""
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
        return InternalError.exit_code  # stderr is closed
    return error.exit_code


def _verb(words: list[str]) -> str:
    """The verb of a command line as documents name it: `session-list`; `fasm` if there is none."""
    names = [word for word in words if not word.startswith("-")]
    return "-".join(names[:2]) if names[:1] == ["session"] else (names or ["fasm"])[0]


@app.callback(cls=group_class(), invoke_without_command=True)
def top(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        print(f"fasm {__version__}")
        raise Exit(0)
    if context.invoked_subcommand is None:
        print(context.get_help())
