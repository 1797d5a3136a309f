"""One block of a session file, from bytes to checked values. Nothing here knows where in the file it stands."""

import re
from collections.abc import Collection
from typing import Any

from fasm_cli.engine.records import Record
from fasm_cli.sessions.format import GOTO_KEYS, HEADER_KEYS, MARK_KEYS, STEP_KEYS
from fasm_cli.sessions.format_versions import of_present_format, present_event, present_outcome
from fasm_cli.sessions.model import Header
from fasm_cli.sessions.pins import Mark, MarkKind
from fasm_cli.sessions.toml_fast import read_lines
from fasm_cli.sessions.toml_values import NotStorable, from_toml
from fasm_cli.types.description import is_description

MAY_LACK = ("error", "actions", "changed", "missing", "broken", "state")  # of a step: what is empty is left out
SUM_LENGTH = len(b'sum = "0123456789abcdef"\n')
FORMAT_LINE = re.compile(rb"format = ([0-9]{1,9})\n")


def parse_values(body: bytes, keys: tuple[str, ...], optional: Collection[str] = ()) -> dict[str, Any]:
    """The plain values of a block, given without its opening line and its sum; raises like `read_lines`."""
    found = read_lines(body)
    unknown = [key for key in found if key not in keys]
    if unknown:
        raise NotStorable(f"unknown key `{unknown[0]}`; a block like this has {', '.join(keys)}")
    missing = [key for key in keys if key not in found and key not in optional]
    if missing:
        raise NotStorable(f"`{missing[0]}` is missing")
    return {key: from_toml(value) for key, value in found.items()}


def read_header(body: bytes) -> Header:
    """The header of a known format. Raises like `read_lines`."""
    said = FORMAT_LINE.match(body)
    assert said is not None, "who calls has seen that it begins so"
    values = parse_values(body, HEADER_KEYS[int(said[1])], ("finding",))
    _expect(values, str, "machine", "fingerprint")
    _expect(values, int, "format", "version")
    _expect(values, dict, "origin", "finding")
    if "types" in values and not is_description(values["types"]):
        raise NotStorable("`types` does not describe types: each is a table of a name and `is`, `fields` or `members`")
    values = of_present_format(values)
    del values["format"]
    return Header(**values)


def read_step(body: bytes, n: int) -> tuple[Record, Any]:
    """The record, which must be number `n`, and its snapshot or None; raises like `read_lines`."""
    values = parse_values(body, STEP_KEYS, MAY_LACK)
    _expect(values, int, "n", "parent")
    _expect(values, str, "outcome", "error", "broken", "digest")
    _expect(values, list, "actions", "changed", "missing")
    _expect(values, dict, "event")
    if values["n"] != n:
        raise NotStorable(f"it says n = {values['n']} where step {n} comes next")
    if not 0 <= values["parent"] < n:
        raise NotStorable(f"its parent is {values['parent']}; a step is taken from an earlier one, 0 to {n - 1}")
    for key, kind, name in (("actions", dict, "tables"), ("changed", str, "texts")):
        if any(type(item) is not kind for item in values.get(key, ())):
            raise NotStorable(f"`{key}` is not a list of {name}")
    state = values.pop("state", None)
    record = Record(
        values["n"],
        values["parent"],
        present_event(values["event"]),
        present_outcome(values["outcome"]),
        values.get("error", ""),
        values.get("actions", []),
        values.get("changed", []),
        values.get("missing", []),
        values.get("broken", ""),
        values["digest"],
    )
    return record, state


def read_goto(body: bytes, steps: int) -> int:
    """The step the head was moved to, when there were `steps`. Raises like `read_lines`."""
    values = parse_values(body, GOTO_KEYS)
    _expect(values, int, "step", "after")
    if values["after"] != steps:
        raise NotStorable(f"it says after = {values['after']} where there are {steps} steps")
    if not 0 <= values["step"] <= steps:
        raise NotStorable(f"it moves to step {values['step']}; steps go from 0 to {steps}")
    return int(values["step"])


def read_mark(body: bytes, steps: int) -> Mark:
    """What was pinned when there were `steps` steps. Raises like `read_lines`."""
    values = parse_values(body, MARK_KEYS, ("gone",))
    _expect(values, str, "kind", "name")
    _expect(values, int, "step", "after")
    if values["kind"] not in list(MarkKind):
        raise NotStorable(f"it pins a {values['kind'][:40]!r}; known: {', '.join(MarkKind)}")
    if values.get("gone", True) is not True:
        raise NotStorable("`gone` is true or left out")
    if values["after"] != steps:
        raise NotStorable(f"it says after = {values['after']} where there are {steps} steps")
    if not 0 <= values["step"] <= steps:
        raise NotStorable(f"it is for step {values['step']}; steps go from 0 to {steps}")
    return Mark(MarkKind(values["kind"]), values["name"], values["step"], removed="gone" in values)


NAMES = {str: "text", int: "a whole number", dict: "a table", list: "a list"}


def _expect(values: dict[str, Any], kind: type, *keys: str) -> None:
    for key in keys:
        if key in values and type(values[key]) is not kind:
            raise NotStorable(f"`{key}` is {str(values[key])[:40]!r}, not {NAMES[kind]}")
