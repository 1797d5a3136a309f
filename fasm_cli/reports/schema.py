"""Reports as JSON: one versioned document for each command.

    {"schema": "fasm/step/1", "fasm": "0.1.0", "ok": true, "data": ..., "findings": [], "error": null}

`ok` is true if and only if the exit code is 0. `data` is one report or null; for a verb of `SEVERAL` it is a list of
reports. Each report names its kind in `report`. `schema.json` beside this module describes every kind. A key may be
added at any time; a key that is removed, or whose meaning changes, raises the number in `schema`.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from math import isfinite
from operator import attrgetter
from typing import Any

from fasm_cli import __version__
from fasm_cli.errors import FasmError
from fasm_cli.reports import Report, machines, repl, sessions, simulation, steps
from fasm_cli.simulation.stats import Stats

SEVERAL = ("step", "repl")
Json = dict[str, Any]


# --- documents ----------------------------------------------------------------------------------------------------


def document(verb: str, reports: Sequence[Report], error: FasmError | None = None, code: int = 0) -> Json:
    """The document of a call of `verb` that made `reports`, and ended with `error` (if there was one) and `code`."""
    data = [report_json(report) for report in reports]
    return {
        "schema": f"fasm/{verb}/1",
        "fasm": __version__,
        "ok": error is None and code == 0,
        "data": data if verb in SEVERAL else data[-1] if data else None,
        "findings": [finding_json(each) for report in reports for each in report.all_findings()],
        "error": None if error is None else {"kind": error.kind, "message": error.message, "hint": error.hint},
    }


def dumps(value: Json) -> str:
    """One line of JSON with sorted keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def report_json(report: Report) -> Json:
    """A report without its findings, which have a place of their own in a document."""
    kind, encode = KINDS[type(report)]
    return {"report": kind, **encode(report)}


def finding_json(found: steps.FindingReport | machines.LintLine | sessions.StepDifference) -> Json:
    """A finding of any command."""
    encoded: Json = _FINDINGS[type(found)](found)
    return encoded


def plain_json(value: Any) -> Any:
    """Plain data (of a codec) as JSON: a float that JSON cannot write becomes `{"type": "float", "value": "inf"}`."""
    if isinstance(value, dict):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain_json(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return {"type": "float", "value": repr(value)}
    return value


# --- the keys of each kind of report --------------------------------------------------------------------------------

Encode = Callable[[Any], Any]


def keys(*names: str, **encoders: str | Encode) -> Encode:
    """An encoder that writes the attributes `names` under their own names, and each other key from the attribute that
    its value names, or by its function of the report."""
    parts: list[tuple[str, Encode]] = [(name, _plain_attribute(name)) for name in names]
    parts += [(key, _plain_attribute(each) if isinstance(each, str) else each) for key, each in encoders.items()]
    return lambda report: {key: encode(report) for key, encode in parts}


def _plain_attribute(name: str) -> Encode:
    get = attrgetter(name)
    return lambda report: plain_json(get(report))


def each(attribute: str, encode: Encode) -> Encode:
    """The elements of a list, each written by `encode`."""
    get = attrgetter(attribute)
    return lambda report: [encode(item) for item in get(report)]


def one(attribute: str, encode: Encode) -> Encode:
    """A part of a report, written by `encode`; null if there is none."""
    get = attrgetter(attribute)
    return lambda report: None if get(report) is None else encode(get(report))


def pair(first: str, second: str) -> Encode:
    """A pair of plain values as an object with two keys."""
    return lambda values: {first: plain_json(values[0]), second: plain_json(values[1])}


_SUMMARY = keys("step", "event", "outcome", "error", "changes")
_FINDINGS: dict[type, Encode] = {
    machines.LintLine: keys("path", "line", "column", "law", "message"),
    sessions.StepDifference: keys("step", "part", "old", "new"),
    steps.FindingReport: keys(
        *("law", "reason", "step", "seed", "run", "trace", "reproduce", "problem", "location", "size", "events", "fix"),
        steps=each("steps", _SUMMARY),
    ),
}
record_json = keys(
    *("parent", "event", "outcome", "error", "actions", "digest"),
    step="n",
    changes="changed_paths",
    unrestored="unrestored_ids",
    law="violated_law",
)
_ACTION = keys("ref", "tracked", "id", "text", "replaces", value="data")
_STEP_PARTS = keys(
    *("pending", "saved", "lost", "branch"),
    text="event",
    actions=each("actions", _ACTION),
    invariants=one("invariants", pair("holding", "of")),
)
_CHANGE = keys("sign", "path", "old", "new")
_LINE_PARTS = keys("on_path", "labels", text="event")
_NAME_DOC = pair("name", "doc")


def _step(report: steps.StepReport) -> Json:
    return {**record_json(report.record), **_STEP_PARTS(report)}


def _log_line(line: sessions.LogLine) -> Json:
    return {**record_json(line.record), **_LINE_PARTS(line)}


def _stats(stats: Stats) -> Json:
    counted = "completed", "lost", "duplicated", "outstanding"
    return {
        **{name: getattr(stats, name) for name in ("runs", "steps", "restores", "restored")},
        "inputs": _by_outcome(stats.inputs),
        "completions": _by_outcome(stats.completions),
        "actions": {
            name: {"emitted": emitted, **{each: getattr(stats, each)[name] for each in counted}}
            for name, emitted in stats.emitted.items()
        },
        "faults": dict(stats.faults),
        "faults_with_work": dict(stats.faults_with_work),
        "sometimes": {name: {"runs": runs, "first": first} for name, (runs, first) in stats.sometimes.items()},
    }


def _by_outcome(counter: Counter[tuple[str, str]]) -> Json:
    """Counts by name, then by the error that rejected it (`committed` if none did)."""
    out: dict[str, dict[str, int]] = {}
    for (name, error), times in counter.items():
        out.setdefault(name, {})[error or "committed"] = times
    return out


def _removed(report: sessions.Removed) -> Json:
    return {"items": [{"path": path, "beside": beside} for path, beside in report.items.items()]}


_TYPE = keys("role", "name", "doc", fields=each("fields", keys("name", "type", "default")))
_BRANCH = keys(
    *("name", "parent", "parent_branch", "first", "last", "steps"),
    current="is_current",
    labels=each("labels", pair("name", "step")),
    laws="violated_laws",
)
_PAIR = keys("position", a=one("a", _SUMMARY), b=one("b", _SUMMARY))
_RECORDED, _FOUND = one("recorded", finding_json), one("finding", finding_json)
_TRACE = keys("path", "steps", "difference", "problem", recorded=_RECORDED, finding=_FOUND)

KINDS: dict[type, tuple[str, Encode]] = {
    steps.StepReport: ("step", _step),
    steps.Pending: (
        "pending",
        keys("running", items=each("items", keys("ref", "id", "text", "since_step", value="data"))),
    ),
    steps.State: ("state", keys("step", "text", "rows", value="data")),
    sessions.Log: ("log", keys("head", lines=each("lines", _log_line))),
    sessions.HeadMoved: ("moved", keys("start", "end", "changes", "pending", "running", "branch")),
    machines.Machines: ("machines", keys("folder", items=each("items", keys("name", "summary", **{"class": "cls"})))),
    machines.Description: (
        "machine",
        keys(
            *("name", "doc", "version", "fingerprint"),
            types=each("types", _TYPE),
            invariants=each("invariants", _NAME_DOC),
            sometimes=each("sometimes", _NAME_DOC),
            initial=keys(text="initial_text", value="initial"),
            **{"class": "cls"},
        ),
    ),
    machines.Explained: ("law", keys("law", "kind", "rule", "why", "checked", "fix", "wrong", "right")),
    machines.LawList: ("laws", keys(items=each("items", keys("law", "kind", "rule")))),
    machines.Linted: ("lint", keys("files")),
    simulation.Checked: (
        "check",
        keys(
            *("machine", "seed", "unreached", "interrupted"),
            laws=each("laws", keys("law", "times_checked", "holds", "locations")),
            invariants="invariant_count",
        ),
    ),
    simulation.Simulated: (
        "simulation",
        keys("machine", "seed", "runs", "steps", "unreached", "warnings", "interrupted", stats=one("stats", _stats)),
    ),
    simulation.Replayed: (
        "replay",
        keys("path", "difference", steps=each("steps", _step), recorded=_RECORDED),
    ),
    simulation.Traces: ("traces", keys(items=each("items", _TRACE))),
    sessions.Sessions: (
        "sessions",
        keys("folder", items=each("items", keys("name", "machine", "steps", "head", "law", "problem"))),
    ),
    sessions.SessionInfo: (
        "session",
        keys(
            *("path", "machine", "version", "origin", "head", "dropped", "created"),
            recorded=_RECORDED,
            steps=each("records", record_json),
            initial="state",
        ),
    ),
    sessions.Compared: (
        "session-diff",
        keys(
            *("a", "b", "compares_paths", "steps", "first_difference", "problem"),
            pairs=each("pairs", _PAIR),
            states=each("states", _CHANGE),
        ),
    ),
    sessions.Verified: ("session-verify", keys("path", "machine", "steps", "snapshots")),
    sessions.Migrated: (
        "session-migrate",
        keys("path", "target", "machine", "versions", "formats", "types", "steps", "written", "dry_run"),
    ),
    sessions.MigratedDatabase: ("migrate", keys("url", "machine", "versions", "types", "pending", "needed", "written")),
    sessions.Removed: ("session-rm", _removed),
    sessions.HistoryImported: ("history", keys("path", "machine", "new", "steps")),
    repl.Value: ("value", keys("source", "text")),
    repl.Tree: ("tree", keys("head", branches=each("branches", _BRANCH))),
    repl.Differences: ("diff", keys("before", "after", "pending", changes=each("changes", _CHANGE))),
    repl.Stops: ("stops", keys(items=each("items", keys("kind", text="name")))),
    repl.RunReport: ("run", keys("title", "stop_reason", "interrupted", steps=each("steps", _step))),
    repl.Reloaded: ("reload", keys("machine", "steps", "difference", "fields", "branch", "note")),
    repl.Checks: ("checks", keys("step", lines=each("lines", keys("name", "holds", "reason", "values")))),
    repl.ProblemDetails: ("why", keys("title", "reason", "location", "rule", "law_reason", "fix", "frames")),
    repl.Samples: ("inputs", keys(items=each("items", keys("signature", "sample", "outcome", "error", "doc")))),
    repl.Saved: ("saved", keys("what", "name")),
    repl.Expected: ("expected", keys("expected", "actual", "met")),
    repl.Message: ("message", keys("lines")),
    repl.ScriptReport: ("script", keys("path", reports=each("reports", report_json))),
}
