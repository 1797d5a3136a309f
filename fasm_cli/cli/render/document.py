"""Reports as JSON: one versioned document for each call, on failure too.

`{"schema": "fasm/step/1", "ok": …, "data": …, "findings": […], "error": null}`. `data` is one report, null where there
is none; for a verb that may make several (`SEVERAL`) it is a list. Each report names its kind in `report`. Fields may
be added; removing or changing one raises the number.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import singledispatch
from math import isfinite
from typing import Any

from fasm_cli.errors import FasmError
from fasm_cli.reports.machines import (
    Checked,
    Description,
    Explained,
    LawList,
    Linted,
    LintLine,
    Machines,
    Replayed,
    Simulated,
    Traces,
)
from fasm_cli.reports.repl import (
    Checks,
    Differences,
    Expected,
    Message,
    ProblemDetails,
    Reloaded,
    RunReport,
    Samples,
    Saved,
    Stops,
    Tree,
    Value,
)
from fasm_cli.reports.schema import Report, ScriptReport
from fasm_cli.reports.sessions import (
    Compared,
    HeadMoved,
    HistoryImported,
    Log,
    Migrated,
    MigratedDatabase,
    Removed,
    SessionInfo,
    Sessions,
    StepDifference,
    Verified,
)
from fasm_cli.reports.steps import Finding, Pending, State, StepReport

NAMES = {
    Checked: "check",
    Explained: "law",
    LawList: "laws",
    Linted: "lint",
    StepReport: "step",
    Pending: "pending",
    State: "state",
    Log: "log",
    HeadMoved: "moved",
    Machines: "machines",
    Description: "machine",
    Sessions: "sessions",
    SessionInfo: "session",
    Compared: "session-diff",
    Verified: "session-verify",
    Migrated: "session-migrate",
    MigratedDatabase: "migrate",
    Removed: "session-rm",
    HistoryImported: "history",
    Simulated: "simulation",
    Replayed: "replay",
    Traces: "traces",
    Message: "message",
    Value: "value",
    Tree: "tree",
    Differences: "diff",
    Stops: "stops",
    RunReport: "ran",
    Reloaded: "reloaded",
    Checks: "checks",
    ProblemDetails: "why",
    Samples: "inputs",
    Saved: "kept",
    Expected: "expected",
    ScriptReport: "sourced",
}
SEVERAL = ("step", "repl")


def document(verb: str, done: Sequence[Report], error: FasmError | None = None) -> dict[str, Any]:
    """The whole document of a call of `verb` that gave the reports `done`, and ended with `error` if there is one."""
    data = [{"report": NAMES[type(report)], **_plain(report)} for report in done]
    found = [_fields(finding) for report in done for finding in findings(report)]
    cut_short, differ = any(map(interrupted, done)), any(map(_apart, done))
    return {
        "schema": f"fasm/{verb}/1",
        "ok": not (found or error or cut_short or differ),
        "data": data if verb in SEVERAL else data[-1] if data else None,
        "findings": found,
        "error": None if error is None else {"kind": error.kind, "message": error.message, "hint": error.hint},
    }


def findings(report: Report) -> Sequence[Finding | LintLine | StepDifference]:
    """What a report says is broken."""
    if isinstance(report, Simulated | Linted | Checked):
        return report.findings
    if isinstance(report, ScriptReport):
        return [found for each in report.reports for found in findings(each)]
    if isinstance(report, _ONE_FINDING):
        return [] if report.finding is None else [report.finding]
    if isinstance(report, Traces):
        return [item.finding for item in report.items if item.finding is not None]
    return []


def interrupted(report: Report) -> bool:
    """Whether Ctrl-C ended it before it was done."""
    return isinstance(report, Simulated | RunReport) and report.interrupted


def _apart(report: Report) -> bool:
    """Whether two sessions differ, or could not be compared as a whole."""
    return isinstance(report, Compared) and (report.differ or bool(report.problem))


_ONE_FINDING = StepReport | Replayed | Verified | Migrated | RunReport | Reloaded | Checks


def dumps(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


@singledispatch
def _plain(report: Any) -> dict[str, Any]:
    """A report without its findings, which have their own place in a document."""
    return {key: value for key, value in _fields(report).items() if key not in ("finding", "findings")}


@_plain.register
def _(report: StepReport) -> dict[str, Any]:
    """A step's record and its report have much in common; each fact is there once."""
    record = report.record
    return {
        "n": record.n,
        "parent": record.parent,
        "event": _data(record.event),
        "text": report.event,
        "outcome": record.outcome,
        "error": record.error,
        "changed": record.changed_paths,
        "actions": _data(report.actions),
        "missing": _data(record.unrestored_ids),
        "broken": record.violated_law,
        "digest": record.digest,
        "invariants": {"held": report.invariants[0], "of": report.invariants[1]},
        "pending": report.pending,
        "kept": report.saved,
        "lost": report.lost,
        "fork": report.branch,
    }


@_plain.register
def _(report: Replayed) -> dict[str, Any]:
    return {
        "path": report.path,
        "steps": [_plain(step) for step in report.steps],
        "recorded": _data(report.recorded),
        "difference": report.difference,
    }


@_plain.register
def _(report: RunReport) -> dict[str, Any]:
    return {"what": report.title, "steps": [_plain(step) for step in report.steps], "stopped": report.stop_reason}


@_plain.register
def _(report: ScriptReport) -> dict[str, Any]:
    return {"path": report.path, "reports": [{"report": NAMES[type(each)], **_plain(each)} for each in report.reports]}


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: _data(getattr(value, field.name)) for field in fields(value)}


def _data(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, Counter):
        return _counts(value)
    if isinstance(value, dict):
        return {str(key): _data(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_data(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return {"type": "float", "value": repr(value)}
    return value


def _counts(counter: Counter[Any]) -> dict[str, Any]:
    """Counts by name, or by name and then by refusal (`committed` where there was none)."""
    out: dict[str, Any] = {}
    for key, times in counter.items():
        if isinstance(key, tuple):
            out.setdefault(key[0], {})[key[1] or "committed"] = times
        else:
            out[key] = times
    return out
