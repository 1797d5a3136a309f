"""Completion as a function of text: what could stand at the end of it, best first. prompt_toolkit is in `adapters`."""

from collections.abc import Iterator
from dataclasses import dataclass

from fasm_cli.cli.prompt.argument_context import arguments, expected, record_of
from fasm_cli.cli.prompt.completers import OF_KIND, aliases, expressions, inputs, verbs
from fasm_cli.cli.prompt.tokens import Open, Token, last_word, opened, tokens
from fasm_cli.cli.prompt.value_completions import Option, ranked, values
from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.registry import VERBS, Verb
from fasm_cli.contract.state_machine import TrackedActionCompleted
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.machine import Machine
from fasm_cli.types.schema import Schema

ROOTS = (Kind.INPUT, Kind.ACTION, Kind.ACTION_RESULT)
BEGINS = ("open", "comma", "equals", "colon")  # behind these a value begins


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of an unfinished line: its verb, the whole words after it, and where its last word begins."""

    verb: Verb | None
    words: tuple[str, ...]
    start: int


def read(line: list[Token]) -> Line:
    """The verb of a line and its words; blanks inside brackets and strings do not end a word."""
    solid = next((at for at, token in enumerate(line) if token.kind != "blank"), len(line))
    first = line[solid].text if solid < len(line) and line[solid].kind == "name" else ""
    end = solid + (3 if [token.text for token in line[solid + 1 : solid + 2]] == ["/"] else 1)  # `state/json points`
    if first not in VERBS or len(line) <= end or line[end].kind != "blank":
        return Line(None, (), line[solid].start if solid < len(line) else 0)
    words, held, depth = [], "", 0
    start = line[end].start + len(line[end].text)
    for token in line[end + 1 :]:
        if token.kind == "blank" and depth <= 0:
            words.append(held)
            held, start = "", token.start + len(token.text)
            continue
        held += token.text
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
    return Line(VERBS[first], tuple(words), start)


def kinds_of(line: Line) -> tuple[Kind, ...]:
    """What the last word stands for. An expression goes on to the end of its line."""
    if line.verb is None:
        return (Kind.INPUT,)
    given = line.verb.arguments
    at = len(line.words)
    if at < len(given):
        return given[at]
    return (Kind.EXPRESSION,) if given and Kind.EXPRESSION in given[-1] else ()


def root_of(machine: Machine, kinds: tuple[Kind, ...]) -> Schema | None:
    """The type of the value that is written as a word of these kinds."""
    shapes = {
        Kind.INPUT: machine.input_schema,
        Kind.ACTION: machine.action_id_schema,
        Kind.ACTION_RESULT: machine.result_schema,
    }
    return next((shapes[kind] for kind in kinds if kind in ROOTS), None)


def candidates(bench: DebugSession, text: str) -> tuple[str, list[Option]]:
    """The word at the end of `text`, and what may stand in its place."""
    if text.lstrip().startswith("#"):
        return "", []
    line = tokens(text)
    told = read(line)
    kinds = kinds_of(told)
    stack = opened(line)
    if stack and Kind.EXPRESSION not in kinds:
        before, word = last_word(line)
        return word, ranked(word, inside(bench, before, stack, kinds))
    word = text[told.start :]
    if told.verb is None:
        if any(token.kind == "blank" for token in tokens(word.rstrip())):  # the first word is no verb
            return "", []
        options = [*inputs(bench), *aliases(bench), *verbs(bench)]
        if word:
            options.append(Option(f"{TrackedActionCompleted.__name__}(", "a result that was never asked for"))
        return word, ranked(word, options) if not word.endswith((" ", "\n")) else []
    if Kind.EXPRESSION in kinds:
        first, word = word, path_at_end(word)
        others = [kind for kind in kinds if kind is not Kind.EXPRESSION and kind in OF_KIND and first == word]
        offered = [option for kind in others for option in OF_KIND[kind](bench, word, told.words)]
        return word, ranked(word, [*offered, *expressions(bench, word)])
    offered = [option for kind in kinds if kind in OF_KIND for option in OF_KIND[kind](bench, word, told.words)]
    return word, ranked(word, offered)


def path_at_end(text: str) -> str:
    """`pending[7].st` of `len(state.x) > pending[7].st`."""
    at = len(text)
    while at and (text[at - 1].isalnum() or text[at - 1] in "_.]["):
        at -= 1
    return text[at:].lstrip("[")


def inside(bench: DebugSession, before: list[Token], stack: list[Open], kinds: tuple[Kind, ...]) -> Iterator[Option]:
    """What may stand in the innermost open bracket: the fields that are not given yet, and values."""
    solid = [token for token in before if token.kind != "blank"]
    if not solid or solid[-1].kind not in BEGINS:
        return  # a value stands there already: a comma or a bracket comes next
    machine, inner = bench.machine, stack[-1]
    record = record_of(machine, inner.name) if inner.name else None
    if record is not None and not inner.keyword:
        taken = {field.name for field in record.fields[: 0 if inner.given else inner.position]} | set(inner.given)
        for field in arguments(record):
            if field.name not in taken:
                yield Option(f"{field.name}=", field.meta)
    shape = expected(machine, root_of(machine, kinds), stack)
    if shape is not None and (record is None or inner.keyword):
        yield from values(shape)
