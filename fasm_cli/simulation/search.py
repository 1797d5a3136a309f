"""Searches for violations: batches of fast runs, replicas, then each finding is reproduced and shrunk.

Batches do not depend on how many processes share them and are taken in order, so that a report is the same whatever
the number of jobs. `Search.go` yields a `Progress` now and then; the results are attributes of the search, also after
an interrupt.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.finding import Finding
from fasm_cli.project.project import Project
from fasm_cli.simulation import worker
from fasm_cli.simulation.dask import Cluster
from fasm_cli.simulation.pool import FIXED_HASH_SEED, Executor, Pool, ignore_sigpipe
from fasm_cli.simulation.replicas import Comparison, Replicas
from fasm_cli.simulation.stats import Stats
from fasm_cli.simulation.worker import Batch
from fasm_cli.simulation.world import Plan

FIRST_BATCH, BATCH_STEPS = 1_000, 20_000  # steps in one call of a worker: a violation in each run is found at once
REPLICA_PATIENCE = 4  # times as long to shrink a finding of replicas: each trace played takes several processes
SATURATION_RUNS = 100  # consecutive runs with known findings only: the next would not have others
MAX_RETRIES = 8  # suspicious runs of one kind that are reproduced without a new finding
REPLICATED_RUNS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How to search: in how many processes, for how long, and when to stop. Times are in seconds."""

    plan: Plan
    jobs: int = 1
    cluster: str = ""  # the address of a Dask scheduler, whose workers are used in place of `jobs` processes
    only: int | None = None  # the only run to make
    time: float | None = None  # for runs; `plan.runs` is ignored then
    shrink_time: float = 5.0  # for each finding
    max_findings: int = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the search is: `runs` of `of`, which is None if the time limits the search."""

    runs: int
    of: int | None
    steps: int
    findings: int
    doing: str


@dataclass(slots=True)
class Search:
    """One search through the runs of a plan. `known` are the keys of findings that are not reported again."""

    project: Project
    engine: Engine
    options: SearchOptions
    known: set[tuple[str, int]] = field(default_factory=set)
    stats: Stats = field(default_factory=Stats)
    findings: list[Finding] = field(default_factory=list)
    interrupted: bool = False
    stopped: str = ""  # why not all runs were made
    compared: int = 0  # steps that replicas repeated
    cut_short: bool = False  # the time for shrinking ended before every pass was done
    _known_in_a_row: int = 0  # consecutive runs that only had known findings
    _without_news: Counter[tuple[str, str]] = field(default_factory=Counter)
    _reproduced: set[tuple[str, int, bool]] = field(default_factory=set)

    def go(self) -> Iterator[Progress]:
        """Search. Ctrl-C ends the search with what was found so far."""
        arguments = (str(self.project.root.absolute()), self.project.db, self.engine.machine.reference)
        try:
            with (
                ignore_sigpipe(),
                self._executor(arguments) as executor,
                Replicas(self.engine, self.project) as replicas,
            ):
                yield from self._run(executor, replicas)
                yield from self._shrink(executor, replicas)
        except KeyboardInterrupt:
            self.interrupted = True

    def _executor(self, arguments: tuple[str, ...]) -> Cluster | Pool:
        options = self.options
        if options.cluster:
            source = str(Path(self.engine.machine.source).absolute())
            return Cluster(options.cluster, source, FIXED_HASH_SEED, worker.set_up, *arguments)
        return Pool(options.jobs, FIXED_HASH_SEED, worker.set_up, *arguments)

    # --- running ----------------------------------------------------------------------------------------------

    def _run(self, executor: Executor, replicas: Replicas) -> Iterator[Progress]:
        options, plan = self.options, self.options.plan
        comparison = Comparison(replicas, plan, self._replicated())
        of = None if options.time is not None else 1 if options.only is not None else plan.runs
        for batch in executor.map_ordered(worker.run_batch, self._batches()):
            comparison.pump()
            self.stats.add(batch.stats)
            yield self._progress(of, "running")
            self._process_suspicions(batch, executor)
            if len(self.findings) >= options.max_findings:
                self.stopped = f"{options.max_findings} findings (use --keep-going to continue)"
                break
            if self._known_in_a_row >= SATURATION_RUNS:
                self.stopped = f"the last {self._known_in_a_row} runs had only the findings reported here"
                break
            if any(found.law == "hidden" for found in self.findings):
                self.stopped = "a run influences the next one"
                break
        for found in comparison.findings():
            self._add(found)
            yield self._progress(of, "comparing replicas")
        self.compared = replicas.compared

    def _batches(self) -> Iterator[tuple[Plan, int, int]]:
        plan, only = self.options.plan, self.options.only
        if only is not None:
            yield plan, only, only + 1
            return
        until = None if self.options.time is None else monotonic() + self.options.time
        first, steps = 0, FIRST_BATCH
        while first < plan.runs if until is None else monotonic() < until:
            end = first + max(1, steps // plan.steps)
            yield plan, first, end if until is not None else min(end, plan.runs)
            first, steps = end, min(2 * steps, BATCH_STEPS)

    def _replicated(self) -> list[int]:
        if self.options.only is not None:
            return [self.options.only]
        return list(range(min(REPLICATED_RUNS, self.options.plan.runs)))

    def _process_suspicions(self, batch: Batch, executor: Executor) -> None:
        known = 0
        for run, suspicion in batch.suspicions:
            kind = (suspicion.law, suspicion.signature)
            if len(self.findings) >= self.options.max_findings or self._without_news[kind] >= MAX_RETRIES:
                known += 1
                continue
            found = executor.call(worker.reproduce, self.options.plan, run)
            if found is None:
                reason = f"the run differs when it is repeated; the first time: {kind[0]}: {suspicion.reason}"
                found = Finding(law="hidden", reason=reason, seed=self.options.plan.seed, run=run)
            if not self._add(found):
                self._without_news[kind] += 1
        runs = batch.end - batch.first
        self._known_in_a_row = self._known_in_a_row + runs if known == runs else 0

    def _add(self, found: Finding) -> bool:
        """Add a finding and return whether it is new."""
        key = (found.law, found.line, bool(found.trace))
        if key in self._reproduced:
            return False
        self._reproduced.add(key)
        self.findings.append(found)
        return True

    def _progress(self, of: int | None, doing: str) -> Progress:
        return Progress(self.stats.runs, of, self.stats.steps, len(self.findings), doing)

    # --- shrinking --------------------------------------------------------------------------------------------

    def _shrink(self, executor: Executor, replicas: Replicas) -> Iterator[Progress]:
        seconds = self.options.shrink_time
        calls = [(found, seconds) for found in self.findings if _reproduces_in_one_process(found)]
        results = executor.map_ordered(worker.shrink, calls)
        for index, found in enumerate(self.findings):
            if not found.trace:
                continue
            if _reproduces_in_one_process(found):
                shrunk = _check_shrunk(next(results), found, replicas)
            else:
                shrunk = replicas.shrink(found, REPLICA_PATIENCE * seconds) or replace(found, trace=())
            self.findings[index] = shrunk
            self.cut_short |= not shrunk.is_smallest
            yield self._progress(None, "shrinking")
        self._remove_consequences()
        best: dict[tuple[str, int], Finding] = {}
        for found in self.findings:
            other = best.get(found.key)
            if found.key not in self.known and (other is None or _rank(found) < _rank(other)):
                best[found.key] = found
        self.findings = sorted(best.values(), key=lambda found: (_rank(found), found.key))

    def _remove_consequences(self) -> None:
        """Keep the most informative findings: hidden state makes steps nondeterministic, and one trace says more than
        findings without one."""
        hidden = [found for found in self.findings if found.law == "hidden"]
        if hidden:
            self.findings = [found for found in self.findings if found.law != "deterministic"]
        if any(found.records for found in hidden):
            self.findings = [found for found in self.findings if found.law != "hidden" or found.records]


def _check_shrunk(shrunk: Finding | None, found: Finding, replicas: Replicas) -> Finding:
    """Return `shrunk` if it violates its law in a fresh process; else the finding is that it does not."""
    if shrunk is not None and replicas.call(worker.reproduces, list(shrunk.trace_before_quiescing), found.law):
        return shrunk
    reason = f"the simulation violated {found.law}, but a fresh process does not: {found.reason}"
    return replace(found, law="hidden", reason=reason, trace=(), quiescing_from=0)


def _reproduces_in_one_process(found: Finding) -> bool:
    """Whether playing the trace in one process shows the violation."""
    return bool(found.trace) and not found.by_replicas and found.law != "hidden"


def _rank(found: Finding) -> int:
    """Smaller traces come first, findings without a shrunk trace last."""
    return found.size if found.records else found.original_size + 1_000_000
