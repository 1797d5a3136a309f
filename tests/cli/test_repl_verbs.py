"""Every verb of the REPL: its documentation, its examples, its errors, and equal results from every source of lines."""

import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table
from fasm_cli.cli.repl.execute import execute
from fasm_cli.cli.repl.lines import logical_lines
from fasm_cli.cli.repl.registry import VERBS, Kind, Quit, expand_alias
from fasm_cli.debugger.open import open_target
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import FasmError, InputError, UsageError
from fasm_cli.project.project import Project
from fasm_cli.reports.schema import document

ROOT = Path(__file__).parents[2]
Call = Callable[..., Any]
SHOP = (
    "RedeemPoints(points=100)",
    "crash",
    "restore",
    "complete 3.1 Success(points_deducted=100)",
    "goto 2",
)
OVERDRAWN = ("Process(80, 'a')", "Process(80, 'b')", "complete 1.1 Success()", "complete 2.1 Success()")
BEFORE = {"shrink": ("payment", OVERDRAWN), "redeliver": ("coffee_shop", SHOP[:-1])}
EXAMPLES = [(name, example) for name, verb in VERBS.items() for example in verb.examples]


def bench(project: Path, target: str = "coffee_shop", lines: tuple[str, ...] = ()) -> DebugSession:
    session, _ = open_target(Project(Path()), target)
    for line in lines:
        execute(session, line)
    return session


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_each_verb_is_documented(verb: Any) -> None:
    assert verb.examples
    assert verb.name not in verb.related
    assert set(verb.related) <= set(VERBS)
    takes = verb.usage.split()[1:]
    assert bool(takes) is bool(verb.arguments)
    assert all(isinstance(kind, Kind) for kinds in verb.arguments for kind in kinds)
    assert len(f"{verb.usage}  {verb.summary}") <= 120


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_each_example_runs(project: Path, monkeypatch: pytest.MonkeyPatch, name: str, example: str) -> None:
    shutil.copytree(ROOT / "sessions", "sessions")
    Path("morning.fasm").write_text("# a line\nstate\n")
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.delenv("VISUAL", raising=False)
    target, lines = BEFORE.get(name, ("coffee_shop", SHOP))
    with bench(project, target, lines) as session:
        if name == "quit":
            with pytest.raises(Quit):
                execute(session, example)
        else:
            assert execute(session, example) is not None


CORPUS = r"""
# every verb that prints the same each time
inputs
RedeemPoints(
    points=100,
)
try CancelOrder()
CancelOrder()
label cancelled
crash after-action 1
pending
restore
complete 4.1 Success(points_deducted=100)
check
goto cancelled
state
state pending_redemption.phase
print [id for id in pending]
diff start
back-until state.pending_redemption == None
forward
complete 1 Failed(reason='é (')
expect accepted
expect pending 0
branch refused
tree
log 1..3 --all
watch points_balance
break state.points_balance < 50
run 20 --seed 3 --crash 0.1
alias redeem = RedeemPoints(points=$1)
redeem 1
set
history print
help crash
why
describe
"""


def ended(session: DebugSession) -> list[Any]:
    reports = []
    for _, line in logical_lines(CORPUS.splitlines()):
        report = execute(session, line)
        if report is not None:
            reports.append(report)
    return reports


def test_lines_of_every_source_have_equal_reports(fasm: Call, monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    Path("corpus.fasm").write_text(CORPUS, encoding="utf-8")
    typed = [word for _, line in logical_lines(CORPUS.splitlines()) for word in ("-c", line)]
    by_words = fasm("repl", "coffee_shop", "--json", *typed)
    by_file = fasm("repl", "coffee_shop", "--json", "-f", "corpus.fasm")
    monkeypatch.setattr(sys, "stdin", io.StringIO(CORPUS))
    by_pipe = fasm("repl", "coffee_shop", "--json")
    assert by_words.code == by_file.code == by_pipe.code == 0, by_words.err + by_file.err
    by_hand = document("repl", ended(bench(project)))
    assert by_words.document == by_file.document == by_pipe.document == json.loads(json.dumps(by_hand))
    assert len(by_words.document["data"]) == len(list(logical_lines(CORPUS.splitlines()))) - 1
    kept = fasm("repl", "coffee_shop", "--json", "--session", "kept", "-f", "corpus.fasm")
    assert kept.document == by_file.document


WRONG = {
    "goto nowhere": "no step, label or branch 'nowhere'; known: end, main, start",
    "goto -9": "cannot go back 9 of 2 steps; `goto 0` is the initial state",
    "goto 9": "no step 9; steps go from 0 to 4",
    "forward 9": "cannot go forward 9 of 2 steps; a new step continues from here",
    "switch mian": "no branch 'mian'; did you mean 'main'? known: main",
    "label": "label what?; usage: label NAME",
    "label end": "'end' is not a valid name; begin with a letter, then letters, digits, - . _ ~",
    "label main": "the name 'main' is in use; `tree` lists the names",
    "label main~9": "'main~9' is not a valid name; begin with a letter, then letters, digits, - . _ ~",
    "label 7": "'7' is not a valid name; begin with a letter, then letters, digits, - . _ ~",
    "until state.points_balance > 0 and up": None,
    "until state.points_balance > 1000": "state.points_balance > 1000 is False here and never changes between ",
    "back-until state.nothing": "Shop has no field 'nothing'; known: ",
    "until (": "not a value: '(' was never closed; write an expression over state, prev, pending, up",
    "log 1": "not a range of steps: '1'; write a..b, like 3..7 or start..end",
    "log 1..2 3..4": "log takes at most one range, got '1..2 3..4'; usage: log [A..B] [--all]",
    "diff 1 2 3": "diff takes at most two steps, got '1 2 3'; usage: diff [A] [B]",
    "diff nowhere.toml": "no session nowhere.toml; `fasm session list` lists the sessions",
    "diff sessions/payment_overdraft.toml": "sessions/payment_overdraft.toml is a session of payment; the types of",
    "check nothing": "no check 'nothing'; known: invariant:locked_points_are_covered, invariant:never_in_debt",
    "inputs Redem": "no input 'Redem'; known: CancelOrder, RedeemPoints",
    "watch state.nothing": "Shop has no field 'nothing'; known: ",
    "break remove 3": "no watch or break number '3'; there are 0; `break` lists them",
    "break open('x')": "'open' cannot be called here; known: ",
    "run": "run how many steps?; usage: run N [--seed S] [--crash P]",
    "run x": "not a number: 'x'; usage: run N [--seed S] [--crash P]",
    "run 5 --crash much": "--crash much: not a probability; a number from 0 to 1; usage: run N [--seed S] [--crash P]",
    "run 5 --crash 7": "--crash 7: not a probability; a number from 0 to 1; usage: run N [--seed S] [--crash P]",
    "run 5 --sed 7": "no option '--sed'; did you mean '--seed'? known: --crash, --seed",
    "run 5 --seed": "--seed needs a value; usage: run N [--seed S] [--crash P]",
    "replay nowhere": "no session sessions/nowhere.toml; `fasm session list` lists the sessions",
    "replay sessions/payment_overdraft.toml": "sessions/payment_overdraft.toml is a session of payment; the types of",
    "shrink": "nothing is broken on this branch; `run N` searches for a finding, `tree` lists known ones",
    "expect acepted": "expect acepted: no such outcome; did you mean 'accepted'? known: ",
    "expect rejected": "expected rejected, got committed; `why`, `state` and `log` show more",
    "expect broken": "expected broken, got committed, nothing broken; `why`, `state` and `log` show more",
    "expect pending 3": "expected pending 3, got 1 pending; `why`, `state` and `log` show more",
    "expect up": "expected up, got up is False; `why`, `state` and `log` show more",
    "expect state.points_balance": "the value is 150, neither True nor False; write a comparison",
    "save /": "'/' is no name for a session; give a name, or a path that ends in .toml",
    "save no/where.toml": "cannot write no/where.toml: No such file or directory",
    "save sessions/dentist_race.toml": "sessions/dentist_race.toml exists; nothing is overwritten; give another name",
    "open nowhere": "no machine and no session 'nowhere'; known: ",
    "export": "export what?; usage: export FORMAT FILE",
    "export script": "export what?; usage: export FORMAT FILE",
    "export skript x": "no format 'skript'; did you mean 'script'? known: json, pytest, script",
    "export json machines": "machines exists and is not overwritten; choose another name, or remove the file",
    "export json no/where": "cannot write no/where: No such file or directory",
    "source nowhere": "cannot read nowhere: No such file or directory; `source` takes a text file with one line each",
    "source machines": "cannot read machines: Is a directory; `source` takes a text file with one line each",
    "alias x": "not an alias: 'x'; usage: alias NAME = LINE",
    "alias state = log": "'state' is already a verb or an input; choose another name",
    "set colour red": "no setting 'colour'; known: format, time",
    "set time": "time cannot be ''; one of off, on",
    "edit 9": "no step 9; steps go from 1 to 4",
    "edit": "no editor: $EDITOR is not set; export EDITOR=vi, or edit the file elsewhere and `reload`",
    "redeliver 1.1": "1.1 has no result to deliver again; usage: redeliver ACTION [RESULT]",
    "why not": "why takes no arguments, got 'not'; usage: why",
}


@pytest.mark.parametrize("line", WRONG)
def test_errors_are_explained(project: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    shutil.copytree(ROOT / "sessions", "sessions")
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    report = WRONG[line]
    with bench(project, lines=SHOP) as session:
        if report is None:
            execute(session, line)
            return
        with pytest.raises(FasmError) as wrong:
            execute(session, line)
        assert f"{wrong.value.message}; {wrong.value.hint}".removesuffix("; ").startswith(report)
        if isinstance(wrong.value, InputError) and wrong.value.column is not None:
            assert 0 <= wrong.value.column <= len(line)
        why = execute(session, "why")
        assert getattr(why, "reason", None) == wrong.value.message
        assert session.timeline.head == 2


def test_expand_alias() -> None:
    assert expand_alias("r", "A($2, $1, $2)", "x y") == "A(y, x, y)"
    with pytest.raises(UsageError, match="r takes 1 words, got 0"):
        expand_alias("r", "A($1)", "")


def test_recursive_aliases_and_files_are_refused(project: Path) -> None:
    session = bench(project)
    execute(session, "alias twice = twice")
    Path("again.fasm").write_text("source again.fasm\n")
    for line in ("twice", "source again.fasm"):
        with pytest.raises(UsageError, match="aliases and files nested more than 8 deep"):
            execute(session, line)
    assert session.repl_state.nesting == []
