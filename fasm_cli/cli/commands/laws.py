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
            metavar="[LAW]", help="The id of a law; without it, every law with its rule.", autocompletion=cli_names.laws
        ),
    ] = "",
    json: JsonFlag = False,
) -> None:
    """Explain a law: its rule, its reason, and a wrong and a right example."""
    from fasm_cli.laws import explain

    with command_output("explain", json) as output:
        output.report(explain.explain(law) if law else explain.list_laws())


@app.verb("fasm lint machines/coffee_shop.py", "fasm lint machines/dentist.py machines/counter.py")
def lint(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]...", help="Files and folders; machines/ by default.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Check machine sources for calls and set iterations that break a law, without importing them."""
    from fasm_cli.lint.run import lint

    with command_output("lint", json) as output:
        report = lint(project(), paths or [])
        output.report(report)
    if report.findings:
        raise Exit(FINDING)
