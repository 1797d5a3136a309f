"""Expressions asked about the steps of a session: `state`, `prev` (the state before), `pending`, `up`."""

from typing import Any

from fasm_cli.debugger.expressions import Expression
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import InputError

NAMES = ("state", "prev", "pending", "up")


class Predicate:
    """A predicate. Where it cannot be answered (a field of what is None there) it is false, and `fault` says why."""

    def __init__(self, workbench: DebugSession, text: str) -> None:
        self._workbench = workbench
        self._expression = Expression(text, workbench.machine.schemas, NAMES)
        self.fault: InputError | None = None
        self.answered = False  # at least once

    def holds(self, step: int) -> bool:
        """Whether it is true after `step`."""
        try:
            held = self._expression.holds(variables(self._workbench, step))
        except InputError as error:
            self.fault = error
            return False
        self.answered = True
        return held


def variables(workbench: DebugSession, step: int) -> dict[str, Any]:
    """What the names stand for after `step`; `pending` maps ids to actions."""
    timeline = workbench.timeline
    now = timeline.snapshot(step)
    before = timeline.snapshot(timeline.journal[step].parent) if step else now
    pending = {id: each.tracked.action for id, each in now.pending.items()}
    return {"state": now.state, "prev": before.state, "pending": pending, "up": now.running}


def answer(workbench: DebugSession, text: str, step: int | None = None) -> Any:
    """What `text` comes to at `step` (the head where None). Raises `InputError`."""
    expression = Expression(text, workbench.machine.schemas, NAMES)
    return expression.value(variables(workbench, workbench.timeline.head if step is None else step))
