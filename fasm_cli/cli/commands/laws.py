"""`fasm explain` and `fasm lint`."""

from typing import Annotated

import typer

from fasm_cli.cli import shell_completion as cli_names
from fasm_cli.cli.commands.base import FINDING, Exit, JsonFlag, app, command_output, project


@app.verb("fasm explain completion", "fasm explain invariant:never_in_debt", "fasm explain")
def explain(
    law: Annotated[
        str,
        typer.Argument(
            metavar="[LAW]", help="Its id; every law with its rule where left out.", autocompletion=cli_names.laws
        ),
    ] = "",
    json: JsonFlag = False,
) -> None:
    """What a law says and why, with examples."""
    from fasm_cli.laws import explain

    with command_output("explain", json) as output:
        output.report(explain.explain(law) if law else explain.laws())


@app.verb("fasm lint machines/coffee_shop.py", "fasm lint machines/dentist.py machines/counter.py")
def lint(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]...", help="Files and folders; machines/ where left out.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Read machines for what breaks a law; nothing is imported."""
    from fasm_cli.lint.files import lint

    with command_output("lint", json) as output:
        report = lint(project(), paths or [])
        output.report(report)
    if report.findings:
        raise Exit(FINDING)
