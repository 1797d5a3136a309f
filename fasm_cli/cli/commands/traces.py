"""`fasm replay`, `shrink` and `export`: what is done with a trace or session that exists."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fasm_cli.cli.app import Db, JsonFlag, MachineOption, Session, app, command_output, project
from fasm_cli.cli.lazy import deferred_imports
from fasm_cli.reports.repl import Message

with deferred_imports():
    from fasm_cli.debugger import export as exporter
    from fasm_cli.debugger import open as opener
    from fasm_cli.usecases import replay as replayer
    from fasm_cli.usecases import shrink as shrinker


class Form(StrEnum):
    """What a session can be exported to; `export` of the REPL knows the same."""

    JSON = "json"
    PYTEST = "pytest"
    SCRIPT = "script"


@app.verb("fasm replay sessions/coffee_shop_crash.toml", "fasm replay sessions")
def replay(
    trace: Annotated[str, typer.Argument(metavar="TRACE|DIR", help="A trace or session, or a folder of them.")],
    machine: MachineOption = "",
    db: Db = "",
    json: JsonFlag = False,
) -> None:
    """Execute a trace again. Report whether it still violates its law, and where it differs."""
    with command_output("replay", json) as output:
        here = project(db)
        if Path(trace).is_dir():
            output.report(replayer.replay_all(here, Path(trace), machine))
        else:
            output.report(replayer.replay(here, here.session_path(trace), machine))


@app.verb("fasm shrink sessions/payment_overdraft.toml -o smaller.toml")
def shrink(
    trace: Annotated[str, typer.Argument(metavar="TRACE", help="A trace or session that violates a law.")],
    out: Annotated[Path, typer.Option("-o", metavar="FILE", help="Where to write the smaller trace.")],
    seconds: Annotated[float, typer.Option("--shrink-time", min=0, metavar="S", help="Seconds to shrink (5).")] = 5.0,
    machine: MachineOption = "",
    db: Db = "",
    json: JsonFlag = False,
) -> None:
    """Make a trace as short and simple as possible."""
    with command_output("shrink", json) as output:
        output.report(shrinker.shrink_trace(project(db), trace, out, machine, seconds))


@app.verb(
    "fasm export sessions/coffee_shop_crash.toml --to script",
    "fasm export sessions/coffee_shop_crash.toml --to pytest -o test_crash.py",
)
def export(
    session: Session,
    to: Annotated[Form, typer.Option("--to", help="Lines for `repl -f`, a test, or plain data.")],
    out: Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Where to write (standard output).")] = None,
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Write a session in another form."""
    with command_output("export", json) as output:
        opened, dropped = opener.view_session(project(), session, machine)
        if dropped:
            output.note(dropped)
        if out is not None:
            output.report(exporter.export(opened, to, out))
        else:
            output.report(Message(exporter.FORMATS[to](opened).splitlines()))
