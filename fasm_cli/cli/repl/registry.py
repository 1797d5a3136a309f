"""What a verb of the REPL is, and the table that `repl_verbs` fills: one for the prompt, `-c`, `-f`, pipes and help."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.errors import InputError, UsageError, did_you_mean

if TYPE_CHECKING:
    from fasm_cli.debugger.session import DebugSession
    from fasm_cli.reports.report import Report

SHOWN = 40  # characters of a wrong word that are shown

Run: TypeAlias = "Callable[[DebugSession, str], Report]"


class Quit(Exception):
    """`quit` was typed."""


@dataclass(frozen=True, slots=True)
class Verb:
    """`arguments` are the kinds of its words, in order; a word may be of several kinds, and the last may be left out.

    `examples` are whole lines, run as tests; `related` are names of verbs.
    """

    name: str
    usage: str
    summary: str
    arguments: tuple[tuple[Kind, ...], ...]
    examples: tuple[str, ...]
    related: tuple[str, ...]
    run: Run


VERBS: dict[str, Verb] = {}


def verb(
    usage: str,
    summary: str,
    *arguments: Kind | tuple[Kind, ...],
    examples: tuple[str, ...],
    related: tuple[str, ...] = (),
) -> Callable[[Run], Run]:
    """Puts a function into the table under the first word of `usage`."""

    def register(run: Run) -> Run:
        name = usage.partition(" ")[0]
        kinds = tuple(each if isinstance(each, tuple) else (each,) for each in arguments)
        VERBS[name] = Verb(name, usage, summary, kinds, examples, related, run)
        return run

    return register


@contextmanager
def offset_errors(by: int) -> Iterator[None]:
    """The column of an `InputError` counts from the text that was looked at; that begins `by` characters into ours."""
    try:
        yield
    except InputError as error:
        if error.column is not None:
            error.column += by
        raise


def number(text: str, usage: str) -> int:
    """A whole number from 0 on. Raises `UsageError`."""
    if not text.isdecimal() or len(text) > 9:
        raise UsageError(f"not a number: {text[:SHOWN]!r}", f"usage: {usage}")
    return int(text)


def reject_arguments(rest: str, usage: str) -> None:
    """Raises `UsageError` where a verb that takes nothing was given something."""
    if rest:
        raise UsageError(f"{usage.partition(' ')[0]} takes nothing, got {rest[:SHOWN]!r}", f"usage: {usage}")


def require_argument(rest: str, usage: str) -> str:
    """`rest`; raises `InputError` where it is empty."""
    if not rest:
        raise InputError(f"{usage.partition(' ')[0]} what?", f"usage: {usage}")
    return rest


def options(rest: str, usage: str, *known: str) -> tuple[list[str], dict[str, str]]:
    """The words of a line, and what its `--name VALUE` options were given. Raises `UsageError`."""
    words: list[str] = []
    given: dict[str, str] = {}
    parts = iter(rest.split())
    for part in parts:
        if not part.startswith("--"):
            words.append(part)
            continue
        if part not in known:
            raise UsageError(f"no option {part[:SHOWN]!r}", did_you_mean(part, known))
        value = next(parts, None)
        if value is None:
            raise UsageError(f"{part} takes a value", f"usage: {usage}")
        given[part] = value
    return words, given
