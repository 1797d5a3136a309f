"""Executes the same steps in several processes with different environments, and compares the results."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from time import monotonic
from typing import TypeVar

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.finding import Finding
from fasm_cli.engine.laws import Violation
from fasm_cli.engine.trace import Occurrence, decode_trace, encode_trace
from fasm_cli.project.project import Project
from fasm_cli.simulation import worker
from fasm_cli.simulation.observation import Observation, compare_replicas, first_differing
from fasm_cli.simulation.pool import Pool, result_of
from fasm_cli.simulation.shrink import Shrinker
from fasm_cli.simulation.trace import Player, PlayResult
from fasm_cli.simulation.worker import EncodedTrace, ReplicaRun
from fasm_cli.simulation.world import Plan

T = TypeVar("T")

ENVIRONMENTS = (  # time zones far apart, whatever that of the first process is
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "1", "TZ": "<-11>11"},
    {"PYTHONHASHSEED": "2", "TZ": "<+13>-13"},
)
MAX_STEPS = 60  # steps of a run that are repeated
MAX_PLAYS = 200  # traces played to shrink a finding of replicas: each takes several processes


class Replicas:
    """One process for each environment. Each call is answered by a fork that has done nothing before."""

    def __init__(self, engine: Engine, project: Project) -> None:
        self.engine = engine
        self.machine = machine = engine.machine
        self.compared = 0  # steps
        arguments = (str(project.root), project.db, machine.reference)
        self._pools = [Pool(1, environment, worker.set_up, *arguments) for environment in ENVIRONMENTS]

    def __enter__(self) -> "Replicas":
        return self

    def __exit__(self, *error: object) -> None:
        for pool in self._pools:
            pool.close()

    def call(self, function: Callable[..., T], *args: object) -> T:
        """Call a function of a worker in the first process."""
        return self._pools[0].call(function, *args)

    def examine(self, plan: Plan, run: int) -> "Future[ReplicaRun]":
        """Observe the first steps of a run in the first process."""
        return self._pools[0].submit(worker.examine, plan, run, MAX_STEPS)

    def observe(self, trace: EncodedTrace) -> "list[Future[list[Observation]]]":
        """Observe `trace` in the processes that are not the first."""
        return [pool.submit(worker.observe, trace) for pool in self._pools[1:]]

    def disagreement(self, trace: EncodedTrace, law: str = "") -> Finding | None:
        """Return the first difference between the processes, with the trace up to there. A `law` says which kind of
        difference is looked for."""
        others = [] if law == "hidden" else self.observe(trace)
        if law in ("", "hidden"):
            first = self.call(worker.observe_isolated, trace)
        else:
            first = ReplicaRun(trace, self.call(worker.observe, trace), None)
        return self.compare(first, [result_of(view) for view in others], law)

    def compare(self, first: ReplicaRun, others: list[list[Observation]], law: str = "") -> Finding | None:
        """Return the first difference between the first process and the `others`, or a step that has a different
        result in isolation."""
        self.compared += len(first.observations)
        different = filter(None, (compare_replicas(first.observations, other) for other in others))
        found = next(different, first.isolated)
        if found is not None and found.law == "deterministic" and law in ("", "reads"):
            name = first_differing([pool.call(worker.module_globals) for pool in self._pools])
            if name:
                reason = f"the transition depends on {name}, which is not the same in every process"
                found = replace(found, law="reads", reason=reason)
        return found

    def findings(self, trace: EncodedTrace) -> Iterator[Finding]:
        """Yield a difference between the processes, then what the trace leaves behind outside of the state. Each is
        looked for when it is asked for."""
        searches = (self.disagreement, lambda given: self.call(worker.find_hidden_state, given))
        for search in searches:
            found = search(trace)
            if found is not None and found.trace:
                yield found

    def shrink(self, finding: Finding, seconds: float) -> Finding | None:
        """Shrink the trace of a finding that shows only in fresh or in several processes; None if it does not
        reproduce."""
        player = ReplicaPlayer(self, by_replicas=finding.by_replicas)
        trace = decode_trace(self.machine, finding.trace_before_quiescing)
        shrinker = Shrinker(player, trace, finding.law, seconds, MAX_PLAYS)
        if not shrinker.reproduces:
            return None
        shrunk = shrinker.shrink()
        violation = shrunk.played.violation
        smaller = replace(
            finding,
            reason=finding.reason if violation is None else violation.reason,
            trace=tuple(encode_trace(self.machine, shrunk.played.trace)),
            quiescing_from=0,
            is_smallest=shrunk.in_time,
        )
        return self.call(worker.finish_shrunk, smaller)


class Comparison:
    """Runs that every process repeats in the background, from the creation of this object on."""

    def __init__(self, replicas: Replicas, plan: Plan, runs: list[int]) -> None:
        self._replicas = replicas
        self._plan = plan
        self._runs = runs
        self._first = [replicas.examine(plan, run) for run in runs]
        self._others: list[list[Future[list[Observation]]]] = []

    def pump(self) -> None:
        """Give the runs that the first process has finished to the others."""
        for first in self._first[len(self._others) :]:
            if not first.done():
                break
            self._others.append(self._replicas.observe(result_of(first).trace))

    def findings(self) -> Iterator[Finding]:
        """Yield the differences between the processes, run by run."""
        for index, run in enumerate(self._runs):
            first = result_of(self._first[index])
            self.pump()
            found = self._replicas.compare(first, [result_of(view) for view in self._others[index]])
            if found is not None:
                yield replace(found, seed=self._plan.seed, run=run, by_replicas=True)


class ReplicaPlayer(Player):
    """Plays traces in processes that have done nothing before, and looks for differences between them."""

    clock = staticmethod(monotonic)  # the work is done in other processes

    def __init__(self, replicas: Replicas, *, by_replicas: bool) -> None:
        super().__init__(replicas.engine)
        self._replicas = replicas
        self._by_replicas = by_replicas

    def fails_at_end(self, trace: Sequence[Occurrence], law: str) -> bool:
        return True

    def play(self, trace: Sequence[Occurrence], law: str) -> PlayResult:
        self.played += 1
        encoded = encode_trace(self.machine, trace)
        if self._by_replicas:
            found = self._replicas.disagreement(encoded, law)
        else:
            found = self._replicas.call(worker.find_hidden_state, encoded)
        if found is None or found.law != law:
            return PlayResult(None, list(trace))
        numbers = {number for number, _, _, _ in found.trace}
        return PlayResult(Violation(found.law, found.reason), [each for each in trace if each.number in numbers])
