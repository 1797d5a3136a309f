"""The table of REPL verbs: what a verb is, how it is registered, and how it parses its words.

The module `verbs` fills the table; prompt, scripts, completion and help read it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from fasm_cli.errors import InputError, UsageError, did_you_mean
from fasm_cli.types.schema import variants

if TYPE_CHECKING:
    from fasm_cli.debugger.session import DebugSession
    from fasm_cli.reports import Report

ALIAS_NAME = re.compile(r"[^\W\d][\w-]*")
MAX_QUOTED = 40  # characters of a wrong word that a message quotes

Run: TypeAlias = "Callable[[DebugSession, str], Report]"


class Kind(Enum):
    """What a word after a verb stands for. Completion, hints and colours use it before the line is executed."""

    INPUT = auto()  # Name(field=value)
    ACTION = auto()  # the ref (1.1) or the id of a pending action
    COMPLETED = auto()  # the ref of an action that has a result
    ACTION_RESULT = auto()  # a value of ActionResult
    PATH = auto()  # a path in the state: pending[7].status
    EXPRESSION = auto()  # over state, prev, pending and up; extends to the end of the line
    STEP = auto()  # a number, -1, start or end
    LABEL = auto()  # the name of a step
    BRANCH = auto()
    FILE = auto()
    FORMAT = auto()  # of an export
    CRASH_POINT = auto()
    FAULT = auto()  # what makes the next transition fail
    VERB = auto()
    SETTING = auto()
    INVARIANT = auto()
    OUTCOME = auto()  # what `expect` expects of the last step
    NUMBER = auto()
    TEXT = auto()  # anything


class Quit(Exception):
    """Raised by the verb `quit`."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb. `arguments` has the kinds of its words in order; a word may be of several kinds, and the last words may
    be optional. `examples` are whole lines, which the tests run; `related` are names of verbs.
    """

    name: str
    usage: str
    summary: str
    arguments: tuple[tuple[Kind, ...], ...]
    examples: tuple[str, ...]
    related: tuple[str, ...]
    function: Run

    def run(self, session: "DebugSession", rest: str) -> "Report":
        """Execute the verb with the words after it. Raises `FasmError` or `Quit`."""
        if rest and not self.arguments:
            raise UsageError(f"{self.name} takes no arguments, got {rest[:MAX_QUOTED]!r}", f"usage: {self.usage}")
        return self.function(session, rest)


VERBS: dict[str, Verb] = {}


def verb(
    usage: str,
    *arguments: Kind | tuple[Kind, ...],
    examples: tuple[str, ...],
    related: tuple[str, ...] = (),
) -> Callable[[Run], Run]:
    """Register the decorated function under the first word of `usage`; its docstring is the summary.
    A verb without arguments rejects words after it."""

    def register(run: Run) -> Run:
        name = usage.partition(" ")[0]
        text = (run.__doc__ or "").removesuffix(".")
        kinds = tuple(each if isinstance(each, tuple) else (each,) for each in arguments)
        VERBS[name] = Verb(name, usage, text[:1].lower() + text[1:], kinds, examples, related, run)
        return run

    return register


def load_verbs() -> None:
    """Import `verbs`, which fills the table. The prompt is drawn before, so it is not done at import."""
    import_module("fasm_cli.cli.repl.verbs")


# --- parsing the words of a verb ----------------------------------------------------------------------------------


@contextmanager
def offset_errors(by: int) -> Iterator[None]:
    """Move the column of an `InputError` by `by`: the text that was parsed begins there in the line."""
    try:
        yield
    except InputError as error:
        error.move_column(by)
        raise


def parse_number(text: str, usage: str) -> int:
    """Return an integer from 0 to 999,999,999. Raises `UsageError`."""
    if not text.isdecimal() or len(text) > 9:
        raise UsageError(f"not a number: {text[:MAX_QUOTED]!r}", f"usage: {usage}")
    return int(text)


def require_argument(rest: str, usage: str) -> str:
    """Return `rest`. Raises `InputError` if it is empty."""
    if not rest:
        raise InputError(f"{usage.partition(' ')[0]} what?", f"usage: {usage}")
    return rest


def parse_options(rest: str, usage: str, *known: str) -> tuple[list[str], dict[str, str]]:
    """Return the words of a line and the values of its `--name VALUE` options. Raises `UsageError`."""
    words: list[str] = []
    given: dict[str, str] = {}
    parts = iter(rest.split())
    for part in parts:
        if not part.startswith("--"):
            words.append(part)
            continue
        if part not in known:
            raise UsageError(f"no option {part[:MAX_QUOTED]!r}", did_you_mean(part, known))
        value = next(parts, None)
        if value is None:
            raise UsageError(f"{part} needs a value", f"usage: {usage}")
        given[part] = value
    return words, given


def define_alias(session: "DebugSession", name: str, line: str) -> None:
    """Let `name` stand for `line`. Raises `UsageError` if it is not a name, or the name of a verb or an input."""
    if not ALIAS_NAME.fullmatch(name):
        raise UsageError(f"{name[:MAX_QUOTED]!r} is not a valid alias", "use letters, digits, - and _")
    if name in VERBS or name in variants(session.machine.input_schema):
        raise UsageError(f"{name!r} is already a verb or an input", "choose another name")
    session.repl_state.aliases[name] = line


def expand_alias(name: str, line: str, arguments: str) -> str:
    """Return `line` with `$1`, `$2`, … replaced by the words of `arguments`. Raises `UsageError` if their number is
    wrong."""
    given = arguments.split()
    wanted = max((int(found) for found in re.findall(r"\$([1-9])", line)), default=0)
    if len(given) != wanted:
        raise UsageError(f"{name} takes {wanted} words, got {len(given)}", f"{name} = {line}")
    return re.sub(r"\$([1-9])", lambda found: given[int(found[1]) - 1], line)
