"""Events in words from a file alone, as near to how they are typed as it goes without their machine."""

from typing import Any

from fasm_cli.types.plain import TAG, original_key


def format_event_record(event: dict[str, Any]) -> str:
    """The event of a record as a line; whatever is in it, for it may come from anywhere."""
    of, at = event.get("of"), event.get("at")
    behind = f" {at}" if at else ""
    match event.get(TAG):
        case "input":
            return format_plain(event.get("value"))
        case "completion" if of is not None:
            return f"complete {of} {format_plain(event.get('result'))}"
        case "completion":
            return f"TrackedActionCompleted(id={format_plain(event.get('id'))}, result={format_plain(event.get('result'))})"
        case "lose":
            return f"drop {of}"
        case "crash":
            point = event.get("point")
            return "crash" if point == "between" else f"crash {point}{behind}"
        case "restore":
            return "restore"
        case "fault":
            return f"fault {event.get('failure')}{behind}"
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
