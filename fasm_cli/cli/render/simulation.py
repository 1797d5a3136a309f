"""Renders reports about simulations, checks and replayed traces."""

from collections.abc import Iterator

from fasm_cli.cli.render.writer import OUTCOME_ROLE, Line, Span, count_steps, render, renderer
from fasm_cli.reports.simulation import Checked, Replayed, Simulated, TraceLine, Traces
from fasm_cli.reports.steps import FindingReport
from fasm_cli.simulation.stats import Stats


@renderer.register
def _(report: Replayed) -> list[Line]:
    lines = [line for step in report.steps for line in render(step)]
    return [*lines, *_verdict(report, len(report.steps))]


@renderer.register
def _(report: Traces) -> list[Line]:
    lines = []
    for item in report.items:
        verdict = [[Span("error: ", "bad"), Span(item.problem)]] if item.problem else _verdict(item, item.steps)
        lines += [[Span(f"{item.path}  ", "name"), *line] for line in verdict]
    return lines


def _verdict(report: Replayed | TraceLine, steps: int) -> Iterator[Line]:
    recorded, finding = report.recorded, report.finding
    if report.difference:
        yield [Span("differs", "bad"), Span(f"  {report.difference}")]
    if finding is not None:
        known = f"recorded was {recorded.law} at step {recorded.step}" if recorded else "not recorded"
        if recorded and (recorded.law, recorded.step) == (finding.law, finding.step):
            known = "as recorded"
        yield [Span(f"BROKEN {finding.law}", "bad"), Span(f"  at step {finding.step}, {known}")]
    elif recorded is not None:
        yield [Span(f"{recorded.law} no longer breaks", "good"), Span(f"  (recorded at step {recorded.step})")]
    elif not report.difference:
        yield [Span("ok", "good"), Span(f"  {count_steps(steps)}")]


@renderer.register
def _(report: Simulated) -> list[Line]:
    tally = report.stats
    crashes = sum(times for name, times in tally.faults.items() if name.startswith("crash"))
    title = f"{report.machine}  seed {report.seed}  {report.runs} runs, {report.steps} steps, {crashes} crashes"
    lines: list[Line] = [[Span(title, "name")]]
    lines += [[Span("not reached  ", "bad"), Span(item)] for item in report.unreached]
    lines += [[Span("warning  ", "bad"), Span(note)] for note in report.warnings]
    lines += list(_tables(tally))
    if report.interrupted:
        lines.append([Span("interrupted", "bad"), Span("  the results above are partial")])
    for finding in report.findings:
        lines += [[], *_finding(finding)]
    if not report.findings and not report.interrupted:
        lines.append([Span("nothing broken", "good")])
    return lines


@renderer.register
def _(report: Checked) -> list[Line]:
    lines: list[Line] = [[Span(f"{report.machine}  seed {report.seed}", "name")]]
    width = max(len(row.law) for row in report.laws)
    for row in report.laws:
        verdict = Span("holds", "good") if row.holds else Span("BROKEN", "bad")
        if row.holds and not row.times_checked:
            verdict = Span("not checked", "quiet")
        where = f"  {', '.join(row.locations)}" if row.locations else ""
        count = Span(f"  checked {row.times_checked} times" if row.times_checked else "", "quiet")
        lines.append([Span(f"   {row.law.ljust(width)}  "), verdict, count, Span(where)])
    lines.append([Span(f"   {report.invariant_count} invariants of its own", "quiet")])
    for finding in report.findings:
        lines += [[], *_finding(finding)]
    return lines


def _finding(finding: FindingReport) -> Iterator[Line]:
    yield [Span(f"BROKEN {finding.law}", "bad"), Span(f"  {finding.location}")]
    yield [Span(f"   {finding.reason}")]
    for step in finding.steps:
        error = f"  {step.error}" if step.error else ""
        outcome = "" if step.outcome == "committed" else f"  {step.outcome}"
        role = OUTCOME_ROLE.get(step.outcome, "plain")
        yield [Span(f"   {step.step:>3}  ", "quiet"), Span(step.event, "name"), Span(outcome, role), Span(error)]
        yield from ([Span(f"          {change}", "quiet")] for change in step.changes)
    if finding.fix:
        yield [Span("   fix   ", "quiet"), Span(finding.fix)]
    shrunk = f", shrunk {finding.events} -> {finding.size} events" if finding.steps else ""
    yield [Span("   found ", "quiet"), Span(f" seed {finding.seed} run {finding.run}{shrunk}")]
    if finding.trace:
        yield [Span("   saved ", "quiet"), Span(f" {finding.trace}")]
    if finding.problem:
        yield [Span(f"   {finding.problem}", "bad")]
    yield [Span("   reproduce: ", "quiet"), Span(finding.reproduce, "name")]


def _tables(tally: Stats) -> Iterator[Line]:
    for title, counter in (("inputs", tally.inputs), ("completions", tally.completions)):
        names = sorted({name for name, _ in counter})
        if names:
            yield [Span(title, "name")]
        for name in names:
            times = {refusal: count for (known, refusal), count in counter.items() if known == name}
            refusals = sorted((-count, refusal) for refusal, count in times.items() if refusal)
            counts = "".join(f"  {refusal} {-count}" for count, refusal in refusals)
            yield [Span(f"   {name}  {sum(times.values())}  committed {times.get('', 0)}{counts}")]
    if tally.emitted:
        yield [Span("actions", "name")]
    for name, emitted in sorted(tally.emitted.items()):
        became = (
            (each, getattr(tally, each).get(name, 0)) for each in ("completed", "lost", "duplicated", "outstanding")
        )
        counts = "".join(f"  {each} {times}" for each, times in became if times)
        yield [Span(f"   {name}  {emitted}{counts}")]
    if tally.faults:
        yield [Span("faults", "name")]
    for name, count in sorted(tally.faults.items()):
        yield [Span(f"   {name}  {count}  with work pending {tally.faults_with_work.get(name, 0)}")]
    if tally.restores:
        yield [Span(f"restores  {tally.restores}, {tally.restored} actions emitted again")]
    if tally.sometimes:
        yield [Span("sometimes", "name")]
    for name, (reached, first) in sorted(tally.sometimes.items()):
        yield [Span(f"   {name}  in {reached} of {tally.runs} runs, first in run {first}")]
