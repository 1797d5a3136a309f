"""Renders reports about sessions."""

from fasm_cli.cli.render.steps import change_line
from fasm_cli.cli.render.writer import OUTCOME_ROLE, Line, Span, count_steps, renderer
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
from fasm_cli.sessions.journal import MAIN


@renderer.register
def _(report: Log) -> list[Line]:
    if not report.lines:
        return [[Span("@0 the initial state; no steps yet", "quiet")]]
    lines = []
    for entry in report.lines:
        record = entry.record
        mark = "*" if record.n == report.head else " " if entry.on_path else "·"
        fork = f"  from #{record.parent}" if record.parent != record.n - 1 else ""
        error = f" {record.error}" if record.error else ""
        labels = "".join(f"  [{name}]" for name in entry.labels)
        role = OUTCOME_ROLE.get(record.outcome, "plain")
        broken = f"  BROKEN {record.violated_law}" if record.violated_law else ""
        line = [Span(f"{mark} #{record.n} ", "quiet"), Span(entry.event, "name" if entry.on_path else "quiet")]
        line += [Span("  "), Span(f"{record.outcome}{error}", role if entry.on_path else "quiet")]
        lines.append([*line, Span(broken, "bad"), Span(fork, "quiet"), Span(labels, "name")])
    return lines


@renderer.register
def _(report: HeadMoved) -> list[Line]:
    pending = f"{report.pending} pending" if report.running else f"crashed, {report.pending} pending"
    on = "" if report.branch == MAIN else f"  on {report.branch}"
    head = [Span(f"@{report.start} -> @{report.end}", "name"), Span(f"  {pending}{on}", "quiet")]
    return [head, *([Span(f"   {change}")] for change in report.changes)]


@renderer.register
def _(report: Sessions) -> list[Line]:
    if not report.items:
        return [[Span(f"no sessions under {report.folder}/", "quiet")]]
    width = max(len(item.name) for item in report.items)
    lines = []
    for item in report.items:
        what = f"{item.machine}  {count_steps(item.steps)}" if item.machine else ""
        bad = "".join(f"  {text}" for text in (item.law, item.problem) if text)
        lines.append([Span(item.name.ljust(width), "name"), Span(f"  {what}"), Span(bad, "bad")])
    return lines


@renderer.register
def _(report: SessionInfo) -> list[Line]:
    done = "created " if report.created else ""
    lines: list[Line] = [[Span(done), Span(report.path, "name"), Span(f"  {report.machine}, version {report.version}")]]
    if report.created:
        return lines
    origin = "  ".join(f"{key} {value}" for key, value in report.origin.items())
    lines.append([Span(f"   {origin}", "quiet")])
    found = report.recorded
    if found is not None:
        lines.append([Span(f"   {found.law}", "bad"), Span(f"  step {found.step}: {found.reason}")])
    lines.append([Span(f"   {count_steps(len(report.records))}, at step {report.head}")])
    if report.dropped:
        lines.append([Span(f"   {report.dropped}", "bad")])
    return lines


@renderer.register
def _(report: Compared) -> list[Line]:
    lines: list[Line] = [[Span("- ", "bad"), Span(report.a, "name")], [Span("+ ", "good"), Span(report.b, "name")]]
    if report.compares_paths:
        lines += _paths(report)
    if report.problem:
        return [*lines, [Span("the states were not compared: ", "bad"), Span(report.problem)]]
    if not report.states:
        return [*lines, [Span("the states are the same", "good")]]
    return [*lines, [Span("the states differ", "bad")], *map(change_line, report.states)]


def _paths(report: Compared) -> list[Line]:
    if report.first_difference < 0:
        return [[Span("the steps are the same", "good"), Span(f"  {count_steps(report.steps[0])}", "quiet")]]
    counts = f"  {count_steps(report.steps[0])} and {count_steps(report.steps[1])}"
    where = f"at step {report.first_difference}" if report.first_difference else "at the initial state"
    lines: list[Line] = [[Span(f"first difference {where}", "bad"), Span(counts, "quiet")]]
    sides = [side for pair in report.pairs for side in (("-", "bad", pair.a), ("+", "good", pair.b))]
    for sign, role, step in sides:
        if step is not None:
            outcome = f"{step.outcome} {step.error}" if step.error else step.outcome
            head = [Span(f"{sign} #{step.step} ", role), Span(step.event, "name"), Span("  ")]
            lines.append([*head, Span(outcome, OUTCOME_ROLE.get(step.outcome, "plain"))])
            lines += [[Span(f"     {change}", "quiet")] for change in step.changes]
    return lines


@renderer.register
def _(report: Verified) -> list[Line]:
    head: Line = [Span(report.path, "name"), Span("  ")] if report.path else []
    finding = report.finding
    if isinstance(finding, StepDifference):
        return [[*head, Span("differs", "bad")], *_difference(finding)]
    if finding is not None:
        broken = [Span(f"BROKEN {finding.law}", "bad"), Span(f"  at step {finding.step}: {finding.reason}")]
        return [[*head, *broken]]
    snapshots = "1 snapshot" if report.snapshots == 1 else f"{report.snapshots} snapshots"
    what = snapshots if report.path else "in fresh processes"
    return [[*head, Span("ok", "good"), Span(f"  {count_steps(report.steps)}, {what}")]]


def _difference(finding: StepDifference) -> list[Line]:
    return [
        [Span(f"   step {finding.step}: {finding.part}", "bad")],
        [Span("   - ", "bad"), Span(finding.old or "nothing")],
        [Span("   + ", "good"), Span(finding.new or "nothing")],
    ]


@renderer.register
def _(report: Migrated) -> list[Line]:
    head: Line = [Span(report.path, "name"), Span(f"  {report.machine}")]
    for what, (old, new) in (("version", report.versions), ("format", report.formats)):
        if old != new:
            head.append(Span(f"  {what} {old} -> {new}"))
    lines = [head, *([Span(f"   {change}", "quiet")] for change in report.types)]
    if report.finding is not None:
        differs: Line = [Span("   the new machine behaves differently; nothing is written", "bad")]
        return [*lines, differs, *_difference(report.finding)]
    if not report.target:
        return [*lines, [Span("   up to date", "good"), Span("  it fits the machine", "quiet")]]
    done = "written" if report.written else "would be written"
    return [*lines, [Span(f"   {done} ", "good"), Span(report.target, "name"), Span(f"  {count_steps(report.steps)}")]]


@renderer.register
def _(report: MigratedDatabase) -> list[Line]:
    old, new = report.versions
    head: Line = [Span(report.url, "name"), Span(f"  {report.machine}")]
    if old != new:
        head.append(Span(f"  version {old} -> {new}"))
    lines = [head, *([Span(f"   {change}", "quiet")] for change in report.types)]
    if not report.needed:
        return [*lines, [Span("   up to date", "good"), Span("  it fits the machine", "quiet")]]
    lines += [[Span(f"   pending {action}")] for action in report.pending]
    return [*lines, [Span("   migrated" if report.written else "   it can be migrated", "good")]]


@renderer.register
def _(report: Removed) -> list[Line]:
    lines = []
    for path, left in report.items.items():
        lines.append([Span("removed "), Span(path, "name")])
        lines += [[Span(f"   and {each}", "quiet")] for each in left]
    return lines


@renderer.register
def _(report: HistoryImported) -> list[Line]:
    what = f"{count_steps(report.steps)} of {report.machine}"
    new = "nothing new" if not report.new else f"{report.new} new"
    return [[Span(report.path, "name"), Span(f"  {what}, {new}")]]
