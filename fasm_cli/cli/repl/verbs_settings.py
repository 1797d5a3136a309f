"""Verbs of the REPL itself."""

import re

from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.registry import SHOWN, VERBS, Quit, reject_arguments, verb
from fasm_cli.debugger.session import DebugSession
from fasm_cli.debugger.settings import FORMATS
from fasm_cli.errors import UsageError, did_you_mean
from fasm_cli.reports.repl import Message, Saved
from fasm_cli.reports.report import Report
from fasm_cli.types.schema import variants

NAME = re.compile(r"[^\W\d][\w-]*")
SETTINGS = {"format": FORMATS, "time": ("off", "on")}


@verb(
    "alias [NAME = LINE]",
    "a line under a name of its own, with $1, $2, … for the words after it",
    Kind.TEXT,
    examples=("alias redeem = RedeemPoints(points=$1)", "alias"),
    related=("source", "history"),
)
def _alias(workbench: DebugSession, rest: str) -> Report:
    aliases = workbench.repl_state.aliases
    if not rest:
        return Message([f"{name} = {line}" for name, line in aliases.items()] or ["no aliases"])
    found = re.fullmatch(r"(\S+?)\s*=\s*(\S.*)", rest, re.DOTALL)
    if found is None:
        raise UsageError(f"not an alias: {rest[:SHOWN]!r}", "usage: alias NAME = LINE")
    return define(workbench, found[1], found[2])


def define(workbench: DebugSession, name: str, line: str) -> Saved:
    """From now on `name` stands for `line`. Raises `UsageError` where it means something already, or is no name."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name[:SHOWN]!r} is no name for an alias", "letters, digits, - and _")
    if name in VERBS or name in variants(workbench.machine.input_schema):
        raise UsageError(f"{name!r} is taken: a verb or an input", "give another name")
    workbench.repl_state.aliases[name] = line
    return Saved("alias", f"{name} = {line}")


@verb(
    "history [TEXT]",
    "the lines that were typed, or those with TEXT in them",
    Kind.TEXT,
    examples=("history", "history Redeem"),
    related=("edit", "log"),
)
def _history(workbench: DebugSession, rest: str) -> Report:
    numbered = enumerate(workbench.repl_state.typed[:-1], 1)
    return Message([f"{at}  {line}" for at, line in numbered if rest in line])


@verb(
    "set [KEY VALUE]",
    "how reports are written: format text|json, time on|off; `state/json` for one line",
    Kind.SETTING,
    Kind.TEXT,
    examples=("set", "set time on", "set format json"),
)
def _set(workbench: DebugSession, rest: str) -> Report:
    settings = workbench.repl_state.settings
    if not rest:
        return Message([f"format {settings.format}", f"time {'on' if settings.time else 'off'}"])
    key, _, value = rest.partition(" ")
    if key not in SETTINGS:
        raise UsageError(f"no setting {key[:SHOWN]!r}", did_you_mean(key, SETTINGS))
    if value not in SETTINGS[key]:
        raise UsageError(f"{key} is not {value[:SHOWN]!r}", f"one of {', '.join(SETTINGS[key])}")
    if key == "format":
        settings.format = value
    else:
        settings.time = value == "on"
    return Saved(key, value)


@verb("help [VERB]", "this list, or one verb with examples", Kind.VERB, examples=("help", "help crash"))
def _help(workbench: DebugSession, rest: str) -> Report:
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
def _quit(workbench: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "quit")
    raise Quit
