"""The search for what breaks a machine: batches of fast runs, replicas, then each finding pinned down and shrunk.

Batches do not depend on how many processes share them and are taken in order, so a report is the same whatever the
number of jobs. `Hunt.go` gives a `Progress` now and then; the results are on the hunt when it ends, or is interrupted.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.laws import Violation
from fasm_cli.project.project import Project
from fasm_cli.simulation import worker
from fasm_cli.simulation.dask import Cluster
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.pool import FIXED_HASH_SEED, Executor, Pool, ignore_sigpipe
from fasm_cli.simulation.replicas import Replicas
from fasm_cli.simulation.stats import Stats
from fasm_cli.simulation.worker import Batch, Reproduced, ShrunkTrace

FIRST_BATCH, BATCH_STEPS = 1_000, 20_000  # of fast runs, for one call of a worker: what breaks at once is told soon
PATIENCE = 4  # times as long for what replicas found: each trace played there takes several processes
SATURATION_RUNS = 100  # runs on end that all break what is known well: the next would not do anything else
MAX_RETRIES = 8  # suspicious runs of one sort that are pinned down and show nothing new
REPLICATED = 24  # runs that replicas repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How to look: in how many processes, for how long, and when to stop. Times in seconds."""

    plan: Plan
    jobs: int = 1
    cluster: str = ""  # the address of a Dask scheduler: its workers, in place of `jobs` processes here
    only: int | None = None  # the one run to look at
    time: float | None = None  # for new runs; `plan.runs` does not count then
    shrink_time: float = 5.0  # for each finding
    max_findings: int = 10  # findings


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: `runs` of `of` (None where only the time decides)."""

    runs: int
    of: int | None
    steps: int
    findings: int
    doing: str


@dataclass(slots=True)
class FoundFailure:
    """A finding before it is written down. `smallest` is None where no trace shows it."""

    pinned: Reproduced
    smallest: ShrunkTrace | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What makes two findings one: the law with its name, and the place."""
        one = self.smallest or self.pinned
        return one.violation.law, one.line


@dataclass(slots=True)
class Search:
    """One search through the runs of a plan; `known` are findings that were there before."""

    project: Project
    engine: Engine
    search: SearchOptions
    known: set[tuple[str, int]] = field(default_factory=set)
    tally: Stats = field(default_factory=Stats)
    caught: list[FoundFailure] = field(default_factory=list)
    interrupted: bool = False
    stopped: str = ""  # why not all runs were made
    compared: int = 0  # steps that replicas took again
    cut_short: bool = False  # the time to shrink was up before it was done
    _same_again: int = 0  # runs on end that broke what is known, and nothing else
    _nothing_new: Counter[tuple[str, str]] = field(default_factory=Counter)
    _pinned: set[tuple[str, int, bool]] = field(default_factory=set)

    def go(self) -> Iterator[Progress]:
        """Search; Ctrl-C ends it with what was found so far."""
        setting = (str(self.project.root.absolute()), self.project.db, self.engine.machine.reference)
        try:
            with (
                ignore_sigpipe(),
                self._workers(setting) as pool,
                Replicas(self.engine, self.project) as replicas,
            ):
                yield from self._runs(pool, replicas)
                yield from self._shrink(pool, replicas)
        except KeyboardInterrupt:
            self.interrupted = True

    def _workers(self, setting: tuple[str, ...]) -> Cluster | Pool:
        search = self.search
        if search.cluster:
            source = str(Path(self.engine.machine.source).absolute())
            return Cluster(search.cluster, source, FIXED_HASH_SEED, worker.set_up, *setting)
        return Pool(search.jobs, FIXED_HASH_SEED, worker.set_up, *setting)

    # --- looking ----------------------------------------------------------------------------------------------

    def _runs(self, pool: Executor, replicas: "Replicas") -> Iterator[Progress]:
        plan = self.search.plan
        comparison = replicas.check(plan, self._replicated())
        of = None if self.search.time is not None else 1 if self.search.only is not None else plan.runs
        for batch in pool.map_ordered(worker.fast, self._batches()):
            comparison.pump()
            self.tally.add(batch.tally)
            yield self._progress(of, "running")
            self._process_suspicions(batch, pool)
            if len(self.caught) >= self.search.max_findings:
                self.stopped = f"{self.search.max_findings} findings (--keep-going goes on)"
                break
            if self._same_again >= SATURATION_RUNS:
                self.stopped = f"the last {self._same_again} all broke what is told here"
                break
            if any(caught.key[0] == "hidden" for caught in self.caught):
                self.stopped = "one run reaches into the next"
                break
        for pinned in comparison.findings():
            self._catch(pinned)
            yield self._progress(of, "comparing replicas")
        self.compared = replicas.compared

    def _batches(self) -> Iterator[tuple[Plan, int, int]]:
        plan, only = self.search.plan, self.search.only
        if only is not None:
            yield plan, only, only + 1
            return
        until = None if self.search.time is None else monotonic() + self.search.time
        first, batch = 0, FIRST_BATCH
        while first < plan.runs if until is None else monotonic() < until:
            end = first + max(1, batch // plan.steps)
            yield plan, first, end if until is not None else min(end, plan.runs)
            first, batch = end, min(2 * batch, BATCH_STEPS)

    def _replicated(self) -> list[int]:
        if self.search.only is not None:
            return [self.search.only]
        return list(range(min(REPLICATED, self.search.plan.runs)))

    def _process_suspicions(self, batch: Batch, pool: Executor) -> None:
        known_well = 0
        for run, suspicion in batch.suspicions:
            sort = (suspicion.law, suspicion.signature)
            if len(self.caught) >= self.search.max_findings or self._nothing_new[sort] >= MAX_RETRIES:
                known_well += 1
                continue
            pinned = pool.call(worker.pin, self.search.plan, run)
            if pinned is None:
                why = f"the run does not go the same way twice: the first time it broke {sort[0]}: {suspicion.reason}"
                pinned = Reproduced(Violation("hidden", why), run, 0, [])
            if not self._catch(pinned):
                self._nothing_new[sort] += 1
        runs = batch.end - batch.first
        self._same_again = self._same_again + runs if known_well == runs else 0

    def _catch(self, pinned: Reproduced) -> bool:
        key = (pinned.violation.law, pinned.line, bool(pinned.items))
        if key in self._pinned:
            return False
        self._pinned.add(key)
        self.caught.append(FoundFailure(pinned))
        return True

    def _progress(self, of: int | None, doing: str) -> Progress:
        return Progress(self.tally.runs, of, self.tally.steps, len(self.caught), doing)

    # --- shrinking --------------------------------------------------------------------------------------------

    def _shrink(self, pool: Executor, replicas: "Replicas") -> Iterator[Progress]:
        seconds = self.search.shrink_time
        calls = [(caught.pinned, seconds) for caught in self.caught if _reproducible_in_process(caught.pinned)]
        results = pool.map_ordered(worker.shrink, calls)
        for caught in self.caught:
            if not caught.pinned.items:
                continue
            if _reproducible_in_process(caught.pinned):
                caught.smallest = self._recurring(next(results), caught.pinned, replicas)
            else:
                caught.smallest = replicas.shrink(caught.pinned, PATIENCE * seconds)
            self.cut_short |= caught.smallest is not None and not caught.smallest.in_time
            yield self._progress(None, "shrinking")
        if any(caught.key[0] == "hidden" for caught in self.caught):  # the cause, of which the other is a consequence
            self.caught = [caught for caught in self.caught if caught.key[0] != "deterministic"]
        if any(caught.key[0] == "hidden" and caught.smallest for caught in self.caught):  # one with a trace says more
            self.caught = [caught for caught in self.caught if caught.key[0] != "hidden" or caught.smallest]
        best: dict[tuple[str, int], FoundFailure] = {}
        for caught in self.caught:
            other = best.get(caught.key)
            if caught.key not in self.known and (other is None or _size(caught) < _size(other)):
                best[caught.key] = caught
        self.caught = sorted(best.values(), key=lambda caught: (_size(caught), caught.key))

    def _recurring(self, smallest: ShrunkTrace | None, pinned: Reproduced, replicas: "Replicas") -> ShrunkTrace | None:
        """`smallest`, if it breaks its law alone in a fresh process; else the finding is that it does not."""
        law = pinned.violation.law
        if smallest is not None and replicas.reproduces_alone(smallest.items, law):
            return smallest
        told = (
            f"what broke {law} in the simulation does not break it alone in a fresh process: {pinned.violation.reason}"
        )
        pinned.violation = Violation("hidden", told)
        return None


def _reproducible_in_process(pinned: Reproduced) -> bool:
    """Whether playing a trace in one process shows the violation."""
    return bool(pinned.items) and not pinned.by_replicas and pinned.violation.law != "hidden"


def _size(caught: FoundFailure) -> int:
    return len(caught.pinned.items) + 1_000_000 if caught.smallest is None else caught.smallest.size
