"""Reports about sessions as files, as text: how two differ, whether one still comes out the same, what became of it."""

from fasm_cli.cli.render.render import OUTCOME_ROLE, change_told, render, steps_told
from fasm_cli.cli.render.styled_text import Line, Span
from fasm_cli.reports.sessions import (
    Compared,
    HistoryImported,
    Migrated,
    MigratedDatabase,
    Removed,
    StepDifference,
    StepSummary,
    Verified,
)


@render.register
def _(report: Compared) -> list[Line]:
    lines: list[Line] = [[Span("- ", "bad"), Span(report.a, "name")], [Span("+ ", "good"), Span(report.b, "name")]]
    if report.compares_paths:
        lines += _ways(report)
    if report.problem:
        return [*lines, [Span("the states were not compared: ", "bad"), Span(report.problem)]]
    if not report.states:
        return [*lines, [Span("the states are the same", "good")]]
    return [*lines, [Span("the states differ", "bad")], *map(change_told, report.states)]


def _ways(report: Compared) -> list[Line]:
    if report.first_difference < 0:
        return [[Span("the steps are the same", "good"), Span(f"  {steps_told(report.steps[0])}", "quiet")]]
    counts = f"  {steps_told(report.steps[0])} and {steps_told(report.steps[1])}"
    where = f"at step {report.first_difference}" if report.first_difference else "at the initial state"
    lines: list[Line] = [[Span(f"they part {where}", "bad"), Span(counts, "quiet")]]
    for pair in report.pairs:
        for sign, role, told in (("-", "bad", pair.a), ("+", "good", pair.b)):
            if told is not None:
                lines += _step(sign, role, told)
    return lines


def _step(sign: str, role: str, told: StepSummary) -> list[Line]:
    error = f" {told.error}" if told.error else ""
    head = [Span(f"{sign} #{told.step} ", role), Span(told.event, "name"), Span("  ")]
    return [
        [*head, Span(f"{told.outcome}{error}", OUTCOME_ROLE.get(told.outcome, "plain"))],
        *([Span(f"     {change}", "quiet")] for change in told.changes),
    ]


@render.register
def _(report: Verified) -> list[Line]:
    head: Line = [Span(report.path, "name"), Span("  ")] if report.path else []
    finding = report.finding
    if isinstance(finding, StepDifference):
        return [[*head, Span("differs", "bad")], *_difference(finding)]
    if finding is not None:
        broken = [Span(f"BROKEN {finding.law}", "bad"), Span(f"  at step {finding.step}: {finding.why}")]
        return [[*head, *broken]]
    snapshots = "1 snapshot" if report.snapshots == 1 else f"{report.snapshots} snapshots"
    what = snapshots if report.path else "taken again in fresh processes"
    return [[*head, Span("the same", "good"), Span(f"  {steps_told(report.steps)}, {what}")]]


def _difference(finding: StepDifference) -> list[Line]:
    return [
        [Span(f"   step {finding.step}: {finding.part}", "bad")],
        [Span("   - ", "bad"), Span(finding.old or "nothing")],
        [Span("   + ", "good"), Span(finding.new or "nothing")],
    ]


@render.register
def _(report: Migrated) -> list[Line]:
    head: Line = [Span(report.path, "name"), Span(f"  {report.machine}")]
    for what, (old, new) in (("version", report.versions), ("format", report.formats)):
        if old != new:
            head.append(Span(f"  {what} {old} -> {new}"))
    lines = [head, *([Span(f"   {change}", "quiet")] for change in report.types)]
    if report.finding is not None:
        return [*lines, [Span("   it goes another way now; nothing is written", "bad")], *_difference(report.finding)]
    if not report.target:
        return [*lines, [Span("   nothing to do", "good"), Span("  it fits its machine as it is", "quiet")]]
    done = "written" if report.written else "would be written"
    return [*lines, [Span(f"   {done} ", "good"), Span(report.target, "name"), Span(f"  {steps_told(report.steps)}")]]


@render.register
def _(report: MigratedDatabase) -> list[Line]:
    old, new = report.versions
    head: Line = [Span(report.url, "name"), Span(f"  {report.machine}")]
    if old != new:
        head.append(Span(f"  version {old} -> {new}"))
    lines = [head, *([Span(f"   {change}", "quiet")] for change in report.types)]
    if not report.needed:
        return [*lines, [Span("   nothing to do", "good"), Span("  it fits its machine as it is", "quiet")]]
    lines += [[Span(f"   pending {action}")] for action in report.pending]
    return [*lines, [Span("   migrated" if report.written else "   it can be migrated", "good")]]


@render.register
def _(report: Removed) -> list[Line]:
    lines = []
    for path, left in report.items.items():
        lines.append([Span("removed "), Span(path, "name")])
        lines += [[Span(f"   and {each}", "quiet")] for each in left]
    return lines


@render.register
def _(report: HistoryImported) -> list[Line]:
    what = f"{steps_told(report.steps)} of {report.machine}"
    new = "nothing new" if not report.new else f"{report.new} new"
    return [[Span(report.path, "name"), Span(f"  {what}, {new}")]]
