"""`fasm list`, `describe`, `explain` and `lint`: what is known of machines and laws without a run."""

from typing import Annotated

import typer

from fasm_cli.cli.app import Target, app, deferred_imports, project
from fasm_cli.cli.render.writer import Output
from fasm_cli.reports.machines import Machines

with deferred_imports():
    from fasm_cli.engine import engine as engines
    from fasm_cli.laws import pages as laws
    from fasm_cli.lint import run as linter
    from fasm_cli.project import load as loader
    from fasm_cli.usecases import describe as describer


def complete_law(incomplete: str) -> list[tuple[str, str]]:
    return [(law, laws.explain(law).rule) for law in laws.PAGES if law.startswith(incomplete)]


@app.verb("fasm list", name="list")
def list_(output: Output) -> None:
    """List the machines under machines/, without importing them."""
    here = project()
    output.report(Machines(here.list_machines(), here.display_path(here.machines)))


@app.verb("fasm describe coffee_shop")
def describe(output: Output, target: Target) -> None:
    """Describe a machine: its inputs, actions and invariants."""
    output.report(describer.describe(engines.Engine(loader.import_machine(project(), target))))


@app.verb("fasm explain completion", "fasm explain invariant:never_in_debt", "fasm explain")
def explain(
    output: Output,
    law: Annotated[
        str, typer.Argument(metavar="[LAW]", help="The id of a law; all laws by default.", autocompletion=complete_law)
    ] = "",
) -> None:
    """Explain a law, with a wrong and a right example."""
    output.report(laws.explain(law) if law else laws.list_laws())


@app.verb("fasm lint machines/coffee_shop.py", "fasm lint machines/dentist.py machines/counter.py")
def lint(
    output: Output,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]...", help="Files and folders; machines/ by default.")
    ] = None,
) -> None:
    """Check machine sources without importing them. Report calls and set iterations that break a law."""
    output.report(linter.lint(project(), paths or []))
