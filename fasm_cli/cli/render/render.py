"""Reports as text for a person: lines made of spans, each with the role it plays; colour is the writer's business."""

from collections.abc import Iterator
from functools import singledispatch

from fasm_cli.cli.render.pretty import ONE_LINE, outline
from fasm_cli.cli.render.styled_text import Line, Span
from fasm_cli.reports.machines import Description, Explained, LawList, Linted, Machines, TypeLine
from fasm_cli.reports.repl import Message
from fasm_cli.reports.sessions import HeadMoved, Log, SessionInfo, Sessions
from fasm_cli.reports.simulation import Replayed, TraceLine, Traces
from fasm_cli.reports.steps import ActionLine, Change, Pending, State, StepReport
from fasm_cli.sessions.journal import MAIN


@singledispatch
def render(report: object) -> list[Line]:
    """The lines of a report."""
    raise AssertionError(f"no text for a {type(report).__name__}")


CHECKED = ("input", "completion")  # the events that change a state: after these one wants to know of the invariants
OUTCOME_ROLE = {"committed": "good", "rejected": "bad", "defect": "bad", "failed": "bad", "skipped": "quiet"}


@render.register
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
        lines.append([Span(f"   BROKEN {report.finding.law}", "bad"), Span(f"  {report.finding.why}")])
        if report.finding.where:
            lines.append([Span(f"   at {report.finding.where}", "quiet")])
    elif record.event["type"] in CHECKED and record.outcome == "committed" and report.invariants[1]:
        held, of = report.invariants
        lines.append([Span(f"   invariants {held}/{of}", "quiet")])
    return lines


def _action(action: ActionLine) -> Line:
    if not action.tracked:
        return [Span("   + untracked  ", "quiet"), Span(action.text)]
    line = [Span(f"   + tracked {action.ref}  ", "quiet"), Span(f"id {action.id}  "), Span(action.text, "name")]
    return [*line, Span(f"  {action.replaces}", "quiet")] if action.replaces else line


@render.register
def _(report: Pending) -> list[Line]:
    lines = (
        [] if report.running else [[Span("the process is down; what is pending comes back with `restore`", "quiet")]]
    )
    if not report.items:
        return [*lines, [Span("nothing is pending", "quiet")]]
    for item in report.items:
        since = f"  since step {item.since_step}"
        lines.append(
            [
                Span(f"{item.ref}  ", "quiet"),
                Span(f"id {item.id}  tracked "),
                Span(item.text, "name"),
                Span(since, "quiet"),
            ]
        )
    return lines


@render.register
def _(report: State) -> list[Line]:
    rows: list[Line] = [[Span(f"   {row}")] for row in report.rows]
    if len(report.text) <= ONE_LINE:
        return [[Span(f"@{report.step} ", "quiet"), Span(report.text)], *rows]
    first, *rest = outline(report.text)
    return [[Span(f"@{report.step} ", "quiet"), Span(first)], *([Span(line)] for line in rest), *rows]


@render.register
def _(report: Log) -> list[Line]:
    if not report.lines:
        return [[Span("@0 the initial state; nothing happened yet", "quiet")]]
    lines = []
    for entry in report.lines:
        record = entry.record
        mark = "*" if record.n == report.head else " " if entry.on_path else "·"
        fork = f"  from #{record.parent}" if record.parent != record.n - 1 else ""
        error = f" {record.error}" if record.error else ""
        labels = "".join(f"  [{name}]" for name in entry.labels)
        role = OUTCOME_ROLE.get(record.outcome, "plain")
        broken = [Span(f"  BROKEN {record.violated_law}", "bad")] if record.violated_law else []
        lines.append(
            [
                Span(f"{mark} #{record.n} ", "quiet"),
                Span(entry.event, "name" if entry.on_path else "quiet"),
                Span("  "),
                Span(f"{record.outcome}{error}", role if entry.on_path else "quiet"),
                *broken,
                Span(fork, "quiet"),
                Span(labels, "name"),
            ]
        )
    return lines


@render.register
def _(report: HeadMoved) -> list[Line]:
    pending = f"{report.pending} pending" if report.running else f"down, {report.pending} pending"
    on = "" if report.branch == MAIN else f"  on {report.branch}"
    head = [Span(f"@{report.start} -> @{report.end}", "name"), Span(f"  {pending}{on}", "quiet")]
    return [head, *([Span(f"   {change}")] for change in report.changes)]


def change_told(change: Change) -> Line:
    """What differs at one path."""
    role = {"+": "good", "-": "bad"}.get(change.sign, "plain")
    values = f"{change.old} -> {change.new}" if change.sign == "~" else change.old or change.new
    return [Span(f"   {change.sign} ", role), Span(f"{change.path}: {values}")]


@render.register
def _(report: Machines) -> list[Line]:
    if not report.items:
        return [[Span(f"no machines under {report.folder}/", "quiet")]]
    width = max(len(item.name) for item in report.items)
    return [[Span(item.name.ljust(width), "name"), Span(f"  {item.summary}")] for item in report.items]


@render.register
def _(report: Description) -> list[Line]:
    lines: list[Line] = [[Span(report.name, "name"), Span(f"  {report.cls}, version {report.version}", "quiet")]]
    lines += [[Span(f"  {text}" if text else "")] for text in report.doc.splitlines()]
    role = None
    for kind in report.types:
        if kind.role != role:
            lines += [[], [Span(kind.role or "Used by these", "name")]]
            role = kind.role
        lines.append(_signature(kind))
    for title, checks in (("Invariants", report.invariants), ("Sometimes", report.sometimes)):
        if checks:
            lines += [[], [Span(title, "name")]]
            lines += [[Span(f"  {name}"), Span(f"  {doc}" if doc else "", "quiet")] for name, doc in checks]
    return [*lines, [], [Span("Initial state", "name")], [Span(f"  {report.initial_text}")]]


def _signature(kind: TypeLine) -> Line:
    doc = Span(f"  {kind.doc}" if kind.doc else "", "quiet")
    if kind.role == "ActionId":
        return [Span(f"  {kind.name}")]
    if kind.fields and not kind.fields[0].type:
        return [Span(f"  {kind.name}: {' | '.join(field.name for field in kind.fields)}"), doc]
    fields = (f"{field.name}: {field.type}{f' = {field.default}' if field.default else ''}" for field in kind.fields)
    return [Span(f"  {kind.name}({', '.join(fields)})"), doc]


@render.register
def _(report: Sessions) -> list[Line]:
    if not report.items:
        return [[Span(f"no sessions under {report.folder}/", "quiet")]]
    width = max(len(item.name) for item in report.items)
    lines = []
    for item in report.items:
        what = f"{item.machine}  {steps_told(item.steps)}" if item.machine else ""
        law = [Span(f"  {item.law}", "bad")] if item.law else []
        problem = [Span(f"  {item.problem}", "bad")] if item.problem else []
        lines.append([Span(item.name.ljust(width), "name"), Span(f"  {what}"), *law, *problem])
    return lines


@render.register
def _(report: SessionInfo) -> list[Line]:
    done = "created " if report.created else ""
    lines: list[Line] = [[Span(done), Span(report.path, "name"), Span(f"  {report.machine}, version {report.version}")]]
    if report.created:
        return lines
    origin = "  ".join(f"{key} {value}" for key, value in report.origin.items())
    lines.append([Span(f"   {origin}", "quiet")])
    if report.finding is not None:
        lines.append(
            [Span(f"   {report.finding.law}", "bad"), Span(f"  step {report.finding.step}: {report.finding.why}")]
        )
    lines.append([Span(f"   {steps_told(len(report.records))}, at step {report.head}")])
    if report.dropped:
        lines.append([Span(f"   {report.dropped}", "bad")])
    return lines


def steps_told(count: int) -> str:
    """`1 step`, `2 steps`."""
    return "1 step" if count == 1 else f"{count} steps"


@render.register
def _(report: Explained) -> list[Line]:
    lines: list[Line] = [[Span(report.law, "name"), Span(f"  {report.rule}")], []]
    for title, text in (("why", report.why), ("checked", report.checked), ("fix", report.fix)):
        lines.append([Span(title.ljust(9), "quiet"), Span(text)])
    for title, role, example in (("wrong", "bad", report.wrong), ("right", "good", report.right)):
        lines += [[], [Span(title, role)], *([Span(f"    {line}")] for line in example.splitlines())]
    return lines


@render.register
def _(report: LawList) -> list[Line]:
    width = max(len(item.law) for item in report.items)
    return [[Span(item.law.ljust(width), "name"), Span(f"  {item.rule}")] for item in report.items]


@render.register
def _(report: Linted) -> list[Line]:
    lines: list[Line] = [
        [Span(f"{each.path}:{each.line}:{each.column}: "), Span(each.law, "bad"), Span(f": {each.message}")]
        for each in report.findings
    ]
    files = f"{report.files} file{'s' if report.files != 1 else ''}"
    return lines or [[Span("nothing found", "good"), Span(f"  in {files}", "quiet")]]


@render.register
def _(report: Message) -> list[Line]:
    return [[Span(line)] for line in report.lines]


@render.register
def _(report: Replayed) -> list[Line]:
    lines = [line for step in report.steps for line in render(step)]
    return [*lines, *_verdict(report, len(report.steps))]


@render.register
def _(report: Traces) -> list[Line]:
    lines = []
    for item in report.items:
        told = [[Span("error: ", "bad"), Span(item.problem)]] if item.problem else _verdict(item, item.steps)
        lines += [[Span(f"{item.path}  ", "name"), *line] for line in told]
    return lines


def _verdict(report: Replayed | TraceLine, steps: int) -> Iterator[Line]:
    recorded, finding = report.recorded, report.finding
    if report.difference:
        yield [Span("differs", "bad"), Span(f"  {report.difference}")]
    if finding is not None:
        same = recorded is not None and (recorded.law, recorded.step) == (finding.law, finding.step)
        told = (
            "as recorded"
            if same
            else f"recorded was {recorded.law} at step {recorded.step}"
            if recorded
            else "not recorded"
        )
        yield [Span(f"BROKEN {finding.law}", "bad"), Span(f"  at step {finding.step}, {told}")]
    elif recorded is not None:
        yield [Span(f"{recorded.law} no longer breaks", "good"), Span(f"  (recorded at step {recorded.step})")]
    elif not report.difference:
        yield [Span("the same", "good"), Span(f"  {steps_told(steps)}, nothing broken")]
