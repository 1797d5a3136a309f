"""Renders the reports of REPL verbs."""

from fasm_cli.cli.render.steps import change_line
from fasm_cli.cli.render.writer import OUTCOME_ROLE, Line, Span, count_steps, outline, render, renderer
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
from fasm_cli.reports.steps import StepReport


@renderer.register
def _(report: Message) -> list[Line]:
    return [[Span(line)] for line in report.lines]


MAX_STEPS = 30  # of a long run, the last ones


@renderer.register
def _(report: Value) -> list[Line]:
    return [[Span(line)] for line in outline(report.text)]


@renderer.register
def _(report: Tree) -> list[Line]:
    width = max(len(branch.name) for branch in report.branches)
    lines: list[Line] = []
    for branch in report.branches:
        mark = "*" if branch.is_current else " "
        span = f"#{branch.first}..#{branch.last}" if branch.steps > 1 else f"#{branch.last}"
        steps = f"  {span}" if branch.steps else "  no steps"
        origin = f"  from #{branch.parent} on {branch.parent_branch}" if branch.parent_branch else ""
        labels = "".join(f"  [{name} @{step}]" for name, step in branch.labels)
        here = f"  @{report.head} here" if branch.is_current else ""
        broken = "".join(f"  BROKEN {law}" for law in branch.violated_laws)
        line = [Span(f"{mark} ", "quiet"), Span(branch.name.ljust(width), "name"), Span(steps)]
        lines.append([*line, Span(f"{origin}{here}", "quiet"), Span(labels, "name"), Span(broken, "bad")])
    return lines


@renderer.register
def _(report: Differences) -> list[Line]:
    lines: list[Line] = [[Span(f"{report.before} -> {report.after}", "name")]]
    lines += map(change_line, report.changes)
    lines += [[Span(f"   pending {text}")] for text in report.pending]
    return lines if len(lines) > 1 else [[*lines[0], Span("  nothing differs", "quiet")]]


@renderer.register
def _(report: Stops) -> list[Line]:
    if not report.items:
        return [[Span("no watches and no breaks: only a finding stops a run", "quiet")]]
    return [
        [Span(f"{at} ", "quiet"), Span(stop.kind, "name"), Span(f"  {stop.name}")]
        for at, stop in enumerate(report.items, 1)
    ]


@renderer.register
def _(report: RunReport) -> list[Line]:
    left_out = max(len(report.steps) - MAX_STEPS, 0)
    lines: list[Line] = [[Span(f"   … {left_out} more steps; `log` lists them", "quiet")]] if left_out else []
    lines += [short(step) for step in report.steps[left_out:]]
    if report.steps and report.steps[-1].finding is not None:
        lines[-1:] = render(report.steps[-1])
    finding = report.finding
    if finding is not None and (not report.steps or report.steps[-1].finding is None):
        lines.append([Span(f"BROKEN {finding.law}", "bad"), Span(f"  {finding.reason}")])
    return [*lines, [Span(report.title, "name"), Span(f"  {report.stop_reason}", "quiet")]]


def short(step: StepReport) -> Line:
    """Render a step on one line."""
    record = step.record
    line: Line = [Span(f"#{record.n} ", "quiet"), Span(step.event, "name"), Span("  ")]
    line.append(Span(record.outcome, OUTCOME_ROLE.get(record.outcome, "plain")))
    line.append(Span(f"  {record.error}" if record.error else ""))
    line.append(Span(f"  on {step.branch}, from #{record.parent}" if step.branch else "", "quiet"))
    return line


@renderer.register
def _(report: Reloaded) -> list[Line]:
    lines: list[Line] = [[Span("reloaded ", "quiet"), Span(report.machine, "name")]]
    if report.note:
        lines.append([Span(f"   {report.note}", "quiet")])
    if not report.difference:
        lines.append([Span("   ok", "good"), Span(f"  {count_steps(report.steps)}", "quiet")])
    else:
        lines.append([Span("   differs", "bad"), Span(f"  {report.difference}")])
        lines += [[Span(f"      {text}")] for text in report.fields]
    if report.branch:
        lines.append([Span(f"   the new results are on branch {report.branch}", "quiet")])
    finding = report.finding
    if finding is not None:
        lines.append([Span(f"   BROKEN {finding.law}", "bad"), Span(f"  at step {finding.step}: {finding.reason}")])
    elif report.difference:
        lines.append([Span("   nothing broken", "good")])
    return lines


@renderer.register
def _(report: Checks) -> list[Line]:
    if not report.lines:
        return [[Span("no invariants, and nothing to restore", "quiet")]]
    width = max(len(line.name) for line in report.lines)
    lines: list[Line] = []
    for line in report.lines:
        held = Span("holds", "good") if line.holds else Span("FAILS", "bad")
        lines.append([Span(f"   {line.name.ljust(width)}  "), held, Span(f"  {line.reason}" if line.reason else "")])
        lines += [[Span(f"      {value}")] for value in line.values]
    return lines


@renderer.register
def _(report: ProblemDetails) -> list[Line]:
    lines: list[Line] = [[Span(report.title, "bad" if report.reason else "quiet")]]
    texts = (report.reason, report.location, report.rule, report.law_reason, report.fix)
    rows = zip(("what", "at", "rule", "why", "fix"), texts, strict=True)
    lines += [[Span(f"   {title.ljust(5)}", "quiet"), Span(text)] for title, text in rows if text]
    return lines + [[Span(f"   {line}", "quiet")] for line in report.frames.splitlines()]


@renderer.register
def _(report: Samples) -> list[Line]:
    lines: list[Line] = []
    for item in report.items:
        lines.append([Span(item.signature, "name"), Span(f"  {item.doc}" if item.doc else "", "quiet")])
        role = OUTCOME_ROLE.get(item.outcome, "plain")
        error = f"  {item.error}" if item.error else ""
        lines.append([Span("   "), Span(item.sample), Span(f"  {item.outcome}{error}", role)])
    return lines


@renderer.register
def _(report: Saved) -> list[Line]:
    return [[Span(f"{report.what} ", "quiet"), Span(report.name, "name")]]


@renderer.register
def _(report: Expected) -> list[Line]:
    return [[Span("as expected", "good"), Span(f"  {report.actual}", "quiet")]]


@renderer.register
def _(report: ScriptReport) -> list[Line]:
    return [line for each in report.reports for line in render(each)]
