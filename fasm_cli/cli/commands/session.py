"""`fasm session`: new, list, show, log, diff, verify, migrate, rm."""

from typing import Annotated

import typer

from fasm_cli.cli import shell_completion
from fasm_cli.cli.app import App, JsonFlag, MachineOption, Session, Target, app, command_output, project
from fasm_cli.cli.lazy import deferred_imports

with deferred_imports():
    from fasm_cli.usecases import compare as comparer
    from fasm_cli.usecases import migrate_session, sessions
    from fasm_cli.usecases import verify as verifier

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
    """Create an empty session, to be stepped from the shell."""
    with command_output("session-new", json) as output:
        output.report(sessions.create(project(), target, file))


@session_app.verb("fasm session list", name="list")
def session_list(json: JsonFlag = False) -> None:
    """List the sessions and traces under sessions/."""
    with command_output("session-list", json) as output:
        output.report(sessions.listed(project()))


@session_app.verb("fasm session show shop", "fasm session show sessions/payment_overdraft.toml", name="show")
def session_show(session: Session, json: JsonFlag = False) -> None:
    """Show what is in a session, without importing its machine."""
    with command_output("session-show", json) as output:
        output.report(sessions.info(project(), session))


@session_app.verb("fasm session log shop", "fasm session log shop --last 2", name="log")
def session_log(
    session: Session,
    last: Annotated[int, typer.Option("--last", metavar="N", min=0, help="Only the last N steps (0: all).")] = 0,
    json: JsonFlag = False,
) -> None:
    """List every step of every branch, without importing the machine."""
    with command_output("session-log", json) as output:
        report, dropped = sessions.session_log(project(), session, last)
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
    """Compare two sessions, or the states at two steps.

    The exit code is 1 if they differ, as of diff.
    """
    with command_output("session-diff", json) as output:
        output.report(comparer.compare(project(), a, b, machine))


@session_app.verb("fasm session verify shop", name="verify")
def session_verify(session: Session, machine: MachineOption = "", json: JsonFlag = False) -> None:
    """Execute every step again in a fresh process. Report the first that differs."""
    with command_output("session-verify", json) as output:
        output.report(verifier.verify(project(), session, machine))


@session_app.verb("fasm session migrate shop --dry-run", "fasm session migrate shop", name="migrate")
def session_migrate(
    session: Session,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report everything, write nothing.")] = False,
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Migrate a session to its changed machine, into a new file."""
    with command_output("session-migrate", json) as output:
        output.report(migrate_session.migrate(project(), session, machine, dry_run=dry_run))


@session_app.verb("fasm session rm shop", name="rm")
def session_rm(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="SESSION…", help="Paths, or names under sessions/.", autocompletion=shell_completion.sessions
        ),
    ],
    json: JsonFlag = False,
) -> None:
    """Remove sessions and the files left beside them, without asking."""
    with command_output("session-rm", json) as output:
        output.report(sessions.remove(project(), files))
