"""`fasm run`, `fasm history` and `fasm migrate`: machines in production."""

import sys
from typing import Annotated

import typer

from fasm_cli.cli.app import JsonFlag, Session, Target, app, command_output, project
from fasm_cli.cli.lazy import deferred_imports

with deferred_imports():
    from fasm_cli.cli import jsonl_server
    from fasm_cli.project import load as loader
    from fasm_cli.runtime import runtime
    from fasm_cli.usecases import import_history as importer
    from fasm_cli.usecases import migrate_database as migrator


@app.verb(
    "fasm run ledger --db sqlite:///ledger.db",
    "fasm run ledger --db sqlite:///ledger.db --history",
)
def run(
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
    with command_output("run", as_json=False) as output:
        machine = loader.import_machine(project(), target)
        with jsonl_server.logging_to(sys.stderr):
            service = runtime.Runtime(
                machine, db, concurrency=concurrency, shutdown_timeout=shutdown_timeout, history=history
            )
            jsonl_server.serve(service, sys.stdin, output.stream)


@app.verb("fasm history ledger production --db sqlite:///ledger.db")
def history(
    target: Target,
    session: Session,
    db: Annotated[str, typer.Option("--db", metavar="URL", help="The database of the machine.")],
    json: JsonFlag = False,
) -> None:
    """Import a production history into a session."""
    with command_output("history", json) as output:
        output.report(importer.import_history(project(), target, db, session))


@app.verb("fasm migrate ledger --db sqlite:///ledger.db --dry-run", "fasm migrate ledger --db sqlite:///ledger.db")
def migrate(
    target: Target,
    db: Annotated[str, typer.Option("--db", metavar="URL", help="The database of the machine.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report everything, write nothing.")] = False,
    json: JsonFlag = False,
) -> None:
    """Migrate a database to its changed machine."""
    with command_output("migrate", json) as output:
        output.report(migrator.migrate_database(project(), target, db, dry_run=dry_run))
