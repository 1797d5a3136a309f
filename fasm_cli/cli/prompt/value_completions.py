"""What may stand in a place, and which of it is meant by the word typed there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from fasm_cli.cli.prompt.argument_context import arguments
from fasm_cli.contract.constraints import Between, OneOf
from fasm_cli.types.description import schema_label
from fasm_cli.types.format import format_value
from fasm_cli.types.schema import (
    CollectionSchema,
    DatabaseSchema,
    DictSchema,
    EnumSchema,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
)

OPENING: dict[type, str] = {list: "[", tuple: "(", set: "{", frozenset: "frozenset({"}
PART = r"(?:(?<![A-Za-z0-9])|(?-i:(?<=[a-z])(?=[A-Z])))"  # where a part of a name begins
MOST = 200  # of the options of one place: nobody reads further


@dataclass(frozen=True, slots=True)
class Option:
    """A text that may stand in a place; `meta` says beside it what it is."""

    text: str
    meta: str = ""


def values(shape: Schema) -> Iterator[Option]:
    """What a value of `shape` may begin with, or be."""
    choice = next((limit for limit in shape.constraints if isinstance(limit, OneOf)), None)
    if choice is not None:
        yield from (Option(format_value(value)) for value in choice.values)
        return
    match shape:
        case UnionSchema(members=members):
            for member in members.values():
                yield from values(member)
        case NoneSchema():
            yield Option("None")
        case EnumSchema(cls=kind):
            yield from (Option(f"{kind.__name__}.{name}", _member(each)) for name, each in kind.__members__.items())
        case RecordSchema():
            yield call(shape)
        case CollectionSchema(cls=kind):
            yield Option(OPENING[kind], schema_label(shape))
        case TupleSchema():
            yield Option("(", schema_label(shape))
        case DictSchema():
            yield Option("{", schema_label(shape))
        case ScalarSchema():
            yield from _scalars(shape)
        case DatabaseSchema():
            return
        case _:
            assert_never(shape)


def _member(member: object) -> str:
    value = getattr(member, "value", None)
    return format_value(value) if isinstance(value, int | str) else ""


def _scalars(shape: ScalarSchema) -> Iterator[Option]:
    limit = next((limit for limit in shape.constraints if isinstance(limit, Between)), None)
    if limit is not None:
        yield from (Option(format_value(limit.low), "the lowest"), Option(format_value(limit.high), "the highest"))
    elif shape.scalar.cls is bool:
        yield from (Option("True"), Option("False"))
    elif shape.scalar.build is not None:
        yield Option(f"{shape.scalar.cls.__name__}(", schema_label(shape))


def call(record: RecordSchema) -> Option:
    """`Name(`, or `Name()` where there is nothing to fill in."""
    name = record.cls.__name__
    return Option(f"{name}({'' if record.fields else ')'}", ", ".join(map(str, arguments(record))))


def ranked(word: str, options: Iterable[Option]) -> list[Option]:
    """Those that `word` may mean: what begins with it, then what begins with it in capitals or not, then what has its
    letters in that order, the first at the beginning of a part (`pts` of `RedeemPoints`). Within each, as they came."""
    wanted = word.lower()
    loose = re.compile(PART + ".*?".join(map(re.escape, word)), re.IGNORECASE)
    kept: tuple[list[Option], list[Option], list[tuple[int, int, Option]]] = ([], [], [])
    for at, option in enumerate(options):
        text = option.text.lower()
        if option.text == word:
            continue
        if option.text.startswith(word):
            kept[0].append(option)
        elif text.startswith(wanted):
            kept[1].append(option)
        elif found := loose.search(option.text):
            kept[2].append((found.end() - found.start(), at, option))
    fuzzy = [option for _, _, option in sorted(kept[2], key=lambda each: each[:2])]
    return list({option.text: option for option in (*kept[0], *kept[1], *fuzzy)}.values())[:MOST]
