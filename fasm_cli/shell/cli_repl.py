"""`fasm repl`: where its lines come from."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from fasm_cli.app import sessions
from fasm_cli.core.errors import UsageError
from fasm_cli.shell.cli_base import ByHand, Exit, JsonFlag, app, project, writing
from fasm_cli.shell.repl import run_prompt, run_script
from fasm_cli.shell.writer import Text

TYPED = "-c"
PIPED = "standard input"


@app.verb(
    "fasm repl coffee_shop",
    "fasm repl coffee_shop -c 'RedeemPoints(points=100)' -c crash -c restore -c pending",
    "printf 'RedeemPoints(points=100)\\ncrash\\nrestore\\npending\\n' | fasm repl coffee_shop",
)
def repl(
    target: Annotated[str, typer.Argument(metavar="TARGET|SESSION", help="A machine, or a session to go on with.")],
    commands: Annotated[
        list[str] | None, typer.Option(TYPED, metavar="LINE", help="Perform this line; may be repeated.")
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", metavar="FILE", help="Perform the lines of this file.")] = None,
    session: Annotated[str, typer.Option("--session", metavar="FILE", help="Keep the steps in this session.")] = "",
    machine: ByHand = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="At a prompt, reload the machine when its file is saved.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Step a machine at a prompt, or by lines of -c, -f or a pipe."""
    with writing("repl", json) as output:
        here = project()
        workbench, dropped = sessions.open_target(here, target, session, machine)
        if dropped:
            output.note(dropped)
        watched = Path(workbench.machine.source) if watch and workbench.machine.source else None
        with workbench:
            if commands or file is not None:
                code = run_script(workbench, commands or [], output, TYPED)
                if not code and file is not None:
                    code = run_script(workbench, lines_of(file), output, str(file))
            elif sys.stdin is not None and sys.stdin.isatty() and isinstance(output, Text):
                code = run_prompt(workbench, output, here.root / ".fasm" / "history", watched)
            else:
                code = run_script(workbench, decoded(sys.stdin, PIPED), output, PIPED)
    if code:
        raise Exit(code)


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a file. Raises `UsageError`."""
    try:
        with path.open(encoding="utf-8") as file:
            yield from decoded(file, str(path))
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", "-f takes a text file, one line after another"
        ) from None


def decoded(stream: TextIO | None, name: str) -> Iterator[str]:
    """The lines of a stream as they come. Raises `UsageError` where it is not text."""
    if stream is None:
        return
    try:
        for line in stream:
            yield line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8: {error.reason}") from None
