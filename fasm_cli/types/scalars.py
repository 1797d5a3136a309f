"""The scalar types a state or a message may hold, one row each: how it is stored, read back and written as source.

To teach the codec another scalar type, add a row (and say in `sim.generate` how to draw one).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LARGEST = 10**4300 - 1  # Python neither reads nor writes an int with more digits than that


@dataclass(frozen=True, slots=True)
class Scalar:
    """`encode` gives plain data, `decode` reads it or raises ValueError, `source` is a constructor call.

    `canonical` maps equal values to one plain value, for digests. `stored_as` is the plain type. `build` is what the
    parser calls for the name in source text; None where Python has a literal.
    """

    cls: type
    stored_as: type
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    source: Callable[[Any], str]
    canonical: Callable[[Any], Any]
    build: Callable[..., Any] | None = None


def _same(value: Any) -> Any:
    return value


def _float_source(value: float) -> str:
    return repr(value)  # inf, -inf and nan are names the parser knows


_FOLD = "[fold=1]"  # written where the offset from UTC does not tell which of two equal clock readings it is


def _datetime_text(value: datetime | time) -> str:
    zone = value.tzinfo
    text = value.isoformat()
    fold = _FOLD if value.fold and value.utcoffset() == value.replace(fold=0).utcoffset() else ""
    if zone is None or isinstance(zone, timezone):
        return f"{text}{fold}"
    if isinstance(zone, ZoneInfo) and zone.key:
        return f"{text}[{zone.key}]{fold}"
    raise ValueError(f"a tzinfo of type {type(zone).__name__} cannot be stored; use timezone or ZoneInfo")


def _zoned(text: str) -> tuple[str, ZoneInfo | None, int]:
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
    plain, zone, fold = _zoned(text)
    value = datetime.fromisoformat(plain).replace(fold=fold)
    if zone is None:
        return value
    local = value.replace(tzinfo=zone)
    return local if local.utcoffset() == value.utcoffset() else local.replace(fold=1)


def _read_time(text: str) -> time:
    plain, zone, fold = _zoned(text)
    value = time.fromisoformat(plain).replace(fold=fold)
    return value if zone is None else value.replace(tzinfo=zone)


def _canonical_datetime(value: datetime) -> str:
    offset = value.utcoffset()
    if offset is None:
        return value.replace(fold=0).isoformat()
    try:
        return value.astimezone(UTC).isoformat()
    except OverflowError:  # at the ends of the calendar UTC may have no such day
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


def _clock_source(value: datetime | time, parts: list[int]) -> str:
    least = 3 if isinstance(value, datetime) else 0
    while len(parts) > least + 2 and parts[-1] == 0:
        parts.pop()
    zone = "" if value.tzinfo is None else f", tzinfo={_zone_source(value.tzinfo)}"
    fold = ", fold=1" if value.fold else ""
    return f"{type(value).__name__}({', '.join(map(str, parts))}{zone}{fold})"


def _datetime_source(value: datetime) -> str:
    clock = [value.hour, value.minute, value.second, value.microsecond]
    return _clock_source(value, [value.year, value.month, value.day, *clock])


def _time_source(value: time) -> str:
    return _clock_source(value, [value.hour, value.minute, value.second, value.microsecond])


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
    sign, digits, exponent = value.as_tuple()  # normalize() would round to the context's precision
    number = "".join(map(str, digits)).lstrip("0")
    short = number.rstrip("0")
    return f"{'-' * sign}{short}E{int(exponent) + len(number) - len(short)}" if short else "0"


def _read_bytes(text: str) -> bytes:
    if not re.fullmatch(r"(?:[0-9a-f]{2})*", text):
        raise ValueError(f"not bytes in hexadecimal: {text!r}")
    return bytes.fromhex(text)


def _canonical_float(value: float) -> float:
    return value + 0.0  # -0.0 + 0.0 is 0.0, which it equals


def _decimal(value: Any = "0") -> Decimal:
    """What source text calls `Decimal`: refuses in words."""
    return _read_decimal(value) if type(value) is str else Decimal(value)


def _quoted(name: str) -> Callable[[Any], str]:
    return lambda value: f"{name}({str(value)!r})"


SCALARS: dict[type, Scalar] = {
    row.cls: row
    for row in (
        Scalar(bool, bool, _same, _same, repr, _same),
        Scalar(int, int, _same, _same, repr, _same),
        Scalar(float, float, _same, _same, _float_source, _canonical_float),
        Scalar(str, str, _same, _same, repr, _same),
        Scalar(bytes, str, bytes.hex, _read_bytes, repr, bytes.hex),
        Scalar(Decimal, str, str, _read_decimal, _quoted("Decimal"), _canonical_decimal, _decimal),
        Scalar(UUID, str, str, UUID, _quoted("UUID"), str, UUID),
        Scalar(date, str, date.isoformat, date.fromisoformat, _date_source, date.isoformat, date),
        Scalar(datetime, str, _datetime_text, _read_datetime, _datetime_source, _canonical_datetime, datetime),
        Scalar(time, str, _datetime_text, _read_time, _time_source, _canonical_time, time),
        Scalar(timedelta, str, _timedelta_text, _read_timedelta, _timedelta_source, _timedelta_text, timedelta),
    )
}
