"""`fasm repl`: where its lines come from."""

from pathlib import Path
from typing import Annotated

import typer

from fasm_cli.cli.app import Db, MachineOption, app, complete_machine, complete_session, project
from fasm_cli.cli.render.writer import Output
from fasm_cli.cli.repl.config import configure
from fasm_cli.cli.repl.script import ScriptOptions, run_given_lines, run_interactive, run_transcript
from fasm_cli.debugger.open import open_target
from fasm_cli.errors import UsageError


def complete_target(incomplete: str) -> list[tuple[str, str]]:
    return complete_machine(incomplete) + complete_session(incomplete)


@app.verb(
    "fasm repl coffee_shop",
    "fasm repl coffee_shop -c 'RedeemPoints(points=100)' -c crash -c restore -c pending",
    "printf 'RedeemPoints(points=100)\\ncrash\\nrestore\\npending\\n' | fasm repl coffee_shop",
)
def repl(
    output: Output,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET|SESSION", help="A machine, or a session to continue.", autocompletion=complete_target
        ),
    ],
    commands: Annotated[
        list[str] | None, typer.Option("-c", metavar="LINE", help="Execute this line; may be repeated.")
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", metavar="FILE", help="Execute the lines of this file.")] = None,
    echo: Annotated[bool, typer.Option("--echo", help="Write each line before its report.")] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Do not stop at errors; exit with the first code.")
    ] = False,
    check: Annotated[
        Path | None, typer.Option("--check-transcript", metavar="FILE", help="Compare with the output now.")
    ] = None,
    update: Annotated[
        Path | None, typer.Option("--update-transcript", metavar="FILE", help="Write the output now into FILE.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Reload the machine when its file changes.")] = False,
    session: Annotated[str, typer.Option("--session", metavar="FILE", help="Save the steps in this session.")] = "",
    machine: MachineOption = "",
    db: Db = "",
) -> None:
    """Step a machine at a prompt, or with given lines."""
    if check is not None and update is not None:
        raise UsageError("--check-transcript and --update-transcript cannot be combined", "give one of them")
    opened, dropped = open_target(project(db), target, session, machine)
    output.note(dropped)
    opened.repl_state.watching = watch
    options = ScriptOptions(echo, keep_going)
    with opened:
        configure(opened)
        if check is not None or update is not None:
            output.code = run_transcript(opened, check, update, output)
        elif commands or file is not None:
            output.code = run_given_lines(opened, commands or [], file, output, options)
        else:
            output.code = run_interactive(opened, output, options)
