"""`fasm session new`, `list` and `show`."""

from typing import Annotated

import typer

from fasm_cli.app import sessions
from fasm_cli.shell.cli_base import App, JsonFlag, Session, Target, app, project, writing

session_app = App("session", "Sessions: new, list, show.")
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
    with writing("session-new", json) as output:
        output.report(sessions.create(project(), target, file))


@session_app.verb("fasm session list", name="list")
def session_list(json: JsonFlag = False) -> None:
    """The sessions and traces under sessions/."""
    with writing("session-list", json) as output:
        output.report(sessions.listed(project()))


@session_app.verb("fasm session show shop", "fasm session show sessions/payment_overdraft.toml", name="show")
def session_show(session: Session, json: JsonFlag = False) -> None:
    """What is in a session. Its machine is not imported."""
    with writing("session-show", json) as output:
        output.report(sessions.info(project(), session))
