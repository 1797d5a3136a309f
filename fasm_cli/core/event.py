"""What can happen to a machine. A trace is a list of events; every source of them makes these and nothing else.

An event names an action by its cause, `7.2` being the second action of step 7, so that a trace keeps its meaning when
other steps are cut out of it. To add a kind of event, add a class here and its branch in `step.Process.step`.
"""

import re
from dataclasses import dataclass
from typing import Any

from fasm_cli.core.errors import InputError


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The `index`-th action (from 1) of step `step`; printed `7.2`."""

    step: int
    index: int

    def __str__(self) -> str:
        return f"{self.step}.{self.index}"


def read_ref(text: str) -> Ref:
    """`7.2` as a Ref. Raises `InputError`."""
    found = re.fullmatch(r"(\d{1,9})\.(\d{1,9})", text)
    if found is None:
        raise InputError(f"not an action: {text!r}", "write STEP.N, like 1.1; `pending` lists them")
    return Ref(int(found[1]), int(found[2]))


@dataclass(slots=True)
class Submit:
    """An input from outside."""

    value: Any


@dataclass(slots=True)
class Complete:
    """A result comes back for the tracked action `of`, which was emitted under `id`."""

    of: Ref | None
    id: Any
    result: Any


@dataclass(slots=True)
class Crash:
    """The process dies between two transitions: what is not committed state is gone."""


@dataclass(slots=True)
class Restore:
    """The process starts again from the committed state and `restore` emits the pending actions."""


Event = Submit | Complete | Crash | Restore
