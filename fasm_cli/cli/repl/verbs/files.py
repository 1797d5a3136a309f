"""Verbs about files: sessions, exports, scripts, and the source of the machine."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from fasm_cli.cli.repl.execute import execute_all
from fasm_cli.cli.repl.lines import logical_lines
from fasm_cli.cli.repl.registry import ArgumentKind, parse_number, require_argument, verb
from fasm_cli.debugger.export import FORMATS, export, save
from fasm_cli.debugger.open import open_target
from fasm_cli.debugger.reload import reload
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.reports import Report
from fasm_cli.reports.repl import Message, Saved
from fasm_cli.reports.steps import event_text


@verb(
    "save FILE",
    "write this session, with all its branches, to FILE and keep it there",
    ArgumentKind.FILE,
    examples=("save lunch",),
    related=("open", "export"),
)
def _save(session: DebugSession, rest: str) -> Report:
    return save(session, require_argument(rest, "save FILE"))


@verb(
    "open FILE",
    "switch to another session, or to a machine",
    ArgumentKind.FILE,
    examples=("open sessions/coffee_shop_crash.toml", "open counter"),
    related=("save", "replay"),
)
def _open(session: DebugSession, rest: str) -> Report:
    other, dropped = open_target(session.project, require_argument(rest, "open FILE"))
    session.replace(other)
    name = session.machine.reference
    return Saved(f"{dropped}; opened" if dropped else "opened", f"{rest}  {name} @{session.timeline.head}")


@verb(
    "export FORMAT FILE",
    f"write the steps that lead here as {', '.join(FORMATS)}: data, a test, lines for -f",
    ArgumentKind.FORMAT,
    ArgumentKind.FILE,
    examples=("export script lunch.fasm", "export pytest test_lunch.py"),
    related=("save", "source"),
)
def _export(session: DebugSession, rest: str) -> Report:
    form, _, path = require_argument(rest, "export FORMAT FILE").partition(" ")
    return export(session, form, Path(require_argument(path.strip(), "export FORMAT FILE")))


@verb(
    "source FILE",
    "execute the lines of FILE",
    ArgumentKind.FILE,
    examples=("source morning.fasm",),
    related=("export", "alias", "expect"),
)
def _source(session: DebugSession, rest: str) -> Report:
    path = Path(require_argument(rest, "source FILE"))
    return execute_all(session, logical_lines(_read_text(path).splitlines()), str(path))


@verb(
    "edit [N]",
    "edit the machine in $EDITOR and reload it; or edit step N and execute the result",
    ArgumentKind.STEP,
    examples=("edit", "edit 1"),
    related=("reload", "history"),
)
def _edit(session: DebugSession, rest: str) -> Report:
    if not rest:
        source = Path(session.machine.source)
        _run_editor(source)
        return (
            reload(session)
            if session.source_changed()
            else Message([f"{session.project.display_path(source)} was not changed"])
        )
    record = session.timeline.journal.get(parse_number(rest.lstrip("#@"), "edit [N]"))
    if record is None:
        raise UsageError(f"no step {rest}", f"steps go from 1 to {session.timeline.last}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.fasm"
        path.write_text(event_text(session.timeline, record) + "\n", encoding="utf-8")
        _run_editor(path)
        lines = list(logical_lines(_read_text(path).splitlines()))
    return execute_all(session, lines, "edited")


def _run_editor(path: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not command:
        raise UsageError("no editor: $EDITOR is not set", "export EDITOR=vi, or edit the file elsewhere and `reload`")
    try:
        code = subprocess.call([*shlex.split(command), str(path)])
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot run {command!r}: {error}", "set $EDITOR to a program") from None
    if code:
        raise UsageError(f"{command} exited with code {code}; nothing was executed", "`edit` starts it again")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", "`source` takes a text file with one line each"
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error.reason}") from None
