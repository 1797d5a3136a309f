"""One function for each schema, made when it is first asked for: a copier, an encoder, a decoder, a generator."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from fasm_cli.types.schema import Schema

F = TypeVar("F", bound=Callable[[Any], Any])


class PerSchema(Generic[F]):
    """Functions that are told apart by the schema they are for, one object each. What could not be made whole (Ctrl-C
    came, or nothing can be made of the schema) is made anew the next time."""

    def __init__(self, make: Callable[[Schema], F]) -> None:
        self._make = make
        self._made: dict[int, F] = {}

    def of(self, schema: Schema) -> F:
        key = id(schema)
        made = self._made.get(key)
        if made is not None:
            return made

        def standing_in(value: Any) -> Any:  # for a type that contains itself
            return self.of(schema)(value)

        try:
            self._made[key] = cast(F, standing_in)
            self._made[key] = made = self._make(schema)
        except BaseException:
            self._made.pop(key, None)
            raise
        return made
