"""What is done with a session or trace that exists: `fasm session`, `replay`, `shrink` and `export`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fasm_cli.cli.app import (
    App,
    Db,
    DryRun,
    MachineOption,
    Session,
    Target,
    app,
    complete_session,
    deferred_imports,
    print_help,
    project,
)
from fasm_cli.cli.render.writer import Output
from fasm_cli.reports.repl import Message

with deferred_imports():
    from fasm_cli.debugger import export as exporter
    from fasm_cli.debugger import open as opener
    from fasm_cli.usecases import compare as comparer
    from fasm_cli.usecases import migrate_session, sessions
    from fasm_cli.usecases import replay as replayer
    from fasm_cli.usecases import shrink as shrinker
    from fasm_cli.usecases import verify as verifier

session_app = App("session", "Sessions: new, list, show, log, diff, verify, migrate, rm.", prefix="session-")
app.add_typer(session_app)


session_app.callback(invoke_without_command=True)(print_help)


@session_app.verb("fasm session new coffee_shop shop", name="new")
def session_new(
    output: Output,
    target: Target,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A path that ends in .toml, or a name under sessions/.")],
) -> None:
    """Create an empty session, to be stepped from the shell."""
    output.report(sessions.create(project(), target, file))


@session_app.verb("fasm session list", name="list")
def session_list(output: Output) -> None:
    """List the sessions and traces under sessions/."""
    output.report(sessions.listed(project()))


@session_app.verb("fasm session show shop", "fasm session show sessions/payment_overdraft.toml", name="show")
def session_show(output: Output, session: Session) -> None:
    """Show what is in a session, without importing its machine."""
    output.report(sessions.info(project(), session))


@session_app.verb("fasm session log shop", "fasm session log shop --last 2", name="log")
def session_log(
    output: Output,
    session: Session,
    last: Annotated[int, typer.Option("--last", metavar="N", min=0, help="Only the last N steps (0: all).")] = 0,
) -> None:
    """List every step of every branch, without importing the machine."""
    report, dropped = sessions.session_log(project(), session, last)
    output.note(dropped)
    output.report(report)


@session_app.verb("fasm session diff shop coffee_shop_crash", "fasm session diff shop@0 shop@3", name="diff")
def session_diff(
    output: Output,
    a: Annotated[str, typer.Argument(metavar="A", help="A session or trace, or SESSION@STEP.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another; with @STEP only the states are compared.")],
    machine: MachineOption = "",
) -> None:
    """Compare two sessions, or the states at two steps.

    The exit code is 1 if they differ, as of diff.
    """
    output.report(comparer.compare(project(), a, b, machine))


@session_app.verb("fasm session verify shop", name="verify")
def session_verify(output: Output, session: Session, machine: MachineOption = "") -> None:
    """Execute every step again in a fresh process. Report the first that differs."""
    output.report(verifier.verify(project(), session, machine))


@session_app.verb("fasm session migrate shop --dry-run", "fasm session migrate shop", name="migrate")
def session_migrate(output: Output, session: Session, dry_run: DryRun = False, machine: MachineOption = "") -> None:
    """Migrate a session to its changed machine, into a new file."""
    output.report(migrate_session.migrate(project(), session, machine, dry_run=dry_run))


@session_app.verb("fasm session rm shop", name="rm")
def session_rm(
    output: Output,
    files: Annotated[
        list[str],
        typer.Argument(metavar="SESSION…", help="Paths, or names under sessions/.", autocompletion=complete_session),
    ],
) -> None:
    """Remove sessions and the files left beside them, without asking."""
    output.report(sessions.remove(project(), files))


class Form(StrEnum):
    """What a session can be exported to; `export` of the REPL knows the same."""

    JSON = "json"
    PYTEST = "pytest"
    SCRIPT = "script"


@app.verb("fasm replay sessions/coffee_shop_crash.toml", "fasm replay sessions")
def replay(
    output: Output,
    trace: Annotated[str, typer.Argument(metavar="TRACE|DIR", help="A trace or session, or a folder of them.")],
    machine: MachineOption = "",
    db: Db = "",
) -> None:
    """Execute a trace again. Report whether it still violates its law, and where it differs."""
    here = project(db)
    if Path(trace).is_dir():
        output.report(replayer.replay_all(here, Path(trace), machine))
    else:
        output.report(replayer.replay(here, here.session_path(trace), machine))


@app.verb("fasm shrink sessions/payment_overdraft.toml -o smaller.toml")
def shrink(
    output: Output,
    trace: Annotated[str, typer.Argument(metavar="TRACE", help="A trace or session that violates a law.")],
    out: Annotated[Path, typer.Option("-o", metavar="FILE", help="Where to write the smaller trace.")],
    seconds: Annotated[float, typer.Option("--shrink-time", min=0, metavar="S", help="Seconds to shrink (5).")] = 5.0,
    machine: MachineOption = "",
    db: Db = "",
) -> None:
    """Make a trace as short and simple as possible."""
    output.report(shrinker.shrink_trace(project(db), trace, out, machine, seconds))


@app.verb(
    "fasm export sessions/coffee_shop_crash.toml --to script",
    "fasm export sessions/coffee_shop_crash.toml --to pytest -o test_crash.py",
)
def export(
    output: Output,
    session: Session,
    to: Annotated[Form, typer.Option("--to", help="Lines for `repl -f`, a test, or plain data.")],
    out: Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Where to write (standard output).")] = None,
    machine: MachineOption = "",
) -> None:
    """Write a session in another form."""
    opened, dropped = opener.view_session(project(), session, machine)
    output.note(dropped)
    if out is not None:
        output.report(exporter.export(opened, to, out))
    else:
        output.report(Message(exporter.FORMATS[to](opened).splitlines()))
