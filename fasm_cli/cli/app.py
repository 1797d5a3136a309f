"""The typer application, and everything that depends on the inside of typer.

`typer.core` is documented for custom classes but not versioned as an interface. If its classes are missing or changed,
`fasm` falls back to the plain ones: all commands work, and only the layout of their help differs.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from fasm_cli.errors import UsageError, did_you_mean

try:
    from typer.core import TyperCommand, TyperGroup
except ImportError:  # pragma: no cover - a future typer
    TyperCommand = TyperGroup = None  # type: ignore[assignment, misc]

Verb = TypeVar("Verb", bound=Callable[..., None])

# The module under cli/commands that defines each verb, in the order of `fasm --help`. Only the module of the verb that
# is called is imported: registering all of them takes longer than most of them take to run.
VERBS = {
    "list": "machines",
    "describe": "machines",
    "repl": "repl",
    "simulate": "simulate",
    "check": "simulate",
    "replay": "traces",
    "shrink": "traces",
    "export": "traces",
    "explain": "machines",
    "lint": "machines",
    "session": "session",
    "step": "step",
    "complete": "step",
    "crash": "step",
    "restore": "step",
    "pending": "step",
    "back": "step",
    "goto": "step",
    "run": "run",
    "history": "run",
    "migrate": "run",
}


def command_class() -> Any:
    """The class of a command whose help shows arguments without braces and one example a line; None if typer has no
    class to derive it from."""
    if TyperCommand is None or not hasattr(TyperCommand, "format_epilog"):
        return None

    class Command(TyperCommand):
        def collect_usage_pieces(self, ctx: Any) -> list[str]:
            return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

        def format_epilog(self, ctx: Any, formatter: Any) -> None:
            examples = (self.epilog or "").splitlines()
            if examples:
                formatter.write_paragraph()
                formatter.write("\n".join(["Examples:", *(f"  {line.strip()}" for line in examples)]) + "\n")

    return Command


def group_class() -> Any:
    """The class of the top-level group, which lists the verbs in the order of the table; None as `command_class`."""
    if TyperGroup is None or not hasattr(TyperGroup, "list_commands"):
        return None

    class Group(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return sorted(self.commands, key=list(VERBS).index)

    return Group


class App(typer.Typer):
    """A typer application whose verbs have examples."""

    def __init__(self, name: str, help: str) -> None:
        super().__init__(name=name, help=help, rich_markup_mode=None, pretty_exceptions_enable=False)
        self._command_class = command_class()

    def verb(self, *examples: str, name: str | None = None) -> Callable[[Verb], Verb]:
        """Register a function as a verb. `examples` are whole command lines; the tests run them."""
        return self.command(name, cls=self._command_class, epilog="\n".join(examples))


app = App("fasm", "Fallible async state machines: step, crash, restore, simulate and replay them.")


def is_usage_error(error: BaseException) -> bool:
    """Whether `error` is typer's own complaint about a command line."""
    return hasattr(error, "format_message")


def usage_error(error: Any, verb: str) -> UsageError:
    """Convert typer's own error: `no such option: --sed; did you mean --seed?`."""
    message = " ".join(error.format_message().rstrip(".").split())
    context = getattr(error, "ctx", None)
    unknown = re.match(r"No such command '(.*?)'", message)
    if unknown is not None and context is not None:
        return UsageError(f"no verb {unknown[1]!r}", did_you_mean(unknown[1], context.command.commands))
    usage = " ".join(context.get_usage().split()) if context is not None else f"see fasm {verb} --help"
    usage = usage.replace("Usage:", "usage:")
    if getattr(error, "possibilities", None):
        message, usage = error.message, f"did you mean {' or '.join(sorted(error.possibilities))}? {usage}"
    return UsageError(f"{message[:1].lower()}{message[1:]}", usage)
