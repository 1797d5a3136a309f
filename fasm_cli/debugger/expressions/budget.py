"""What one question may cost.

Each node and element that is looked at counts, and what a question puts together counts by what it holds, each part as
often as it stands there: a hundred characters can build a list that holds another ten times over, and that one another,
which is few objects, and more to compare or to print than there is memory.
"""

import ast
from collections.abc import Iterable
from sys import getsizeof
from typing import Any

from fasm_cli.contract.database import Tables
from fasm_cli.debugger.expressions.grammar import LARGEST, MAX_DIGITS, ExpressionError, field_names

MOST = 200_000  # things that are looked at, or held: a fraction of a second
PIECE = 64  # bytes of a text or a number that count as one thing
SMALLER = "ask about a smaller part of the state"


class Budget:
    """The work that one question has done."""

    def __init__(self) -> None:
        self._work = 0
        self._weights: dict[int, tuple[Any, int]] = {}  # by id, with the value: so that the id is not given to another

    def spend(self, node: ast.expr, work: int) -> None:
        """Count `work` that `node` does. Raises `Fault` where that is too much."""
        self._work += work
        if self._work > MOST:
            raise ExpressionError(node, f"that looks at more than {MOST} things", SMALLER)

    def charge_read(self, node: ast.expr, *values: Any) -> None:
        """Count what it costs to look at all that is in `values`. Raises `Fault`."""
        for value in values:
            self.spend(node, self._weight(value))

    def charge_build(self, node: ast.expr, value: Any) -> Any:
        """`value`, which was put together here. Raises `Fault` where it holds too much."""
        if self._weight(value) > MOST:
            raise ExpressionError(node, f"that would hold more than {MOST} things", SMALLER)
        if type(value) is int and not -LARGEST < value < LARGEST:
            raise ExpressionError(node, f"a number of more than {MAX_DIGITS} digits")
        return value

    def _weight(self, value: Any) -> int:
        """How much `value` holds; some number beyond MOST where it is more than that."""
        if type(value) in (int, str, bytes):
            return 1 + getsizeof(value) // PIECE
        known = self._weights.get(id(value))
        if known is not None:
            return known[1]
        weight = 1
        for part in _parts(value):
            weight += self._weight(part)
            if weight > MOST:
                break
        if weight > 1:
            self._weights[id(value)] = (value, weight)
        return weight


def _parts(value: Any) -> Iterable[Any]:
    if type(value) in (list, tuple, set, frozenset):
        return value  # type: ignore[no-any-return]
    if isinstance(value, dict):
        return (part for pair in value.items() for part in pair)
    if isinstance(value, Tables):
        return (dict(table.rows) for table in value.by_name.values())
    return (getattr(value, name) for name in field_names(value))
