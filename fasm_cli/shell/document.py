"""Reports as JSON: one versioned document for each call, on failure too.

`{"schema": "fasm/step/1", "ok": …, "data": …, "findings": […], "error": null}`. Fields may be added; removing or
changing one raises the number.
"""

import json
from collections import Counter
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

from fasm_cli.app import reports
from fasm_cli.core.errors import FasmError

NAMES = {
    reports.Stepped: "step",
    reports.Pending: "pending",
    reports.State: "state",
    reports.Log: "log",
    reports.Moved: "moved",
    reports.Machines: "list",
    reports.Description: "describe",
    reports.Sessions: "sessions",
    reports.SessionInfo: "session",
    reports.Simulated: "simulate",
    reports.Replayed: "replay",
    reports.Message: "message",
}


def document(report: reports.Report) -> dict[str, Any]:
    """The whole document of one report."""
    found = findings(report)
    schema = f"fasm/{NAMES[type(report)]}/1"
    return {"schema": schema, "ok": not found, "data": _data(report), "findings": _data(found), "error": None}


def failure(error: FasmError, done: list[reports.Report]) -> dict[str, Any]:
    """The document of a call that ended with `error`; `done` is what it had done before."""
    told = {"kind": error.kind, "message": error.message, "hint": error.hint}
    return {
        "schema": "fasm/error/1",
        "ok": False,
        "data": [_data(report) for report in done],
        "findings": [],
        "error": told,
    }


def several(items: list[reports.Report]) -> dict[str, Any]:
    """The document of a call that did several things."""
    found = [_data(finding) for report in items for finding in findings(report)]
    data = [{"schema": f"fasm/{NAMES[type(report)]}/1", "data": _data(report)} for report in items]
    return {"schema": "fasm/several/1", "ok": not found, "data": data, "findings": found, "error": None}


def findings(report: reports.Report) -> list[reports.Finding]:
    """What a report says is broken."""
    if isinstance(report, reports.Simulated):
        return report.findings
    if isinstance(report, reports.Stepped | reports.Replayed):
        return [] if report.finding is None else [report.finding]
    return []


def dumps(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _data(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Counter):
        return _counts(value)
    if isinstance(value, dict):
        return {str(key): _data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
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
