"""Many steps in a row: at random, out of a file, or the fewest that still break something. Each is a step like any."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from fasm_cli.debugger import breakpoints as stops
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.events import Event, decode_event
from fasm_cli.engine.records import Record
from fasm_cli.engine.replayer import CannotReplay
from fasm_cli.engine.replayer import replay as replay_events
from fasm_cli.errors import SessionError, UsageError
from fasm_cli.reports.repl import RunReport
from fasm_cli.reports.steps import Finding, StepReport
from fasm_cli.sessions import read_session
from fasm_cli.simulation.drain import liveness_violation_of
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.shrink.search import Shrinker
from fasm_cli.simulation.trace import LIVENESS_LAWS, Player, TraceEvent, size
from fasm_cli.simulation.world import World
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.generate import Generators
from fasm_cli.usecases.compatibility import same_types
from fasm_cli.usecases.sessions import recorded_finding

SHRINK_SECONDS = 5.0


def run_random(workbench: DebugSession, count: int, seed: int, crash: float | None = None) -> RunReport:
    """Up to `count` random steps from here, as a simulation of this machine has them; the first finding, break or
    watch ends it, and so does Ctrl-C, after a whole step. Raises `UsageError` for a probability that is none."""
    machine, timeline = workbench.machine, workbench.timeline
    try:
        profile = machine.profile if crash is None else machine.profile.replace(crash=crash)
    except ValueError as error:
        raise UsageError(str(error)) from None
    always = frozenset() if crash is None else frozenset({"crash"})
    plan = Plan(seed=seed, runs=1, steps=max(count, 1), profile=profile, always=always)
    world = World(machine, Generators(), plan, timeline.last)
    world.in_flight.extend(timeline.now.pending.values() if timeline.now.running else ())
    begun = workbench.repl_state.last
    steps: list[StepReport] = []
    what = f"run {count} --seed {seed}"
    try:
        for _ in range(count):
            event = world.next(timeline.process, timeline.process.store.committed)
            taken, step = workbench.take_step(event)
            steps.append(taken)
            world.observe(step, timeline.process)
            stopped = _stopped(workbench, taken)
            if stopped:
                return RunReport(what, steps, stopped, taken.finding)
    except KeyboardInterrupt:
        return _interrupted(what, steps, workbench, begun)
    return RunReport(what, steps, "done; nothing broke", None)


def play_events(
    workbench: DebugSession, items: Iterable[TraceEvent], what: str, halt: Callable[[StepReport], str], law: str = ""
) -> RunReport:
    """Let `items` happen from here on, until `halt` says why to stop; at the end, a `law` about rest is looked at."""
    begun = workbench.repl_state.last
    steps: list[StepReport] = []
    try:
        for _, taken in replay_events(SessionStage(workbench), items):
            steps.append(taken)
            stopped = halt(taken)
            if stopped:
                return RunReport(what, steps, stopped, taken.finding)
    except CannotReplay as failed:
        return RunReport(what, steps, f"step {failed.recorded.number} {failed.reason}", None)
    except KeyboardInterrupt:
        return _interrupted(what, steps, workbench, begun)
    finding = liveness(workbench, law)
    return RunReport(what, steps, "at the end" if finding else "at the end; nothing broke", finding)


def _interrupted(what: str, steps: list[StepReport], workbench: DebugSession, begun: StepReport | None) -> RunReport:
    """Ctrl-C comes when a step is kept, and may find it not on the list yet; `begun` is what was kept before all."""
    last = workbench.repl_state.last
    if last is not None and last is not (steps[-1] if steps else begun):
        steps.append(last)
    return RunReport(what, steps, "interrupted; every step above was kept", None, interrupted=True)


def _stopped(workbench: DebugSession, taken: StepReport, law: str = "") -> str:
    """Why to stop after a step; empty where nothing says so, or only a finding of another law than the given one."""
    if taken.finding is not None and law in ("", taken.finding.law):
        return f"stopped at step {taken.record.n}; `back` and `why` say more"
    why = stops.triggered(workbench, taken)
    return f"stopped at step {taken.record.n}: {why}" if why else ""


def play_until_finding(workbench: DebugSession, items: Iterable[TraceEvent], what: str, law: str) -> RunReport:
    """Let `items` happen up to the first break, watch or finding; where a `law` is given, only a finding of that."""

    return play_events(workbench, items, what, lambda taken: _stopped(workbench, taken, law), law)


def liveness(workbench: DebugSession, law: str) -> Finding | None:
    """What is wrong here if the world is quiet, for a law about that."""
    if not law.startswith(LIVENESS_LAWS):
        return None
    now = workbench.timeline.now
    found = liveness_violation_of(workbench.machine, now.pending, now.state)
    return None if found is None else Finding(found.law, found.reason, workbench.timeline.head)


class SessionStage:
    """Executes the events of a trace as steps of a session, about the actions that the session emitted."""

    def __init__(self, session: DebugSession) -> None:
        self._session = session
        self._numbers: dict[int, int] = {}  # of the steps here, by their number in the trace

    def resolve(self, recorded: TraceEvent) -> Event:
        with suppress(KeyError):
            event = recorded.event.renumber(self._numbers).bind(self._session.timeline.id_of)
            if event is not None:
                return event
        raise DecodeError("is about an action that was not emitted this time")

    def execute(self, recorded: TraceEvent, event: Event) -> StepReport:
        step = self._session.take(event)
        self._numbers[recorded.number] = step.record.n
        return step


def trace_of(workbench: DebugSession, records: Iterable[Record]) -> list[TraceEvent]:
    """Records as items to play. Raises `SessionError` where one does not fit the machine."""
    out = []
    for record in records:
        try:
            out.append(TraceEvent(record.n, decode_event(workbench.machine, record.event, None)))
        except DecodeError as wrong:
            raise SessionError(f"step {record.n} does not fit {workbench.machine.name}: {wrong}") from None
    return out


def replay(workbench: DebugSession, path: Path) -> RunReport:
    """The steps of a trace or session from the initial state, on a branch of their own, up to what it was kept for."""
    stored = read_session(path)
    machine, timeline = workbench.machine, workbench.timeline
    shown = workbench.project.display_path(path)
    if not same_types(stored.header, machine):
        raise SessionError(
            f"{shown} is a session of {stored.header.machine.name}; the types of {machine.reference} are others",
            f"`open {shown}` goes over to it",
        )
    if stored.header.machine.state != machine.encode_state(timeline.snapshot(0).state):
        raise SessionError(f"{shown} begins in another state than this session", f"`open {shown}` goes over to it")
    items = trace_of(workbench, stored.journal().ancestors(stored.head))
    recorded = recorded_finding(stored.header)
    workbench.move(0)
    return play_until_finding(workbench, items, f"replay {shown}", recorded.law if recorded is not None else "")


def shrink(workbench: DebugSession, seconds: float = SHRINK_SECONDS) -> RunReport:
    """The simplest steps that break what is broken on the way here, as a branch of their own from the start."""
    timeline, machine = workbench.timeline, workbench.machine
    path = timeline.ancestors()
    broken = next((at for at, record in enumerate(path, 1) if record.violated_law), None)
    if broken is None:
        raise UsageError("nothing is broken on the way here", "`run N` looks for something, `tree` shows what is known")
    law = path[broken - 1].violated_law
    if machine.encode_state(timeline.engine.initial()) != machine.encode_state(timeline.snapshot(0).state):
        raise SessionError("this session does not begin in the machine's initial state", "start a new one to shrink in")
    player = Player(timeline.engine)
    items = trace_of(workbench, path[:broken])
    found = player.play(items, law)
    if found.violation is None:
        raise UsageError(f"{law} does not break when the steps are taken again", "`verify` looks into that")
    shrunk = Shrinker(player, found.items, found.violation, seconds).shrink()
    workbench.move(0)
    before, after = size(items), size(shrunk.played.items)
    in_time = "" if shrunk.in_time else ", the time being up"
    return play_until_finding(workbench, shrunk.played.items, f"shrunk {before} -> {after} events{in_time}", law)
