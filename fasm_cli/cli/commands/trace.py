"""Verbs that make another file of a trace or a session: export and shrink."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fasm_cli.cli.commands.base import Db, JsonFlag, MachineOption, Session, app, command_output, project
from fasm_cli.reports.repl import Message


class Form(StrEnum):
    """What a session can be exported to; the REPL's verb knows the same."""

    JSON = "json"
    PYTEST = "pytest"
    SCRIPT = "script"


@app.verb(
    "fasm export sessions/coffee_shop_crash.toml --to script",
    "fasm export sessions/coffee_shop_crash.toml --to pytest -o test_crash.py",
)
def export(
    session: Session,
    to: Annotated[Form, typer.Option("--to", help="Lines for `repl -f`, a test, or plain data.")],
    out: Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Where to (standard output).")] = None,
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Write a session in another form."""
    from fasm_cli.debugger.export import FORMATS
    from fasm_cli.debugger.export import export as to_file
    from fasm_cli.debugger.open import view_session

    with command_output("export", json) as output:
        workbench, dropped = view_session(project(), session, machine)
        if dropped:
            output.note(dropped)
        if out is not None:
            output.report(to_file(workbench, to, out))
        else:
            output.report(Message(FORMATS[to](workbench).splitlines()))


@app.verb("fasm shrink sessions/payment_overdraft.toml -o smaller.toml")
def shrink(
    trace: Annotated[str, typer.Argument(metavar="TRACE", help="A trace or session that breaks.")],
    out: Annotated[Path, typer.Option("-o", metavar="FILE", help="Where the shrunk trace goes.")],
    seconds: Annotated[float, typer.Option("--shrink-time", min=0, metavar="S", help="Seconds to shrink (5).")] = 5.0,
    machine: MachineOption = "",
    db: Db = "",
    json: JsonFlag = False,
) -> None:
    """Make a trace as short and simple as it can be."""
    from fasm_cli.usecases.shrink import shrink_trace

    with command_output("shrink", json) as output:
        output.report(shrink_trace(project(db), trace, out, machine, seconds))
