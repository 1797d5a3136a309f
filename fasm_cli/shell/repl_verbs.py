"""The verbs of the REPL: one table that feeds the prompt, `-c`, `-f`, piped lines, completion and help.

To add a verb, write its function in the module of its theme (`repl_verbs_step`, `_look`, `_time`, `_self`) and put it
in the table with `@verb`. A line is an input where it has a call form (`Name(…)`) or names an input without fields;
else its first word is a verb.
"""

from fasm_cli.app.reports import Report
from fasm_cli.app.workbench import Workbench
from fasm_cli.core.errors import UsageError, did_you_mean
from fasm_cli.core.machine import input_types
from fasm_cli.shell import repl_verbs_look, repl_verbs_self, repl_verbs_step, repl_verbs_time  # noqa: F401  each registers its verbs
from fasm_cli.shell.repl_kinds import Kind
from fasm_cli.shell.repl_verb import SHOWN, VERBS, Quit, Verb, shifted

__all__ = ["VERBS", "Kind", "Quit", "Verb", "perform"]


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


def is_input(workbench: Workbench, text: str) -> bool:
    """Whether `text` has the form of an input: a call, or the bare name of an input."""
    head = text.split("(", 1)[0].rstrip()
    return ("(" in text and head.isidentifier()) or text in input_types(workbench.machine.input)
