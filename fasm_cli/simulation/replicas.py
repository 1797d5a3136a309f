"""The same machine in other processes: with other hash seeds and time zones, and where nothing was done before."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from time import monotonic
from typing import TypeVar

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.laws import Violation
from fasm_cli.project.project import Project
from fasm_cli.reports.steps import Finding
from fasm_cli.simulation import worker
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.pool import Pool, result_of
from fasm_cli.simulation.replica import ENVIRONMENTS, Disagreement, Observation, compare_replicas, differing
from fasm_cli.simulation.shrink.search import Shrinker
from fasm_cli.simulation.trace import Packed, Player, PlayResult, TraceEvent, decode, encode
from fasm_cli.simulation.worker import Reproduced, ShrunkTrace

T = TypeVar("T")

STEPS = 60  # of a run that are repeated
PLAYS = 200  # traces played to shrink what replicas found: each takes several processes


class Replicas:
    """One process for each environment; whatever it is asked, it answers from a fork that has done nothing before."""

    def __init__(self, engine: Engine, project: Project) -> None:
        self.engine = engine
        self.machine = machine = engine.machine
        self.compared = 0  # steps
        setting = (str(project.root), project.db, machine.reference)
        self._pools = [Pool(1, environment, worker.set_up, *setting) for environment in ENVIRONMENTS]

    def __enter__(self) -> "Replicas":
        return self

    def __exit__(self, *error: object) -> None:
        for pool in self._pools:
            pool.close()

    def check(self, plan: Plan, runs: list[int]) -> "Comparison":
        """The first steps of `runs`, taken again in every process from now on."""
        return Comparison(self, plan, runs)

    def disagreement(self, items: list[Packed], law: str = "") -> tuple[Violation, list[Packed]] | None:
        """The first thing that the processes do not agree on, and the events up to there; with `law`, it is known
        what to look for."""
        others = [] if law == "hidden" else self.observed(items)
        if law in ("", "hidden"):
            seen, alone = self._pools[0].call(worker.observe_and_alone, items)
        else:
            seen, alone = self._pools[0].call(worker.observe, items), None
        return self.compared_to(worker.ReplicaRun(items, seen, alone), [result_of(view) for view in others], law)

    def observed(self, items: list[Packed]) -> "list[Future[list[Observation]]]":
        """What `items` lead to in the processes that are not the first."""
        return [pool.submit(worker.observe, items) for pool in self._pools[1:]]

    def examined(self, plan: Plan, run: int) -> "Future[worker.ReplicaRun]":
        """What the first process makes of a run."""
        return self._pools[0].submit(worker.examine, plan, run, STEPS)

    def compared_to(
        self, first: worker.ReplicaRun, others: list[list[Observation]], law: str = ""
    ) -> tuple[Violation, list[Packed]] | None:
        """The first thing in which the first process differs from one of the `others`, or from itself."""
        self.compared += len(first.seen)
        found = next(filter(None, (compare_replicas(first.seen, other) for other in others)), first.alone)
        if found is None:
            return None
        if found.violation.law == "deterministic" and law in ("", "reads"):
            name = differing([pool.call(worker.told_globals) for pool in self._pools])
            if name:
                why = f"the transition depends on {name}, which is not the same in every process"
                found = Disagreement(found.number, Violation("reads", why))
        taken = {one.number for one in first.seen if one.number <= found.number}
        return found.violation, [item for item in first.items if item[0] in taken]

    def alone(self, function: Callable[..., T], *args: object) -> T:
        """What a function of a worker gives in one process."""
        return self._pools[0].call(function, *args)

    def left_behind(self, items: list[Packed]) -> tuple[Violation, list[Packed]] | None:
        """What the events leave behind outside of the state, and the events up to where it shows."""
        return self._pools[0].call(worker.left_behind, items)

    def findings(self, items: list[Packed]) -> Iterator[Finding]:
        """What the processes do not agree on, and what the events leave behind, each looked for when asked for."""
        for look in (self.disagreement, self.left_behind):
            found = look(items)
            if found is not None and found[1]:
                yield Finding(found[0].law, found[0].reason, found[1][-1][0])

    def reproduces_alone(self, items: list[Packed], law: str) -> bool:
        """Whether `items` break `law` in a process that has done nothing before."""
        return self._pools[0].call(worker.replay_alone, items, law)

    def shrink(self, pinned: Reproduced, seconds: float) -> ShrunkTrace | None:
        """The smallest trace that the processes do not agree on, or that leaves something behind."""
        player = RemotePlayer(self, by_replicas=pinned.by_replicas)
        shrinker = Shrinker(player, decode(self.machine, pinned.items), pinned.violation, seconds, PLAYS)
        if not shrinker.reproduces:
            return None
        shrunk = shrinker.shrink()
        items = encode(self.machine, shrunk.played.items)
        found = shrunk.played.violation or pinned.violation
        return self._pools[0].call(worker.tell, items, found, shrunk.plays, shrunk.in_time)


class Comparison:
    """Runs that every process makes again, beside whatever else is done meanwhile."""

    def __init__(self, replicas: Replicas, plan: Plan, runs: list[int]) -> None:
        self._replicas = replicas
        self._runs = runs
        self._first = [replicas.examined(plan, run) for run in runs]
        self._others: list[list[Future[list[Observation]]]] = []

    def pump(self) -> None:
        """Hand on to the other processes what the first one is done with."""
        for first in self._first[len(self._others) :]:
            if not first.done():
                break
            self._others.append(self._replicas.observed(result_of(first).items))

    def findings(self) -> Iterator[Reproduced]:
        """What the processes do not agree on, run by run."""
        for at, run in enumerate(self._runs):
            first = result_of(self._first[at])
            self.pump()
            others = [result_of(view) for view in self._others[at]]
            found = self._replicas.compared_to(first, others)
            if found is not None:
                violation, items = found
                yield Reproduced(violation, run, 0, items, by_replicas=True)


class RemotePlayer(Player):
    """Plays where nothing was done before, and judges by what other processes make of it."""

    clock = staticmethod(monotonic)  # the work is done elsewhere

    def __init__(self, replicas: Replicas, *, by_replicas: bool) -> None:
        super().__init__(replicas.engine)
        self._replicas = replicas
        self._by_replicas = by_replicas

    def glance(self, items: Sequence[TraceEvent], law: str) -> bool:
        return True

    def play(self, items: Sequence[TraceEvent], law: str) -> PlayResult:
        self.played += 1
        packed = encode(self.machine, items)
        replicas = self._replicas
        found = replicas.disagreement(packed, law) if self._by_replicas else replicas.left_behind(packed)
        if found is None or found[0].law != law:
            return PlayResult(None, list(items))
        kept = {number for number, _ in found[1]}
        return PlayResult(found[0], [item for item in items if item.number in kept])
