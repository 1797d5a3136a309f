"""What became of the header with each format: one function for each step from a format to the next.

A reader knows every format there ever was, and nothing behind this point knows more than the present one. The golden
files under `tests/sessions/golden/` hold each of them. A file is never changed into another format in place.

    1 -> 2    `types`, the description of the machine's types, in place of `fingerprint`, a sum over it; and `[[mark]]`,
              which files of format 1 have not
"""

from collections.abc import Callable
from typing import Any

from fasm_cli.errors import SessionError
from fasm_cli.sessions.model import FORMAT, Header
from fasm_cli.types.description import Types, fingerprint

Values = dict[str, Any]


def _types_unknown(values: Values) -> Values:
    """What the fingerprint was a sum over is not in the file."""
    return {**values, "types": None}


MIGRATIONS: dict[int, Callable[[Values], Values]] = {1: _types_unknown}


def of_present_format(values: Values) -> Values:
    """The values of a header as the present format has them; `values` hold at least `format`, a known one."""
    for number in range(values["format"], FORMAT):
        values = MIGRATIONS[number](values)
    return values


def in_present_format(header: Header, types: Types) -> Header:
    """`header` with `types`, which it was written with. Raises `SessionError` where they are others."""
    if header.fingerprint != fingerprint(types):
        raise SessionError("the types are not those that the file was written with")
    return Header(header.machine, header.version, types, header.state, header.origin, header.finding)


OLD_FAULTS = {"add": "actions_full", "operation": "disconnect"}


def present_event(event: Values) -> Values:
    """The event of a step in the words of the present format. Formats 1 and 2 called a lost result `lose`, the kind of
    a fault `failure`, and the place at which a crash or fault strikes `at`."""
    event = dict(event)
    if event.get("type") == "lose":
        event["type"] = "lost"
    if event.get("type") == "fault" and "failure" in event:
        kind = event.pop("failure")
        event["kind"] = OLD_FAULTS.get(kind, kind) if isinstance(kind, str) else kind
    if event.get("type") in ("crash", "fault") and "at" in event:
        event["nth"] = event.pop("at")
    return event


def present_outcome(outcome: str) -> str:
    """The outcome in the words of the present format: formats 1 and 2 called an aborted step `failed`."""
    return "aborted" if outcome == "failed" else outcome
