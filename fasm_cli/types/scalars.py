"""Lists the scalar types, one row each: how a value is stored, read back, written as source and drawn at random.

To add a scalar type, add a row to `SCALARS`.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fasm_cli.contract.chooser import Chooser

Draw = Callable[[Chooser], Any]

LARGEST = 10**4300 - 1  # Python neither parses nor prints an int with more digits
LETTERS = "abcdefghijklmnopqrstuvwxyz"
EDGE_TEXTS = ("", " ", "é", "日本", "a'b", 'a"b', "\\", "\n", "0", "None", "🙂")
EDGE_INTS = (0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1)
EDGE_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.1, 1e-9, 1e15)
EDGE_RATE = 0.05  # the share of edge cases among drawn values
FIRST_DAY = datetime(2024, 1, 1)  # dates are drawn from the year that begins here


class Scalar(NamedTuple):
    """How the package treats one scalar type.

    stored_as: the type of the plain data.
    encode: returns the plain data of a value. Raises `ValueError` if the value cannot be stored.
    decode: returns the value of plain data. Raises `ValueError` if there is none.
    source: returns a literal or constructor call that evaluates to the value.
    canonical: returns the same plain data for equal values; used for digests.
    draw: returns a random value.
    build: the function that the parser calls for the type's name in source text; None if Python has a literal.
    bounds: the types that the two ends of a `Between` may have; empty if the type has no order.
    draw_between: returns a `Draw` of the values between two bounds, both included.
    """

    cls: type
    stored_as: type
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    source: Callable[[Any], str]
    canonical: Callable[[Any], Any]
    draw: Draw
    build: Callable[..., Any] | None = None
    bounds: tuple[type, ...] = ()
    draw_between: Callable[[Any, Any], Draw] | None = None


# --- stored and written forms ---


def _same(value: Any) -> Any:
    return value


_FOLD = "[fold=1]"  # stored if the offset from UTC does not distinguish two equal clock readings


def _datetime_text(value: datetime | time) -> str:
    zone = value.tzinfo
    text = value.isoformat()
    fold = _FOLD if value.fold and value.utcoffset() == value.replace(fold=0).utcoffset() else ""
    if zone is None or isinstance(zone, timezone):
        return f"{text}{fold}"
    if isinstance(zone, ZoneInfo) and zone.key:
        return f"{text}[{zone.key}]{fold}"
    raise ValueError(f"a tzinfo of type {type(zone).__name__} cannot be stored; use timezone or ZoneInfo")


def _split_zone(text: str) -> tuple[str, ZoneInfo | None, int]:
    plain = text.removesuffix(_FOLD)
    fold = int(plain != text)
    found = re.fullmatch(r"(.+)\[([^\]]+)\]", plain)
    if found is None:
        return plain, None, fold
    try:
        return found[1], ZoneInfo(found[2]), fold
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {found[2]!r}") from error


def _read_datetime(text: str) -> datetime:
    plain, zone, fold = _split_zone(text)
    value = datetime.fromisoformat(plain).replace(fold=fold)
    if zone is None:
        return value
    local = value.replace(tzinfo=zone)
    return local if local.utcoffset() == value.utcoffset() else local.replace(fold=1)


def _read_time(text: str) -> time:
    plain, zone, fold = _split_zone(text)
    value = time.fromisoformat(plain).replace(fold=fold)
    return value if zone is None else value.replace(tzinfo=zone)


def _canonical_datetime(value: datetime) -> str:
    offset = value.utcoffset()
    if offset is None:
        return value.replace(fold=0).isoformat()
    try:
        return value.astimezone(UTC).isoformat()
    except OverflowError:  # the day in UTC may lie outside the calendar
        return f"{_timedelta_text(value.replace(tzinfo=None) - datetime.min - offset)}Z"


def _canonical_time(value: time) -> str:
    offset = value.utcoffset()
    if offset is None:
        return value.replace(fold=0, tzinfo=None).isoformat()
    clock = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    return f"{_timedelta_text(clock - offset)}Z"


def _zone_source(zone: Any) -> str:
    if zone is UTC:
        return "timezone.utc"
    if isinstance(zone, ZoneInfo):
        return f"ZoneInfo({zone.key!r})"
    return f"timezone({_timedelta_source(zone.utcoffset(None))})"


def _format_clock(value: datetime | time, parts: list[int]) -> str:
    least = 3 if isinstance(value, datetime) else 0
    while len(parts) > least + 2 and parts[-1] == 0:
        parts.pop()
    zone = "" if value.tzinfo is None else f", tzinfo={_zone_source(value.tzinfo)}"
    fold = ", fold=1" if value.fold else ""
    return f"{type(value).__name__}({', '.join(map(str, parts))}{zone}{fold})"


def _datetime_source(value: datetime) -> str:
    clock = [value.hour, value.minute, value.second, value.microsecond]
    return _format_clock(value, [value.year, value.month, value.day, *clock])


def _time_source(value: time) -> str:
    return _format_clock(value, [value.hour, value.minute, value.second, value.microsecond])


def _date_source(value: date) -> str:
    return f"date({value.year}, {value.month}, {value.day})"


def _timedelta_text(value: timedelta) -> str:
    minutes, seconds = divmod(value.seconds, 60)
    fraction = f".{value.microseconds:06}" if value.microseconds else ""
    return f"{value.days}d {minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"


def _read_timedelta(text: str) -> timedelta:
    found = re.fullmatch(r"(-?\d{1,9})d ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{6}))?", text)
    if found is None:
        raise ValueError(f"not a duration: {text!r}; write it like '1d 02:30:00'")
    days, hours, minutes, seconds, micros = (int(part or 0) for part in found.groups())
    return timedelta(days, seconds, micros, minutes=minutes, hours=hours)


def _timedelta_source(value: timedelta) -> str:
    parts = (("days", value.days), ("seconds", value.seconds), ("microseconds", value.microseconds))
    return f"timedelta({', '.join(f'{name}={part}' for name, part in parts if part)})"


def _read_decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"not a decimal number: {text!r}") from error


def _canonical_decimal(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    sign, digits, exponent = value.as_tuple()  # not normalize(): it rounds to the precision of the context
    number = "".join(map(str, digits)).lstrip("0")
    short = number.rstrip("0")
    return f"{'-' * sign}{short}E{int(exponent) + len(number) - len(short)}" if short else "0"


def _read_bytes(text: str) -> bytes:
    if not re.fullmatch(r"(?:[0-9a-f]{2})*", text):
        raise ValueError(f"not bytes in hexadecimal: {text!r}")
    return bytes.fromhex(text)


def _canonical_float(value: float) -> float:
    return value + 0.0  # turns -0.0 into 0.0, which equals it


def _build_decimal(value: Any = "0") -> Decimal:
    """Build what `Decimal(...)` in source text means; its error names the text."""
    return _read_decimal(value) if type(value) is str else Decimal(value)


def _quoted(name: str) -> Callable[[Any], str]:
    return lambda value: f"{name}({str(value)!r})"


# --- random values ---


def draw_text(min_length: int, max_length: int, alphabet: str = LETTERS) -> Draw:
    """A `Draw` of texts of a length between two limits, both included."""
    return lambda choose: "".join([choose.pick(alphabet) for _ in range(choose.randint(min_length, max_length))])


def draw_bytes(min_length: int, max_length: int) -> Draw:
    """A `Draw` of bytes of a length between two limits, both included."""
    return lambda choose: bytes([choose.randbelow(256) for _ in range(choose.randint(min_length, max_length))])


def _with_edge_cases(usual: Draw, edge_cases: tuple[Any, ...]) -> Draw:
    return lambda choose: choose.pick(edge_cases) if choose.chance(EDGE_RATE) else usual(choose)


def _int_between(low: int, high: int) -> Draw:
    return lambda choose: choose.randint(low, high)


def _float_between(low: float, high: float) -> Draw:
    def draw(choose: Chooser) -> float:
        part = choose.draw()
        return min(max(low * (1 - part) + high * part, low), high) + 0.0

    return draw


def _decimal_between(low: Any, high: Any) -> Draw:
    places = max(2, *(-int(Decimal(bound).as_tuple().exponent) for bound in (low, high)))
    unit = Decimal(1).scaleb(-places)
    steps = int((Decimal(high) - Decimal(low)) / unit)
    return lambda choose: Decimal(low) + unit * choose.randbelow(steps + 1)


def _date_between(low: date, high: date) -> Draw:
    days = (high - low).days
    return lambda choose: low + timedelta(days=choose.randbelow(days + 1))


def _datetime_between(low: datetime, high: datetime) -> Draw:
    seconds = int((high - low).total_seconds())
    return lambda choose: low + timedelta(seconds=choose.randbelow(seconds + 1))


def _timedelta_between(low: timedelta, high: timedelta) -> Draw:
    unit = timedelta(microseconds=1)
    first, last = low // unit, high // unit
    return lambda choose: timedelta(microseconds=choose.randint(first, last))


_draw_int = _with_edge_cases(lambda choose: choose.randint(-2, 12), EDGE_INTS)
_draw_float = _with_edge_cases(lambda choose: choose.randint(-100, 1000) / 8, EDGE_FLOATS)
_draw_str = _with_edge_cases(draw_text(0, 8), EDGE_TEXTS)


def _draw_decimal(choose: Chooser) -> Decimal:
    return Decimal(choose.randint(-500, 10_000)) / 100


def _draw_uuid(choose: Chooser) -> UUID:
    return UUID(int=choose.randbelow(2**128))


def _draw_date(choose: Chooser) -> date:
    return (FIRST_DAY + timedelta(days=choose.randbelow(366))).date()


def _draw_datetime(choose: Chooser) -> datetime:
    return FIRST_DAY + timedelta(minutes=choose.randbelow(366 * 24 * 60))


def _draw_time(choose: Chooser) -> time:
    return time(choose.randbelow(24), choose.randbelow(60))


def _draw_timedelta(choose: Chooser) -> timedelta:
    return timedelta(minutes=choose.randbelow(3 * 24 * 60))


# cls, stored_as, encode, decode, source, canonical, draw, build, bounds, draw_between
# fmt: off
SCALARS: dict[type, Scalar] = {
    row.cls: row
    for row in (
        Scalar(bool, bool, _same, _same, repr, _same, lambda choose: choose.chance(0.5)),
        Scalar(int, int, _same, _same, repr, _same, _draw_int, None, (int,), _int_between),
        # the parser knows the names inf and nan
        Scalar(float, float, _same, _same, repr, _canonical_float, _draw_float, None, (int, float), _float_between),
        Scalar(str, str, _same, _same, repr, _same, _draw_str),
        Scalar(bytes, str, bytes.hex, _read_bytes, repr, bytes.hex, draw_bytes(0, 5)),
        Scalar(
            Decimal, str, str, _read_decimal, _quoted("Decimal"), _canonical_decimal,
            _draw_decimal, _build_decimal, (int, Decimal), _decimal_between,
        ),
        Scalar(UUID, str, str, UUID, _quoted("UUID"), str, _draw_uuid, UUID),
        Scalar(
            date, str, date.isoformat, date.fromisoformat, _date_source, date.isoformat,
            _draw_date, date, (date,), _date_between,
        ),
        Scalar(
            datetime, str, _datetime_text, _read_datetime, _datetime_source, _canonical_datetime,
            _draw_datetime, datetime, (datetime,), _datetime_between,
        ),
        Scalar(time, str, _datetime_text, _read_time, _time_source, _canonical_time, _draw_time, time),
        Scalar(
            timedelta, str, _timedelta_text, _read_timedelta, _timedelta_source, _timedelta_text,
            _draw_timedelta, timedelta, (timedelta,), _timedelta_between,
        ),
    )
}
# fmt: on
