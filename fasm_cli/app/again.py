"""The steps to the head, taken again where nothing was done before: other processes, other hash seeds."""

from fasm_cli.app.report_repl import Verified
from fasm_cli.app.reports import Finding
from fasm_cli.app.workbench import Workbench
from fasm_cli.core.errors import SessionError
from fasm_cli.core.record import Record
from fasm_cli.core.step import Outcome
from fasm_cli.core.timeline import difference
from fasm_cli.sim.replica import Seen


def verify(workbench: Workbench) -> Verified:
    """Whether every step to the head comes out the same in fresh processes, and leaves nothing behind in them."""
    from fasm_cli.app.replicas import Replicas
    from fasm_cli.sim.executors import pipes_may_break

    machine, timeline = workbench.machine, workbench.timeline
    if machine.encode_state(machine.initial()) != machine.encode_state(timeline.moment(0).state):
        raise SessionError("this session does not begin in the machine's initial state", "`replay` takes it from there")
    path = timeline.path()
    items = [(record.n, record.event) for record in path]
    with pipes_may_break(), Replicas(machine, workbench.project) as replicas:
        seen = {one.number: one for one in replicas.seen(items)}
        found = replicas.disagreement(items) or replicas.left_behind(items)
    finding = Finding(found[0].law, found[0].why, found[1][-1][0]) if found is not None and found[1] else None
    different = (_difference(record, seen.get(record.n)) for record in path)
    return Verified(len(path), next(filter(None, different), ""), finding)


def _difference(record: Record, seen: Seen | None) -> str:
    """In what a step differs from what was recorded; empty where it does not."""
    if seen is None:
        return f"step {record.n} could not be taken"
    outcome, error, digest = seen.led.result
    told = record.error if record.outcome in (Outcome.REJECTED, Outcome.DEFECT) else ""
    if (record.outcome, told, record.digest, record.actions) == (outcome, error, digest, seen.led.actions):
        return ""
    now = Record(record.n, record.parent, record.event, outcome, error, seen.led.actions, [], digest=digest)
    if (record.outcome, told, record.actions) == (outcome, error, seen.led.actions):
        return f"step {record.n} led to another state"
    return f"step {record.n} {difference(record, now)}"
