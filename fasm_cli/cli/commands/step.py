"""The commands that open a session for one call: step, complete, crash, restore, pending, back, goto."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from fasm_cli.cli.app import MachineOption, Session, app, deferred_imports, project
from fasm_cli.cli.render.writer import Output
from fasm_cli.debugger.open import open_session, view_session
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.events import CrashPoint

with deferred_imports():
    from fasm_cli.debugger import navigate


@contextmanager
def opened(output: Output, name: str, machine: str) -> Iterator[DebugSession]:
    """The session `name`, open for writing until the end of the block."""
    session, dropped = open_session(project(), name, machine)
    output.note(dropped)
    with session:
        yield session


@app.verb("fasm step shop 'RedeemPoints(points=100)'")
def step(
    output: Output,
    session: Session,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT…", help="Inputs as Name(field=value).")],
    machine: MachineOption = "",
) -> None:
    """Send inputs to a session. Stops after the first that is not committed."""
    with opened(output, session, machine) as debug:
        for text in inputs:
            output.source = text
            output.report(debug.submit(text))
            if output.code:
                break


@app.verb("fasm complete shop 1.1 'Success(points_deducted=100)'")
def complete(
    output: Output,
    session: Session,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="A ref like 1.1, or the id.")],
    result: Annotated[str, typer.Argument(metavar="RESULT", help="The result as Name(field=value).")],
    machine: MachineOption = "",
) -> None:
    """Deliver the result of a tracked action."""
    with opened(output, session, machine) as debug:
        output.source = action
        debug.find_action(action)
        output.source = result
        output.report(debug.complete(action, result))


@app.verb("fasm crash shop")
def crash(
    output: Output,
    session: Session,
    point: Annotated[CrashPoint, typer.Option("--at", help="Where the process dies.")] = CrashPoint.BETWEEN,
    count: Annotated[
        int, typer.Option("--count", min=0, help="Which action or emission, for after-action and in-restore.")
    ] = 0,
    machine: MachineOption = "",
) -> None:
    """Crash the process. Only the committed state survives."""
    with opened(output, session, machine) as debug:
        output.report(debug.crash(point, count))


@app.verb("fasm restore shop")
def restore(output: Output, session: Session, machine: MachineOption = "") -> None:
    """Start the process again. Pending actions are emitted again."""
    with opened(output, session, machine) as debug:
        output.report(debug.restore())


@app.verb("fasm pending shop")
def pending(output: Output, session: Session, machine: MachineOption = "") -> None:
    """List the tracked actions that have no accepted result."""
    debug, dropped = view_session(project(), session, machine)
    output.note(dropped)
    output.report(debug.pending())


@app.verb("fasm back shop", "fasm back shop 2")
def back(
    output: Output,
    session: Session,
    count: Annotated[int, typer.Argument(metavar="[N]", help="How many steps.")] = 1,
    machine: MachineOption = "",
) -> None:
    """Go back N steps. Nothing is lost: the next step starts a branch."""
    with opened(output, session, machine) as debug:
        output.report(navigate.back(debug, count))


@app.verb("fasm goto shop 1")
def goto(
    output: Output,
    session: Session,
    number: Annotated[int, typer.Argument(metavar="N", help="The step; 0 is the initial state.")],
    machine: MachineOption = "",
) -> None:
    """Go to step N of a session. Nothing is lost."""
    with opened(output, session, machine) as debug:
        output.report(navigate.goto(debug, number))
