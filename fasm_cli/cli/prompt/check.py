"""Find what is wrong with a line while it is typed, and the signature to show beneath it.

Only what further typing cannot correct is wrong: an unfinished call is not.
"""

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from fasm_cli.cli.prompt.line_parser import (
    OpenBracket,
    ParsedLine,
    Token,
    closing_brackets,
    current_field,
    last_argument_kinds,
    open_brackets,
    parameters,
    parse_line,
    record_schema,
    tokenize,
)
from fasm_cli.cli.repl.registry import MAX_QUOTED, VERBS, Kind
from fasm_cli.contract.state_machine import TrackedActionCompleted
from fasm_cli.debugger.input_parser import read_input
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import InputError, UsageError, did_you_mean
from fasm_cli.types.parse import BUILDERS
from fasm_cli.types.schema import variants

MAX_CHECKED = 2000  # characters of a line that is checked at each key
FIELD_PATH = re.compile(r"\A[^\W\d]\w*\.[^:\s]+: ")  # of a message; the caret shows the field


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong in a line, the index of the character where it is, and what would be right."""

    column: int
    message: str
    hint: str = ""


def find_error(session: DebugSession, text: str) -> LineError | None:
    """Return the first error of `text`, or None if it is right so far."""
    if len(text) > MAX_CHECKED or not text.strip() or text.lstrip().startswith("#"):
        return None
    line = tokenize(text)
    parsed = parse_line(line)
    if parsed.verb is None:
        return _unknown_word(session, line) or _wrong_value(session, Kind.INPUT, parsed, line, text)
    if not parsed.words and not text[parsed.start :].strip():
        return None  # nothing after the verb yet
    if not parsed.verb.arguments:
        rest = text[parsed.start :].strip()
        return LineError(parsed.start, f"{parsed.verb.name} takes no arguments, got {rest[:MAX_QUOTED]!r}")
    values = (Kind.INPUT, Kind.ACTION_RESULT)
    kind = next((kind for kind in last_argument_kinds(parsed) if kind in values), None)
    return None if kind is None or parsed.start >= len(text) else _wrong_value(session, kind, parsed, line, text)


def _unknown_word(session: DebugSession, line: list[Token]) -> LineError | None:
    """Return an error if the first word is complete and is neither a verb, an alias nor a call."""
    solid = [token for token in line if token.kind != "blank"]
    inputs = variants(session.machine.input_schema)
    if len(solid) > 1 and solid[0].kind == "name" and solid[1].text == "(":
        return None  # a call: the parser of values checks its name
    word = solid[0].text
    known = [*VERBS, *session.repl_state.aliases, *inputs]
    if word in known or (len(solid) == 1 and line[-1].kind != "blank"):
        return None
    return LineError(solid[0].start, f"no verb {word[:MAX_QUOTED]!r}", did_you_mean(word, known))


def _wrong_value(
    session: DebugSession, kind: Kind, parsed: ParsedLine, line: list[Token], text: str
) -> LineError | None:
    value = text[parsed.start :]
    stack = open_brackets(line)
    if not stack and "(" not in value:
        return None  # a name that is being typed
    closed = value + closing_brackets(stack)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # a constructor may print
            if kind is Kind.INPUT:
                read_input(session.machine, closed)
            elif session.machine.result_schema is not None:
                session.machine.codec.parse(session.machine.result_schema, closed)
    except InputError as error:
        column = parsed.start + (error.column or 0)
        if stack and _may_be_unfinished(session, column, stack, line):
            return None
        return LineError(min(column, len(text)), FIELD_PATH.sub("", error.message), error.hint)
    except UsageError as error:
        return LineError(parsed.start, error.message, error.hint)
    return None


def _may_be_unfinished(session: DebugSession, column: int, stack: list[OpenBracket], line: list[Token]) -> bool:
    """Whether further typing may remove the error at `column`: it is in the last token, or at an open call of a known
    name."""
    solid = [token for token in line if token.kind != "blank"]
    known = {*session.machine.schemas.classes, *BUILDERS, TrackedActionCompleted.__name__, ""}
    at = next((each for each in stack if each.start == column), None)
    return at.name in known if at is not None else column >= solid[-1].start


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature in three parts: `current` is the parameter in which the text ends, empty if there is none."""

    before: str
    current: str
    after: str


def find_signature(session: DebugSession, text: str) -> Signature | None:
    """Return the fields of the innermost open call, else the usage of the verb."""
    line = tokenize(text)
    for each in reversed(open_brackets(line)):
        record = record_schema(session.machine, each.name) if each.name else None
        if record is None:
            continue
        fields = [str(parameter) for parameter in parameters(record)]
        field = current_field(record, each)
        at = record.fields.index(field) if field is not None else len(fields)
        before, after = fields[:at], fields[at + 1 :]
        return Signature(
            f"{each.name}({''.join(f'{name}, ' for name in before)}",
            "".join(fields[at : at + 1]),
            f"{''.join(f', {name}' for name in after)})",
        )
    parsed = parse_line(line)
    if parsed.verb is None:
        return None
    return Signature(f"{parsed.verb.usage}  ", "", parsed.verb.summary)
