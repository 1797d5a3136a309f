"""The command line: options in, a use case called, its report written, an exit code out.

0 nothing wrong · 1 a finding · 2 usage · 3 the machine cannot be loaded · 4 session unreadable, newer, locked or
diverged · 5 input rejected or malformed · 70 a fault of ours · 130 interrupted.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import time_ns
from typing import Annotated

import typer

from fasm_cli import __version__
from fasm_cli.app import machines, sessions
from fasm_cli.app.reports import Report, Stepped
from fasm_cli.app.workbench import Workbench
from fasm_cli.core.errors import FasmError, InputError, InternalError, UsageError
from fasm_cli.core.event import Point
from fasm_cli.shell.writer import Json, Output, Text
from fasm_cli.store.catalog import Project

FINDING, REJECTED, INTERRUPTED = 1, 5, 130

app = typer.Typer(
    name="fasm",
    help="Fallible async state machines: step them, crash them, restore them, simulate and replay them.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
session_app = typer.Typer(help="Sessions: new, list, show.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(session_app, name="session")

JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="A name under machines/, path.py[:Class] or pkg.module[:Class].")
]
Session = Annotated[str, typer.Argument(metavar="SESSION", help="A path, or a name under sessions/.")]
ByHand = Annotated[
    str, typer.Option("--machine", metavar="TARGET", help="The machine, where the file may not name it.")
]


class Exit(Exception):
    """Ends the command with a code that is not an error's."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def run(arguments: list[str]) -> int:
    """Run one command; gives its exit code. Nothing is raised but what ends the process by a signal."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that has seen enough is no error
    as_json = "--json" in arguments
    try:
        code = app(args=arguments, standalone_mode=False, prog_name="fasm")
        return code if isinstance(code, int) else 0
    except Exit as end:
        return end.code
    except FasmError as error:
        return _fail(error, as_json)
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # typer's own usage errors
            return _fail(UsageError(error.format_message().rstrip("."), "fasm --help lists the commands"), as_json)
        return _fail(InternalError(f"{type(error).__name__}: {error}", "please report it with what you typed"), as_json)


def _fail(error: FasmError, as_json: bool) -> int:
    output = output_for(as_json)
    output.fail(error)
    output.done()
    return error.exit_code


def output_for(as_json: bool) -> Output:
    return Json() if as_json else Text()


@contextmanager
def writing(as_json: bool) -> Iterator[Output]:
    """The output of one command; an error becomes part of a JSON document, with what was done before it."""
    output = output_for(as_json)
    try:
        yield output
    except FasmError as error:
        output.fail(error)
        output.done()
        raise Exit(error.exit_code) from None
    output.done()


def show(report: Report, as_json: bool) -> None:
    with writing(as_json) as output:
        output.report(report)


def project() -> Project:
    return Project.around(Path.cwd())


@app.callback(invoke_without_command=True)
def top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"fasm {__version__}")
        raise Exit(0)


# --- machines -----------------------------------------------------------------------------------------------------


@app.command("list", epilog="Example: fasm list")
def list_(json: JsonFlag = False) -> None:
    """The machines under machines/; none is imported."""
    show(machines.listed(project()), json)


@app.command(epilog="Example: fasm describe coffee_shop")
def describe(target: Target, json: JsonFlag = False) -> None:
    """What a machine takes, emits and promises."""
    with writing(json) as output:
        output.report(machines.describe(project().load(target)))


# --- stepping -----------------------------------------------------------------------------------------------------


@contextmanager
def working(session: str, machine: str, output: Output) -> Iterator[Workbench]:
    workbench, dropped = sessions.open_session(project(), session, machine)
    if dropped:
        output.note(dropped)
    with workbench:
        yield workbench


def verdict(report: Stepped) -> None:
    """End with the code of a step that did not go through."""
    if report.finding is not None:
        raise Exit(FINDING)
    if report.record.outcome != "committed":
        raise Exit(REJECTED)


def one_step(session: str, machine: str, as_json: bool, take: Callable[[Workbench], Stepped]) -> None:
    with writing(as_json) as output, working(session, machine, output) as workbench:
        report = take(workbench)
        output.report(report)
    verdict(report)


@app.command(epilog="Example: fasm step shop 'RedeemPoints(points=100)'")
def step(
    session: Session,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT…", help="Inputs as Name(field=value).")],
    machine: ByHand = "",
    json: JsonFlag = False,
) -> None:
    """Send inputs to a session, up to the first that is not committed."""
    last: Stepped | None = None
    with writing(json) as output, working(session, machine, output) as workbench:
        for text in inputs:
            last = _typed(output, text, partial(workbench.submit, text))
            output.report(last)
            if last.finding is not None or last.record.outcome != "committed":
                break
    assert last is not None
    verdict(last)


def _typed(output: Output, source: str, take: Callable[[], Stepped]) -> Stepped:
    """`take`, with a caret under what was typed wrongly."""
    try:
        return take()
    except InputError as error:
        output.fail(error, source)
        output.done()
        raise Exit(error.exit_code) from None


@app.command(epilog="Example: fasm complete shop 1.1 'Success(points_deducted=100)'")
def complete(
    session: Session,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="A handle like 1.1, or the id.")],
    result: Annotated[str, typer.Argument(metavar="RESULT", help="The result as Name(field=value).")],
    machine: ByHand = "",
    json: JsonFlag = False,
) -> None:
    """Give a tracked action its result."""
    with writing(json) as output, working(session, machine, output) as workbench:
        report = _typed(output, result, lambda: workbench.complete(action, result))
        output.report(report)
    verdict(report)


@app.command(epilog="Example: fasm crash shop")
def crash(
    session: Session,
    point: Annotated[Point, typer.Option("--at", help="Where the process dies.")] = Point.BETWEEN,
    count: Annotated[
        int, typer.Option("--count", min=0, help="Which action or emission, for after-action and in-restore.")
    ] = 0,
    machine: ByHand = "",
    json: JsonFlag = False,
) -> None:
    """Let the process die: what is not committed state is gone."""
    one_step(session, machine, json, lambda workbench: workbench.crash(point, count))


@app.command(epilog="Example: fasm restore shop")
def restore(session: Session, machine: ByHand = "", json: JsonFlag = False) -> None:
    """Start the process again; restore emits what is pending."""
    one_step(session, machine, json, Workbench.restore)


@app.command(epilog="Example: fasm pending shop")
def pending(session: Session, machine: ByHand = "", json: JsonFlag = False) -> None:
    """The tracked actions that have no accepted result."""
    with writing(json) as output:
        workbench, dropped = sessions.view_session(project(), session, machine)
        if dropped:
            output.note(dropped)
        output.report(workbench.pending())


@app.command(epilog="Example: fasm back shop 2")
def back(
    session: Session,
    count: Annotated[int, typer.Argument(metavar="[N]", help="How many steps.")] = 1,
    machine: ByHand = "",
    json: JsonFlag = False,
) -> None:
    """Go back N steps; nothing is lost, and the next step starts a branch."""
    with writing(json) as output, working(session, machine, output) as workbench:
        output.report(workbench.back(count))


@app.command(epilog="Example: fasm goto shop 3")
def goto(
    session: Session,
    number: Annotated[int, typer.Argument(metavar="N", help="The step; 0 is the initial state.")],
    machine: ByHand = "",
    json: JsonFlag = False,
) -> None:
    """Go to step N of a session."""
    with writing(json) as output, working(session, machine, output) as workbench:
        output.report(workbench.goto(number))


# --- sessions -----------------------------------------------------------------------------------------------------


@session_app.command("new", epilog="Example: fasm session new coffee_shop shop")
def session_new(target: Target, file: Session, json: JsonFlag = False) -> None:
    """An empty session to step from the shell."""
    with writing(json) as output:
        output.report(sessions.create(project(), target, file))


@session_app.command("list", epilog="Example: fasm session list")
def session_list(json: JsonFlag = False) -> None:
    """The sessions and traces under sessions/."""
    show(sessions.listed(project()), json)


@session_app.command("show", epilog="Example: fasm session show shop")
def session_show(session: Session, json: JsonFlag = False) -> None:
    """What is in a session; its machine is not imported."""
    with writing(json) as output:
        output.report(sessions.info(project(), session))


# --- simulating ---------------------------------------------------------------------------------------------------


@app.command(epilog="Example: fasm simulate dentist --seed 1 --runs 20 --steps 10000")
def simulate(
    target: Target,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Decides every draw; a new one each time where left out.")
    ] = None,
    runs: Annotated[int, typer.Option("--runs", help="Independent runs.")] = 100,
    steps: Annotated[int, typer.Option("--steps", help="Steps a run.")] = 100,
    crash: Annotated[float | None, typer.Option("--crash", help="Probability that a step is a crash.")] = None,
    save: Annotated[Path | None, typer.Option("--save", metavar="DIR", help="Where traces go (sessions/).")] = None,
    json: JsonFlag = False,
) -> None:
    """Run a machine in a simulated world with crashes and faults; every law and invariant is checked."""
    from fasm_cli.app.simulation import Saving, simulate
    from fasm_cli.sim.simulate import Plan

    with writing(json) as output:
        here = project()
        machine = here.load(target)
        try:
            profile = machine.profile.override(crash=crash)
        except ValueError as error:
            raise UsageError(f"--crash {crash}: {error}") from None
        plan = Plan(seed=time_ns() % 2**32 if seed is None else seed, runs=runs, steps=steps, profile=profile)
        report = simulate(here, machine, plan, Saving(save or here.sessions, target))
        output.report(report)
    if report.interrupted:
        raise Exit(INTERRUPTED)
    if report.findings:
        raise Exit(FINDING)


@app.command(epilog="Example: fasm replay sessions/coffee_shop_crash.toml")
def replay(
    trace: Annotated[str, typer.Argument(metavar="TRACE|DIR", help="A trace or session, or a folder of them.")],
    machine: ByHand = "",
    json: JsonFlag = False,
) -> None:
    """Run a trace again, step by step, and say whether it still breaks."""
    from fasm_cli.app.replay import replay

    code = 0
    with writing(json) as output:
        here = project()
        path = Path(trace) if Path(trace).is_dir() else here.session_path(trace)
        paths = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not paths:
            raise UsageError(f"no traces in {path}")
        for each in paths:
            report = replay(here, each, machine)
            output.report(report)
            if report.finding is not None:
                code = FINDING
            elif report.difference and report.recorded is None:
                code = code or 4
    if code:
        raise Exit(code)


@app.command(epilog="Examples: fasm repl coffee_shop · fasm repl coffee_shop -c 'RedeemPoints(points=100)' -c pending")
def repl(
    target: Annotated[str, typer.Argument(metavar="TARGET|SESSION", help="A machine, or a session to go on with.")],
    commands: Annotated[
        list[str] | None, typer.Option("-c", metavar="LINE", help="Perform this line; may be repeated.")
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", metavar="FILE", help="Perform the lines of this file.")] = None,
    session: Annotated[str, typer.Option("--session", metavar="FILE", help="Keep the steps in this session.")] = "",
    machine: ByHand = "",
    json: JsonFlag = False,
) -> None:
    """Step a machine: on a terminal with a prompt, else by the lines of -c, -f or a pipe."""
    from fasm_cli.shell.repl import run_prompt, run_script

    with writing(json) as output:
        here = project()
        with _bench(here, target, session, machine, output) as workbench:
            if commands or file is not None:
                lines = [*(commands or []), *(read_lines(file) if file is not None else [])]
                code = run_script(workbench, lines, output)
            elif sys.stdin.isatty() and not json:
                code = run_prompt(workbench, output, here.root / ".fasm" / "history")
            else:
                code = run_script(workbench, (line.rstrip("\n") for line in sys.stdin), output)
    if code:
        raise Exit(code)


def _bench(here: Project, target: str, session: str, machine: str, output: Output) -> Workbench:
    """A fresh workbench of a machine, one that is kept in a file, or an existing session."""
    path = here.session_path(target)
    if path.is_file() and not here.may_follow(target):
        workbench, dropped = sessions.open_session(here, target, machine)
    elif session and here.session_path(session).exists():
        workbench, dropped = sessions.open_session(here, session, machine or target)
    elif session:
        sessions.create(here, target, session)
        workbench, dropped = sessions.open_session(here, session, target)
    else:
        workbench, dropped = Workbench.fresh(here.load(target)), ""
    if dropped:
        output.note(dropped)
    return workbench


def read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
