"""Renders reports about steps."""

from fasm_cli.cli.render.writer import OUTCOME_ROLE, Line, Span, outline, renderer
from fasm_cli.reports.steps import ActionLine, Change, Pending, State, StepReport

CHECKED = ("input", "completion")  # events that change the state: the invariants are reported after them


@renderer.register
def _(report: StepReport) -> list[Line]:
    record = report.record
    number = f"#{record.n}" if report.saved else "try"
    head: Line = [Span(f"{number} ", "quiet"), Span(report.event, "name"), Span("  ")]
    head.append(Span(record.outcome, OUTCOME_ROLE.get(record.outcome, "plain")))
    if report.branch:
        head.append(Span(f"  on {report.branch}, from #{record.parent}", "quiet"))
    if record.error and report.finding is None:
        head.append(Span(f"  {record.error}"))
    lines = [head]
    lines += [[Span(f"   {change}")] for change in record.changed_paths]
    lines += [_action(action) for action in report.actions]
    lines += [[Span(f"   {text}", "quiet")] for text in report.lost]
    lines += [
        [Span(f"   - missing  id {id}", "bad"), Span("  is pending and restore did not emit it")]
        for id in report.unrestored
    ]
    if report.finding is not None:
        lines.append([Span(f"   BROKEN {report.finding.law}", "bad"), Span(f"  {report.finding.reason}")])
        if report.finding.location:
            lines.append([Span(f"   at {report.finding.location}", "quiet")])
    elif record.event["type"] in CHECKED and record.outcome == "committed" and report.invariants[1]:
        held, of = report.invariants
        lines.append([Span(f"   invariants {held}/{of}", "quiet")])
    return lines


def _action(action: ActionLine) -> Line:
    if not action.tracked:
        return [Span("   + untracked  ", "quiet"), Span(action.text)]
    line = [Span(f"   + tracked {action.ref}  ", "quiet"), Span(f"id {action.id}  "), Span(action.text, "name")]
    return [*line, Span(f"  {action.replaces}", "quiet")] if action.replaces else line


@renderer.register
def _(report: Pending) -> list[Line]:
    lines: list[Line] = []
    if not report.running:
        lines.append([Span("the process has crashed; `restore` emits what is pending again", "quiet")])
    if not report.items:
        lines.append([Span("nothing is pending", "quiet")])
    for item in report.items:
        line = [Span(f"{item.ref}  ", "quiet"), Span(f"id {item.id}  tracked "), Span(item.text, "name")]
        lines.append([*line, Span(f"  since step {item.since_step}", "quiet")])
    return lines


@renderer.register
def _(report: State) -> list[Line]:
    first, *rest = outline(report.text)
    texts = [*rest, *(f"   {row}" for row in report.rows)]
    return [[Span(f"@{report.step} ", "quiet"), Span(first)], *([Span(text)] for text in texts)]


def change_line(change: Change) -> Line:
    """One path at which two states differ."""
    role = {"+": "good", "-": "bad"}.get(change.sign, "plain")
    values = f"{change.old} -> {change.new}" if change.sign == "~" else change.old or change.new
    return [Span(f"   {change.sign} ", role), Span(f"{change.path}: {values}")]
