"""Parses source text to values without running it: `ast.parse`, then a walk over the permitted nodes.

Permitted are literals, collections, and calls of the constructors of the machine's types. The constructors are the
author's own code, and a `__post_init__` may raise. Every error points at its column.
"""

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, timezone
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from fasm_cli.errors import InputError, did_you_mean
from fasm_cli.types.convert import Encoders
from fasm_cli.types.fields import REQUIRED
from fasm_cli.types.format import format_value
from fasm_cli.types.from_annotations import SchemaRegistry
from fasm_cli.types.plain import DecodeError
from fasm_cli.types.scalars import LARGEST, SCALARS
from fasm_cli.types.schema import RecordSchema

MAX_LENGTH, MAX_DEPTH = 100_000, 60

BUILDERS: dict[str, Callable[..., Any]] = {
    **{kind.__name__: row.build for kind, row in SCALARS.items() if row.build is not None},
    "set": set,
    "frozenset": frozenset,
    "timezone": timezone,
    "ZoneInfo": ZoneInfo,
}
CONSTANTS: dict[str, Any] = {"inf": float("inf"), "nan": float("nan")}


class Parser:
    """Parses values of the types of one machine."""

    def __init__(self, registry: SchemaRegistry, encoders: Encoders) -> None:
        self._records: dict[type, RecordSchema] = registry.records
        self._classes: Mapping[str, type] = registry.classes
        self._encoders = encoders

    def parse(self, text: str) -> Any:
        """The value that `text` denotes. Raises `InputError` with the column of the error."""
        tree = parse_ast(text)
        try:
            return self._value(tree, 0)
        except ParseError as error:
            raise InputError(error.message, error.hint, column_of(text, error.node)) from None

    def arguments(self, text: str, name: str, fields: tuple[str, ...]) -> list[Any]:
        """The arguments of a call `name(…)`, where `name` is no type of the machine, in the order of `fields`.

        Raises `InputError` if `text` is not a call of `name` with exactly these arguments.
        """
        tree = parse_ast(text)
        try:
            match tree:
                case ast.Call(func=ast.Name(id=called), args=args, keywords=keywords) if called == name:
                    given = dict(zip(fields, args, strict=False))
                    given.update({keyword.arg: keyword.value for keyword in keywords if keyword.arg})
                    if set(given) == set(fields) and len(args) + len(keywords) == len(fields):
                        return [self._value(given[field], 1) for field in fields]
            raise ParseError(tree, f"write {name}({', '.join(f'{field}=…' for field in fields)})")
        except ParseError as error:
            raise InputError(error.message, error.hint, column_of(text, error.node)) from None

    def _value(self, node: ast.expr, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ParseError(node, f"nested more than {MAX_DEPTH} levels deep")
        deeper = depth + 1
        match node:
            case ast.Constant(value=value):
                return _literal(node, value)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                number = self._value(operand, deeper)
                if type(number) not in (int, float):
                    raise ParseError(node, "a sign must precede a number")
                return -number if isinstance(sign, ast.USub) else number
            case ast.List(elts=elements):
                return [self._value(element, deeper) for element in elements]
            case ast.Tuple(elts=elements):
                return tuple([self._value(element, deeper) for element in elements])
            case ast.Set(elts=elements):
                return {self._hashable(element, deeper) for element in elements}
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values, deeper)
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                return self._attribute(node, owner, name)
            case ast.Call(func=ast.Name(id=name)):
                return self._call(node, name, deeper)
        construct = _FORBIDDEN.get(type(node), "an operator")
        raise ParseError(node, f"{construct} is not allowed in a value", _ALLOWED)

    def _hashable(self, node: ast.expr, depth: int) -> Any:
        value = self._value(node, depth)
        try:
            hash(value)
        except TypeError:
            why = f"{format_value(value)} has no hash; it cannot be an element of a set or a key"
            raise ParseError(node, why) from None
        return value

    def _dict(self, keys: list[ast.expr | None], values: list[ast.expr], depth: int) -> dict[Any, Any]:
        out: dict[Any, Any] = {}
        for key_node, value_node in zip(keys, values, strict=True):
            if key_node is None:
                raise ParseError(value_node, "** is not allowed in a value")
            key = self._hashable(key_node, depth)
            if key in out:
                raise ParseError(key_node, f"the key {format_value(key)} occurs twice")
            out[key] = self._value(value_node, depth)
        return out

    def _name(self, node: ast.expr, name: str) -> Any:
        if name in CONSTANTS:
            return CONSTANTS[name]
        kind = self._classes.get(name)
        if kind is None:
            raise self._unknown(node, name)
        if kind in self._records:  # `Increment` means `Increment()`
            return self._build(node, kind, [], {})
        raise ParseError(node, f"{name} is an enum; write one of its members", f"one of {_members(kind)}")

    def _attribute(self, node: ast.expr, owner: str, name: str) -> Any:
        if owner == "timezone" and name == "utc":
            return UTC
        kind = self._classes.get(owner)
        if kind is None:
            raise self._unknown(node, owner)
        if not issubclass(kind, Enum):
            raise ParseError(node, f"{owner} is not an enum: {owner}.{name} has no value")
        if name not in kind.__members__:
            raise ParseError(node, f"{owner} has no member {name!r}", did_you_mean(name, kind.__members__))
        return kind[name]

    def _call(self, node: ast.Call, name: str, depth: int) -> Any:
        kind = self._classes.get(name)
        builder = BUILDERS.get(name)
        if kind is None and builder is None:
            raise self._unknown(node, name)
        values = [(arg, self._value(arg, depth)) for arg in node.args]
        named: dict[str, tuple[ast.expr, Any]] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ParseError(keyword.value, "** is not allowed in a value")
            if keyword.arg in named:
                raise ParseError(keyword.value, f"{keyword.arg} is given twice")
            named[keyword.arg] = keyword.value, self._value(keyword.value, depth)
        if kind is not None and kind in self._records:
            return self._build(node, kind, values, named)
        constructor = kind or builder
        assert constructor is not None
        return _call_constructor(node, name, constructor, [value for _, value in values], named)

    def _build(
        self, node: ast.expr, kind: type, args: list[tuple[ast.expr, Any]], named: dict[str, tuple[ast.expr, Any]]
    ) -> Any:
        fields = self._records[kind].fields
        names = [field.name for field in fields]
        signature = f"{kind.__name__}({', '.join(names)})"
        if len(args) > len(fields):
            raise ParseError(
                args[len(fields)][0], f"{kind.__name__} takes {len(fields)} values, got {len(args)}", signature
            )
        given = dict(zip(names, args, strict=False))
        for name, (value_node, value) in named.items():
            if name not in names:
                raise ParseError(value_node, f"{kind.__name__} has no field {name!r}", did_you_mean(name, names))
            if name in given:
                raise ParseError(value_node, f"{name} is given twice")
            given[name] = (value_node, value)
        missing = [field.name for field in fields if field.name not in given and field.default is REQUIRED]
        if missing:
            raise ParseError(node, f"{kind.__name__} lacks {', '.join(missing)}", signature)
        for field in fields:
            if field.name in given:
                value_node, value = given[field.name]
                try:
                    self._encoders.of(field.schema)(value)
                except DecodeError as wrong:
                    raise ParseError(value_node, f"{kind.__name__}.{wrong.at(field.name)}") from None
        return _call_constructor(node, kind.__name__, kind, [], given)

    def _unknown(self, node: ast.expr, name: str) -> "ParseError":
        return ParseError(node, f"no type {name!r} in this machine", did_you_mean(name, self._classes))


class ParseError(Exception):
    """`node` is not permitted in a value, or not legal in its place."""

    def __init__(self, node: ast.expr, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.node, self.message, self.hint = node, message, hint


_ALLOWED = "write literals, collections and Name(field=value)"
_FORBIDDEN: dict[type[ast.expr], str] = {
    ast.Attribute: "a dotted name that is not Enum.MEMBER",
    ast.Await: "await",
    ast.Call: "a call of anything but a name",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.IfExp: "a condition",
    ast.JoinedStr: "an f-string",
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.NamedExpr: "an assignment",
    ast.SetComp: "a comprehension",
    ast.Starred: "*",
    ast.Subscript: "an index",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}


def _literal(node: ast.expr, value: Any) -> Any:
    if value is Ellipsis or isinstance(value, complex):
        raise ParseError(node, f"{'...' if value is Ellipsis else value} is not allowed in a value", _ALLOWED)
    if isinstance(value, float) and value == CONSTANTS["inf"]:  # 1e999: Python rounds it to inf
        raise ParseError(node, "the number is too large for a float", "write inf if you mean it")
    if type(value) is int and value > LARGEST:  # only a hexadecimal literal can be so large
        raise ParseError(node, "an int of more than 4300 digits cannot be stored")
    return value


def _call_constructor(
    node: ast.expr, name: str, build: Callable[..., Any], args: list[Any], named: dict[str, tuple[ast.expr, Any]]
) -> Any:
    try:
        return build(*args, **{key: value for key, (_, value) in named.items()})
    except Exception as error:  # the constructor of the author or of a scalar may raise anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ParseError(node, f"{name} refuses the value: {reason}") from None


def _members(kind: Any) -> str:
    return ", ".join(f"{kind.__name__}.{name}" for name in kind.__members__)


def parse_ast(text: str, write: str = "write Name(field=value)") -> ast.expr:
    """The tree of one expression. Raises `InputError` with the column, and `write` as the hint, if `text` is none."""
    if len(text) > MAX_LENGTH:
        raise InputError(f"a value of {len(text)} characters is too long; the limit is {MAX_LENGTH}")
    if not text.strip():
        raise InputError("the value is missing", write)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a string is a SyntaxWarning from Python 3.12 on
            return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        known = error.lineno is not None and error.offset is not None
        column = min(_line_start(text, error.lineno or 1) + max((error.offset or 1) - 1, 0), len(text))
        why = error.msg.partition("; use sys.set_int_max_str_digits")[0]  # advice that does not apply here
        raise InputError(f"not a value: {why}", write, column if known else None) from None
    except (MemoryError, RecursionError):  # from thousands of brackets, signs or dots
        raise InputError("not a value: nested too deeply") from None
    except ValueError as error:  # a NUL character or half a surrogate pair
        raise InputError(f"not a value: {error}") from None


def column_of(text: str, node: ast.expr) -> int:
    """The position in `text`, in characters, at which `node` begins."""
    start = _line_start(text, node.lineno)
    line = text[start:].encode("utf-8", "surrogatepass")  # ast counts bytes
    return start + len(line[: node.col_offset].decode("utf-8", "ignore"))


def _line_start(text: str, number: int) -> int:
    """The position in `text` of line `number` of the stripped text. Lines end as in Python source, not as in `str`."""
    first = len(text) - len(text.lstrip())
    starts = [0, *(end.end() for end in re.finditer(r"\r\n|\r|\n", text.strip()))]
    return first + starts[min(number, len(starts)) - 1]
