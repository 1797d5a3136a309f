"""Verbs of the REPL itself."""

from fasm_cli.app.reports import Message, Report
from fasm_cli.app.workbench import Workbench
from fasm_cli.core.errors import UsageError, did_you_mean
from fasm_cli.shell.repl_kinds import Kind
from fasm_cli.shell.repl_verb import SHOWN, VERBS, Quit, nothing_after, verb


@verb("help [VERB]", "this list, or one verb", Kind.VERB, examples=("help", "help crash"))
def _help(workbench: Workbench, rest: str) -> Report:
    if rest:
        if rest not in VERBS:
            raise UsageError(f"no verb {rest[:SHOWN]!r}", did_you_mean(rest, VERBS))
        told = VERBS[rest]
        lines = [told.usage, f"   {told.summary}", *(f"   > {example}" for example in told.examples)]
        return Message([*lines, f"   see {', '.join(told.related)}"] if told.related else lines)
    width = max(len(told.usage) for told in VERBS.values())
    lines = [f"{told.usage.ljust(width)}  {told.summary}" for told in VERBS.values()]
    return Message(["Name(field=value)".ljust(width) + "  send an input", *lines])


@verb("quit", "leave", examples=("quit",))
def _quit(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "quit")
    raise Quit
