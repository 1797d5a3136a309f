"""Shrinks a recorded trace to the smallest one that violates the same law, and writes it to a new file."""

from pathlib import Path

from fasm_cli.engine.trace import count_events, decode_trace, encoded_trace_of, renumber
from fasm_cli.errors import SessionError, UsageError
from fasm_cli.project.load import load_for_file
from fasm_cli.project.project import Project
from fasm_cli.reports.repl import RunReport
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import write_trace
from fasm_cli.simulation.shrink import Shrinker
from fasm_cli.simulation.trace import Player
from fasm_cli.simulation.worker import records_of
from fasm_cli.usecases.replay import replay_stored
from fasm_cli.usecases.sessions import header_of


def shrink_trace(project: Project, name: str, out: Path, target: str, seconds: float) -> RunReport:
    """Shrink the trace or session `name` (up to its head) for at most `seconds`, and write the result to `out`.

    `target` names the machine if the file may not. Raises `UsageError` if no step violates a law (a law about
    quiescence or replicas is not enough), `SessionError` if the trace does not begin in the machine's initial state.
    """
    path = project.session_path(name)
    stored = read_session(path)
    engine = load_for_file(project, stored.header.machine.name, target)
    machine = engine.machine
    shown = project.display_path(path)
    before = replay_stored(project, engine, path, stored)
    records = [step.record for step in before.steps]
    if before.finding is None:
        raise UsageError(f"nothing breaks in {shown}", "`fasm replay` shows what happens in it")
    if not records[-1].violated_law:
        raise UsageError(f"{shown} breaks only at rest", "`fasm simulate` shrinks what it finds")
    if stored.header.machine.state != machine.encode_state(engine.initial()):
        raise SessionError(f"{shown} does not begin in the initial state of {machine.name}", "start a new session")
    player = Player(engine)
    trace = decode_trace(machine, encoded_trace_of(records))
    found = player.play(trace, records[-1].violated_law)
    if found.violation is None:
        raise UsageError(f"{records[-1].violated_law} is not violated when the steps are executed again")
    shrunk = renumber(Shrinker(player, found.trace, found.violation.law, seconds).shrink().played.trace)
    kept = {
        "law": found.violation.law,
        "step": len(shrunk),
        "reason": found.violation.reason,
        "size": count_events(shrunk),
        "quiescing_from": 0,
    }
    header = header_of(project, engine, {**stored.header.origin, "events": count_events(trace)}, kept)
    write_trace(out, header, records_of(engine, shrunk))
    after = replay_stored(project, engine, out, read_session(out))
    what = f"shrunk {count_events(trace)} -> {count_events(shrunk)} events"
    return RunReport(what, after.steps, f"written to {out}", None)
