"""Events in words from a file alone, as near to how they are typed as it goes without their machine."""

from typing import Any

from fasm_cli.engine.events import PlainValues, decode_event
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import TAG, original_key


def format_event_record(event: dict[str, Any]) -> str:
    """The event of a record as a line, whatever it holds: it may come from anywhere."""
    try:
        return decode_event(PlainValues(), event, None).format(format_plain)
    except DecodeError:
        return format_plain(event)


def format_plain(plain: Any) -> str:
    """Plain data in constructor syntax: a table with a `type` is a call of it."""
    if isinstance(plain, list):
        return f"[{', '.join(map(format_plain, plain))}]"
    if not isinstance(plain, dict):
        return repr(plain)
    tag = plain.get(TAG)
    if type(tag) is str:
        fields = [f"{original_key(key)}={format_plain(value)}" for key, value in plain.items() if key != TAG]
        return f"{tag}({', '.join(fields)})"
    return f"{{{', '.join(f'{original_key(key)!r}: {format_plain(value)}' for key, value in plain.items())}}}"
