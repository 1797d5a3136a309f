"""Runs `fasm simulate`: replays the saved traces of a machine, searches for new findings, and saves their traces; and
`fasm check`, which reports a simulation law by law."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.finding import Finding
from fasm_cli.engine.laws import has_restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import Record
from fasm_cli.errors import FasmError, SessionError
from fasm_cli.laws.pages import LAWS, PAGES, base_law, fix_for
from fasm_cli.project.project import Project
from fasm_cli.reports.simulation import Checked, CheckedLaw, Simulated
from fasm_cli.reports.steps import FindingReport
from fasm_cli.sessions.files import make_folder
from fasm_cli.sessions.model import Header
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import write_trace
from fasm_cli.simulation.coverage import unreached, warnings
from fasm_cli.simulation.search import Progress, Search, SearchOptions
from fasm_cli.simulation.stats import Stats
from fasm_cli.types.plain import canonical_text, digest_of
from fasm_cli.usecases.replay import db_flag, replay_line, still_breaks, trace_steps
from fasm_cli.usecases.sessions import header_of


@dataclass(slots=True)
class Simulation:
    """One call of `simulate`: iterate over `go`, then ask for the `report`."""

    project: Project
    engine: Engine
    options: SearchOptions
    folder: Path  # where traces are saved; those in it are replayed first
    fixed: list[str] = field(default_factory=list)  # traces in the folder that no longer violate their law
    _search: Search | None = None
    _known: list[FindingReport] = field(default_factory=list)

    @property
    def machine(self) -> Machine:
        """The machine that is simulated."""
        return self.engine.machine

    def go(self) -> Iterator[Progress]:
        """Replay the saved traces, then search for new findings."""
        self._known, self.fixed = saved_findings(self.project, self.engine, self.folder)
        known = {(finding.law, finding.line) for finding in self._known}
        self._search = Search(self.project, self.engine, self.options, known)
        yield from self._search.go()

    @property
    def stats(self) -> Stats:
        """What was counted."""
        return Stats() if self._search is None else self._search.stats

    @property
    def compared(self) -> int:
        """How many steps replicas repeated."""
        return 0 if self._search is None else self._search.compared

    @property
    def cut_short(self) -> bool:
        """Whether more time could give a smaller trace."""
        return self._search is not None and self._search.cut_short

    def report(self) -> Simulated:
        """Save the new findings and return the report."""
        search = self._search
        assert search is not None
        findings = [*self._known, *(self._report_finding(found) for found in search.findings)]
        findings.sort(key=lambda found: (found.size or 10**9, found.law, found.location))
        stats = search.stats
        return Simulated(
            self.machine.reference,
            self.options.plan.seed,
            stats.runs,
            stats.steps,
            stats,
            findings,
            unreached(self.machine, stats),
            warnings(self.machine, stats, self.options.plan) + self._reason_to_stop(search),
            search.interrupted,
        )

    def _reason_to_stop(self, search: Search) -> list[str]:
        """Return why there were fewer runs than asked for."""
        options = self.options
        if not search.stopped or search.interrupted or options.only is not None or options.time is not None:
            return []
        return [f"stopped after {search.stats.runs} of {options.plan.runs} runs: {search.stopped}"]

    def _report_finding(self, found: Finding) -> FindingReport:
        """Return the report of a new finding, and save its trace."""
        machine, plan = self.machine, self.options.plan
        where = self.project.display_path(Path(machine.source)) + (f":{found.line}" if found.line else "")
        again = (
            f"fasm simulate {shlex.quote(machine.reference)} --seed {plan.seed} --run {found.run} --steps {plan.steps}"
            f"{db_flag(self.project)}"
        )
        fix = fix_for(found.law)
        if not found.records:
            return FindingReport(found.law, found.reason, 0, plan.seed, found.run, "", again, location=where, fix=fix)
        records = list(found.records)
        step = records[-1].n
        path = self.folder / f"{_stem(machine)}-{found.law.replace(':', '-')}-{_mark(records)}.toml"
        origin = {
            "kind": "simulate",
            "seed": plan.seed,
            "run": found.run,
            "steps": plan.steps,
            "events": found.original_size,
        }
        header = header_of(
            self.project,
            self.engine,
            origin,
            {
                "law": found.law,
                "step": step,
                "reason": found.reason,
                "location": where,
                "size": found.size,
                "quiescing_from": found.quiescing_from,
            },
        )
        problem = self._save(path, header, records)
        return FindingReport(
            found.law,
            found.reason,
            step,
            plan.seed,
            found.run,
            "" if problem else self.project.display_path(path),
            again if problem else replay_line(self.project, machine, path),
            problem,
            where,
            found.size,
            found.original_size,
            trace_steps(machine, records, found.quiescing_from),
            fix,
        )

    def _save(self, path: Path, header: Header, records: list[Record]) -> str:
        """Write the trace. Return why it could not be saved, or an empty string."""
        try:
            make_folder(self.folder)
            write_trace(path, header, records)
        except SessionError as error:
            return f"the trace could not be saved: {error.message}"
        except OSError as error:
            return f"the trace could not be saved: {self.folder}: {error.strerror or error}"
        return ""


def _stem(machine: Machine) -> str:
    module, _, cls = machine.reference.partition(":")
    stem = Path(module).stem if module.endswith(".py") else module.rpartition(".")[2]
    return f"{stem}-{cls}" if cls else stem


def _mark(records: list[Record]) -> str:
    """Return six digits that depend on the events, so that the same trace has the same name."""
    return digest_of(canonical_text([record.event for record in records]))[:6]


def saved_findings(project: Project, engine: Engine, folder: Path) -> tuple[list[FindingReport], list[str]]:
    """Replay the traces of a machine in `folder`. Return the findings that still violate their law, and the files of
    the others."""
    findings, fixed = [], []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            stored = read_session(path)
            if stored.header.finding is None or stored.header.machine.name != project.reference(engine.machine):
                continue
            finding = still_breaks(project, engine, path, stored)
        except FasmError:
            continue  # `fasm session list` reports what is wrong with the file
        if finding is None:
            fixed.append(project.display_path(path))
        else:
            findings.append(finding)
    return findings, fixed


def checked(simulation: Simulation) -> Checked:
    """Return what a finished simulation says about each law and about the author's invariants."""
    report = simulation.report()
    times = _times_checked(simulation)
    rows = []
    for law in PAGES:
        found = [finding for finding in report.findings if base_law(finding.law) == law]
        if law in LAWS or found:
            rows.append(CheckedLaw(law, times.get(law, 0), not found, [finding.location for finding in found]))
    invariants = len(simulation.machine.invariants) + len(simulation.machine.transition_invariants)
    invariants += simulation.machine.checks_invariants
    return Checked(report.machine, report.seed, rows, invariants, report.findings, report.unreached, report.interrupted)


def _times_checked(simulation: Simulation) -> dict[str, int]:
    """Return how often each law was checked, in the units of its own check."""
    stats, machine = simulation.stats, simulation.machine
    transitions = sum(stats.inputs.values()) + sum(stats.completions.values())
    committed = sum(times for (_, error), times in (stats.inputs + stats.completions).items() if not error)
    guarded = transitions + (stats.restores if has_restore(machine) else 0)
    return {
        "atomic": transitions - committed,
        "deterministic": simulation.compared,
        "effects": guarded,
        "random": guarded,
        "clock": guarded,
        "reads": guarded,
        "stored": committed if machine.tracked_schema is not None else 0,
        "restore": committed + stats.restores if has_restore(machine) else 0,
        "ids": committed if machine.tracked_schema is not None else 0,
        "completion": sum(stats.completions.values()),
        "hidden": simulation.compared,
    }
