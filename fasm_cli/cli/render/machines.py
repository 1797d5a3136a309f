"""Renders reports about machines, laws and lint."""

from fasm_cli.cli.render.writer import Line, Span, renderer
from fasm_cli.reports.machines import Description, Explained, LawList, Linted, Machines, TypeLine


@renderer.register
def _(report: Machines) -> list[Line]:
    if not report.items:
        return [[Span(f"no machines under {report.folder}/", "quiet")]]
    width = max(len(item.name) for item in report.items)
    return [[Span(item.name.ljust(width), "name"), Span(f"  {item.summary}")] for item in report.items]


@renderer.register
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


@renderer.register
def _(report: Explained) -> list[Line]:
    lines: list[Line] = [[Span(report.law, "name"), Span(f"  {report.rule}")], []]
    for title, text in (("why", report.why), ("checked", report.checked), ("fix", report.fix)):
        lines.append([Span(title.ljust(9), "quiet"), Span(text)])
    for title, role, example in (("wrong", "bad", report.wrong), ("right", "good", report.right)):
        lines += [[], [Span(title, role)], *([Span(f"    {line}")] for line in example.splitlines())]
    return lines


@renderer.register
def _(report: LawList) -> list[Line]:
    width = max(len(item.law) for item in report.items)
    return [[Span(item.law.ljust(width), "name"), Span(f"  {item.rule}")] for item in report.items]


@renderer.register
def _(report: Linted) -> list[Line]:
    lines: list[Line] = [
        [Span(f"{each.path}:{each.line}:{each.column}: "), Span(each.law, "bad"), Span(f": {each.message}")]
        for each in report.findings
    ]
    files = f"{report.files} file{'s' if report.files != 1 else ''}"
    return lines or [[Span("nothing found", "good"), Span(f"  in {files}", "quiet")]]
