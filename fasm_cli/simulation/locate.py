"""Finds the line of the author's file that violates a law: the first one after which the violation can be seen."""

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from fasm_cli.engine.laws import check_invariants
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.purity_latch import Breach
from fasm_cli.engine.replayer import replay
from fasm_cli.engine.trace import Occurrence
from fasm_cli.simulation.trace import Player


def locate(player: Player, trace: Sequence[Occurrence], law: str) -> int:
    """Return the line in the machine's file that violates `law` in the last occurrence of `trace`; 0 if unknown.

    The last occurrence is executed under a trace function that looks for the symptom after each line.
    """
    stage, machine = player.start(), player.machine
    process = stage.processes[""]
    for _ in replay(stage, trace[:-1]):
        pass
    last = stage.resolve(trace[-1]) if trace else None
    if last is None:
        return 0
    tracer = LineTracer(machine, _symptom(process, law))
    if law == "restore":
        process.step(last, trace[-1].number)
        with tracer:
            process.dry_run_restore()
        return tracer.first or machine.restore.__code__.co_firstlineno
    with tracer:
        step = process.step(last, trace[-1].number)
    if isinstance(step.error, Breach):
        return step.error.line
    if law == "defect" and step.error is not None:
        return _raised_at(machine, step.error) or tracer.last
    return tracer.first or tracer.last


def _symptom(process: Process, law: str) -> Callable[[], bool]:
    """Return a predicate that is true once the violation of `law` can be seen."""
    store, actions = process.store, process.actions
    if law == "restore":
        return lambda: store.working != store.committed
    if law.startswith(("invariant:", "transition:")):
        return lambda: _is_violated(process.machine, store.working, law)
    if law in ("ids", "stored"):
        return lambda: len(actions) > 0
    return lambda: store.working != store.committed or (law == "completion" and len(actions) > 0)


def _is_violated(machine: Machine, state: Any, law: str) -> bool:
    found = check_invariants(machine, state)
    return found is not None and found.law == law


def _raised_at(machine: Machine, error: BaseException) -> int:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == machine.source:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


class LineTracer:
    """A trace function for the frames of the author's file. `first` is the first line after which `symptom` is true,
    `last` the last line that ran; 0 if there is none. As a context manager it traces the `with` block."""

    def __init__(self, machine: Machine, symptom: Callable[[], bool]) -> None:
        self.first = 0
        self.last = 0
        self._file = machine.source
        self._symptom = symptom
        self._is_checking = False
        self._outer: Any = None  # the trace function of a debugger or of coverage

    def __enter__(self) -> "LineTracer":
        self._outer = sys.gettrace()
        sys.settrace(self._trace_call)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._outer)

    def _trace_call(self, frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename != self._file or self._is_checking:
            return None
        return self._trace_line

    def _trace_line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if self._is_checking:
            return self._trace_line
        if not self.first and self.last:
            self._is_checking = True
            try:
                if self._symptom():
                    self.first = self.last
            except Exception:  # a half-built state may not even be comparable
                pass
            finally:
                self._is_checking = False
        if event == "line":
            self.last = frame.f_lineno
        return self._trace_line
