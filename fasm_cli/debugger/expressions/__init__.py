"""Questions about a state, as a person types them: `state.points >= 100 and not pending`.

A small part of Python, walked node by node: nothing is given to `eval`, no attribute is read but the fields of the
author's records, the members of their enums, and the tables and columns of a database; nothing is called but a few
functions without side effects and the constructors of the machine's types. What one question may cost is bounded, so
that no line can hang the prompt.
"""

from typing import Any

from fasm_cli.debugger.expressions.check import StaticCheck
from fasm_cli.debugger.expressions.evaluate import Evaluation, Scope
from fasm_cli.debugger.expressions.grammar import ExpressionError, short
from fasm_cli.errors import InputError
from fasm_cli.types.codec import SchemaRegistry
from fasm_cli.types.parse import column_of, parse_ast


class Expression:
    """One question; `names` are the variables it may ask about. Raises `InputError` with the column of a fault."""

    def __init__(self, text: str, shapes: SchemaRegistry, names: tuple[str, ...]) -> None:
        self.text = text
        self._shapes = shapes
        self._tree = parse_ast(text, f"write an expression over {', '.join(names)}")
        try:
            StaticCheck(names, shapes.classes).at(self._tree, set(names), 0)
        except ExpressionError as fault:
            raise self._error(fault) from None

    def value(self, scope: Scope) -> Any:
        """Its value where the variables stand for what is in `scope`. Raises `InputError`."""
        try:
            return Evaluation(self._shapes).of(self._tree, scope)
        except ExpressionError as fault:
            raise self._error(fault) from None

    def holds(self, scope: Scope) -> bool:
        """Whether it is true; a collection is where it is not empty. Raises `InputError` where it is no yes or no."""
        value = self.value(scope)
        if type(value) not in (bool, type(None), list, tuple, dict, set, frozenset):
            raise InputError(f"that is {short(value)}, neither True nor False", "write a comparison", 0)
        return bool(value)

    def _error(self, fault: ExpressionError) -> InputError:
        return InputError(fault.message, fault.hint, column_of(self.text, fault.node))
