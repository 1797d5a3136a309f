"""Events in words from a file alone, as near to how they are typed as it goes without their machine."""

from typing import Any

from fasm_cli.types.plain import TAG, original_key


def event_told(event: dict[str, Any]) -> str:
    """The event of a record as a line; whatever is in it, for it may come from anywhere."""
    of, at = event.get("of"), event.get("at")
    behind = f" {at}" if at else ""
    match event.get(TAG):
        case "input":
            return told(event.get("value"))
        case "completion" if of is not None:
            return f"complete {of} {told(event.get('result'))}"
        case "completion":
            return f"TrackedActionCompleted(id={told(event.get('id'))}, result={told(event.get('result'))})"
        case "lose":
            return f"drop {of}"
        case "crash":
            point = event.get("point")
            return "crash" if point == "between" else f"crash {point}{behind}"
        case "restore":
            return "restore"
        case "fault":
            return f"fault {event.get('failure')}{behind}"
    return told(event)


def told(plain: Any) -> str:
    """Plain data in constructor syntax: a table with a `type` is a call of it."""
    if isinstance(plain, list):
        return f"[{', '.join(map(told, plain))}]"
    if not isinstance(plain, dict):
        return repr(plain)
    tag = plain.get(TAG)
    if type(tag) is str:
        fields = [f"{original_key(key)}={told(value)}" for key, value in plain.items() if key != TAG]
        return f"{tag}({', '.join(fields)})"
    return f"{{{', '.join(f'{original_key(key)!r}: {told(value)}' for key, value in plain.items())}}}"
