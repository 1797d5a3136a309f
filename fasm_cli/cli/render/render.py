"""Renders reports for people: as lines of spans, each with a role. The writer turns roles into colours.

The renderers of the reports of `reports/sessions.py` are in `sessions.py` here, and so on; a module is imported when
the first of its reports is rendered.
"""

from functools import singledispatch
from importlib import import_module

from fasm_cli.cli.render.text_layout import Line
from fasm_cli.reports.report import Report

OUTCOME_ROLE = {"committed": "good", "rejected": "bad", "defect": "bad", "aborted": "bad", "skipped": "quiet"}


@singledispatch
def renderer(report: object) -> list[Line]:
    """The registered renderers, by the class of the report."""
    raise AssertionError(f"no renderer for {type(report).__name__}")


def render(report: Report) -> list[Line]:
    """The lines of a report."""
    import_module(f"fasm_cli.cli.render.{type(report).__module__.rpartition('.')[2]}")
    return renderer(report)


def count_steps(count: int) -> str:
    """`1 step`, `2 steps`."""
    return "1 step" if count == 1 else f"{count} steps"
