"""`fasm repl`: where its lines come from."""

from pathlib import Path
from typing import Annotated

import typer

from fasm_cli.cli import shell_completion as cli_names
from fasm_cli.cli.commands.base import Db, Exit, JsonFlag, MachineOption, app, command_output, project
from fasm_cli.errors import UsageError


@app.verb(
    "fasm repl coffee_shop",
    "fasm repl coffee_shop -c 'RedeemPoints(points=100)' -c crash -c restore -c pending",
    "printf 'RedeemPoints(points=100)\\ncrash\\nrestore\\npending\\n' | fasm repl coffee_shop",
)
def repl(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET|SESSION",
            help="A machine, or a session to go on with.",
            autocompletion=cli_names.machines_and_sessions,
        ),
    ],
    commands: Annotated[
        list[str] | None, typer.Option("-c", metavar="LINE", help="Perform this line; may be repeated.")
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", metavar="FILE", help="Perform the lines of this file.")] = None,
    echo: Annotated[bool, typer.Option("--echo", help="Write each line before what comes of it.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Whatever goes wrong; exit with the worst.")] = False,
    check: Annotated[
        Path | None, typer.Option("--check-transcript", metavar="FILE", help="Compare with what comes out now.")
    ] = None,
    update: Annotated[
        Path | None, typer.Option("--update-transcript", metavar="FILE", help="Write what comes out now into FILE.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Reload the machine when its file was written.")] = False,
    session: Annotated[str, typer.Option("--session", metavar="FILE", help="Keep the steps in this session.")] = "",
    machine: MachineOption = "",
    db: Db = "",
    json: JsonFlag = False,
) -> None:
    """Step a machine at a prompt, or by lines of -c, -f or a pipe."""
    from fasm_cli.cli.repl.config import configure
    from fasm_cli.cli.repl.input_sources import converse, scripted, transcript
    from fasm_cli.debugger.open import open_target

    if check is not None and update is not None:
        raise UsageError("--check-transcript and --update-transcript are two things", "give one of them")
    with command_output("repl", json) as output:
        here = project(db)
        workbench, dropped = open_target(here, target, session, machine)
        if dropped:
            output.note(dropped)
        workbench.repl_state.watching = watch
        with workbench:
            configure(workbench)
            if check is not None or update is not None:
                code = transcript(workbench, check, update, output)
            elif commands or file is not None:
                code = scripted(workbench, commands or [], file, output, echo=echo, keep_going=keep_going)
            else:
                code = converse(workbench, output, echo=echo, keep_going=keep_going)
    if code:
        raise Exit(code)
