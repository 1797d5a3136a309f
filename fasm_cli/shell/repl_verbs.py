"""The verbs of the REPL: one table that feeds the prompt, `-c`, `-f`, piped lines, completion and help.

To add a verb, write its function and put it in the table with `@verb`. A line is an input where it has a call form
(`Name(…)`) or names an input without fields; else its first word is a verb.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fasm_cli.app import machines
from fasm_cli.app.reports import Message, Report
from fasm_cli.app.workbench import Workbench
from fasm_cli.core.errors import InputError, UsageError, did_you_mean
from fasm_cli.core.event import COUNTED, Failure, Fault, Lose, Point
from fasm_cli.core.machine import input_types
from fasm_cli.shell.repl_lines import first_word

SHOWN = 40  # characters of a wrong word that are shown

Run = Callable[[Workbench, str], Report]


class Quit(Exception):
    """`quit` was typed."""


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    usage: str
    summary: str
    run: Run


VERBS: dict[str, Verb] = {}


def verb(usage: str, summary: str) -> Callable[[Run], Run]:
    """Puts a function into the table under the first word of `usage`."""

    def register(run: Run) -> Run:
        name = usage.partition(" ")[0]
        VERBS[name] = Verb(name, usage, summary, run)
        return run

    return register


def perform(workbench: Workbench, line: str) -> Report | None:
    """Do what `line` says; None for a blank line or a comment. Raises `FasmError` or `Quit`."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    word, *rest = text.split(maxsplit=1)
    if word in VERBS:
        arguments = rest[0] if rest else ""
        with shifted(len(text) - len(arguments)):
            return VERBS[word].run(workbench, arguments)
    if is_input(workbench, text):
        return workbench.submit(text)
    raise UsageError(f"no verb {word[:SHOWN]!r}", did_you_mean(word, [*VERBS, *input_types(workbench.machine.input)]))


@contextmanager
def shifted(by: int) -> Iterator[None]:
    """The column of an `InputError` counts from the text that was looked at; that begins `by` characters into ours."""
    try:
        yield
    except InputError as error:
        if error.column is not None:
            error.column += by
        raise


def is_input(workbench: Workbench, text: str) -> bool:
    """Whether `text` has the form of an input: a call, or the bare name of an input."""
    head = text.split("(", 1)[0].rstrip()
    return ("(" in text and head.isidentifier()) or text in input_types(workbench.machine.input)


def number(text: str, usage: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise UsageError(f"not a number: {text[:SHOWN]!r}", f"usage: {usage}")
    return int(text)


def crash_point(text: str) -> tuple[Point, int]:
    """`after-action 2` as a point and its count. Raises `UsageError`."""
    word, _, count = text.partition(" ")
    known = [str(point) for point in Point]
    if word not in known:
        raise UsageError(f"no crash point {word!r}", did_you_mean(word, known))
    point = Point(word)
    counted = point in (Point.AFTER_ACTION, Point.IN_RESTORE)
    if count.strip() and not counted:
        raise UsageError(f"crash {word} takes no count, got {count.strip()!r}")
    return point, number(count.strip() or "1", f"crash {word} N") if counted else 0


def nothing_after(rest: str, usage: str) -> None:
    if rest:
        raise UsageError(f"{usage.partition(' ')[0]} takes nothing, got {rest!r}", f"usage: {usage}")


# --- going forward ------------------------------------------------------------------------------------------------


@verb("step INPUT", "send an input; `Name(field=value)` alone does the same")
def _step(workbench: Workbench, rest: str) -> Report:
    if not rest:
        raise InputError("step what?", "usage: step Name(field=value)")
    return workbench.submit(rest)


@verb("try INPUT", "what an input would do; nothing is kept")
def _try(workbench: Workbench, rest: str) -> Report:
    if not rest:
        raise InputError("try what?", "usage: try Name(field=value)")
    return workbench.preview(rest)


@verb("inputs", "the inputs of this machine, with their fields")
def _inputs(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "inputs")
    told = machines.describe(workbench.machine)
    lines = []
    for kind in told.types:
        if kind.role == "Input":
            fields = (
                f"{field.name}: {field.type}{f' = {field.default}' if field.default else ''}" for field in kind.fields
            )
            lines.append(f"{kind.name}({', '.join(fields)})")
    return Message(lines)


@verb("complete ACTION RESULT", "give a pending action its result; ACTION is a handle (1.1) or an id")
def _complete(workbench: Workbench, rest: str) -> Report:
    action, result = first_word(rest)
    if not result:
        raise InputError(
            "complete needs an action and its result", "usage: complete ACTION RESULT, like complete 1.1 Confirmed()"
        )
    workbench.find(action)  # what is wrong with it is said first
    with shifted(len(rest) - len(result)):
        return workbench.complete(action, result)


@verb("drop ACTION", "the action was carried out and its result is lost")
def _drop(workbench: Workbench, rest: str) -> Report:
    if not rest:
        raise InputError("drop what?", "usage: drop ACTION; `pending` lists them")
    emission = workbench.find(rest)
    return workbench.take(Lose(emission.ref, emission.tracked.id))


@verb("crash [POINT [N]]", f"the process dies; POINT is one of {', '.join(Point)}")
def _crash(workbench: Workbench, rest: str) -> Report:
    point, at = crash_point(rest) if rest else (Point.BETWEEN, 0)
    return workbench.crash(point, at)


@verb("restore", "start the process again from the committed state")
def _restore(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "restore")
    return workbench.restore()


@verb("fault FAILURE [N]", f"the next transition fails: {', '.join(Failure)}; N counts adds, or awaits of the state")
def _fault(workbench: Workbench, rest: str) -> Report:
    word, _, count = rest.partition(" ")
    if word in list(Failure) and Failure(word) not in workbench.machine.failures:
        raise UsageError(f"fault {word}: nothing is awaited", f"the state of {workbench.machine.name} is in memory")
    if word not in list(Failure):
        raise UsageError(f"no failure {word!r}", did_you_mean(word, map(str, workbench.machine.failures)))
    failure = Failure(word)
    at = number(count.strip() or "1", f"fault {word} N") if failure in COUNTED else 0
    return workbench.take(Fault(failure, at))


# --- looking ------------------------------------------------------------------------------------------------------


@verb("pending", "the tracked actions that have no accepted result, oldest first")
def _pending(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "pending")
    return workbench.pending()


@verb("state", "the committed state")
def _state(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "state")
    return workbench.state()


@verb("log", "every step taken, on every branch")
def _log(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "log")
    return workbench.log()


@verb("describe", "what this machine takes, emits and promises")
def _describe(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "describe")
    return machines.describe(workbench.machine)


# --- time ---------------------------------------------------------------------------------------------------------


@verb("back [N]", "go back N steps (1); nothing is lost, the next step starts a branch")
def _back(workbench: Workbench, rest: str) -> Report:
    return workbench.back(number(rest or "1", "back [N]"))


@verb("goto N", "go to step N; 0 is the initial state")
def _goto(workbench: Workbench, rest: str) -> Report:
    return workbench.goto(number(rest.lstrip("#@"), "goto N"))


# --- the REPL itself ----------------------------------------------------------------------------------------------


@verb("help [VERB]", "this list, or one verb")
def _help(workbench: Workbench, rest: str) -> Report:
    if rest:
        if rest not in VERBS:
            raise UsageError(f"no verb {rest!r}", did_you_mean(rest, VERBS))
        told = VERBS[rest]
        return Message([f"{told.usage}", f"   {told.summary}"])
    width = max(len(told.usage) for told in VERBS.values())
    lines = [f"{told.usage.ljust(width)}  {told.summary}" for told in VERBS.values()]
    return Message(["Name(field=value)".ljust(width) + "  send an input", *lines])


@verb("quit", "leave")
def _quit(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "quit")
    raise Quit
