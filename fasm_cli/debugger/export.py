"""A session in other forms: lines for the REPL, a test, plain data; and as a session file of its own."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fasm_cli.debugger.autoplay import trace_of
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError, did_you_mean
from fasm_cli.reports.repl import Saved
from fasm_cli.sessions import SNAPSHOT_EVERY, SessionFile, render_session, write_copy
from fasm_cli.simulation.trace import renumbered
from fasm_cli.usecases.sessions import check_name, header_of, new_path


def lines(workbench: DebugSession) -> list[str]:
    """The steps that lead to the head as lines that can be typed in a fresh session."""
    items = trace_of(workbench, workbench.timeline.ancestors())
    return [item.event.format() for item in renumbered(items)]


def script(workbench: DebugSession) -> str:
    """The lines, for `fasm repl TARGET -f FILE`."""
    return "".join(f"{line}\n" for line in [f"# fasm repl {workbench.machine.reference} -f FILE", *lines(workbench)])


def data(workbench: DebugSession) -> str:
    """Every step of every branch, as one JSON document."""
    machine, timeline = workbench.machine, workbench.timeline
    document = {
        "schema": "fasm/export/1",
        "machine": workbench.project.reference(machine),
        "version": machine.version,
        "fingerprint": machine.fingerprint,
        "initial": machine.encode_state(timeline.snapshot(0).state),
        "head": timeline.head,
        "labels": workbench.marks.labels,
        "branches": {workbench.branch_name(branch): tip for branch, tip in timeline.journal.branches.tips.items()},
        "steps": [asdict(record) for record in timeline.journal.values()],
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test(workbench: DebugSession) -> str:
    """A test for pytest. What it expects is what happened; where something broke, that nothing breaks any more."""
    path = workbench.timeline.ancestors()
    broken = [record.violated_law for record in path if record.violated_law]
    written: list[str] = []
    for line, record in zip(lines(workbench), path, strict=True):
        written.append(line)
        if not broken:
            written.append(f"expect {_expected(record.outcome, record.error)}")
    what = f"{', '.join(broken)} must not break again" if broken else "every step ends as it did"
    return TEST.format(
        machine=workbench.project.reference(workbench.machine),
        lines="\n".join(f"    {line!r}," for line in written),
        what=what,
        mark='"""',
    )


def _expected(outcome: str, error: str) -> str:
    if outcome == "rejected":
        return f"rejected {error.partition('(')[0]}"
    return "accepted" if outcome == "committed" else outcome


TEST = """\
{mark}A trace of {machine}: {what}. Run it in the project that holds `machines/`.{mark}

import subprocess
import sys

LINES = [
{lines}
]


def test_the_trace():
    done = subprocess.run(
        [sys.executable, "-m", "fasm_cli", "repl", {machine!r}],
        input="\\n".join(LINES),
        text=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
"""

FORMATS: dict[str, Callable[[DebugSession], str]] = {"json": data, "pytest": test, "script": script}


def export(workbench: DebugSession, form: str, path: Path) -> Saved:
    """Write the session in another form. Raises `UsageError`; nothing is overwritten."""
    if form not in FORMATS:
        raise UsageError(f"no format {form[:40]!r}", did_you_mean(form, FORMATS))
    text = FORMATS[form](workbench)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists; nothing is overwritten", "give another name, or remove it") from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    return Saved("wrote", str(path))


def save(workbench: DebugSession, name: str) -> Saved:
    """Keep this session, with all its branches, in a new file from now on. Raises `SessionError`."""
    machine, timeline = workbench.machine, workbench.timeline
    check_name(workbench.project, name)
    path = new_path(workbench.project, name)
    header = header_of(workbench.project, workbench.engine, {"kind": "session"})
    header.machine.state = machine.encode_state(timeline.snapshot(0).state)
    if workbench.file is not None:
        header.origin, header.finding = workbench.file.stored.header.origin, workbench.file.stored.header.finding
    known: dict[int, Any] = {
        record.n: machine.encode_state(timeline.snapshot(record.n).state)
        for record in timeline.ancestors()
        if record.n % SNAPSHOT_EVERY == 0
    }
    records = list(timeline.journal.values())
    write_copy([path], render_session(header, records, known, timeline.head, workbench.marks.current()))
    if workbench.file is not None:
        workbench.file.close()
    workbench.file = SessionFile.open(path)
    return Saved("kept in", workbench.project.display_path(path))
