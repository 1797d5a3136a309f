"""`fasm shrink`: a trace made as short and simple as it can be, in a file of its own."""

from pathlib import Path

from fasm_cli.debugger import autoplay as going
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.project.load import load_for_file
from fasm_cli.project.project import Project
from fasm_cli.reports.repl import RunReport
from fasm_cli.sessions import read_session, write_trace
from fasm_cli.simulation.trace import size
from fasm_cli.usecases.sessions import header_of


def shrink_trace(project: Project, name: str, out: Path, by_hand: str, seconds: float) -> RunReport:
    """The trace, or the session up to its head, shrunk and written to `out`. Raises `UsageError` where nothing in it
    breaks, or only where the world is quiet or processes are compared."""
    path = project.session_path(name)
    stored = read_session(path)
    machine = load_for_file(project, stored.header.machine, by_hand)
    bench = DebugSession.fresh(machine, project)
    if going.replay(bench, path).finding is None:
        raise UsageError(f"nothing breaks in {project.display_path(path)}", "`fasm replay` shows what happens in it")
    if not bench.timeline.records[bench.timeline.head].violated_law:
        raise UsageError(f"{project.display_path(path)} breaks only at rest", "`fasm simulate` shrinks what it finds")
    events = size(going.trace_of(bench, bench.timeline.ancestors()))
    going.shrink(bench, seconds)
    items = going.trace_of(bench, bench.timeline.ancestors())
    fresh = DebugSession.fresh(machine, project)
    told = going.play_events(fresh, items, f"shrunk {events} -> {size(items)} events", lambda _: "")
    finding = fresh.repl_state.last.finding if fresh.repl_state.last is not None else None
    assert finding is not None  # it is the trace that `shrink` has just played
    kept = {"law": finding.law, "step": finding.step, "why": finding.why, "size": size(items), "quiet": 0}
    header = header_of(project, machine, {**stored.header.origin, "events": events}, kept)
    write_trace(out, header, list(fresh.timeline.records.values()))
    return RunReport(told.what, told.steps, f"written to {out}", None)  # it was known: nothing is found anew
