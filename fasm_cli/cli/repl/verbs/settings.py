"""Verbs about the REPL itself: aliases, history, settings, help."""

import re

from fasm_cli.cli.repl.registry import MAX_QUOTED, VERBS, ArgumentKind, Quit, define_alias, reject_arguments, verb
from fasm_cli.debugger.session import FORMATS, DebugSession
from fasm_cli.errors import UsageError, did_you_mean
from fasm_cli.reports import Report
from fasm_cli.reports.repl import Message, Saved

SETTINGS = {"format": FORMATS, "time": ("off", "on")}


@verb(
    "alias [NAME = LINE]",
    "let NAME stand for LINE; $1, $2, … are the words after it",
    ArgumentKind.TEXT,
    examples=("alias redeem = RedeemPoints(points=$1)", "alias"),
    related=("source", "history"),
)
def _alias(session: DebugSession, rest: str) -> Report:
    aliases = session.repl_state.aliases
    if not rest:
        return Message([f"{name} = {line}" for name, line in aliases.items()] or ["no aliases"])
    found = re.fullmatch(r"(\S+?)\s*=\s*(\S.*)", rest, re.DOTALL)
    if found is None:
        raise UsageError(f"not an alias: {rest[:MAX_QUOTED]!r}", "usage: alias NAME = LINE")
    define_alias(session, found[1], found[2])
    return Saved("alias", f"{found[1]} = {found[2]}")


@verb(
    "history [TEXT]",
    "the lines typed so far, or those that contain TEXT",
    ArgumentKind.TEXT,
    examples=("history", "history Redeem"),
    related=("edit", "log"),
)
def _history(session: DebugSession, rest: str) -> Report:
    numbered = enumerate(session.repl_state.typed[:-1], 1)
    return Message([f"{at}  {line}" for at, line in numbered if rest in line])


@verb(
    "set [KEY VALUE]",
    "the format (text|json) and time (on|off) of reports; `state/json` for one line",
    ArgumentKind.SETTING,
    ArgumentKind.TEXT,
    examples=("set", "set time on", "set format json"),
)
def _set(session: DebugSession, rest: str) -> Report:
    settings = session.repl_state.settings
    if not rest:
        return Message([f"format {settings.format}", f"time {'on' if settings.time else 'off'}"])
    key, _, value = rest.partition(" ")
    if key not in SETTINGS:
        raise UsageError(f"no setting {key[:MAX_QUOTED]!r}", did_you_mean(key, SETTINGS))
    if value not in SETTINGS[key]:
        raise UsageError(f"{key} cannot be {value[:MAX_QUOTED]!r}", f"one of {', '.join(SETTINGS[key])}")
    if key == "format":
        settings.format = value
    else:
        settings.time = value == "on"
    return Saved(key, value)


@verb(
    "help [VERB]", "list the verbs, or describe one with examples", ArgumentKind.VERB, examples=("help", "help crash")
)
def _help(session: DebugSession, rest: str) -> Report:
    if rest:
        if rest not in VERBS:
            raise UsageError(f"no verb {rest[:MAX_QUOTED]!r}", did_you_mean(rest, VERBS))
        found = VERBS[rest]
        lines = [found.usage, f"   {found.summary}", *(f"   > {example}" for example in found.examples)]
        return Message([*lines, f"   see {', '.join(found.related)}"] if found.related else lines)
    width = max(len(each.usage) for each in VERBS.values())
    lines = [f"{each.usage.ljust(width)}  {each.summary}" for each in VERBS.values()]
    return Message(["Name(field=value)".ljust(width) + "  send an input", *lines])


@verb("quit", "leave the REPL", examples=("quit",))
def _quit(session: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "quit")
    raise Quit
