"""Defines `Finding`, everything that is known about a violated law: its trace, its place, and where it came from.

A simulation, the shrinker and the comparison of replicas fill in one finding with `dataclasses.replace`.
"""

from dataclasses import dataclass, field

from fasm_cli.engine.events import Restore
from fasm_cli.engine.records import Record
from fasm_cli.engine.trace import EncodedOccurrence
from fasm_cli.types.plain import TAG


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`law` is the id of the law (`completion`, `invariant:never_in_debt`), `reason` one line for a person.

    `file` and `line` are the author's code that violates the law (0: unknown), `at` the machine of a system.

    `trace` leads from the initial state to the violation; it is plain data and empty if no trace reproduces the
    violation. For a law about quiescence the events from number `quiescing_from` on belong to the final phase, in which
    every result is delivered. `records` are the executed steps of a shrunk trace, and empty before.

    `seed` and `run` say which run of a simulation violated the law, `by_replicas` that it shows only when processes
    are compared. `original_size` is the size of the trace before it was shrunk, and `is_smallest` is false if the time
    for shrinking ended before every pass was done.
    """

    law: str
    reason: str
    file: str = ""
    line: int = 0
    at: str = ""
    trace: tuple[EncodedOccurrence, ...] = ()
    quiescing_from: int = 0
    records: tuple[Record, ...] = ()
    seed: int | None = None
    run: int | None = None
    by_replicas: bool = False
    original_size: int = 0
    is_smallest: bool = True
    signature: str = field(default="", compare=False, repr=False)  # tells apart the ways to violate the same law

    @property
    def key(self) -> tuple[str, int]:
        """What makes two findings the same one: the law with its name, and the line."""
        return self.law, self.line

    @property
    def trace_before_quiescing(self) -> tuple[EncodedOccurrence, ...]:
        """The trace up to the final phase, in which every result is delivered."""
        return tuple(each for each in self.trace if not self.quiescing_from or each[0] < self.quiescing_from)

    @property
    def size(self) -> int:
        """How many inputs, completions, crashes and faults the trace has before the final phase."""
        return sum(plain[TAG] != Restore.type_name for _, _, _, plain in self.trace_before_quiescing)

    @property
    def last_step(self) -> int:
        """The number of the last step of the trace; 0 if there is no trace."""
        return self.trace[-1][0] if self.trace else 0
