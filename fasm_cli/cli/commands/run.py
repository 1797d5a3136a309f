"""`fasm run`, `fasm history` and `fasm migrate`: machines in production."""

import sys
from typing import Annotated

import typer

from fasm_cli.cli.app import DryRun, Session, Target, app, deferred_imports, project
from fasm_cli.cli.render.writer import Output

with deferred_imports():
    from fasm_cli.cli import jsonl_server
    from fasm_cli.project import load as loader
    from fasm_cli.runtime import runtime
    from fasm_cli.usecases import import_history as importer
    from fasm_cli.usecases import migrate_database as migrator


@app.verb(
    "fasm run ledger --db sqlite:///ledger.db", "fasm run ledger --db sqlite:///ledger.db --history", has_json=False
)
def run(
    output: Output,
    target: Target,
    db: Annotated[str, typer.Option("--db", metavar="URL", help="Where the state is: sqlite:///file.")],
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, metavar="N", help="Handlers that run at the same time.")
    ] = 16,
    shutdown_timeout: Annotated[
        float, typer.Option("--shutdown-timeout", min=0, metavar="S", help="Seconds that handlers get to finish.")
    ] = 10.0,
    history: Annotated[bool, typer.Option("--history", help="Keep every event, for `fasm history`.")] = False,
) -> None:
    """Run a machine in production. Durable state, its handlers, inputs as lines of JSON."""
    machine = loader.import_machine(project(), target)
    with jsonl_server.logging_to(sys.stderr):
        service = runtime.Runtime(
            machine, db, concurrency=concurrency, shutdown_timeout=shutdown_timeout, history=history
        )
        jsonl_server.serve(service, sys.stdin, output.stream)


@app.verb("fasm history ledger production --db sqlite:///ledger.db")
def history(
    output: Output,
    target: Target,
    session: Session,
    db: Annotated[str, typer.Option("--db", metavar="URL", help="The database of the machine.")],
) -> None:
    """Import a production history into a session."""
    output.report(importer.import_history(project(), target, db, session))


@app.verb("fasm migrate ledger --db sqlite:///ledger.db --dry-run", "fasm migrate ledger --db sqlite:///ledger.db")
def migrate(
    output: Output,
    target: Target,
    db: Annotated[str, typer.Option("--db", metavar="URL", help="The database of the machine.")],
    dry_run: DryRun = False,
) -> None:
    """Migrate a database to its changed machine."""
    output.report(migrator.migrate_database(project(), target, db, dry_run=dry_run))
