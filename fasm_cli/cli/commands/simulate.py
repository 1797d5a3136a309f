"""`fasm simulate` and `fasm check`."""

import os
import re
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from time import monotonic, time_ns
from typing import Annotated, TypeVar

import typer

from fasm_cli.cli.app import Db, Target, app, deferred_imports, project
from fasm_cli.cli.render.writer import JsonWriter, Output
from fasm_cli.contract.state_machine import Profile
from fasm_cli.engine.engine import Engine
from fasm_cli.errors import UsageError, did_you_mean
from fasm_cli.project.config import read_config
from fasm_cli.project.load import load
from fasm_cli.project.project import Project
from fasm_cli.reports import FINDING
from fasm_cli.reports.steps import FindingReport
from fasm_cli.simulation.search import Progress, SearchOptions
from fasm_cli.simulation.world import Plan
from fasm_cli.usecases.simulate import Simulation, checked

with deferred_imports():
    from fasm_cli.cli.repl import script
    from fasm_cli.debugger import session as debug_session

KEEP_GOING = 1_000_000
RUNS, STEPS = 1000, 100
Number = TypeVar("Number", int, float)


class AfterFinding(StrEnum):
    """What follows a simulation with findings."""

    REPL = "repl"


@app.verb(
    "fasm simulate coffee_shop --seed 1",
    "fasm simulate dentist --seed 1 --runs 20 --steps 10000",
    "fasm simulate payment --seed 1 --faults duplicate=0.05,lose_result=0 --crash 0.1",
)
def simulate(
    output: Output,
    target: Target,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of every draw; a new one each time by default.")
    ] = None,
    runs: Annotated[int | None, typer.Option("--runs", envvar="FASM_RUNS", help=f"Independent runs ({RUNS}).")] = None,
    steps: Annotated[int | None, typer.Option("--steps", envvar="FASM_STEPS", help=f"Steps a run ({STEPS}).")] = None,
    time: Annotated[
        str, typer.Option("--time", metavar="60s", help="Run for this long (s, m, h) instead of --runs.")
    ] = "",
    jobs: Annotated[int | None, typer.Option("--jobs", envvar="FASM_JOBS", help="Processes (one per core).")] = None,
    cluster: Annotated[
        str, typer.Option("--cluster", envvar="FASM_CLUSTER", metavar="ADDRESS", help="Processes of a Dask cluster.")
    ] = "",
    run: Annotated[int | None, typer.Option("--run", metavar="K", help="Only this run.")] = None,
    crash: Annotated[
        float | None, typer.Option("--crash", metavar="P", help="Probability that a step is a crash, in every run.")
    ] = None,
    faults: Annotated[
        str, typer.Option("--faults", metavar="NAME=P,…", help="Probabilities of faults, in every run.")
    ] = "",
    no_faults: Annotated[bool, typer.Option("--no-faults", help="Only those of --crash and --faults.")] = False,
    save: Annotated[Path | None, typer.Option("--save", metavar="DIR", help="Folder for traces (sessions/).")] = None,
    shrink_time: Annotated[
        float | None,
        typer.Option(
            "--shrink-time", envvar="FASM_SHRINK_TIME", min=0, metavar="S", help="Seconds to shrink one finding (5)."
        ),
    ] = None,
    max_findings: Annotated[int | None, typer.Option("--max-findings", min=1, help="Findings to stop at (10).")] = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Do not stop at --max-findings.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Count as a finding what was never reached.")] = False,
    on_finding: Annotated[
        AfterFinding | None, typer.Option("--on-finding", help="Open the REPL at the step that violates.")
    ] = None,
    db: Db = "",
) -> None:
    """Run a machine in a simulated environment. Crashes, faults, every law and invariant."""

    if isinstance(output, JsonWriter) and on_finding is not None:
        raise UsageError("--json and --on-finding cannot be combined", "a REPL writes no document")
    here = project(db)
    engine = load(here, target)
    machine = engine.machine
    config = read_config(here.root)
    given = config.faults | read_faults(faults) | ({} if crash is None else {"crash": crash})
    profile = machine.profile.without_faults() if no_faults else machine.profile
    try:
        profile = profile.replace(**given)
    except ValueError as error:
        raise UsageError(str(error)) from None
    plan = Plan(
        seed=time_ns() % 2**32 if seed is None else seed,
        runs=first_of(runs, config.runs, RUNS),
        steps=first_of(steps, config.steps, STEPS),
        profile=profile,
        always=frozenset(given),
    )
    options = SearchOptions(
        plan=plan,
        jobs=first_of(jobs, config.jobs, 0) or cores(),
        cluster=cluster,
        only=run,
        time=read_time(time) if time else None,
        shrink_time=first_of(shrink_time, config.shrink_time, 5.0),
        max_findings=KEEP_GOING if keep_going else first_of(max_findings, config.max_findings, 10),
    )
    simulation = Simulation(here, engine, options, save or here.sessions)
    run_with_progress(simulation, output)
    report = simulation.report()
    output.report(report)
    if on_finding is AfterFinding.REPL and report.findings and not report.interrupted:
        open_repl_at(here, engine, report.findings[0], output)
    output.code = report.exit_code() or (FINDING if strict and report.unreached else 0)


@app.verb("fasm check coffee_shop --seed 1")
def check(
    output: Output,
    target: Target,
    seed: Annotated[int, typer.Option("--seed", help="Seed of every draw.")] = 1,
    runs: Annotated[int, typer.Option("--runs", help="Independent runs of 100 steps.")] = 200,
    jobs: Annotated[int, typer.Option("--jobs", help="Processes; 0 is one per core.")] = 0,
    save: Annotated[Path | None, typer.Option("--save", metavar="DIR", help="Folder for traces (sessions/).")] = None,
    db: Db = "",
) -> None:
    """Check a machine law by law. Report how often each was checked, and whether it holds."""

    here = project(db)
    engine = load(here, target)
    plan = Plan(seed=seed, runs=runs, profile=engine.machine.profile)
    simulation = Simulation(here, engine, SearchOptions(plan=plan, jobs=jobs or cores()), save or here.sessions)
    run_with_progress(simulation, output)
    output.report(checked(simulation))


def open_repl_at(here: Project, engine: Engine, finding: FindingReport, output: Output) -> None:
    """Open a REPL at the step where the trace of `finding` violates its law."""
    if not finding.trace:
        output.note(f"the finding of {finding.law} has no trace to step through")
        return
    with debug_session.DebugSession.fresh(engine, here) as session:
        script.run_script(session, [f"replay {finding.trace}"], output, "--on-finding")
        script.run_interactive(session, output)


def run_with_progress(simulation: Simulation, output: Output) -> None:
    """Run a simulation; its progress and its notes go to stderr."""
    with_progress(simulation.go())
    for name in simulation.fixed:
        output.note(f"{name} no longer violates its law")
    if simulation.cut_short:
        output.note("shrinking ran out of time; a longer --shrink-time may make a trace smaller")


def with_progress(progress: Iterator[Progress]) -> None:
    """Consume `progress` to its end; draw it as a bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        for _ in progress:
            pass
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[counts]}"), TimeElapsedColumn())
    start = monotonic()
    with Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("starting", total=None, counts="")
        for now in progress:
            speed = int(now.steps / max(monotonic() - start, 0.001))
            counts = f"{now.runs} runs  {now.steps} steps  {speed:,} steps/s  {now.findings} findings"
            bar.update(task, description=now.doing, total=now.of, completed=now.runs, counts=counts)


def first_of(*values: Number | None) -> Number:
    """The first value that is not None: of the flag or the environment, the project file, the default."""
    return next(value for value in values if value is not None)


def cores() -> int:
    """The number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_faults(text: str) -> dict[str, float]:
    """Parse `duplicate=0.05,lose_result=0` as probabilities. Raises `UsageError`."""
    given = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.partition("=")
        known = Profile().faults
        if name not in known:
            raise UsageError(f"no fault {name!r}", did_you_mean(name, known))
        try:
            given[name] = float(number)
        except ValueError:
            message = f"--faults {part}: not a probability: {number!r}"
            raise UsageError(message, "write NAME=P, like lose_result=0.02") from None
    return given


def read_time(text: str) -> float:
    """Parse `60s`, `5m` or `1h`; returns seconds. Raises `UsageError`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", text)
    if found is None or float(found[1]) <= 0:
        raise UsageError(f"--time {text}: not a time", "write 60s, 5m or 1h")
    return float(found[1]) * {"h": 3600, "m": 60}.get(found[2] or "s", 1)
