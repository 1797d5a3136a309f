"""`fasm session`: new, list, show, log, diff, verify, migrate, rm."""

from typing import Annotated

import typer

from fasm_cli.cli import shell_completion as cli_names
from fasm_cli.cli.commands.base import (
    DIVERGED,
    FINDING,
    App,
    Exit,
    JsonFlag,
    MachineOption,
    Session,
    Target,
    app,
    command_output,
    project,
)

session_app = App("session", "Sessions: new, list, show, log, diff, verify, migrate, rm.")
app.add_typer(session_app)


@session_app.callback(invoke_without_command=True)
def top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@session_app.verb("fasm session new coffee_shop shop", name="new")
def session_new(
    target: Target,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A path that ends in .toml, or a name under sessions/.")],
    json: JsonFlag = False,
) -> None:
    """An empty session to step from the shell."""
    from fasm_cli.usecases import sessions

    with command_output("session-new", json) as output:
        output.report(sessions.create(project(), target, file))


@session_app.verb("fasm session list", name="list")
def session_list(json: JsonFlag = False) -> None:
    """The sessions and traces under sessions/."""
    from fasm_cli.usecases import sessions

    with command_output("session-list", json) as output:
        output.report(sessions.listed(project()))


@session_app.verb("fasm session show shop", "fasm session show sessions/payment_overdraft.toml", name="show")
def session_show(session: Session, json: JsonFlag = False) -> None:
    """What is in a session. Its machine is not imported."""
    from fasm_cli.usecases import sessions

    with command_output("session-show", json) as output:
        output.report(sessions.info(project(), session))


@session_app.verb("fasm session log shop", "fasm session log shop --last 2", name="log")
def session_log(
    session: Session,
    last: Annotated[int, typer.Option("--last", metavar="N", min=0, help="Only the last N steps (0: all).")] = 0,
    json: JsonFlag = False,
) -> None:
    """Every step of every branch. Its machine is not imported."""
    from fasm_cli.usecases.sessions import session_log as log

    with command_output("session-log", json) as output:
        report, dropped = log(project(), session, last)
        if dropped:
            output.note(dropped)
        output.report(report)


@session_app.verb("fasm session diff shop coffee_shop_crash", "fasm session diff shop@0 shop@3", name="diff")
def session_diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A session or trace, or SESSION@STEP.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another; with @STEP only the states are compared.")],
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """How two sessions, or the states at two steps, differ.

    Ends with 1 where they do, as diff does.
    """
    from fasm_cli.usecases.compare import compare

    with command_output("session-diff", json) as output:
        report = compare(project(), a, b, machine)
        output.report(report)
    if report.differ:
        raise Exit(FINDING)
    if report.problem:
        raise Exit(DIVERGED)


@session_app.verb("fasm session verify shop", name="verify")
def session_verify(session: Session, machine: MachineOption = "", json: JsonFlag = False) -> None:
    """Run every step again in a fresh process. Says which differs."""
    from fasm_cli.usecases.verify import verify

    with command_output("session-verify", json) as output:
        report = verify(project(), session, machine)
        output.report(report)
    if report.finding is not None:
        raise Exit(FINDING)


@session_app.verb("fasm session migrate shop --dry-run", "fasm session migrate shop", name="migrate")
def session_migrate(
    session: Session,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say everything, write nothing.")] = False,
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Carry a session over to its changed machine, into a new file."""
    from fasm_cli.usecases.migrate_session import migrate

    with command_output("session-migrate", json) as output:
        report = migrate(project(), session, machine, dry_run=dry_run)
        output.report(report)
    if report.finding is not None:
        raise Exit(FINDING)


@session_app.verb("fasm session rm shop", name="rm")
def session_rm(
    files: Annotated[
        list[str],
        typer.Argument(metavar="SESSION…", help="Paths, or names under sessions/.", autocompletion=cli_names.sessions),
    ],
    json: JsonFlag = False,
) -> None:
    """Remove sessions and what was left beside them. Asks nothing."""
    from fasm_cli.usecases.sessions import remove

    with command_output("session-rm", json) as output:
        output.report(remove(project(), files))
