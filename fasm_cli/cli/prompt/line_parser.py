"""Parse an unfinished line: its tokens, verb, words and open brackets, the type expected at its end, its first error.

Nothing here raises, whatever the text is. The tokens of a text, joined, are the text. Only what further typing cannot
correct is an error: an unfinished call is not.
"""

import io
import re
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import NamedTuple

from fasm_cli.cli.repl.registry import MAX_QUOTED, VERBS, Kind, Verb
from fasm_cli.contract.state_machine import TrackedActionCompleted
from fasm_cli.debugger.session import DebugSession, read_input
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import InputError, UsageError, did_you_mean
from fasm_cli.types.description import default_text, schema_label
from fasm_cli.types.fields import REQUIRED
from fasm_cli.types.parse import BUILDERS
from fasm_cli.types.schema import (
    CollectionSchema,
    DictSchema,
    Field,
    RecordSchema,
    Schema,
    TupleSchema,
    UnionSchema,
    variants,
)

TOKEN = re.compile(
    r"""(?P<blank>\s+)
      | (?P<string>[bB]?(?:'(?:[^'\\\n]|\\.)*(?:'|(?=\n)|\Z|\\\Z)|"(?:[^"\\\n]|\\.)*(?:"|(?=\n)|\Z|\\\Z)))
      | (?P<number>\d\w*(?:\.\d\w*)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<comma>,)
      | (?P<equals>=)
      | (?P<colon>:)
      | (?P<dot>\.)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
WORD_TOKENS = ("name", "number", "string", "dot")  # kinds of tokens that form one word


class Token(NamedTuple):
    """A piece of a line; `kind` is the name of a group of TOKEN, `start` an index into the text."""

    kind: str
    start: int
    text: str


@dataclass(slots=True)
class OpenBracket:
    """A bracket that is not closed, and the argument or element in which the text ends."""

    bracket: str
    name: str  # of the called function or class; empty for a list, tuple, set or dict
    start: int  # where the call, or the bracket itself, begins
    position: int = 0  # commas so far
    given: list[str] = field(default_factory=list)  # keywords of the previous arguments
    keyword: str = ""  # of this argument
    after_colon: bool = False  # in the value of a dict's pair


def tokenize(text: str) -> list[Token]:
    """Split `text` into tokens."""
    return [Token(str(found.lastgroup), found.start(), found[0]) for found in TOKEN.finditer(text)]


def open_brackets(line: Sequence[Token]) -> list[OpenBracket]:
    """Return the brackets that are open at the end, the innermost last. Any closing bracket closes the innermost."""
    stack: list[OpenBracket] = []
    solid = [token for token in line if token.kind != "blank"]
    for at, token in enumerate(solid):
        before = solid[at - 1] if at else None
        if token.kind == "open":
            called = before if token.text == "(" and before is not None and before.kind == "name" else None
            stack.append(
                OpenBracket(token.text, called.text if called else "", called.start if called else token.start)
            )
        elif not stack:
            continue
        elif token.kind == "close":
            stack.pop()
        elif token.kind == "comma":
            inner = stack[-1]
            if inner.keyword:
                inner.given.append(inner.keyword)
            inner.position, inner.keyword, inner.after_colon = inner.position + 1, "", False
        elif token.kind == "equals" and before is not None and before.kind == "name":
            stack[-1].keyword = before.text
        elif token.kind == "colon":
            stack[-1].after_colon = True
    return stack


def last_word(line: Sequence[Token]) -> tuple[list[Token], str]:
    """Split a line before its last word (`Phase.REQ`, `20o`, `'ab`), which is empty after a blank or a bracket."""
    at = len(line)
    if at and line[-1].kind == "string" and is_closed_string(line[-1].text):
        return list(line), ""
    while at and line[at - 1].kind in WORD_TOKENS and not (at < len(line) and line[at - 1].kind == "string"):
        at -= 1
    return list(line[:at]), "".join(token.text for token in line[at:])


def is_closed_string(string: str) -> bool:
    """Whether the text of a string token ends with its closing quote."""
    bare = string.lstrip("bB")
    return len(bare) > 1 and bare[-1] == bare[0] and not re.search(r"(?<!\\)(\\\\)*\\\Z", bare[:-1])


def closing_brackets(stack: Sequence[OpenBracket]) -> str:
    """Return the brackets that close everything in `stack`."""
    return "".join({"(": ")", "[": "]", "{": "}"}[each.bracket] for each in reversed(stack))


# --- verb and words -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """The verb of an unfinished line, the complete words after it, and the index where its last word begins."""

    verb: Verb | None
    words: tuple[str, ...]
    start: int


def parse_line(line: list[Token]) -> ParsedLine:
    """Return the verb of a line and its words. Blanks inside brackets and strings do not end a word."""
    solid = next((at for at, token in enumerate(line) if token.kind != "blank"), len(line))
    first = line[solid].text if solid < len(line) and line[solid].kind == "name" else ""
    end = solid + (3 if [token.text for token in line[solid + 1 : solid + 2]] == ["/"] else 1)  # `state/json points`
    if first not in VERBS or len(line) <= end or line[end].kind != "blank":
        return ParsedLine(None, (), line[solid].start if solid < len(line) else 0)
    words, word, depth = [], "", 0
    start = line[end].start + len(line[end].text)
    for token in line[end + 1 :]:
        if token.kind == "blank" and depth <= 0:
            words.append(word)
            word, start = "", token.start + len(token.text)
            continue
        word += token.text
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
    return ParsedLine(VERBS[first], tuple(words), start)


def last_argument_kinds(line: ParsedLine) -> tuple[Kind, ...]:
    """Return what the last word may stand for. An expression extends to the end of its line."""
    if line.verb is None:
        return (Kind.INPUT,)
    kinds = line.verb.arguments
    at = len(line.words)
    if at < len(kinds):
        return kinds[at]
    return (Kind.EXPRESSION,) if kinds and Kind.EXPRESSION in kinds[-1] else ()


def value_schema(machine: Machine, kinds: tuple[Kind, ...]) -> Schema | None:
    """Return the type of the value that a word of these kinds is, or None if the word is not a value."""
    schemas = {
        Kind.INPUT: machine.input_schema,
        Kind.ACTION: machine.action_id_schema,
        Kind.ACTION_RESULT: machine.result_schema,
    }
    return next((schemas[kind] for kind in kinds if kind in schemas), None)


# --- the type expected inside brackets ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of a call as a signature shows it; `default` is source text, empty if the field is required."""

    name: str
    type: str
    default: str

    @property
    def meta(self) -> str:
        return f"{self.type} = {self.default}" if self.default else self.type

    def __str__(self) -> str:
        return f"{self.name}: {self.meta}"


def record_schema(machine: Machine, name: str) -> RecordSchema | None:
    """Return the schema of the class `name` of the machine, or of TrackedActionCompleted."""
    if name == TrackedActionCompleted.__name__:
        if machine.action_id_schema is None or machine.result_schema is None:
            return None
        fields = (Field("id", machine.action_id_schema, REQUIRED), Field("result", machine.result_schema, REQUIRED))
        return RecordSchema(TrackedActionCompleted, cls=TrackedActionCompleted, fields=fields)
    cls = machine.schemas.classes.get(name)
    return machine.schemas.records.get(cls) if cls is not None else None


def parameters(record: RecordSchema) -> list[Parameter]:
    """Return the fields of a record as a signature shows them."""
    return [Parameter(field.name, schema_label(field.schema), default_text(field.default)) for field in record.fields]


def current_field(record: RecordSchema, at: OpenBracket) -> Field | None:
    """Return the field in which the text ends; None for an unknown keyword or too many arguments."""
    if at.keyword:
        return next((field for field in record.fields if field.name == at.keyword), None)
    if at.given or at.position >= len(record.fields):  # a positional argument cannot follow a keyword
        return None
    return record.fields[at.position]


def expected_schema(machine: Machine, root: Schema | None, stack: Sequence[OpenBracket]) -> Schema | None:
    """Return the type of the value that comes next, if the whole value has the type `root`; None if unknown."""
    schema = root
    for each in stack:
        if each.name:
            record = record_schema(machine, each.name)
            field = current_field(record, each) if record is not None else None
            schema = field.schema if field is not None else None
        else:
            schema = _element_schema(schema, each)
        if schema is None:
            return None
    return schema


def _element_schema(schema: Schema | None, at: OpenBracket) -> Schema | None:
    for member in schema.members.values() if isinstance(schema, UnionSchema) else (schema,):
        match member, at.bracket:
            case (CollectionSchema(cls=kind, item=item), "[") if kind is list:
                return item
            case (CollectionSchema(cls=kind, item=item), "(") if kind is tuple:
                return item
            case (CollectionSchema(cls=kind, item=item), "{") if kind in (set, frozenset):
                return item
            case (TupleSchema(items=items), "(") if at.position < len(items):
                return items[at.position]
            case (DictSchema(key=key, value=value), "{"):
                return value if at.after_colon else key
    return None


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
