"""Looking at a session: values, checks, what can be sent now, and the whole of what went wrong."""

from collections.abc import Iterator
from typing import Any

from fasm_cli.contract.chooser import Chooser, substream
from fasm_cli.contract.state_machine import StateMachine
from fasm_cli.debugger import breakpoints as stops
from fasm_cli.debugger.predicate import answer
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine import laws
from fasm_cli.engine.events import InputReceived, decode_event
from fasm_cli.errors import FasmError, MachineError, UsageError, did_you_mean
from fasm_cli.laws.pages import PAGES, base_law, read_page
from fasm_cli.reports.machines import TypeLine
from fasm_cli.reports.repl import CheckLine, Checks, ProblemDetails, SampleLine, Samples, Value
from fasm_cli.reports.steps import Finding
from fasm_cli.types.codec import format_value
from fasm_cli.types.fields import field_names
from fasm_cli.types.generate import Generators
from fasm_cli.types.plain import safe_repr
from fasm_cli.types.schema import variants
from fasm_cli.usecases import describe as machines

TRIED = 40  # values of one input that are tried for one that would be accepted


def value(workbench: DebugSession, text: str) -> Value:
    """What an expression comes to here. Raises `InputError`."""
    return Value(text, shown_whole(answer(workbench, text)))


def value_at(workbench: DebugSession, path: str) -> Value:
    """What stands at a place in the state. Raises `InputError`."""
    return Value(path, shown_whole(stops.value_at(workbench, path)))


def shown_whole(found: Any) -> str:
    """A value as it is typed; an author's __repr__ may fail."""
    try:
        return format_value(found)
    except Exception:
        return safe_repr(found)


# --- checks -------------------------------------------------------------------------------------------------------


def check(workbench: DebugSession, name: str = "") -> Checks:
    """Every invariant and law that can be asked about the state here, or the one called `name`."""
    lines = list(_lines(workbench))
    known = [line.name for line in lines]
    if name:
        lines = [line for line in lines if name in (line.name, line.name.partition(":")[2])]
        if not lines:
            raise UsageError(f"no check {name[:60]!r}", did_you_mean(name, known))
    failed = next((line for line in lines if not line.holds), None)
    head = workbench.timeline.head
    return Checks(head, lines, Finding(failed.name, failed.reason, head) if failed else None)


def _lines(workbench: DebugSession) -> Iterator[CheckLine]:
    timeline, machine = workbench.timeline, workbench.machine
    now = timeline.now
    record = timeline.journal.get(timeline.head)
    for name, why in laws.invariants(machine, now.state):
        looked = machine.invariants.get(name)
        yield CheckLine(f"invariant:{name}", not why, why, _values(looked, now.state) if why else [])
    if record is not None:
        before = timeline.snapshot(record.parent).state
        for name, why in laws.transitions(machine, before, now.state):
            looked = machine.transition_invariants[name]
            yield CheckLine(f"transition:{name}", not why, why, _values(looked, now.state) if why else [])
    if laws.has_restore(machine) and now.running:
        broken = laws.check_restore(timeline.process)
        for law in ("restore", "stored"):
            why = broken.reason if broken is not None and broken.law == law else ""
            yield CheckLine(law, not why, why, [])
    if record is not None and record.violated_law and record.violated_law.partition(":")[0] not in _ASKED:
        yield CheckLine(record.violated_law, holds=False, reason=f"step {record.n} broke it", values=[])


_ASKED = ("invariant", "transition", "restore", "stored")


def _values(looked: Any, state: Any) -> list[str]:
    """The fields of the state that a check names, with their values here."""
    code = getattr(looked, "__code__", None)
    names = code.co_names if code is not None else ()
    fields = field_names(type(state))
    return [f"{name} = {safe_repr(getattr(state, name))}" for name in names if name in fields]


# --- what can be sent ---------------------------------------------------------------------------------------------


def sample_inputs(workbench: DebugSession, name: str = "") -> Samples:
    """Every input, with a value of it that would be accepted now, or with why none of those tried would be."""
    machine = workbench.machine
    known = variants(machine.input_schema)
    if name and name not in known:
        raise UsageError(f"no input {name[:60]!r}", did_you_mean(name, known))
    told = {kind.name: kind for kind in machines.describe(workbench.engine).types if kind.role == "Input"}
    return Samples([_sample(workbench, each, told.get(each)) for each in known if name in ("", each)])


def _sample(workbench: DebugSession, name: str, told: TypeLine | None) -> SampleLine:
    refused: tuple[str, str, str] | None = None
    for value in _values_of(workbench, name):
        entry = workbench.timeline.preview(InputReceived(value))
        found = (format_value(value), entry.record.outcome, entry.record.error)
        if entry.record.outcome == "committed":
            refused = found
            break
        refused = refused or found
        if entry.record.outcome == "skipped":
            break
    sample, outcome, error = refused or ("", "", "")
    signature = f"{name}({', '.join(_field(each) for each in told.fields)})" if told else name
    return SampleLine(signature, sample, outcome, error, told.doc if told else "")


def _field(line: Any) -> str:
    return f"{line.name}: {line.type}{f' = {line.default}' if line.default else ''}"


def _values_of(workbench: DebugSession, name: str) -> Iterator[Any]:
    """Values of one input: those the author proposes, then those that its types allow; the same ones every time."""
    machine = workbench.machine
    choose: Chooser = substream(0, workbench.timeline.head, "samples")
    if machine.cls.propose is not StateMachine.propose:
        for _ in range(TRIED):
            proposed = machine.instance.propose(choose, workbench.timeline.process.store.committed)
            if type(proposed).__name__ == name:
                yield proposed
    draw = Generators().of(variants(machine.input_schema)[name])
    for _ in range(TRIED):
        yield draw(choose)


# --- what went wrong ----------------------------------------------------------------------------------------------


def why(workbench: DebugSession) -> ProblemDetails:
    """The last error or finding, as far as anything is known of it; else what is broken or was refused here."""
    trouble = workbench.repl_state.last_problem
    if isinstance(trouble, FasmError):
        frames = trouble.frames if isinstance(trouble, MachineError) else ""
        return ProblemDetails(f"{trouble.kind} error", trouble.message, fix=trouble.hint, frames=frames)
    if trouble is not None:
        return _of_law(trouble.law, f"at step {trouble.step}" if trouble.step else "", trouble.why, trouble.where)
    timeline = workbench.timeline
    record = timeline.journal.get(timeline.head)
    if record is not None and record.violated_law:
        return _of_law(record.violated_law, f"at step {record.n}", "", "")
    if record is not None and record.error:
        event = decode_event(workbench.machine, record.event, timeline.id_of).format()
        return ProblemDetails(f"#{record.n} {event}  {record.outcome}", record.error)
    return ProblemDetails("nothing went wrong", "no error, no finding, and the last step was not refused")


def _of_law(law: str, at: str, why: str, where: str) -> ProblemDetails:
    title = f"BROKEN {law}  {at}".rstrip()
    if base_law(law) not in PAGES:
        return ProblemDetails(title, why, where)
    page = read_page(law)
    return ProblemDetails(title, why, where, page.rule, page.why, page.hint)
