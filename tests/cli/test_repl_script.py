"""Scripts: expectations, exit codes, transcripts, and a machine that changes meanwhile."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
OVERDRAWN = "Process(80, 'a')\nProcess(80, 'b')\ncomplete 1.1 Success()\ncomplete 2.1 Success()\n"


@pytest.fixture
def script(fasm: Call, project: Path) -> Call:
    """`fasm repl TARGET -f` with the lines in a file."""

    def call(target: str, text: str, *options: str) -> Any:
        (project / "s.fasm").write_text(text, encoding="utf-8")
        return fasm("repl", target, "-f", "s.fasm", *options)

    return call


@pytest.mark.parametrize(
    ("lines", "code", "error"),
    [
        ("RedeemPoints(10)\nexpect accepted\nexpect pending 1\nexpect state.points_balance == 150\n", 0, ""),
        ("CancelOrder()\nexpect rejected\nexpect rejected NothingToCancel\n", 0, ""),
        ("crash\nCancelOrder()\nexpect skipped\nexpect not up\n", 0, ""),
        ("fault commit\nRedeemPoints(10)\nexpect aborted\n", 0, ""),
        ("CancelOrder()\n\nexpect accepted\nstate\n", 1, "line 3: expected accepted, got rejected NothingToCancel()"),
        (
            "CancelOrder()\nexpect rejected Other\n",
            1,
            "line 2: expected rejected Other, got rejected NothingToCancel()",
        ),
        ("expect pending 1\n", 1, "line 1: expected pending 1, got 0 pending"),
        ("expect len(pending) > 0\n", 1, "line 1: expected len(pending) > 0, got len(pending) > 0 is False"),
        ("expect accepted\n", 2, "line 1: expect accepted: no step was executed yet"),
        ("expect state.point\n", 5, "line 1: Shop has no field 'point'"),
    ],
)
def test_expectations(script: Call, lines: str, code: int, error: str) -> None:
    result = script("coffee_shop", lines)
    assert result.code == code, result.err
    assert result.err.startswith(f"error: s.fasm, {error}" if error else "")
    assert bool(result.err) is bool(error)


def test_an_expected_finding_is_not_a_failure(script: Call, machine: Call) -> None:
    assert script("payment", OVERDRAWN).code == 1
    assert (
        script("payment", f"{OVERDRAWN}\n# so:\nexpect broken\nexpect broken invariant:never_overdrawn\nstate\n").code
        == 0
    )
    wrong = script("payment", f"{OVERDRAWN}expect broken atomic\n")
    assert (wrong.code, wrong.err.partition(";")[0]) == (
        1,
        "error: s.fasm, line 5: expected broken atomic, got broken invariant:never_overdrawn",
    )
    machine("crashing", "raise ValueError('no')")
    assert script("crashing", "Add(1)\nexpect defect\n").code == 0


def test_each_line_is_echoed(script: Call) -> None:
    result = script("counter", "# not this\nIncrement(\n)\nexpect accepted\n", "--echo")
    assert result.out == (
        "> Increment(\n... )\n#1 Increment()  committed\n   counter: 0 -> 1\n"
        "   + untracked  Incremented(before=0, after=1)\n   invariants 1/1\n"
        "> expect accepted\nas expected  committed\n"
    )


def test_keep_going_exits_with_the_worst_code(script: Call) -> None:
    result = script("counter", "frob\nexpect pending 1\nIncrement\n", "--keep-going")
    assert (result.code, result.err.count("error: ")) == (2, 2)
    assert "#1 Increment()  committed" in result.out
    assert script("payment", f"{OVERDRAWN}frob\npending\n", "--keep-going").code == 1
    assert script("counter", "frob\n", "--keep-going", "-c", "Increment").code == 2


def test_a_transcript_is_a_test(fasm: Call, project: Path) -> None:
    path = project / "t.txt"
    path.write_text("about counting\n> Increment(\n... )\n> frob\n> print state.countr\n", encoding="utf-8")
    assert fasm("repl", "counter", "--check-transcript", "t.txt").code == 1
    written = fasm("repl", "counter", "--update-transcript", "t.txt")
    assert (written.code, written.out) == (0, "t.txt was rewritten\n")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("about counting\n> Increment(\n... )\n#1 Increment()  committed\n   counter: 0 -> 1\n")
    assert text.endswith(
        "> print state.countr\n   print state.countr\n         ^\n"
        "error: Count has no field 'countr'; did you mean 'counter'? known: counter\n"
    )
    same = fasm("repl", "counter", "--check-transcript", "t.txt")
    assert (same.code, same.out) == (0, "t.txt matches the output\n")
    assert fasm("repl", "counter", "--update-transcript", "t.txt").out == "t.txt matches the output\n"
    path.write_text(text.replace("0 -> 1", "0 -> 2"), encoding="utf-8")
    other = fasm("repl", "counter", "--check-transcript", "t.txt")
    assert other.code == 1
    assert "-   counter: 0 -> 2\n+   counter: 0 -> 1\n" in other.out


def test_a_markdown_transcript_is_its_fenced_blocks(fasm: Call, project: Path) -> None:
    text = "# Counting\n\n> a quotation\n\n```fasm\n> Increment\n```\n\n```sh\n> no\n```\n```fasm\n> state\n```\n"
    (project / "t.md").write_text(text, encoding="utf-8")
    assert fasm("repl", "counter", "--update-transcript", "t.md").code == 0
    now = (project / "t.md").read_text(encoding="utf-8")
    assert now.startswith("# Counting\n\n> a quotation\n\n```fasm\n> Increment\n#1 Increment()  committed\n")
    assert now.endswith("```sh\n> no\n```\n```fasm\n> state\n@1 Count(counter=1)\n```\n")


@pytest.mark.parametrize(
    ("option", "report"),
    [
        (("--check-transcript", "no"), "cannot read no: No such file or directory; a transcript is "),
        (("--check-transcript", "bin"), "bin is not UTF-8: "),
        (("--check-transcript", "a", "--update-transcript", "a"), "--check-transcript and --update-transcript cannot"),
    ],
)
def test_invalid_transcript_options(fasm: Call, project: Path, option: tuple[str, ...], report: str) -> None:
    (project / "bin").write_bytes(b"\xff\xfe\x00")
    result = fasm("repl", "counter", *option)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: {report}")


def test_the_format_of_one_line(script: Call) -> None:
    result = script("counter", "Increment\npending/json\npending\nstate/json counter\nset format json\npending/text\n")
    lines = result.out.splitlines()[-5:]
    assert json.loads(lines[0])["schema"] == "fasm/repl/1"
    assert lines[1] == "nothing is pending"
    assert json.loads(lines[2])["data"][0]["report"] == "value"
    assert (json.loads(lines[3])["ok"], lines[4]) == (True, "nothing is pending")
    assert script("counter", "state/xml\n").err.endswith("no format 'xml'; one of text, json\n")


def test_set_changes_how_reports_are_written(script: Call) -> None:
    result = script("counter", "set format json\nIncrement\nset format text\nstate\nset time on\nstate\n")
    lines = result.out.splitlines()
    assert lines[1].startswith('{"data": [{"actions": ')
    assert lines[-3:] == ["@1 Count(counter=1)", "time on", "@1 Count(counter=1)"]
    assert result.err.endswith(" ms\n")


def test_watch_reloads_a_saved_machine(
    fasm: Call, project: Path, monkeypatch: pytest.MonkeyPatch, machine: Call
) -> None:
    machine("counting", "state.n += input.value.by")

    def lines() -> Any:
        yield "Add(1)\n"
        machine("counting", "state.n += 2 * input.value.by")
        yield "state\n"
        machine("counting", "state.n +=")
        yield "state\n"

    class Typed(io.StringIO):
        def __iter__(self) -> Any:
            return lines()

    monkeypatch.setattr(sys, "stdin", Typed())
    result = fasm("repl", "counting", "--watch")
    assert (
        "reloaded counting\n   differs  step 1 leads to another state\n      state.n: 1 -> 2\n"
        "   the new results are on branch main~2\n   nothing broken\n@2 Count(n=2)\n"
    ) in result.out
    assert result.code == 3
    assert "machines/counting.py" in result.err


def test_then_repl_opens_at_the_finding(fasm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("expect broken\nback\nexpect state.balance >= 0\n"))
    result = fasm("simulate", "payment", "--seed", "1", "--runs", "20", "--jobs", "1", "--on-finding", "repl")
    assert (result.code, result.err) == (1, "")
    assert result.out.endswith("as expected  state.balance >= 0 is True\n")
    both = fasm("simulate", "payment", "--seed", "1", "--json", "--on-finding", "repl")
    assert both.code == 2


def test_other_files_of_a_trace(fasm: Call, script: Call) -> None:
    lines = "".join(f"{line}\n" for line in ["Process(1, 'z')", *OVERDRAWN.splitlines()])
    lines = lines.replace("complete 2.1", "complete 3.1").replace("complete 1.1", "complete 2.1")
    assert script("payment", lines, "--session", "long").code == 1
    shrunk = fasm("shrink", "long", "-o", "short.toml")
    assert (shrunk.code, shrunk.out.splitlines()[-1]) == (0, "shrunk 5 -> 4 events  written to short.toml")
    assert fasm("replay", "short.toml").out.endswith("BROKEN invariant:never_overdrawn  at step 4, as recorded\n")
    printed = fasm("export", "short.toml", "--to", "script")
    assert printed.out.splitlines()[0] == "# fasm repl payment -f FILE"
    assert script("payment", printed.out).code == 1
    assert fasm("export", "short.toml", "--to", "json", "-o", "x.json").out == "wrote x.json\n"
    innocent = fasm("shrink", "long", "-o", "x.toml", "--machine", "payment")
    assert innocent.code == 0
    fasm("session", "new", "counter", "none")
    assert fasm("shrink", "none", "-o", "y.toml").err == (
        "error: nothing breaks in sessions/none.toml; `fasm replay` shows what happens in it\n"
    )
