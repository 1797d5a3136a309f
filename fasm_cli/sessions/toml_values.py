"""Converts plain data to TOML values on one line, and back without loss.

Sessions must keep one value on one line, so this module writes tables and lists itself; tomli_w writes scalars and
keys, so that escaping is the library's. A value that TOML lacks is written as a table that no typed value encodes to:

    None                      { type = "None" }
    an int beyond 64 bits     { type = "int", value = "18446744073709551616" }
    a lone surrogate          { type = "str", value = "its UTF-8 bytes (surrogatepass) in hexadecimal" }
    any other table that looks like one of these, or has a key that is not valid text
                              { type = "table", value = [["key", value], …] }

Reading is fast and bounded: `read_lines` hands lines without escapes to the C parser of `json` and everything else to
tomllib, after it has rejected the texts on which tomllib needs quadratic time or much memory (long dotted keys and long
numbers), which no session contains.
"""

import json
import re
import tomllib
from functools import lru_cache
from typing import Any

import tomli_w

MAX_DEPTH = 100  # nested brackets; tomllib uses three frames for each, and Python's limit is a thousand
MIN_INT, MAX_INT = -(2**63), 2**63 - 1
NONE = '{ type = "None" }'
TAGS_ALONE = frozenset({"None"})
TAGS_WITH_VALUE = frozenset({"int", "str", "table"})
MAX_DECIMAL_DIGITS = 1000  # longer numbers are hexadecimal: Python limits the decimal digits it converts to an int


class NotStorable(Exception):
    """No session file can hold the value: it is too deep, of another type, or not a valid escape."""


# --- writing -------------------------------------------------------------------------------------------------------


def value_text(plain: Any, depth: int = 1) -> str:
    """`plain` as a TOML value without a line break. Raises `NotStorable`."""
    kind = type(plain)
    if kind is str:
        return _text(plain) if _is_text(plain) else _tagged("str", plain.encode("utf-8", "surrogatepass").hex(), depth)
    if kind is bool or kind is float or (kind is int and MIN_INT <= plain <= MAX_INT):
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


def _table(plain: dict[str, Any], depth: int) -> str:
    if not plain:
        return "{}"
    if _is_escape(plain) or not all(map(_is_text, plain)):
        return _tagged("table", [[key, item] for key, item in plain.items()], depth)
    return f"{{ {', '.join([f'{_key(key)} = {value_text(item, depth + 1)}' for key, item in plain.items()])} }}"


def _tagged(tag: str, value: Any, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise NotStorable(f"it nests deeper than {MAX_DEPTH} levels")
    return f'{{ type = "{tag}", value = {value_text(value, depth + 1)} }}'


def _digits(value: int) -> str:
    return str(value) if value.bit_length() < 3 * MAX_DECIMAL_DIGITS else f"{value:#x}"


def _is_text(text: object) -> bool:
    """Whether TOML can hold the string: all but those with half of a surrogate pair."""
    if type(text) is not str:
        raise NotStorable(f"the key {text!r} is not a string")
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _scalar(value: object) -> str:
    """tomli_w writes whole documents only: `k = VALUE` and a line break."""
    return tomli_w.dumps({"k": value})[len("k = ") : -1]


def _text(value: str) -> str:
    return _short_text(value) if len(value) <= 80 else _scalar(value)


@lru_cache(maxsize=4096)
def _short_text(value: str) -> str:
    return _scalar(value)


@lru_cache(maxsize=4096)
def _key(key: str) -> str:
    return tomli_w.dumps({key: 0})[: -len(" = 0\n")]


# --- reading -------------------------------------------------------------------------------------------------------


def from_toml(value: Any, depth: int = 1) -> Any:
    """The plain data that a value read by tomllib stands for. Raises `NotStorable`."""
    kind = type(value)
    if kind is str or kind is bool or kind is float:
        return value
    if kind is int:
        if not MIN_INT <= value <= MAX_INT:
            raise NotStorable("a number beyond 64 bits must be in quotes")
        return value
    if depth > MAX_DEPTH:
        raise NotStorable(f"it nests deeper than {MAX_DEPTH} levels")
    if kind is list:
        return [from_toml(item, depth + 1) for item in value]
    if kind is dict:
        if _is_escape(value):
            return _unescape(value, depth)
        return {key: from_toml(item, depth + 1) for key, item in value.items()}
    raise NotStorable(f"a {kind.__name__} must be in quotes")  # TOML has dates and times, sessions have strings


def _is_escape(table: dict[str, Any]) -> bool:
    tag = table.get("type")
    if type(tag) is not str:
        return False
    return (tag in TAGS_ALONE and len(table) == 1) or (tag in TAGS_WITH_VALUE and len(table) == 2 and "value" in table)


def _unescape(table: dict[str, Any], depth: int) -> Any:
    tag, value = table["type"], table.get("value")
    if tag == "None":
        return None
    if tag == "int" and type(value) is str:
        return _parse_digits(value)
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
    raise NotStorable(f'a table of type "{tag}" cannot hold {str(value)[:40]!r}')


def _parse_digits(text: str) -> int:
    if len(text) <= MAX_DECIMAL_DIGITS + 1 and re.fullmatch("-?[0-9]+", text):
        value = int(text)
    elif re.fullmatch("-?0x[0-9a-f]+", text):
        value = int(text, 16)
    else:
        raise NotStorable(f"not an integer: {text[:40]!r}")
    if MIN_INT <= value <= MAX_INT:
        raise NotStorable(f"{value} must not be in quotes")
    return value


LINES = re.compile(rb"(?:(?:[a-z]+ = |    |\])[^\n]*\n)*")
STRINGS = re.compile(rb'"(?:[^"\\\n]|\\.)*"')
FORBIDDEN = re.compile(rb"""['#]|\"\"\"|\.[^,\n]*?\.|[\x00-\x09\x0b-\x1f\x7f]|[0-9A-Za-z_]{4301}""")


def read_lines(body: bytes) -> dict[str, Any]:
    """Parse the `key = value` lines of a block as TOML. Raises `NotStorable` or `tomllib.TOMLDecodeError`."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotStorable("it is not UTF-8") from None
    parsed = parse_as_json(text)
    if parsed is not None:
        return parsed
    if not LINES.fullmatch(body):
        raise NotStorable("it is not made of `key = value` lines")
    found = FORBIDDEN.search(STRINGS.sub(b'""', body))
    if found:
        raise NotStorable(f"{found[0][:20].decode('utf-8', 'replace')!r} is not allowed outside of quotes")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise NotStorable(f"it nests deeper than {MAX_DEPTH} levels") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # more digits than Python converts to an int
        raise NotStorable(str(error)[:200]) from None


# What parse_as_json relies on: in a text without escapes, the pieces between the quotes alternate between syntax and
# strings. Only the syntax is rewritten, and only where TOML and JSON agree on the rest.
NEEDS_TOMLLIB = re.compile(r"[\\\x00\r\x7f]")
JSON_ONLY = re.compile(r":|\[,|    ,|\n    \x00 =|null")
KEY_START = re.compile(r"(?:^|(?<=[{,] ))(?=[A-Za-z0-9_-]+ = )", re.MULTILINE)
LINE_END = r'},"\n",{'


def parse_as_json(text: str) -> dict[str, Any] | None:
    """The result of `tomllib.loads(text)`, several times faster; None if only tomllib can tell."""
    if NEEDS_TOMLLIB.search(text) or not text.endswith("\n"):
        return None
    pieces = text[:-1].split('"')
    syntax = "\0".join(pieces[::2])
    if len(pieces) % 2 == 0 or JSON_ONLY.search(syntax):
        return None
    syntax, bare_keys = KEY_START.subn('"', syntax.replace("\0 = ", "\0: "))
    if bare_keys != syntax.count(" = "):  # one of them does not follow a key
        return None
    syntax = syntax.replace(" = ", '": ').replace(",\n]", "]").replace("[\n    ", "[").replace(",\n    ", ", ")
    lines = syntax.count("\n") + 1
    pieces[::2] = syntax.replace("\n", LINE_END).split("\0")
    try:
        parsed = json.loads("[{" + '"'.join(pieces) + "}]", object_pairs_hook=_unique_keys, parse_constant=_reject)
    except (ValueError, RecursionError):
        return None
    # Strings cannot contain a line break here, so if every LINE_END is an element of the outer list, every line is a
    # complete table.
    if parsed[1::2] != ["\n"] * (lines - 1) or any(len(line) != 1 for line in parsed[::2]):
        return None
    values = {key: value for line in parsed[::2] for key, value in line.items()}
    return values if len(values) == lines else None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("duplicate key")
    return table


def _reject(word: str) -> Any:
    raise ValueError(f"{word} is valid in JSON only")
