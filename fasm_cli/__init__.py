"""fasm: fallible async state machines. This package exports the contract, which is all that a machine imports."""

from fasm_cli.contract.chooser import Chooser
from fasm_cli.contract.constraints import Between, OneOf, Size, Text
from fasm_cli.contract.database import (
    ConnectionLost,
    ConstraintError,
    Database,
    DatabaseError,
    Postgres,
    Sqlite,
    Tables,
)
from fasm_cli.contract.state_machine import (
    Actions,
    ActionsFull,
    Handler,
    Normal,
    Profile,
    RestoreError,
    StateMachine,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
    Untracked,
    eventually,
    invariant,
    sometimes,
    transition_invariant,
)

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import `Runtime` when it is first used: a machine does not need it, and it imports asyncio."""
    if name == "Runtime":
        from fasm_cli.runtime.runtime import Runtime

        return Runtime
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Actions",
    "ActionsFull",
    "Between",
    "Chooser",
    "ConnectionLost",
    "ConstraintError",
    "Database",
    "DatabaseError",
    "Handler",
    "Normal",
    "OneOf",
    "Postgres",
    "Profile",
    "RestoreError",
    "Size",
    "Sqlite",
    "StateMachine",
    "Tables",
    "Text",
    "Tracked",
    "TrackedActionCompleted",
    "TransitionError",
    "Untracked",
    "eventually",
    "invariant",
    "sometimes",
    "transition_invariant",
]
