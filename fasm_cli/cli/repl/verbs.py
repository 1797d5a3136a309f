"""The verbs of the REPL, in the order in which `help` lists them. Importing this module fills `registry.VERBS`.

To add a verb, decorate its function with `@verb`; the docstring is its summary in `help`. Prompt, `-c`, `-f`, piped
lines, completion and help all read the table.
"""

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from fasm_cli.cli.repl.execute import execute_all
from fasm_cli.cli.repl.lines import first_word, logical_lines
from fasm_cli.cli.repl.registry import (
    MAX_QUOTED,
    VERBS,
    Kind,
    Quit,
    define_alias,
    offset_errors,
    parse_number,
    parse_options,
    require_argument,
    verb,
)
from fasm_cli.debugger import autoplay, breakpoints, inspect, navigate
from fasm_cli.debugger.breakpoints import expect
from fasm_cli.debugger.export import export, save
from fasm_cli.debugger.open import open_target
from fasm_cli.debugger.reload import reload
from fasm_cli.debugger.session import FORMATS, DebugSession
from fasm_cli.engine.events import INDEXED_FAULTS, CrashPoint, FaultKind, InjectedFault, ResultLost
from fasm_cli.errors import InputError, UsageError, did_you_mean
from fasm_cli.reports import Report
from fasm_cli.reports.repl import Message, Saved, Stops
from fasm_cli.reports.steps import event_text
from fasm_cli.usecases.describe import describe

# --- events ---------------------------------------------------------------------------------------------------------


@verb(
    "step INPUT",
    Kind.INPUT,
    examples=("step RedeemPoints(points=100)", "RedeemPoints(points=100)"),
    related=("try", "inputs"),
)
def _step(session: DebugSession, rest: str) -> Report:
    """Send an input; `Name(field=value)` alone does the same."""
    return session.submit(require_argument(rest, "step Name(field=value)"))


@verb("try INPUT", Kind.INPUT, examples=("try RedeemPoints(points=100)",), related=("step", "inputs"))
def _try(session: DebugSession, rest: str) -> Report:
    """Show what an input would do, without executing it."""
    return session.preview(require_argument(rest, "try Name(field=value)"))


@verb(
    "complete ACTION RESULT",
    Kind.ACTION,
    Kind.ACTION_RESULT,
    examples=("complete 1.1 Success(points_deducted=100)", "complete 1 Pending()"),
    related=("pending", "drop"),
)
def _complete(session: DebugSession, rest: str) -> Report:
    """Deliver the result of a pending action; ACTION is a ref (1.1) or an id."""
    action, result = first_word(rest)
    if not result:
        raise InputError(
            "complete needs an action and its result", "usage: complete ACTION RESULT, like complete 1.1 Confirmed()"
        )
    session.find_action(action)  # report an error in it first
    with offset_errors(len(rest) - len(result)):
        return session.complete(action, result)


@verb(
    "redeliver ACTION [RESULT]",
    Kind.COMPLETED,
    Kind.ACTION_RESULT,
    examples=("redeliver 3.1", "redeliver 3.1 Pending()"),
    related=("complete", "drop"),
)
def _redeliver(session: DebugSession, rest: str) -> Report:
    """Deliver the result of a completed action again, or another one."""
    action, result = first_word(require_argument(rest, "redeliver ACTION [RESULT]"))
    with offset_errors(len(rest) - len(result)):
        return session.redeliver(action, result)


@verb("drop ACTION", Kind.ACTION, examples=("drop 1.1",), related=("pending", "complete", "crash"))
def _drop(session: DebugSession, rest: str) -> Report:
    """Lose the result of an action that was executed."""
    if not rest:
        raise InputError("drop what?", "usage: drop ACTION; `pending` lists them")
    emission = session.find_action(rest)
    return session.step(ResultLost(emission.ref, emission.tracked.id))


@verb(
    "crash [POINT [N]]",
    Kind.CRASH_POINT,
    Kind.NUMBER,
    examples=("crash", "crash before-commit", "crash after-action 1"),
    related=("restore", "fault", "pending"),
)
def _crash(session: DebugSession, rest: str) -> Report:
    """Crash the process between steps, or at another point."""
    point, nth = parse_crash_point(rest) if rest else (CrashPoint.BETWEEN, 0)
    return session.crash(point, nth)


def parse_crash_point(text: str) -> tuple[CrashPoint, int]:
    """Parse `after-action 2` into a point and its count (0 if it has none). Raises `UsageError`."""
    word, _, count = text.partition(" ")
    known = [str(point) for point in CrashPoint]
    if word not in known:
        raise UsageError(f"no crash point {word!r}", did_you_mean(word, known))
    point = CrashPoint(word)
    counted = point in (CrashPoint.AFTER_ACTION, CrashPoint.IN_RESTORE)
    if count.strip() and not counted:
        raise UsageError(f"crash {word} has no count, got {count.strip()!r}")
    return point, parse_number(count.strip() or "1", f"crash {word} N") if counted else 0


@verb("restore", examples=("restore",), related=("crash", "pending"))
def _restore(session: DebugSession, rest: str) -> Report:
    """Start the crashed process again from the committed state."""
    return session.restore()


@verb("fault KIND [N]", Kind.FAULT, Kind.NUMBER, examples=("fault actions_full 2", "fault commit"), related=("crash",))
def _fault(session: DebugSession, rest: str) -> Report:
    """Inject a fault into the next transition, at the N-th add or await; Tab lists the kinds."""
    word, _, count = rest.partition(" ")
    if word in list(FaultKind) and FaultKind(word) not in session.machine.applicable_faults:
        raise UsageError(
            f"fault {word} needs a state that is awaited", f"the state of {session.machine.name} is in memory"
        )
    if word not in list(FaultKind):
        raise UsageError(
            f"no fault {word[:MAX_QUOTED]!r}", did_you_mean(word, map(str, session.machine.applicable_faults))
        )
    kind = FaultKind(word)
    nth = parse_number(count.strip() or "1", f"fault {word} N") if kind in INDEXED_FAULTS else 0
    return session.step(InjectedFault(kind, nth))


# --- time -----------------------------------------------------------------------------------------------------------


STEP_NAMES = (Kind.STEP, Kind.LABEL, Kind.BRANCH)


@verb("back [N]", Kind.NUMBER, examples=("back", "back 2"), related=("forward", "goto", "back-until"))
def _back(session: DebugSession, rest: str) -> Report:
    """Go back N steps (default 1); no step is lost, the next one starts a branch."""
    return navigate.back(session, parse_number(rest or "1", "back [N]"))


@verb("forward [N]", Kind.NUMBER, examples=("forward",), related=("back", "goto", "until"))
def _forward(session: DebugSession, rest: str) -> Report:
    """Go forward N steps (default 1) along the path that the session came back from."""
    return navigate.forward(session, parse_number(rest or "1", "forward [N]"))


@verb("goto STEP", STEP_NAMES, examples=("goto 1", "goto -1", "goto start"), related=("back", "label", "log"))
def _goto(session: DebugSession, rest: str) -> Report:
    """Go to a step, label, branch, start or end; -1 is the previous step."""
    return navigate.goto(session, navigate.resolve_step(session, require_argument(rest, "goto STEP")))


@verb(
    "until EXPR",
    Kind.EXPRESSION,
    examples=("until state.points_balance < 100", "until not up"),
    related=("back-until", "print", "break"),
)
def _until(session: DebugSession, rest: str) -> Report:
    """Go forward to the first step where the value of EXPR differs from here."""
    return navigate.run_until_change(session, require_argument(rest, "until EXPR"))


@verb("back-until EXPR", Kind.EXPRESSION, examples=("back-until not pending",), related=("until", "print"))
def _back_until(session: DebugSession, rest: str) -> Report:
    """Go back to the first step where the value of EXPR differs from here."""
    return navigate.run_until_change(session, require_argument(rest, "back-until EXPR"), backwards=True)


@verb(
    "log [A..B] [--all]",
    (Kind.STEP, Kind.LABEL, Kind.TEXT),
    examples=("log", "log 1..3 --all"),
    related=("tree", "goto", "diff"),
)
def _log(session: DebugSession, rest: str) -> Report:
    """The steps that lead here, or those of every branch; * marks the current step."""
    words = rest.split()
    everything = "--all" in words
    words = [word for word in words if word != "--all"]
    if len(words) > 1:
        raise UsageError(f"log takes at most one range, got {rest[:MAX_QUOTED]!r}", "usage: log [A..B] [--all]")
    first, last = navigate.parse_range(session, words[0]) if words else (1, None)
    return navigate.log(session, first, last, everything=everything)


@verb("tree", examples=("tree",), related=("switch", "log"))
def _tree(session: DebugSession, rest: str) -> Report:
    """Every branch: where it starts, its steps and labels."""
    return navigate.tree(session)


@verb("branch [NAME]", Kind.TEXT, examples=("branch", "branch first-try"), related=("switch", "tree", "label"))
def _branch(session: DebugSession, rest: str) -> Report:
    """List the branches, or name the current one."""
    return navigate.branch(session, rest) if rest else navigate.tree(session)


@verb("switch BRANCH", Kind.BRANCH, examples=("switch main",), related=("branch",))
def _switch(session: DebugSession, rest: str) -> Report:
    """Go to the last step of another branch."""
    return navigate.switch(session, require_argument(rest, "switch BRANCH"))


@verb("label NAME", Kind.TEXT, examples=("label before-the-crash",), related=("goto", "log"))
def _label(session: DebugSession, rest: str) -> Report:
    """Give the current step a name, for `goto`."""
    return navigate.label(session, require_argument(rest, "label NAME"))


@verb(
    "diff [A] [B]",
    (*STEP_NAMES, Kind.FILE),
    (*STEP_NAMES, Kind.FILE),
    examples=("diff", "diff start", "diff 1 2"),
    related=("log", "goto"),
)
def _diff(session: DebugSession, rest: str) -> Report:
    """Compare this step with the one before, A with this step, or A with B; steps or files."""
    words = rest.split()
    if len(words) > 2:
        raise UsageError(f"diff takes at most two steps, got {rest[:MAX_QUOTED]!r}", "usage: diff [A] [B]")
    return navigate.diff(session, *words)


# --- values ---------------------------------------------------------------------------------------------------------


@verb("inputs [NAME]", Kind.INPUT, examples=("inputs", "inputs RedeemPoints"), related=("describe", "try"))
def _inputs(session: DebugSession, rest: str) -> Report:
    """Every input: its fields, and a sample that would be accepted now."""
    return inspect.sample_inputs(session, rest.removesuffix("()").removesuffix("("))


@verb("pending", examples=("pending",), related=("complete", "drop", "restore"))
def _pending(session: DebugSession, rest: str) -> Report:
    """The tracked actions that have no accepted result, oldest first."""
    return session.pending()


@verb("state [PATH]", Kind.PATH, examples=("state", "state points_balance"), related=("print", "watch", "diff"))
def _state(session: DebugSession, rest: str) -> Report:
    """The committed state, or the value at a path in it."""
    return inspect.value_at(session, rest) if rest else session.state()


@verb(
    "print EXPR",
    Kind.EXPRESSION,
    examples=("print state.points_balance - prev.points_balance", "print len(pending)"),
    related=("state", "until", "break", "expect"),
)
def _print(session: DebugSession, rest: str) -> Report:
    """The value of an expression over state, prev (the state before), pending and up."""
    return inspect.value_of(session, require_argument(rest, "print EXPR"))


@verb("check [NAME]", Kind.INVARIANT, examples=("check", "check never_in_debt"), related=("why", "verify"))
def _check(session: DebugSession, rest: str) -> Report:
    """Check invariants and laws at this step; a failure shows the values it read."""
    return inspect.check(session, rest)


@verb("why", examples=("why",), related=("check", "shrink"))
def _why(session: DebugSession, rest: str) -> Report:
    """The details of the last error or finding: the law, the reason, how to fix it."""
    return inspect.explain_problem(session)


@verb("describe", examples=("describe",), related=("inputs",))
def _describe(session: DebugSession, rest: str) -> Report:
    """The inputs, actions and invariants of this machine."""
    return describe(session.engine)


@verb("watch [PATH]", Kind.PATH, examples=("watch points_balance", "watch"), related=("break", "run", "state"))
def _watch(session: DebugSession, rest: str) -> Report:
    """Stop `run` and `replay` when the value at PATH changes; `watch remove N|all`."""
    return _set_or_remove(session, rest, breakpoints.watch)


@verb(
    "break [EXPR|invariant|reject]",
    Kind.EXPRESSION,
    examples=("break state.points_balance == 0", "break reject", "break remove all"),
    related=("watch", "run", "until"),
)
def _break(session: DebugSession, rest: str) -> Report:
    """Stop `run` and `replay` when EXPR becomes true; `break remove N|all`."""
    return _set_or_remove(session, rest, breakpoints.set_break)


def _set_or_remove(session: DebugSession, rest: str, set_one: Callable[[DebugSession, str], Stops]) -> Stops:
    word, _, which = rest.partition(" ")
    if word == "remove" and which:
        return breakpoints.remove(session, which.strip())
    return set_one(session, rest) if rest else breakpoints.list_breakpoints(session)


# --- many steps -----------------------------------------------------------------------------------------------------


RUN = "run N [--seed S] [--crash P]"


@verb(RUN, Kind.NUMBER, examples=("run 5", "run 5 --seed 7 --crash 0.2"), related=("break", "watch", "shrink", "back"))
def _run(session: DebugSession, rest: str) -> Report:
    """Execute up to N random steps with the machine's faults, until something breaks."""
    words, given = parse_options(rest, RUN, "--seed", "--crash")
    if len(words) != 1:
        raise UsageError("run how many steps?", f"usage: {RUN}")
    seed = parse_number(given.get("--seed", "1"), RUN)
    return autoplay.run_random(session, parse_number(words[0], RUN), seed, _parse_probability(given.get("--crash")))


def _parse_probability(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        probability = float(text)
    except ValueError:
        probability = -1
    if not 0 <= probability <= 1:
        raise UsageError(f"--crash {text[:MAX_QUOTED]}: not a probability", f"a number from 0 to 1; usage: {RUN}")
    return probability


@verb(
    "replay FILE", Kind.FILE, examples=("replay sessions/coffee_shop_crash.toml",), related=("open", "shrink", "back")
)
def _replay(session: DebugSession, rest: str) -> Report:
    """Execute the steps of a trace or session on a new branch, up to its finding."""
    return autoplay.replay(session, session.project.session_path(require_argument(rest, "replay FILE")))


@verb("shrink", examples=("shrink",), related=("replay", "why", "export"))
def _shrink(session: DebugSession, rest: str) -> Report:
    """Reduce the steps that led to a violation to the simplest ones, on a new branch."""
    return autoplay.shrink(session)


@verb("reload", examples=("reload",), related=("edit", "verify"))
def _reload(session: DebugSession, rest: str) -> Report:
    """Import the machine again and report the first step whose result differs."""
    return reload(session)


@verb("verify", examples=("verify",), related=("check", "reload"))
def _verify(session: DebugSession, rest: str) -> Report:
    """Replay the steps that lead here in new processes with other hash seeds."""
    from fasm_cli.usecases.verify import verify_here  # imported late: only this verb starts processes

    return verify_here(session.project, session.timeline)


@verb(
    "expect OUTCOME|EXPR",
    (Kind.OUTCOME, Kind.EXPRESSION),
    Kind.TEXT,
    examples=("expect accepted", "expect pending 1", "expect state.points_balance == 150"),
    related=("source", "print", "check"),
)
def _expect(session: DebugSession, rest: str) -> Report:
    """Require accepted, rejected [NAME], aborted, defect, skipped, broken [LAW] or pending N."""
    return expect(session, require_argument(rest, "expect OUTCOME|EXPR"))


# --- files ----------------------------------------------------------------------------------------------------------


@verb("save FILE", Kind.FILE, examples=("save lunch",), related=("open", "export"))
def _save(session: DebugSession, rest: str) -> Report:
    """Write this session, with all its branches, to FILE and keep it there."""
    return save(session, require_argument(rest, "save FILE"))


@verb(
    "open FILE",
    Kind.FILE,
    examples=("open sessions/coffee_shop_crash.toml", "open counter"),
    related=("save", "replay"),
)
def _open(session: DebugSession, rest: str) -> Report:
    """Switch to another session, or to a machine."""
    other, dropped = open_target(session.project, require_argument(rest, "open FILE"))
    session.replace(other)
    name = session.machine.reference
    return Saved(f"{dropped}; opened" if dropped else "opened", f"{rest}  {name} @{session.timeline.head}")


@verb(
    "export FORMAT FILE",
    Kind.FORMAT,
    Kind.FILE,
    examples=("export script lunch.fasm", "export pytest test_lunch.py"),
    related=("save", "source"),
)
def _export(session: DebugSession, rest: str) -> Report:
    """Write the steps that lead here as json, pytest, script: data, a test, lines for -f."""
    form, _, path = require_argument(rest, "export FORMAT FILE").partition(" ")
    return export(session, form, Path(require_argument(path.strip(), "export FORMAT FILE")))


@verb("source FILE", Kind.FILE, examples=("source morning.fasm",), related=("export", "alias", "expect"))
def _source(session: DebugSession, rest: str) -> Report:
    """Execute the lines of FILE."""
    path = Path(require_argument(rest, "source FILE"))
    return execute_all(session, logical_lines(_read_text(path).splitlines()), str(path))


@verb("edit [N]", Kind.STEP, examples=("edit", "edit 1"), related=("reload", "history"))
def _edit(session: DebugSession, rest: str) -> Report:
    """Edit the machine in $EDITOR and reload it; or edit step N and execute the result."""
    if not rest:
        source = Path(session.machine.source)
        _run_editor(source)
        return (
            reload(session)
            if session.source_changed()
            else Message([f"{session.project.display_path(source)} was not changed"])
        )
    record = session.timeline.journal.get(parse_number(rest.lstrip("#@"), "edit [N]"))
    if record is None:
        raise UsageError(f"no step {rest}", f"steps go from 1 to {session.timeline.last}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.fasm"
        path.write_text(event_text(session.timeline, record) + "\n", encoding="utf-8")
        _run_editor(path)
        lines = list(logical_lines(_read_text(path).splitlines()))
    return execute_all(session, lines, "edited")


def _run_editor(path: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not command:
        raise UsageError("no editor: $EDITOR is not set", "export EDITOR=vi, or edit the file elsewhere and `reload`")
    try:
        code = subprocess.call([*shlex.split(command), str(path)])
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot run {command!r}: {error}", "set $EDITOR to a program") from None
    if code:
        raise UsageError(f"{command} exited with code {code}; nothing was executed", "`edit` starts it again")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", "`source` takes a text file with one line each"
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error.reason}") from None


# --- the REPL itself ------------------------------------------------------------------------------------------------


SETTINGS = {"format": FORMATS, "time": ("off", "on")}


@verb(
    "alias [NAME = LINE]",
    Kind.TEXT,
    examples=("alias redeem = RedeemPoints(points=$1)", "alias"),
    related=("source", "history"),
)
def _alias(session: DebugSession, rest: str) -> Report:
    """Let NAME stand for LINE; $1, $2, … are the words after it."""
    aliases = session.repl_state.aliases
    if not rest:
        return Message([f"{name} = {line}" for name, line in aliases.items()] or ["no aliases"])
    found = re.fullmatch(r"(\S+?)\s*=\s*(\S.*)", rest, re.DOTALL)
    if found is None:
        raise UsageError(f"not an alias: {rest[:MAX_QUOTED]!r}", "usage: alias NAME = LINE")
    define_alias(session, found[1], found[2])
    return Saved("alias", f"{found[1]} = {found[2]}")


@verb("history [TEXT]", Kind.TEXT, examples=("history", "history Redeem"), related=("edit", "log"))
def _history(session: DebugSession, rest: str) -> Report:
    """The lines typed so far, or those that contain TEXT."""
    numbered = enumerate(session.repl_state.typed[:-1], 1)
    return Message([f"{at}  {line}" for at, line in numbered if rest in line])


@verb("set [KEY VALUE]", Kind.SETTING, Kind.TEXT, examples=("set", "set time on", "set format json"))
def _set(session: DebugSession, rest: str) -> Report:
    """The format (text|json) and time (on|off) of reports; `state/json` for one line."""
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


@verb("help [VERB]", Kind.VERB, examples=("help", "help crash"))
def _help(session: DebugSession, rest: str) -> Report:
    """List the verbs, or describe one with examples."""
    if rest:
        if rest not in VERBS:
            raise UsageError(f"no verb {rest[:MAX_QUOTED]!r}", did_you_mean(rest, VERBS))
        found = VERBS[rest]
        lines = [found.usage, f"   {found.summary}", *(f"   > {example}" for example in found.examples)]
        return Message([*lines, f"   see {', '.join(found.related)}"] if found.related else lines)
    width = max(len(each.usage) for each in VERBS.values())
    lines = [f"{each.usage.ljust(width)}  {each.summary}" for each in VERBS.values()]
    return Message(["Name(field=value)".ljust(width) + "  send an input", *lines])


@verb("quit", examples=("quit",))
def _quit(session: DebugSession, rest: str) -> Report:
    """Leave the REPL."""
    raise Quit
