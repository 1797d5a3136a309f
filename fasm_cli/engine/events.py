"""What can happen to a machine. A trace is a list of events; every source of them makes these and nothing else.

An event names an action by its cause, `7.2` being the second action of step 7, so that a trace keeps its meaning when
other steps are cut out of it. To add a kind of event, add a class here and its branch in `step.Process.step`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fasm_cli.errors import InputError


@dataclass(frozen=True, slots=True, order=True)
class ActionRef:
    """The `index`-th action (from 1) of step `step`; printed `7.2`."""

    step: int
    index: int

    def __str__(self) -> str:
        return f"{self.step}.{self.index}"


def parse_ref(text: str) -> ActionRef:
    """`7.2` as a Ref. Raises `InputError`."""
    found = re.fullmatch(r"(\d{1,9})\.(\d{1,9})", text)
    if found is None:
        raise InputError(f"not an action: {text!r}", "write STEP.N, like 1.1; `pending` lists them")
    return ActionRef(int(found[1]), int(found[2]))


@dataclass(slots=True)
class InputReceived:
    """An input from outside."""

    value: Any


@dataclass(slots=True)
class Completion:
    """A result comes back for the tracked action `of`, which was emitted under `id`."""

    of: ActionRef | None
    id: Any
    result: Any


@dataclass(slots=True)
class ResultLost:
    """The action `of` was carried out, and its result never arrives."""

    of: ActionRef | None
    id: Any


class CrashPoint(StrEnum):
    """Where a process dies."""

    BETWEEN = "between"  # two transitions; every action of the last one was sent out
    AFTER_COMMIT = "after-commit"  # before the first action of the last step was sent out
    AFTER_ACTION = "after-action"  # when the first `at` actions of the last step were sent out
    BEFORE_COMMIT = "before-commit"  # at the end of the *next* transition: it never happened
    IN_RESTORE = "in-restore"  # at the `at`-th emission of the *next* restore


ARMED_POINTS = (CrashPoint.BEFORE_COMMIT, CrashPoint.IN_RESTORE)  # these wait for what comes next


@dataclass(slots=True)
class Crash:
    """The process dies: what is not committed state is gone."""

    point: CrashPoint = CrashPoint.BETWEEN
    nth: int = 0


@dataclass(slots=True)
class Restore:
    """The process starts again from the committed state and `restore` emits the pending actions."""


class FaultKind(StrEnum):
    """What can fail under the next transition; what is counted, also under the next restore."""

    ACTIONS_FULL = "actions_full"  # the `at`-th call of actions.add raises ActionsFull
    LOAD = "load"  # the store cannot give the state: the transition does not start
    COMMIT = "commit"  # the store refuses the commit: nothing is written
    UNKNOWN = "unknown"  # the commit is written and the answer lost: the process restarts to find out
    CANCEL = "cancel"  # the `at`-th await of the state is cancelled
    DISCONNECT = "disconnect"  # the `at`-th await of the state fails: the connection is lost


AWAIT_FAULTS = (FaultKind.CANCEL, FaultKind.DISCONNECT)  # these need a state that is awaited
INDEXED_FAULTS = (FaultKind.ACTIONS_FULL, *AWAIT_FAULTS)


@dataclass(slots=True)
class InjectedFault:
    """The next transition fails at a point that its machine must be ready for."""

    kind: FaultKind
    nth: int = 0


Event = InputReceived | Completion | ResultLost | Crash | Restore | InjectedFault
