"""Running a machine for real: lines in, what became of them out."""

import json
from dataclasses import dataclass
from typing import Any

from fasm_cli.engine.machine import Machine, check_variant
from fasm_cli.engine.records import error_text
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import InputError
from fasm_cli.runtime.step_queue import Submitted
from fasm_cli.types.codec import DecodeError

LONGEST = 1_000_000  # characters of a line


@dataclass(frozen=True, slots=True)
class InputLine:
    """An input as it was asked for."""

    value: Any
    key: str = ""


def read_line(machine: Machine, line: str) -> InputLine:
    """An input as a line of JSON: its constructor syntax as a string, or an object with its `type`, or `{"input": …,
    "key": …}` with either of them. Raises `InputError`."""
    if len(line) > LONGEST:
        raise InputError(f"a line of {len(line)} characters; at most {LONGEST} are read")
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as wrong:
        raise InputError(
            f"no JSON: {wrong}", 'write "Name(field=value)", or {"type": "Name", "field": value}'
        ) from None
    key = ""
    if isinstance(given, dict) and "input" in given:
        extra = sorted(set(given) - {"input", "key"})
        key = given.get("key", "")
        if extra:
            raise InputError(f"unknown: {', '.join(extra)}", "an input has `input`, and perhaps a `key`")
        if type(key) is not str:
            raise InputError(f"key: expected a text, got {key!r}")
        given = given["input"]
    if isinstance(given, str):
        check_variant(machine.input_schema, given, "input")
        return InputLine(machine.codec.parse(machine.input_schema, given), key)
    try:
        return InputLine(machine.codec.decode_message(machine.input_schema, given), key)
    except DecodeError as wrong:
        raise InputError(str(wrong), f"`fasm describe {machine.reference}` shows its inputs") from None


def step_to_json(machine: Machine, taken: Submitted) -> dict[str, Any]:
    """A step as an object for a line of JSON."""
    step = taken.step
    line: dict[str, Any] = {"event": step.event.format(), "outcome": str(step.outcome)}
    if taken.key:
        line["key"] = taken.key
    if taken.duplicate:
        line["again"] = True
    if step.outcome is Outcome.COMMITTED:
        line["step"] = step.number
    else:
        line["error"] = step.details.reason or error_text(step.error)
    if step.actions:
        line["actions"] = [
            {"handle": f"{step.number}.{index}", **machine.encode_action(action)}
            for index, action in enumerate(step.actions, 1)
        ]
    return line
