"""`fasm list`, `describe`, `explain` and `lint`: what is known of machines and laws without a run."""

from typing import Annotated

import typer

from fasm_cli.cli import shell_completion
from fasm_cli.cli.app import JsonFlag, Target, app, command_output, project
from fasm_cli.cli.lazy import deferred_imports
from fasm_cli.reports.machines import MachineLine, Machines

with deferred_imports():
    from fasm_cli.engine import engine as engines
    from fasm_cli.laws import pages as laws
    from fasm_cli.lint import run as linter
    from fasm_cli.project import load as loader
    from fasm_cli.usecases import describe as describer


@app.verb("fasm list", name="list")
def list_(json: JsonFlag = False) -> None:
    """List the machines under machines/, without importing them."""
    with command_output("list", json) as output:
        here = project()
        items = [MachineLine(found.name, found.cls, found.summary) for found in here.list_machines()]
        output.report(Machines(items, here.display_path(here.machines)))


@app.verb("fasm describe coffee_shop")
def describe(target: Target, json: JsonFlag = False) -> None:
    """Describe a machine: its inputs, actions and invariants."""
    with command_output("describe", json) as output:
        output.report(describer.describe(engines.Engine(loader.import_machine(project(), target))))


@app.verb("fasm explain completion", "fasm explain invariant:never_in_debt", "fasm explain")
def explain(
    law: Annotated[
        str,
        typer.Argument(
            metavar="[LAW]", help="The id of a law; all laws by default.", autocompletion=shell_completion.laws
        ),
    ] = "",
    json: JsonFlag = False,
) -> None:
    """Explain a law, with a wrong and a right example."""
    with command_output("explain", json) as output:
        output.report(laws.explain(law) if law else laws.list_laws())


@app.verb("fasm lint machines/coffee_shop.py", "fasm lint machines/dentist.py machines/counter.py")
def lint(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]...", help="Files and folders; machines/ by default.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Check machine sources without importing them. Report calls and set iterations that break a law."""
    with command_output("lint", json) as output:
        output.report(linter.lint(project(), paths or []))
