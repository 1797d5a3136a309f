"""The verbs that open a session for one call: step, complete, crash, restore, pending, back, goto."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from fasm_cli.cli.commands.base import (
    FINDING,
    REJECTED,
    Exit,
    JsonFlag,
    MachineOption,
    Session,
    app,
    command_output,
    failed,
    project,
)
from fasm_cli.cli.render.writer import Output
from fasm_cli.engine.events import CrashPoint
from fasm_cli.errors import InputError

if TYPE_CHECKING:
    from fasm_cli.debugger.session import DebugSession
    from fasm_cli.reports.report import Report
    from fasm_cli.reports.steps import StepReport

T = TypeVar("T")


@contextmanager
def opened_session(session: str, machine: str, output: Output) -> "Iterator[DebugSession]":
    """The session, open for writing until the end of the block."""
    from fasm_cli.debugger.open import open_session

    workbench, dropped = open_session(project(), session, machine)
    if dropped:
        output.note(dropped)
    with workbench:
        yield workbench


def exit_for(report: "StepReport") -> None:
    """End with the code of a step that did not go through."""
    if report.finding is not None:
        raise Exit(FINDING)
    if report.record.outcome != "committed":
        raise Exit(REJECTED)


def one_step(
    verb: str, session: str, machine: str, as_json: bool, take: "Callable[[DebugSession], StepReport]"
) -> None:
    with command_output(verb, as_json) as output, opened_session(session, machine, output) as workbench:
        report = take(workbench)
        output.report(report)
    exit_for(report)


def moved(verb: str, session: str, machine: str, as_json: bool, move: "Callable[[DebugSession], Report]") -> None:
    with command_output(verb, as_json) as output, opened_session(session, machine, output) as workbench:
        output.report(move(workbench))


def typed(output: Output, source: str, read: Callable[[], T]) -> T:
    """`read`; what is wrong with the text that was typed is shown in the text."""
    try:
        return read()
    except InputError as error:
        raise failed(output, error, source) from None


@app.verb("fasm step shop 'RedeemPoints(points=100)'")
def step(
    session: Session,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT…", help="Inputs as Name(field=value).")],
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Send inputs to a session. The first that is not committed ends it."""
    with command_output("step", json) as output, opened_session(session, machine, output) as workbench:
        for text in inputs:
            report = typed(output, text, partial(workbench.submit, text))
            output.report(report)
            if report.finding is not None or report.record.outcome != "committed":
                break
    exit_for(report)


@app.verb("fasm complete shop 1.1 'Success(points_deducted=100)'")
def complete(
    session: Session,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="A handle like 1.1, or the id.")],
    result: Annotated[str, typer.Argument(metavar="RESULT", help="The result as Name(field=value).")],
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Give a tracked action its result."""
    with command_output("complete", json) as output, opened_session(session, machine, output) as workbench:
        typed(output, action, lambda: workbench.find(action))
        report = typed(output, result, lambda: workbench.complete(action, result))
        output.report(report)
    exit_for(report)


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
    """Let the process die. What is not committed state is gone."""
    one_step("crash", session, machine, json, lambda workbench: workbench.crash(point, count))


@app.verb("fasm restore shop")
def restore(session: Session, machine: MachineOption = "", json: JsonFlag = False) -> None:
    """Start the process again. Pending actions are emitted again."""
    one_step("restore", session, machine, json, lambda workbench: workbench.restore())


@app.verb("fasm pending shop")
def pending(session: Session, machine: MachineOption = "", json: JsonFlag = False) -> None:
    """The tracked actions that have no accepted result."""
    from fasm_cli.debugger.open import view_session

    with command_output("pending", json) as output:
        workbench, dropped = view_session(project(), session, machine)
        if dropped:
            output.note(dropped)
        output.report(workbench.pending())


@app.verb("fasm back shop", "fasm back shop 2")
def back(
    session: Session,
    count: Annotated[int, typer.Argument(metavar="[N]", help="How many steps.")] = 1,
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Go back N steps. Nothing is lost; the next step starts a branch."""
    from fasm_cli.debugger import navigate as travel

    moved("back", session, machine, json, lambda workbench: travel.back(workbench, count))


@app.verb("fasm goto shop 1")
def goto(
    session: Session,
    number: Annotated[int, typer.Argument(metavar="N", help="The step; 0 is the initial state.")],
    machine: MachineOption = "",
    json: JsonFlag = False,
) -> None:
    """Go to step N of a session. Nothing is lost."""
    from fasm_cli.debugger import navigate as travel

    moved("goto", session, machine, json, lambda workbench: travel.goto(workbench, number))
