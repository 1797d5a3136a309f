"""Execute many steps in a row: random ones, those of a file, or the smallest trace that shows a finding."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from fasm_cli.debugger import breakpoints
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.events import Event, decode_event
from fasm_cli.engine.laws import check_rest
from fasm_cli.engine.records import Record
from fasm_cli.engine.replayer import CannotReplay
from fasm_cli.engine.replayer import replay as replay_events
from fasm_cli.engine.trace import Occurrence, count_events
from fasm_cli.errors import SessionError, UsageError
from fasm_cli.reports.repl import RunReport
from fasm_cli.reports.steps import FindingReport, StepReport
from fasm_cli.sessions.reader import read_session
from fasm_cli.simulation.shrink import Shrinker
from fasm_cli.simulation.trace import LIVENESS_LAWS, Player
from fasm_cli.simulation.world import Plan, World
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.generate import Generators
from fasm_cli.usecases.sessions import recorded_finding, same_types

SHRINK_SECONDS = 5.0


def run_random(session: DebugSession, count: int, seed: int, crash: float | None = None) -> RunReport:
    """Execute up to `count` random steps from the head, drawn as a simulation of the machine draws them.

    The first finding, break or watch ends the run; so does Ctrl-C, after a complete step. `crash` replaces the
    probability of a crash in the machine's profile. Raises `UsageError` if it is not a probability.
    """
    machine, timeline = session.machine, session.timeline
    try:
        profile = machine.profile if crash is None else machine.profile.replace(crash=crash)
    except ValueError as error:
        raise UsageError(str(error)) from None
    always = frozenset() if crash is None else frozenset({"crash"})
    plan = Plan(seed=seed, runs=1, steps=max(count, 1), profile=profile, always=always)
    world = World(machine, Generators(), plan, timeline.last)
    world.network.in_flight.extend(timeline.now.pending.values() if timeline.now.running else ())
    last_before = session.repl_state.last
    steps: list[StepReport] = []
    title = f"run {count} --seed {seed}"
    try:
        for _ in range(count):
            event = world.next(timeline.process, timeline.process.store.committed)
            report, result = session.step_with_result(event)
            steps.append(report)
            world.observe(result, timeline.process)
            stopped = _stop_reason(session, report)
            if stopped:
                return RunReport(title, steps, stopped, report.finding)
    except KeyboardInterrupt:
        return _interrupted(title, steps, session, last_before)
    return RunReport(title, steps, "done; nothing broke", None)


def play_events(
    session: DebugSession, items: Iterable[Occurrence], title: str, halt: Callable[[StepReport], str], law: str = ""
) -> RunReport:
    """Execute `items` from the head until `halt` returns a reason to stop; check `law` at the end if it is a liveness
    law. Completions are mapped to the actions of this session."""
    last_before = session.repl_state.last
    steps: list[StepReport] = []
    try:
        for _, report in replay_events(SessionStage(session), items):
            steps.append(report)
            stopped = halt(report)
            if stopped:
                return RunReport(title, steps, stopped, report.finding)
    except KeyboardInterrupt:
        return _interrupted(title, steps, session, last_before)
    except CannotReplay as failed:
        return RunReport(title, steps, f"step {failed.recorded.number} {failed.reason}", None)
    finding = check_liveness(session, law)
    return RunReport(title, steps, "at the end" if finding else "at the end; nothing broke", finding)


def _interrupted(
    title: str, steps: list[StepReport], session: DebugSession, last_before: StepReport | None
) -> RunReport:
    """Report a run that Ctrl-C ended, with its last step, which may be stored but not yet listed in `steps`."""
    last = session.repl_state.last
    if last is not None and last is not (steps[-1] if steps else last_before):
        steps.append(last)
    return RunReport(title, steps, "interrupted; every step above is stored", None, interrupted=True)


def _stop_reason(session: DebugSession, report: StepReport, law: str = "") -> str:
    """Return why a run stops after a step, or "". If `law` is given, findings of other laws do not stop it."""
    if report.finding is not None and law in ("", report.finding.law):
        return f"stopped at step {report.record.n}; see `why` and `back`"
    why = breakpoints.triggered(session, report)
    return f"stopped at step {report.record.n}: {why}" if why else ""


def play_until_finding(session: DebugSession, items: Iterable[Occurrence], title: str, law: str) -> RunReport:
    """Execute `items` up to the first break, watch or finding. If `law` is given, only its finding counts."""
    return play_events(session, items, title, lambda report: _stop_reason(session, report, law), law)


def check_liveness(session: DebugSession, law: str) -> FindingReport | None:
    """Return the violation of the liveness law `law` if nothing more arrives from outside; None for other laws."""
    if not law.startswith(LIVENESS_LAWS):
        return None
    found = check_rest(session.timeline.process)
    return None if found is None else FindingReport(found.law, found.reason, session.timeline.head)


class SessionStage:
    """Executes the events of a trace as steps of a session; events about actions refer to those the session emitted."""

    def __init__(self, session: DebugSession) -> None:
        self._session = session
        self._numbers: dict[int, int] = {}  # steps of the session by their number in the trace

    def resolve(self, recorded: Occurrence) -> Event:
        """Return the event to execute. Raises `DecodeError` if its action was not emitted."""
        with suppress(KeyError):
            event = recorded.event.renumber(self._numbers).bind(self._session.timeline.id_of)
            if event is not None:
                return event
        raise DecodeError("needs an action that was not emitted this time")

    def execute(self, recorded: Occurrence, event: Event) -> StepReport:
        """Execute `event` and return its report."""
        report = self._session.step(event)
        self._numbers[recorded.number] = report.record.n
        return report


def trace_of(session: DebugSession, records: Iterable[Record]) -> list[Occurrence]:
    """Decode records into events to play. Raises `SessionError` if one does not fit the machine."""
    out = []
    for record in records:
        try:
            out.append(Occurrence(record.n, record.parent, decode_event(session.machine, record.event, None)))
        except DecodeError as error:
            raise SessionError(f"step {record.n} does not fit {session.machine.name}: {error}") from None
    return out


def replay(session: DebugSession, path: Path) -> RunReport:
    """Execute the steps of a trace or session from the initial state on a new branch, up to its recorded finding.
    Raises `SessionError` if the file belongs to other types or begins in another state."""
    stored = read_session(path)
    machine, timeline = session.machine, session.timeline
    name = session.project.display_path(path)
    if not same_types(stored.header, machine):
        raise SessionError(
            f"{name} is a session of {stored.header.machine.name}; the types of {machine.reference} differ",
            f"`open {name}` switches to it",
        )
    if stored.header.machine.state != machine.encode_state(timeline.snapshot(0).state):
        raise SessionError(f"{name} begins in another state than this session", f"`open {name}` switches to it")
    items = trace_of(session, stored.journal().ancestors(stored.head))
    recorded = recorded_finding(stored.header)
    session.move(0)
    return play_until_finding(session, items, f"replay {name}", recorded.law if recorded is not None else "")


def shrink(session: DebugSession, seconds: float = SHRINK_SECONDS) -> RunReport:
    """Shrink the first violation among the ancestors of the head and play the result on a new branch from the start.
    Raises `UsageError` if nothing is broken, `SessionError` if the session begins in another state."""
    timeline, machine = session.timeline, session.machine
    path = timeline.ancestors()
    broken = next((at for at, record in enumerate(path, 1) if record.violated_law), None)
    if broken is None:
        raise UsageError("nothing is broken on this branch", "`run N` searches for a finding, `tree` lists known ones")
    law = path[broken - 1].violated_law
    if machine.encode_state(timeline.engine.initial()) != machine.encode_state(timeline.snapshot(0).state):
        raise SessionError(
            "this session does not begin in the machine's initial state", "start a new session to shrink in"
        )
    player = Player(timeline.engine)
    items = trace_of(session, path[:broken])
    found = player.play(items, law)
    if found.violation is None:
        raise UsageError(f"{law} does not break when the steps are replayed", "`verify` shows what differs")
    shrunk = Shrinker(player, found.trace, law, seconds).shrink()
    session.move(0)
    before, after = count_events(items), count_events(shrunk.played.trace)
    in_time = "" if shrunk.in_time else ", time limit reached"
    return play_until_finding(session, shrunk.played.trace, f"shrunk {before} -> {after} events{in_time}", law)
