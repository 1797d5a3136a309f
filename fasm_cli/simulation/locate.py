"""Where in the author's file a finding is: the line that first did what should not have been done."""

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from fasm_cli.engine.laws import Violation, check_invariants
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.purity_latch import Breach
from fasm_cli.simulation.trace import Player, TraceEvent, note_emitted, resolved


def locate(player: Player, items: Sequence[TraceEvent], violation: Violation) -> int:
    """The line, in the machine's file, that broke the law in the last of `items`; 0 where none can be told.

    The items before the last are played as ever; the last under a trace function that looks after each line.
    """
    process = player.start()
    emitted: dict[Any, Any] = {}
    for item in items[:-1]:
        event = resolved(item.event, emitted)
        if event is not None:
            note_emitted(process.step(event, item.number), process, emitted)
    last = resolved(items[-1].event, emitted) if items else None
    if last is None:
        return 0
    watch = LineTracer(player.machine, _symptom(process, violation))
    if violation.law == "restore":
        process.step(last, items[-1].number)
        with watch:
            process.dry_run_restore()
        return watch.first or player.machine.restore.__code__.co_firstlineno
    with watch:
        step = process.step(last, items[-1].number)
    if isinstance(step.error, Breach):
        return step.error.line
    if violation.law == "defect" and step.error is not None:
        return _raised_at(player.machine, step.error) or watch.last
    return watch.first or watch.last


def _symptom(process: Process, violation: Violation) -> Callable[[], bool]:
    """Says after a line whether what the violation is about has happened."""
    law = violation.law
    store, actions = process.store, process.actions
    if law == "restore":
        return lambda: store.working != store.committed
    if law.startswith(("invariant:", "transition:")):
        return lambda: _holds_no_more(process.machine, store.working, law)
    if law in ("ids", "stored"):
        return lambda: len(actions) > 0
    return lambda: store.working != store.committed or (law == "completion" and len(actions) > 0)


def _holds_no_more(machine: Machine, state: Any, law: str) -> bool:
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
    """A trace function for the frames of the author's file: the first line after which `sign` is true, and the last."""

    def __init__(self, machine: Machine, sign: Callable[[], bool]) -> None:
        self._file = machine.source
        self._sign = sign
        self._inside = False
        self.first = 0
        self.last = 0
        self._before: Any = None

    def __enter__(self) -> "LineTracer":
        self._before = sys.gettrace()
        sys.settrace(self.call)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._before)

    def call(self, frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename != self._file or self._inside:
            return None
        return self.line

    def line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if self._inside:
            return self.line
        if not self.first and self.last:
            self._inside = True
            try:
                if self._sign():
                    self.first = self.last
            except Exception:  # a half-built state may not even be comparable
                pass
            finally:
                self._inside = False
        if event == "line":
            self.last = frame.f_lineno
        return self.line
