"""Plain data as TOML values on one line, and back, exactly; what a session file is is said in `session_text`.

Tables and lists are put together here, because a line of a session must stay a line; scalars and keys are written by
tomli_w, so that escaping is the library's. What TOML lacks is written as a table that no typed value is stored as:

    None                      { type = "None" }
    an int beyond 64 bits     { type = "int", value = "18446744073709551616" }
    a lone surrogate          { type = "str", value = "the UTF-8 bytes (surrogates passed) in hexadecimal" }
    any other table that would read as one of these, or has such a key
                              { type = "table", value = [["key", value], …] }
"""

import re
from functools import lru_cache
from typing import Any

import tomli_w

MAX_DEPTH = 100  # brackets within brackets; tomllib spends three frames on each, and Python has a thousand
LEAST, MOST = -(2**63), 2**63 - 1
NONE = '{ type = "None" }'
ALONE = frozenset({"None"})
WITH_VALUE = frozenset({"int", "str", "table"})
LONGEST_DECIMAL = 1000  # digits; beyond, hexadecimal: Python limits the digits that it turns into an int


class NotStorable(Exception):
    """A value that no session file holds: too deep, of another type, or an escape that is not one."""


def value_text(plain: Any, depth: int = 1) -> str:
    """`plain` as a TOML value without a line break. Raises `UnfitError`."""
    kind = type(plain)
    if kind is str:
        return _text(plain) if _is_text(plain) else _tagged("str", plain.encode("utf-8", "surrogatepass").hex(), depth)
    if kind is bool or kind is float or (kind is int and LEAST <= plain <= MOST):
        return _scalar(plain)
    if depth > MAX_DEPTH:
        raise NotStorable(f"it nests deeper than {MAX_DEPTH} levels")
    if plain is None:
        return NONE
    if kind is int:
        return _tagged("int", _digits(plain), depth)
    if kind is list:
        return f"[{', '.join([value_text(item, depth + 1) for item in plain])}]"
    if kind is dict:
        return _table(plain, depth)
    raise NotStorable(f"{kind.__name__} is not plain data")


def from_toml(value: Any, depth: int = 1) -> Any:
    """The plain data that tomllib's `value` stands for. Raises `UnfitError`."""
    kind = type(value)
    if kind is str or kind is bool or kind is float:
        return value
    if kind is int:
        if not LEAST <= value <= MOST:
            raise NotStorable("a number beyond 64 bits stands without quotes")
        return value
    if depth > MAX_DEPTH:
        raise NotStorable(f"it nests deeper than {MAX_DEPTH} levels")
    if kind is list:
        return [from_toml(item, depth + 1) for item in value]
    if kind is dict:
        if _reads_as_escape(value):
            return _unescape(value, depth)
        return {key: from_toml(item, depth + 1) for key, item in value.items()}
    raise NotStorable(f"a {kind.__name__} stands without quotes")  # TOML has dates and times; sessions have texts


def _table(plain: dict[str, Any], depth: int) -> str:
    if not plain:
        return "{}"
    if _reads_as_escape(plain) or not all(map(_is_text, plain)):
        return _tagged("table", [[key, item] for key, item in plain.items()], depth)
    return f"{{ {', '.join([f'{_key(key)} = {value_text(item, depth + 1)}' for key, item in plain.items()])} }}"


def _tagged(tag: str, value: Any, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise NotStorable(f"it nests deeper than {MAX_DEPTH} levels")
    return f'{{ type = "{tag}", value = {value_text(value, depth + 1)} }}'


def _reads_as_escape(table: dict[str, Any]) -> bool:
    tag = table.get("type")
    if type(tag) is not str:
        return False
    return (tag in ALONE and len(table) == 1) or (tag in WITH_VALUE and len(table) == 2 and "value" in table)


def _unescape(table: dict[str, Any], depth: int) -> Any:
    tag, value = table["type"], table.get("value")
    if tag == "None":
        return None
    if tag == "int" and type(value) is str:
        return _read_digits(value)
    if tag == "str" and type(value) is str:
        try:
            return bytes.fromhex(value).decode("utf-8", "surrogatepass")
        except ValueError:
            raise NotStorable(f"not text in hexadecimal: {value[:40]!r}") from None
    if tag == "table" and type(value) is list:
        pairs = from_toml(value, depth + 1)
        if all(type(pair) is list and len(pair) == 2 and type(pair[0]) is str for pair in pairs):
            table = dict(pairs)
            if len(table) == len(pairs):
                return table
    raise NotStorable(f'a table of type "{tag}" holds {str(value)[:40]!r}')


def _digits(value: int) -> str:
    return str(value) if value.bit_length() < 3 * LONGEST_DECIMAL else f"{value:#x}"


def _read_digits(text: str) -> int:
    if len(text) <= LONGEST_DECIMAL + 1 and re.fullmatch("-?[0-9]+", text):
        value = int(text)
    elif re.fullmatch("-?0x[0-9a-f]+", text):
        value = int(text, 16)
    else:
        raise NotStorable(f"not a whole number: {text[:40]!r}")
    if LEAST <= value <= MOST:
        raise NotStorable(f"{value} needs no quotes")
    return value


def _is_text(text: object) -> bool:
    """Whether TOML can hold it: any string but one with half of a surrogate pair."""
    if type(text) is not str:
        raise NotStorable(f"the key {text!r} is not text")
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _scalar(value: object) -> str:
    return tomli_w.dumps({"k": value})[4:-1]


def _text(value: str) -> str:
    return _short_text(value) if len(value) <= 80 else _scalar(value)


@lru_cache(maxsize=4096)
def _short_text(value: str) -> str:
    return _scalar(value)


@lru_cache(maxsize=4096)
def _key(key: str) -> str:
    return tomli_w.dumps({key: 0})[: -len(" = 0\n")]
