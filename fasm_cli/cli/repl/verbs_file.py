"""Verbs about files: sessions, exports, lines to perform, and the machine's own."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.execute import perform_all
from fasm_cli.cli.repl.lines import logical_lines
from fasm_cli.cli.repl.registry import number, require_argument, verb
from fasm_cli.debugger.export import FORMATS, export, save
from fasm_cli.debugger.open import open_target
from fasm_cli.debugger.reload import reload
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.reports.repl import Message, Saved
from fasm_cli.reports.report import Report
from fasm_cli.reports.steps import event_text


@verb(
    "save FILE",
    "keep this session, with all its branches, in FILE from now on",
    Kind.FILE,
    examples=("save lunch",),
    related=("open", "export"),
)
def _save(workbench: DebugSession, rest: str) -> Report:
    return save(workbench, require_argument(rest, "save FILE"))


@verb(
    "open FILE",
    "go over to another session, or to a machine",
    Kind.FILE,
    examples=("open sessions/coffee_shop_crash.toml", "open counter"),
    related=("save", "replay"),
)
def _open(workbench: DebugSession, rest: str) -> Report:
    other, dropped = open_target(workbench.project, require_argument(rest, "open FILE"))
    workbench.replace(other)
    name = workbench.machine.reference
    return Saved(f"{dropped}; opened" if dropped else "opened", f"{rest}  {name} @{workbench.timeline.head}")


@verb(
    "export FORMAT FILE",
    f"write the way here as {', '.join(FORMATS)}: lines for -f, a test, plain data",
    Kind.FORMAT,
    Kind.FILE,
    examples=("export script lunch.fasm", "export pytest test_lunch.py"),
    related=("save", "source"),
)
def _export(workbench: DebugSession, rest: str) -> Report:
    form, _, path = require_argument(rest, "export FORMAT FILE").partition(" ")
    return export(workbench, form, Path(require_argument(path.strip(), "export FORMAT FILE")))


@verb(
    "source FILE",
    "perform the lines of FILE",
    Kind.FILE,
    examples=("source morning.fasm",),
    related=("export", "alias", "expect"),
)
def _source(workbench: DebugSession, rest: str) -> Report:
    path = Path(require_argument(rest, "source FILE"))
    return perform_all(workbench, logical_lines(_text(path).splitlines()), str(path))


@verb(
    "edit [N]",
    "open the machine in $EDITOR and reload it; or edit step N and perform that",
    Kind.STEP,
    examples=("edit", "edit 1"),
    related=("reload", "history"),
)
def _edit(workbench: DebugSession, rest: str) -> Report:
    if not rest:
        source = Path(workbench.machine.source)
        _run_editor(source)
        return (
            reload(workbench)
            if workbench.source_changed()
            else Message([f"{workbench.project.display_path(source)} was not changed"])
        )
    record = workbench.timeline.journal.get(number(rest.lstrip("#@"), "edit [N]"))
    if record is None:
        raise UsageError(f"no step {rest}", f"steps go from 1 to {workbench.timeline.last}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.fasm"
        path.write_text(event_text(workbench.timeline, record) + "\n", encoding="utf-8")
        _run_editor(path)
        lines = list(logical_lines(_text(path).splitlines()))
    return perform_all(workbench, lines, "edited")


def _run_editor(path: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not command:
        raise UsageError("no editor: $EDITOR is not set", "export EDITOR=vi, or edit the file elsewhere and `reload`")
    try:
        code = subprocess.call([*shlex.split(command), str(path)])
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot run {command!r}: {error}", "$EDITOR names a program") from None
    if code:
        raise UsageError(f"{command} ended with {code}; nothing was done", "`edit` opens it again")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "a text file, one line after another") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error.reason}") from None
