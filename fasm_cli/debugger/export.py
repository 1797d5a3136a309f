"""Export a session: lines for the REPL, a pytest test, JSON; or save it as a session file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fasm_cli.debugger.autoplay import trace_of
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.trace import renumber
from fasm_cli.errors import UsageError, did_you_mean
from fasm_cli.reports.repl import Saved
from fasm_cli.reports.schema import record_json
from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.model import SNAPSHOT_EVERY
from fasm_cli.sessions.writer import SessionFile, write_copy
from fasm_cli.usecases.sessions import check_name, header_of, new_path


def repl_lines(session: DebugSession) -> list[str]:
    """Return the lines that reproduce the ancestors of the head in a new session."""
    items = trace_of(session, session.timeline.ancestors())
    return [item.event.format() for item in renumber(items)]


def as_script(session: DebugSession) -> str:
    """Return the lines for `fasm repl TARGET -f FILE`."""
    lines = [f"# fasm repl {session.machine.reference} -f FILE", *repl_lines(session)]
    return "".join(f"{line}\n" for line in lines)


def as_json(session: DebugSession) -> str:
    """Return every step of every branch as one JSON document."""
    machine, timeline = session.machine, session.timeline
    document = {
        "schema": "fasm/export/1",
        "machine": session.project.reference(machine),
        "version": machine.version,
        "fingerprint": machine.fingerprint,
        "initial": machine.encode_state(timeline.snapshot(0).state),
        "head": timeline.head,
        "labels": session.marks.labels,
        "branches": {session.branch_name(branch): tip for branch, tip in timeline.journal.branches.tips.items()},
        "steps": [record_json(record) for record in timeline.journal.values()],
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def as_pytest(session: DebugSession) -> str:
    """Return a pytest test. It expects the recorded outcomes; if something broke, only that nothing breaks."""
    path = session.timeline.ancestors()
    broken = [record.violated_law for record in path if record.violated_law]
    lines: list[str] = []
    for line, record in zip(repl_lines(session), path, strict=True):
        lines.append(line)
        if not broken:
            lines.append(f"expect {_expected_outcome(record.outcome, record.error)}")
    return TEST.format(
        machine=session.project.reference(session.machine),
        lines="\n".join(f"    {line!r}," for line in lines),
        claim=f"{', '.join(broken)} must not break again" if broken else "every step ends as recorded",
        quotes='"""',
    )


def _expected_outcome(outcome: str, error: str) -> str:
    if outcome == "rejected":
        return f"rejected {error.partition('(')[0]}"
    return "accepted" if outcome == "committed" else outcome


TEST = """\
{quotes}A trace of {machine}: {claim}. Run it in the project that contains `machines/`.{quotes}

import subprocess
import sys

LINES = [
{lines}
]


def test_trace():
    done = subprocess.run(
        [sys.executable, "-m", "fasm_cli", "repl", {machine!r}],
        input="\\n".join(LINES),
        text=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
"""

FORMATS: dict[str, Callable[[DebugSession], str]] = {"json": as_json, "pytest": as_pytest, "script": as_script}


def export(session: DebugSession, form: str, path: Path) -> Saved:
    """Write the session to `path` in one of FORMATS. Raises `UsageError`; an existing file is never overwritten."""
    if form not in FORMATS:
        raise UsageError(f"no format {form[:40]!r}", did_you_mean(form, FORMATS))
    text = FORMATS[form](session)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists and is not overwritten", "choose another name, or remove the file") from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    return Saved("wrote", str(path))


def save(session: DebugSession, name: str) -> Saved:
    """Write this session with all its branches to a new file, and append further steps to it.
    Raises `UsageError` or `SessionError`."""
    machine, timeline = session.machine, session.timeline
    check_name(session.project, name)
    path = new_path(session.project, name)
    header = header_of(session.project, session.engine, {"kind": "session"})
    header.machine.state = machine.encode_state(timeline.snapshot(0).state)
    if session.file is not None:
        header.origin, header.finding = session.file.stored.header.origin, session.file.stored.header.finding
    snapshots: dict[int, Any] = {
        record.n: machine.encode_state(timeline.snapshot(record.n).state)
        for record in timeline.ancestors()
        if record.n % SNAPSHOT_EVERY == 0
    }
    records = list(timeline.journal.values())
    write_copy([path], render_session(header, records, snapshots, timeline.head, session.marks.current()))
    if session.file is not None:
        session.file.close()
    session.file = SessionFile.open(path)
    return Saved("saved to", session.project.display_path(path))
