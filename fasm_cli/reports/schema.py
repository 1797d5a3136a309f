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
from typing import Any

from fasm_cli import __version__
from fasm_cli.engine.records import Record
from fasm_cli.errors import FasmError
from fasm_cli.reports.machines import Description, Explained, LawList, Linted, LintLine, Machines
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
    ScriptReport,
    Stops,
    Tree,
    Value,
)
from fasm_cli.reports.report import Report
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
    StepSummary,
    Verified,
)
from fasm_cli.reports.simulation import Checked, Replayed, Simulated, Traces
from fasm_cli.reports.steps import ActionLine, Change, FindingReport, Pending, State, StepReport
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


def finding_json(found: FindingReport | LintLine | StepDifference) -> Json:
    if isinstance(found, LintLine):
        return {
            "path": found.path,
            "line": found.line,
            "column": found.column,
            "law": found.law,
            "message": found.message,
        }
    if isinstance(found, StepDifference):
        return {"step": found.step, "part": found.part, "old": found.old, "new": found.new}
    return {
        "law": found.law,
        "reason": found.reason,
        "step": found.step,
        "seed": found.seed,
        "run": found.run,
        "trace": found.trace,
        "reproduce": found.reproduce,
        "problem": found.problem,
        "location": found.location,
        "size": found.size,
        "events": found.events,
        "fix": found.fix,
        "steps": [
            {
                "step": step.number,
                "event": step.event,
                "outcome": step.outcome,
                "error": step.error,
                "changes": step.changes,
            }
            for step in found.steps
        ],
    }


def _optional(found: FindingReport | LintLine | StepDifference | None) -> Json | None:
    return None if found is None else finding_json(found)


def plain_json(value: Any) -> Any:
    """Plain data (of a codec) as JSON: a float that JSON cannot write becomes `{"type": "float", "value": "inf"}`."""
    if isinstance(value, dict):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain_json(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return {"type": "float", "value": repr(value)}
    return value


# --- steps --------------------------------------------------------------------------------------------------------


def record_json(record: Record) -> Json:
    """A recorded step, as `session show`, `session log` and `export --to json` write it."""
    return {
        "step": record.n,
        "parent": record.parent,
        "event": plain_json(record.event),
        "outcome": record.outcome,
        "error": record.error,
        "actions": plain_json(record.actions),
        "changes": record.changed_paths,
        "unrestored": plain_json(record.unrestored_ids),
        "law": record.violated_law,
        "digest": record.digest,
    }


def _step(report: StepReport) -> Json:
    holding, of = report.invariants
    return {
        **record_json(report.record),
        "text": report.event,
        "actions": [_action(action) for action in report.actions],
        "invariants": {"holding": holding, "of": of},
        "pending": report.pending,
        "saved": report.saved,
        "lost": report.lost,
        "branch": report.branch,
    }


def _action(action: ActionLine) -> Json:
    return {
        "ref": action.ref,
        "tracked": action.tracked,
        "id": action.id,
        "text": action.text,
        "value": plain_json(action.data),
        "replaces": action.replaces,
    }


def _pending(report: Pending) -> Json:
    items = [
        {
            "ref": item.ref,
            "id": item.id,
            "text": item.text,
            "value": plain_json(item.data),
            "since_step": item.since_step,
        }
        for item in report.items
    ]
    return {"items": items, "running": report.running}


def _state(report: State) -> Json:
    return {"step": report.step, "text": report.text, "value": plain_json(report.data), "rows": report.rows}


def _change(change: Change) -> Json:
    return {"sign": change.sign, "path": change.path, "old": change.old, "new": change.new}


# --- machines -----------------------------------------------------------------------------------------------------


def _machines(report: Machines) -> Json:
    items = [{"name": item.name, "class": item.cls, "summary": item.summary} for item in report.items]
    return {"folder": report.folder, "items": items}


def _machine(report: Description) -> Json:
    return {
        "name": report.name,
        "class": report.cls,
        "doc": report.doc,
        "version": report.version,
        "fingerprint": report.fingerprint,
        "types": [
            {
                "role": each.role,
                "name": each.name,
                "doc": each.doc,
                "fields": [{"name": one.name, "type": one.type, "default": one.default} for one in each.fields],
            }
            for each in report.types
        ],
        "invariants": [{"name": name, "doc": doc} for name, doc in report.invariants],
        "sometimes": [{"name": name, "doc": doc} for name, doc in report.sometimes],
        "initial": {"text": report.initial_text, "value": plain_json(report.initial)},
    }


def _law(report: Explained) -> Json:
    return {
        "law": report.law,
        "kind": report.kind,
        "rule": report.rule,
        "why": report.why,
        "checked": report.checked,
        "fix": report.fix,
        "wrong": report.wrong,
        "right": report.right,
    }


def _laws(report: LawList) -> Json:
    return {"items": [{"law": item.law, "kind": item.kind, "rule": item.rule} for item in report.items]}


def _lint(report: Linted) -> Json:
    return {"files": report.files}


def _check(report: Checked) -> Json:
    return {
        "machine": report.machine,
        "seed": report.seed,
        "laws": [
            {"law": row.law, "times_checked": row.times_checked, "holds": row.holds, "locations": row.locations}
            for row in report.laws
        ],
        "invariants": report.invariant_count,
        "unreached": report.unreached,
        "interrupted": report.interrupted,
    }


def _simulation(report: Simulated) -> Json:
    return {
        "machine": report.machine,
        "seed": report.seed,
        "runs": report.runs,
        "steps": report.steps,
        "stats": _stats(report.stats),
        "unreached": report.unreached,
        "warnings": report.warnings,
        "interrupted": report.interrupted,
    }


def _stats(stats: Stats) -> Json:
    return {
        "runs": stats.runs,
        "steps": stats.steps,
        "inputs": _by_outcome(stats.inputs),
        "completions": _by_outcome(stats.completions),
        "actions": {
            name: {
                "emitted": emitted,
                "completed": stats.completed[name],
                "lost": stats.lost[name],
                "duplicated": stats.duplicated[name],
                "outstanding": stats.outstanding[name],
            }
            for name, emitted in stats.emitted.items()
        },
        "faults": dict(stats.faults),
        "faults_with_work": dict(stats.faults_with_work),
        "restores": stats.restores,
        "restored": stats.restored,
        "sometimes": {name: {"runs": runs, "first": first} for name, (runs, first) in stats.sometimes.items()},
    }


def _by_outcome(counter: Counter[tuple[str, str]]) -> Json:
    """Counts by name, then by the error that rejected it (`committed` if none did)."""
    out: dict[str, dict[str, int]] = {}
    for (name, error), times in counter.items():
        out.setdefault(name, {})[error or "committed"] = times
    return out


def _replay(report: Replayed) -> Json:
    return {
        "path": report.path,
        "steps": [_step(step) for step in report.steps],
        "recorded": _optional(report.recorded),
        "difference": report.difference,
    }


def _traces(report: Traces) -> Json:
    items = [
        {
            "path": item.path,
            "steps": item.steps,
            "recorded": _optional(item.recorded),
            "finding": _optional(item.finding),
            "difference": item.difference,
            "problem": item.problem,
        }
        for item in report.items
    ]
    return {"items": items}


# --- sessions -----------------------------------------------------------------------------------------------------


def _sessions(report: Sessions) -> Json:
    items = [
        {
            "name": item.name,
            "machine": item.machine,
            "steps": item.steps,
            "head": item.head,
            "law": item.law,
            "problem": item.problem,
        }
        for item in report.items
    ]
    return {"folder": report.folder, "items": items}


def _session(report: SessionInfo) -> Json:
    return {
        "path": report.path,
        "machine": report.machine,
        "version": report.version,
        "origin": plain_json(report.origin),
        "recorded": _optional(report.finding),
        "head": report.head,
        "steps": [record_json(record) for record in report.records],
        "initial": plain_json(report.state),
        "dropped": report.dropped,
        "created": report.created,
    }


def _log(report: Log) -> Json:
    lines = [
        {**record_json(line.record), "text": line.event, "on_path": line.on_path, "labels": line.labels}
        for line in report.lines
    ]
    return {"head": report.head, "lines": lines}


def _moved(report: HeadMoved) -> Json:
    return {
        "start": report.start,
        "end": report.end,
        "changes": report.changes,
        "pending": report.pending,
        "running": report.running,
        "branch": report.branch,
    }


def _compared(report: Compared) -> Json:
    pairs = [{"position": pair.position, "a": _summary(pair.a), "b": _summary(pair.b)} for pair in report.pairs]
    return {
        "a": report.a,
        "b": report.b,
        "compares_paths": report.compares_paths,
        "steps": list(report.steps),
        "first_difference": report.first_difference,
        "pairs": pairs,
        "states": [_change(change) for change in report.states],
        "problem": report.problem,
    }


def _summary(step: StepSummary | None) -> Json | None:
    if step is None:
        return None
    return {
        "step": step.step,
        "event": step.event,
        "outcome": step.outcome,
        "error": step.error,
        "changes": step.changes,
    }


def _verified(report: Verified) -> Json:
    return {
        "path": report.path,
        "machine": report.machine,
        "steps": report.steps,
        "snapshots": report.snapshots,
    }


def _migrated(report: Migrated) -> Json:
    return {
        "path": report.path,
        "target": report.target,
        "machine": report.machine,
        "versions": list(report.versions),
        "formats": list(report.formats),
        "types": report.types,
        "steps": report.steps,
        "written": report.written,
        "dry_run": report.dry_run,
    }


def _migrated_database(report: MigratedDatabase) -> Json:
    return {
        "url": report.url,
        "machine": report.machine,
        "versions": list(report.versions),
        "types": report.types,
        "pending": report.pending,
        "needed": report.needed,
        "written": report.written,
    }


def _removed(report: Removed) -> Json:
    return {"items": [{"path": path, "beside": beside} for path, beside in report.items.items()]}


def _history(report: HistoryImported) -> Json:
    return {"path": report.path, "machine": report.machine, "new": report.new, "steps": report.steps}


# --- the REPL -----------------------------------------------------------------------------------------------------


def _value(report: Value) -> Json:
    return {"source": report.source, "text": report.text}


def _tree(report: Tree) -> Json:
    branches = [
        {
            "name": branch.name,
            "parent": branch.parent,
            "parent_branch": branch.parent_branch,
            "first": branch.first,
            "last": branch.last,
            "steps": branch.steps,
            "current": branch.is_current,
            "labels": [{"name": name, "step": step} for name, step in branch.labels],
            "laws": branch.violated_laws,
        }
        for branch in report.branches
    ]
    return {"head": report.head, "branches": branches}


def _differences(report: Differences) -> Json:
    return {
        "before": report.before,
        "after": report.after,
        "changes": [_change(change) for change in report.changes],
        "pending": report.pending,
    }


def _stops(report: Stops) -> Json:
    return {"items": [{"kind": item.kind, "text": item.text} for item in report.items]}


def _ran(report: RunReport) -> Json:
    return {
        "title": report.title,
        "steps": [_step(step) for step in report.steps],
        "stop_reason": report.stop_reason,
        "interrupted": report.interrupted,
    }


def _reloaded(report: Reloaded) -> Json:
    return {
        "machine": report.machine,
        "steps": report.steps,
        "difference": report.difference,
        "fields": report.fields,
        "branch": report.branch,
        "note": report.note,
    }


def _checks(report: Checks) -> Json:
    lines = [
        {"name": line.name, "holds": line.holds, "reason": line.reason, "values": line.values} for line in report.lines
    ]
    return {"step": report.step, "lines": lines}


def _problem(report: ProblemDetails) -> Json:
    return {
        "title": report.title,
        "reason": report.reason,
        "location": report.location,
        "rule": report.rule,
        "law_reason": report.law_reason,
        "fix": report.fix,
        "frames": report.frames,
    }


def _samples(report: Samples) -> Json:
    items = [
        {
            "signature": item.signature,
            "sample": item.sample,
            "outcome": item.outcome,
            "error": item.error,
            "doc": item.doc,
        }
        for item in report.items
    ]
    return {"items": items}


def _saved(report: Saved) -> Json:
    return {"what": report.what, "name": report.name}


def _expected(report: Expected) -> Json:
    return {"expected": report.expected, "actual": report.actual, "met": report.met}


def _message(report: Message) -> Json:
    return {"lines": report.lines}


def _script(report: ScriptReport) -> Json:
    return {"path": report.path, "reports": [report_json(each) for each in report.reports]}


KINDS: dict[type, tuple[str, Callable[[Any], Json]]] = {
    StepReport: ("step", _step),
    Pending: ("pending", _pending),
    State: ("state", _state),
    Log: ("log", _log),
    HeadMoved: ("moved", _moved),
    Machines: ("machines", _machines),
    Description: ("machine", _machine),
    Explained: ("law", _law),
    LawList: ("laws", _laws),
    Linted: ("lint", _lint),
    Checked: ("check", _check),
    Simulated: ("simulation", _simulation),
    Replayed: ("replay", _replay),
    Traces: ("traces", _traces),
    Sessions: ("sessions", _sessions),
    SessionInfo: ("session", _session),
    Compared: ("session-diff", _compared),
    Verified: ("session-verify", _verified),
    Migrated: ("session-migrate", _migrated),
    MigratedDatabase: ("migrate", _migrated_database),
    Removed: ("session-rm", _removed),
    HistoryImported: ("history", _history),
    Value: ("value", _value),
    Tree: ("tree", _tree),
    Differences: ("diff", _differences),
    Stops: ("stops", _stops),
    RunReport: ("run", _ran),
    Reloaded: ("reload", _reloaded),
    Checks: ("checks", _checks),
    ProblemDetails: ("why", _problem),
    Samples: ("inputs", _samples),
    Saved: ("saved", _saved),
    Expected: ("expected", _expected),
    Message: ("message", _message),
    ScriptReport: ("script", _script),
}
