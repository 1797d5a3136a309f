"""The commands that open a session for one call: step, complete, crash, restore, pending, back, goto."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from fasm_cli.cli.app import JsonFlag, MachineOption, Session, app, command_output, parse_or_exit, project
from fasm_cli.cli.lazy import deferred_imports
from fasm_cli.cli.render.writer import Output
from fasm_cli.debugger.open import open_session, view_session
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.events import CrashPoint

with deferred_imports():
    from fasm_cli.debugger import navigate


@contextmanager
def session_output(verb: str, as_json: bool, name: str, machine: str) -> Iterator[tuple[Output, DebugSession]]:
    """The output of a command, and the session `name`, open for writing until the end of the block."""
    with command_output(verb, as_json) as output:
        session, dropped = open_session(project(), name, machine)
        if dropped:
            output.note(dropped)
        with session:
            yield output, session


@app.verb("fasm step shop 'RedeemPoints(points=100)'")
def step(
    session: Session,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT…", help="Inputs as Name(field=value).")],
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Send inputs to a session. Stops after the first that is not committed."""
    with session_output("step", json, session, machine) as (output, opened):
        for text in inputs:
            output.report(parse_or_exit(output, text, partial(opened.submit, text)))
            if output.code:
                break


@app.verb("fasm complete shop 1.1 'Success(points_deducted=100)'")
def complete(
    session: Session,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="A ref like 1.1, or the id.")],
    result: Annotated[str, typer.Argument(metavar="RESULT", help="The result as Name(field=value).")],
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Deliver the result of a tracked action."""
    with session_output("complete", json, session, machine) as (output, opened):
        parse_or_exit(output, action, lambda: opened.find_action(action))
        output.report(parse_or_exit(output, result, lambda: opened.complete(action, result)))


@app.verb("fasm crash shop")
def crash(
    session: Session,
    point: Annotated[CrashPoint, typer.Option("--at", help="Where the process dies.")] = CrashPoint.BETWEEN,
    count: Annotated[
        int, typer.Option("--count", min=0, help="Which action or emission, for after-action and in-restore.")
    ] = 0,
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Crash the process. Only the committed state survives."""
    with session_output("crash", json, session, machine) as (output, opened):
        output.report(opened.crash(point, count))


@app.verb("fasm restore shop")
def restore(session: Session, machine: MachineOption = "", json: JsonFlag = False) -> None:
    """Start the process again. Pending actions are emitted again."""
    with session_output("restore", json, session, machine) as (output, opened):
        output.report(opened.restore())


@app.verb("fasm pending shop")
def pending(session: Session, machine: MachineOption = "", json: JsonFlag = False) -> None:
    """List the tracked actions that have no accepted result."""
    with command_output("pending", json) as output:
        opened, dropped = view_session(project(), session, machine)
        if dropped:
            output.note(dropped)
        output.report(opened.pending())


@app.verb("fasm back shop", "fasm back shop 2")
def back(
    session: Session,
    count: Annotated[int, typer.Argument(metavar="[N]", help="How many steps.")] = 1,
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Go back N steps. Nothing is lost: the next step starts a branch."""
    with session_output("back", json, session, machine) as (output, opened):
        output.report(navigate.back(opened, count))


@app.verb("fasm goto shop 1")
def goto(
    session: Session,
    number: Annotated[int, typer.Argument(metavar="N", help="The step; 0 is the initial state.")],
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Go to step N of a session. Nothing is lost."""
    with session_output("goto", json, session, machine) as (output, opened):
        output.report(navigate.goto(opened, number))
