"""The same machine in other processes: with other hash seeds and time zones, and where nothing was done before."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from time import monotonic
from typing import TypeVar

from fasm_cli.app import worker
from fasm_cli.app.reports import Finding
from fasm_cli.app.worker import Pinned, Smallest
from fasm_cli.core.laws import Violation
from fasm_cli.core.machine import Machine
from fasm_cli.sim.executors import Pool, result_of
from fasm_cli.sim.plan import Plan
from fasm_cli.sim.replica import ENVIRONMENTS, Disagreement, between_seeds, differing, from_stored
from fasm_cli.sim.shrink import Shrinker
from fasm_cli.sim.trace import Item, Packed, Played, Player, pack, unpack
from fasm_cli.store.catalog import Project

T = TypeVar("T")

STEPS = 60  # of a run that are repeated
PLAYS = 200  # traces played to shrink what replicas found: each takes several processes


class Replicas:
    """One process for each environment; whatever it is asked, it answers from a fork that has done nothing before."""

    def __init__(self, machine: Machine, project: Project) -> None:
        self.machine = machine
        self.compared = 0  # steps
        setting = (str(project.root), project.db, machine.reference)
        self._pools = [Pool(1, environment, worker.set_up, *setting) for environment in ENVIRONMENTS]

    def __enter__(self) -> "Replicas":
        return self

    def __exit__(self, *error: object) -> None:
        for pool in self._pools:
            pool.close()

    def check(self, plan: Plan, runs: list[int]) -> Iterator[Pinned]:
        """What the replicas do not agree on in the first steps of `runs`; they start at once."""
        traces = [self._pools[0].start(worker.exact_items, plan, run, STEPS) for run in runs]
        return self._compare(runs, traces)

    def _compare(self, runs: list[int], traces: "list[Future[list[Packed]]]") -> Iterator[Pinned]:
        for run, trace in zip(runs, traces, strict=True):
            found = self.disagreement(result_of(trace))
            if found is not None:
                violation, items = found
                yield Pinned(violation, run, 0, items, by_replicas=True)

    def disagreement(self, items: list[Packed], law: str = "") -> tuple[Violation, list[Packed]] | None:
        """The first thing that the processes do not agree on, and the events up to there; with `law`, it is known
        what to look for."""
        asked = self._pools[:1] if law == "hidden" else self._pools
        seen = [result_of(view) for view in [pool.start(worker.observe, items) for pool in asked]]
        self.compared += len(seen[0])
        found = next(filter(None, (between_seeds(seen[0], other) for other in seen[1:])), None)
        if found is None and law in ("", "hidden"):
            found = from_stored(seen[0], self._pools[0].one(worker.alone, seen[0]))
        if found is None:
            return None
        if found.violation.law == "deterministic" and law in ("", "reads"):
            name = differing([pool.one(worker.told_globals) for pool in asked])
            if name:
                why = f"the transition depends on {name}, which is not the same in every process"
                found = Disagreement(found.number, Violation("reads", why))
        taken = {one.number for one in seen[0] if one.number <= found.number}
        return found.violation, [item for item in items if item[0] in taken]

    def alone(self, function: Callable[..., T], *args: object) -> T:
        """What a function of a worker gives in one process."""
        return self._pools[0].one(function, *args)

    def left_behind(self, items: list[Packed]) -> tuple[Violation, list[Packed]] | None:
        """What the events leave behind outside of the state, and the events up to where it shows."""
        return self._pools[0].one(worker.left_behind, items)

    def findings(self, items: list[Packed]) -> Iterator[Finding]:
        """What the processes do not agree on, and what the events leave behind, each looked for when asked for."""
        for look in (self.disagreement, self.left_behind):
            found = look(items)
            if found is not None and found[1]:
                yield Finding(found[0].law, found[0].why, found[1][-1][0])

    def recurs(self, items: list[Packed], law: str) -> bool:
        """Whether `items` break `law` in a process that has done nothing before."""
        return self._pools[0].one(worker.replay_alone, items, law)

    def shrink(self, pinned: Pinned, seconds: float) -> Smallest | None:
        """The smallest trace that the processes do not agree on, or that leaves something behind."""
        player = RemotePlayer(self, by_replicas=pinned.by_replicas)
        shrinker = Shrinker(player, unpack(self.machine, pinned.items), pinned.violation, seconds, PLAYS)
        if not shrinker.fails:
            return None
        shrunk = shrinker.shrink()
        items = pack(self.machine, shrunk.played.items)
        found = shrunk.played.violation or pinned.violation
        return self._pools[0].one(worker.tell, items, found, shrunk.plays, shrunk.in_time)


class RemotePlayer(Player):
    """Plays where nothing was done before, and judges by what other processes make of it."""

    clock = staticmethod(monotonic)  # the work is done elsewhere

    def __init__(self, replicas: Replicas, *, by_replicas: bool) -> None:
        super().__init__(replicas.machine)
        self._replicas = replicas
        self._by_replicas = by_replicas

    def glance(self, items: Sequence[Item], law: str) -> bool:
        return True

    def play(self, items: Sequence[Item], law: str) -> Played:
        self.played += 1
        packed = pack(self.machine, items)
        replicas = self._replicas
        found = replicas.disagreement(packed, law) if self._by_replicas else replicas.left_behind(packed)
        if found is None or found[0].law != law:
            return Played(None, list(items))
        kept = {number for number, _ in found[1]}
        return Played(found[0], [item for item in items if item.number in kept])
