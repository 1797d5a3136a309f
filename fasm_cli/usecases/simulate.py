"""`fasm simulate`: known traces first, then the hunt, then every finding with its trace and what to do about it."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.laws.pages import fix_for
from fasm_cli.project.project import Project
from fasm_cli.reports.simulation import Simulated
from fasm_cli.reports.steps import Finding
from fasm_cli.sessions import Header, make_folder, write_trace
from fasm_cli.simulation.coverage import unreached, warnings
from fasm_cli.simulation.search import FoundFailure, Progress, Search, SearchOptions
from fasm_cli.simulation.stats import Stats
from fasm_cli.types.plain import canonical_text, digest_of
from fasm_cli.usecases.replay import db_flag, replay_line, trace_steps
from fasm_cli.usecases.saved_findings import known_findings
from fasm_cli.usecases.sessions import header_of


@dataclass(slots=True)
class Simulation:
    """One call of `simulate`: iterate over `go`, then ask for the `report`."""

    project: Project
    engine: Engine
    search: SearchOptions
    folder: Path  # where traces are saved, and looked for first
    _hunt: Search | None = None
    _known: list[Finding] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)  # traces in the folder that no longer break anything

    @property
    def machine(self) -> Machine:
        return self.engine.machine

    def go(self) -> Iterator[Progress]:
        """Replay what is known, then search for what is not."""
        self._known, self.fixed = known_findings(self.project, self.engine, self.folder)
        known = {(finding.law, finding.line) for finding in self._known}
        self._hunt = Search(self.project, self.engine, self.search, known)
        yield from self._hunt.go()

    @property
    def tally(self) -> Stats:
        """What was counted."""
        return Stats() if self._hunt is None else self._hunt.tally

    @property
    def compared(self) -> int:
        """How many steps replicas took again."""
        return 0 if self._hunt is None else self._hunt.compared

    @property
    def cut_short(self) -> bool:
        """Whether a trace might have become smaller in more time."""
        return self._hunt is not None and self._hunt.cut_short

    def report(self) -> Simulated:
        """What it came to; findings that are new are saved."""
        hunt = self._hunt
        assert hunt is not None
        new = [self._told(caught) for caught in hunt.caught]
        findings = sorted([*self._known, *new], key=lambda finding: (finding.size or 10**9, finding.law, finding.where))
        tally = hunt.tally
        return Simulated(
            self.machine.reference,
            self.search.plan.seed,
            tally.runs,
            tally.steps,
            tally,
            findings,
            unreached(self.machine, tally),
            warnings(self.machine, tally, self.search.plan) + self._stopped(),
            hunt.interrupted,
        )

    def _stopped(self) -> list[str]:
        """Why there were fewer runs than asked for."""
        asked = self.search.plan.runs
        hunt = self._hunt
        if hunt is None or hunt.interrupted or self.search.only is not None or self.search.time is not None:
            return []
        return [f"stopped after {hunt.tally.runs} of {asked} runs: {hunt.stopped}"] if hunt.stopped else []

    def _told(self, caught: FoundFailure) -> Finding:
        """A new finding, saved."""
        machine, plan, pinned = self.machine, self.search.plan, caught.pinned
        law, why = caught.key[0], (caught.smallest or pinned).violation.reason
        where = self.project.display_path(Path(machine.source)) + (f":{caught.key[1]}" if caught.key[1] else "")
        again = (
            f"fasm simulate {shlex.quote(machine.reference)} --seed {plan.seed} --run {pinned.run} --steps {plan.steps}"
            f"{db_flag(self.project)}"
        )
        smallest = caught.smallest
        if smallest is None:
            return Finding(law, why, 0, plan.seed, pinned.run, "", again, where=where, fix=fix_for(law))
        steps = trace_steps(machine, smallest.records, smallest.quiet)
        step = smallest.records[-1].n
        path = self.folder / f"{_stem(machine)}-{law.replace(':', '-')}-{_mark(smallest.records)}.toml"
        origin = {
            "kind": "simulate",
            "seed": plan.seed,
            "run": pinned.run,
            "steps": plan.steps,
            "events": len(pinned.items),
        }
        header = header_of(
            self.project,
            self.engine,
            origin,
            {
                "law": law,
                "step": step,
                "reason": why,
                "location": where,
                "size": smallest.size,
                "quiescing_from": smallest.quiet,
            },
        )
        problem = self._save(path, header, smallest.records)
        return Finding(
            law,
            why,
            step,
            plan.seed,
            pinned.run,
            "" if problem else self.project.display_path(path),
            again if problem else replay_line(self.project, machine, path),
            problem,
            where,
            smallest.size,
            len(pinned.items),
            steps,
            fix_for(law),
        )

    def _save(self, path: Path, header: Header, records: list[Record]) -> str:
        """Empty, or why the trace could not be saved."""
        try:
            make_folder(self.folder)
            write_trace(path, header, records)
        except SessionError as error:
            return f"the trace could not be saved: {error.message}"
        except OSError as error:
            return f"the trace could not be saved: {self.folder}: {error.strerror or error}"
        return ""


def _stem(machine: Machine) -> str:
    place, _, cls = machine.reference.partition(":")
    stem = Path(place).stem if place.endswith(".py") else place.rpartition(".")[2]
    return f"{stem}-{cls}" if cls else stem


def _mark(records: list[Record]) -> str:
    """Six digits that stand for the events: the same trace has the same name."""
    return digest_of(canonical_text([record.event for record in records]))[:6]
