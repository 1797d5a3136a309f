"""Inspect a session: values, invariants and laws, acceptable inputs, and the details of the last problem."""

import re
from collections.abc import Iterator
from typing import Any

from fasm_cli.contract.chooser import Chooser, substream
from fasm_cli.contract.state_machine import StateMachine
from fasm_cli.debugger.expressions import Expression
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine import laws
from fasm_cli.engine.events import InputReceived, decode_event
from fasm_cli.errors import FasmError, InputError, MachineError, UsageError, did_you_mean
from fasm_cli.laws.pages import PAGES, base_law, explain, fix_for
from fasm_cli.reports.machines import TypeLine
from fasm_cli.reports.repl import CheckLine, Checks, ProblemDetails, SampleLine, Samples, Value
from fasm_cli.reports.steps import FindingReport
from fasm_cli.types.codec import format_value
from fasm_cli.types.fields import field_names
from fasm_cli.types.generate import Generators
from fasm_cli.types.plain import safe_repr
from fasm_cli.types.schema import variants
from fasm_cli.usecases.describe import describe

MAX_SAMPLES = 40  # values of one input that are tried until one is accepted

NAMES = ("state", "prev", "pending", "up")  # what an expression may read

# --- values -------------------------------------------------------------------------------------------------------


def variables(session: DebugSession, expression: Expression, step: int) -> dict[str, Any]:
    """Return the value of each name that `expression` uses, after `step`.

    `state` is the committed state, `prev` the state before the step, `pending` the pending actions by id, `up` whether
    the process runs.
    """
    timeline = session.timeline
    now = timeline.snapshot(step)
    values: dict[str, Any] = {"state": now.state}
    if "prev" in expression.used_names:
        values["prev"] = timeline.snapshot(timeline.journal[step].parent).state if step else now.state
    if "pending" in expression.used_names:
        values["pending"] = {id: each.tracked.action for id, each in now.pending.items()}
    if "up" in expression.used_names:
        values["up"] = now.running
    return values


def evaluate(session: DebugSession, text: str, step: int | None = None) -> Any:
    """Return the value of the expression `text` after `step` (default: the head). Raises `InputError`."""
    timeline = session.timeline
    expression = Expression(text, timeline.machine.schemas, NAMES)
    return expression.value(variables(session, expression, timeline.head if step is None else step))


def evaluate_path(session: DebugSession, path: str, step: int | None = None) -> Any:
    """Return the value at a path: `pending[7].status` of the state, or one that begins with one of NAMES.
    Raises `InputError`."""
    prefix = "" if re.match(rf"({'|'.join(NAMES)})\b", path) else "state" if path.startswith("[") else "state."
    try:
        return evaluate(session, prefix + path, step)
    except InputError as error:
        error.move_column(-len(prefix))
        raise


def value_of(session: DebugSession, text: str) -> Value:
    """Return the value of an expression at the head. Raises `InputError`."""
    return Value(text, _format_any(evaluate(session, text)))


def value_at(session: DebugSession, path: str) -> Value:
    """Return the value at a path of the state at the head. Raises `InputError`."""
    return Value(path, _format_any(evaluate_path(session, path)))


def _format_any(value: Any) -> str:
    try:
        return format_value(value)
    except Exception:  # an author's __repr__ may raise anything
        return safe_repr(value)


# --- invariants and laws ------------------------------------------------------------------------------------------


def check(session: DebugSession, name: str = "") -> Checks:
    """Check every invariant and law that can be checked at the head, or only `name`. Raises `UsageError`."""
    lines = list(_check_lines(session))
    known = [line.name for line in lines]
    if name:
        lines = [line for line in lines if name in (line.name, line.name.partition(":")[2])]
        if not lines:
            raise UsageError(f"no check {name[:60]!r}", did_you_mean(name, known))
    failed = next((line for line in lines if not line.holds), None)
    head = session.timeline.head
    return Checks(head, lines, FindingReport(failed.name, failed.reason, head) if failed else None)


def _check_lines(session: DebugSession) -> Iterator[CheckLine]:
    timeline, machine = session.timeline, session.machine
    now = timeline.now
    record = timeline.journal.get(timeline.head)
    for name, why in laws.invariants(machine, now.state):
        checked = machine.invariants.get(name)
        yield CheckLine(f"invariant:{name}", not why, why, _format_fields_read(checked, now.state) if why else [])
    if record is not None:
        before = timeline.snapshot(record.parent).state
        for name, why in laws.transitions(machine, before, now.state):
            checked = machine.transition_invariants[name]
            yield CheckLine(f"transition:{name}", not why, why, _format_fields_read(checked, now.state) if why else [])
    if laws.has_restore(machine) and now.running:
        violation = laws.check_restore(timeline.process)
        for law in ("restore", "stored"):
            why = violation.reason if violation is not None and violation.law == law else ""
            yield CheckLine(law, not why, why, [])
    if record is not None and record.violated_law and record.violated_law.partition(":")[0] not in _CHECKED_HERE:
        yield CheckLine(record.violated_law, holds=False, reason=f"step {record.n} broke it", values=[])


_CHECKED_HERE = ("invariant", "transition", "restore", "stored")


def _format_fields_read(check: Any, state: Any) -> list[str]:
    """Return the fields of the state that the code of a check names, with their values."""
    code = getattr(check, "__code__", None)
    names = code.co_names if code is not None else ()
    fields = field_names(type(state))
    return [f"{name} = {safe_repr(getattr(state, name))}" for name in names if name in fields]


# --- acceptable inputs --------------------------------------------------------------------------------------------


def sample_inputs(session: DebugSession, name: str = "") -> Samples:
    """Return a value of every input (or only of `name`) that would be accepted now.

    If no value that was tried would be accepted, the sample says why the first was not. Raises `UsageError`.
    """
    machine = session.machine
    known = variants(machine.input_schema)
    if name and name not in known:
        raise UsageError(f"no input {name[:60]!r}", did_you_mean(name, known))
    types = {kind.name: kind for kind in describe(session.engine).types if kind.role == "Input"}
    return Samples([_sample(session, each, types.get(each)) for each in known if name in ("", each)])


def _sample(session: DebugSession, name: str, described: TypeLine | None) -> SampleLine:
    best: tuple[str, str, str] | None = None
    for value in _sample_values(session, name):
        entry = session.timeline.preview(InputReceived(value))
        tried = (format_value(value), entry.record.outcome, entry.record.error)
        if entry.record.outcome == "committed":
            best = tried
            break
        best = best or tried
        if entry.record.outcome == "skipped":
            break
    sample, outcome, error = best or ("", "", "")
    signature = f"{name}({', '.join(_format_field(each) for each in described.fields)})" if described else name
    return SampleLine(signature, sample, outcome, error, described.doc if described else "")


def _format_field(line: Any) -> str:
    return f"{line.name}: {line.type}{f' = {line.default}' if line.default else ''}"


def _sample_values(session: DebugSession, name: str) -> Iterator[Any]:
    """Yield values of one input: those that `propose` draws, then random ones. The same every time at the same step."""
    machine = session.machine
    choose: Chooser = substream(0, session.timeline.head, "samples")
    if machine.cls.propose is not StateMachine.propose:
        for _ in range(MAX_SAMPLES):
            proposed = machine.instance.propose(choose, session.timeline.process.store.committed)
            if type(proposed).__name__ == name:
                yield proposed
    draw = Generators().of(variants(machine.input_schema)[name])
    for _ in range(MAX_SAMPLES):
        yield draw(choose)


# --- the last problem ---------------------------------------------------------------------------------------------


def explain_problem(session: DebugSession) -> ProblemDetails:
    """Describe the last error or finding completely; without one, the violation or rejection at the head."""
    problem = session.repl_state.last_problem
    if isinstance(problem, FasmError):
        frames = problem.frames if isinstance(problem, MachineError) else ""
        return ProblemDetails(f"{problem.kind} error", problem.message, fix=problem.hint, frames=frames)
    if problem is not None:
        return _explain_law(
            problem.law, f"at step {problem.step}" if problem.step else "", problem.reason, problem.location
        )
    timeline = session.timeline
    record = timeline.journal.get(timeline.head)
    if record is not None and record.violated_law:
        return _explain_law(record.violated_law, f"at step {record.n}", "", "")
    if record is not None and record.error:
        event = decode_event(session.machine, record.event, timeline.id_of).format()
        return ProblemDetails(f"#{record.n} {event}  {record.outcome}", record.error)
    return ProblemDetails("no problem", "there was no error and no finding, and the last step was not rejected")


def _explain_law(law: str, at: str, reason: str, location: str) -> ProblemDetails:
    title = f"BROKEN {law}  {at}".rstrip()
    if base_law(law) not in PAGES:
        return ProblemDetails(title, reason, location)
    page = explain(law)
    return ProblemDetails(title, reason, location, page.rule, page.why, fix_for(law))
