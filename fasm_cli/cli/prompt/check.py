"""What is wrong with a line while it is being typed, and the hint that goes with the place one is at.

Only what more typing cannot mend is called wrong: an unfinished call is not.
"""

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from fasm_cli.cli.prompt.argument_context import arguments, current, record_of
from fasm_cli.cli.prompt.complete import Line, kinds_of, read
from fasm_cli.cli.prompt.tokens import Open, Token, closers, opened, tokens
from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.registry import SHOWN, VERBS
from fasm_cli.contract.state_machine import TrackedActionCompleted
from fasm_cli.debugger.input_parser import read_input
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import InputError, UsageError, did_you_mean
from fasm_cli.types.parse import BUILDERS
from fasm_cli.types.schema import variants

LONGEST = 2000  # characters that are looked at with each key
PATH = re.compile(r"\A[^\W\d]\w*\.[^:\s]+: ")  # which field it is, the column says


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where (0-based, in characters), and what would be right."""

    column: int
    message: str
    hint: str = ""


def fault(bench: DebugSession, text: str) -> Fault | None:
    """The first fault of `text`; None where it is right so far."""
    if len(text) > LONGEST or not text.strip() or text.lstrip().startswith("#"):
        return None
    line = tokens(text)
    told = read(line)
    kinds = kinds_of(told)
    if told.verb is None:
        return _unknown(bench, line) or _wrong_value(bench, Kind.INPUT, told, line, text)
    if not told.words and not text[told.start :].strip():
        return None  # nothing behind the verb yet
    if not told.verb.arguments:
        what = text[told.start :].strip()
        return Fault(told.start, f"{told.verb.name} takes nothing, got {what[:SHOWN]!r}")
    kind = next((kind for kind in kinds if kind in (Kind.INPUT, Kind.ACTION_RESULT)), None)
    return None if kind is None or told.start >= len(text) else _wrong_value(bench, kind, told, line, text)


def _unknown(bench: DebugSession, line: list[Token]) -> Fault | None:
    """A first word that is neither a verb nor a call, once it is whole."""
    solid = [token for token in line if token.kind != "blank"]
    names = variants(bench.machine.input_schema)
    if len(solid) > 1 and solid[0].kind == "name" and solid[1].text == "(":
        return None  # a call: its name is the parser's business
    word = solid[0].text
    if (
        word in VERBS
        or word in names
        or word in bench.repl_state.aliases
        or (len(solid) == 1 and line[-1].kind != "blank")
    ):
        return None
    return Fault(
        solid[0].start, f"no verb {word[:SHOWN]!r}", did_you_mean(word, [*VERBS, *bench.repl_state.aliases, *names])
    )


def _wrong_value(bench: DebugSession, kind: Kind, told: Line, line: list[Token], text: str) -> Fault | None:
    value = text[told.start :]
    stack = opened(line)
    if not stack and "(" not in value:
        return None  # a name that is being typed
    whole = value + closers(stack)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # a constructor may print
            if kind is Kind.INPUT:
                read_input(bench.machine, whole)
            elif bench.machine.result_schema is not None:
                bench.machine.codec.parse(bench.machine.result_schema, whole)
    except InputError as error:
        column = told.start + (error.column or 0)
        if stack and _unfinished(bench, column, stack, line):
            return None
        return Fault(min(column, len(text)), PATH.sub("", error.message), error.hint)
    except UsageError as error:
        return Fault(told.start, error.message, error.hint)
    return None


def _unfinished(bench: DebugSession, column: int, stack: list[Open], line: list[Token]) -> bool:
    """Whether a fault at `column` may go away by itself: it is that of the last token, or of an open bracket, unless
    what is called there is nothing."""
    solid = [token for token in line if token.kind != "blank"]
    known = {*bench.machine.schemas.classes, *BUILDERS, TrackedActionCompleted.__name__, ""}
    at = next((each for each in stack if each.start == column), None)
    return at.name in known if at is not None else column >= solid[-1].start


@dataclass(frozen=True, slots=True)
class Signature:
    """The call that one is inside of, in three parts: `at` is the argument one is at, empty where it is none."""

    before: str
    at: str
    after: str


def signature(bench: DebugSession, text: str) -> Signature | None:
    """How what is being typed goes on: the innermost call's fields, or the words of the verb."""
    line = tokens(text)
    for each in reversed(opened(line)):
        record = record_of(bench.machine, each.name) if each.name else None
        if record is None:
            continue
        fields = [str(argument) for argument in arguments(record)]
        here = current(record, each)
        at = record.fields.index(here) if here is not None else len(fields)
        before, after = fields[:at], fields[at + 1 :]
        return Signature(
            f"{each.name}({''.join(f'{field}, ' for field in before)}",
            "".join(fields[at : at + 1]),
            f"{''.join(f', {field}' for field in after)})",
        )
    told = read(line)
    if told.verb is None:
        return None
    return Signature(f"{told.verb.usage}  ", "", told.verb.summary)
