"""What is wrong is said in one line on stderr: what, which value, what is legal, what to do; with the right code."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
TARGETS = "TARGET is a name under machines/, path.py[:Class] or pkg.module[:Class]"
MACHINES = "async_counter, booking_db, coffee_shop, counter, dentist, dentist_as_published, ledger, payment"
INPUTS = "inputs: CancelOrder, RedeemPoints"

USAGE = {
    ("frob",): "no verb 'frob'; known: back, check, complete, crash, describe, ",
    ("simulat", "x"): "no verb 'simulat'; did you mean 'simulate'? known: ",
    ("session", "nw"): "no verb 'nw'; did you mean 'new'? known: diff, list, log, migrate, new, rm, show, verify",
    ("step",): "missing argument 'SESSION'; usage: fasm step [OPTIONS] SESSION INPUT…",
    ("list", "--al"): "no such option: --al; did you mean --help? usage: fasm list [OPTIONS]",
    ("list", "--jso"): "no such option: --jso; did you mean --json? usage: fasm list [OPTIONS]",
    ("list", "more"): "got unexpected extra argument(s) (more); usage: fasm list [OPTIONS]",
    ("simulate", "counter", "--seed"): "option '--seed' requires an argument; see fasm simulate --help",
    (
        "simulate",
        "counter",
        "--runs",
        "x",
    ): "invalid value for '--runs' (env var: 'FASM_RUNS'): 'x' is not a valid int; usage: fasm simulate",
    ("simulate", "counter", "--runs", "0"): "--runs 0: at least 1",
    ("crash", "s", "--at", "noon"): "invalid value for '--at': 'noon' is not one of 'between', 'after-commit',",
    (
        "describe",
        "cofee_shop",
    ): f"no machine 'cofee_shop' under machines/; did you mean 'coffee_shop'? known: {MACHINES}",
    ("describe", ""): f"no machine '' under machines/; known: {MACHINES}",
    ("describe", "machines/no.py"): f"no file machines/no.py; {TARGETS}",
    ("describe", "machines/counter.py:Conter"): "no machine 'Conter' in machines/counter.py; did you mean 'Counter'?",
    ("describe", "nowhere.at.all"): f"no module nowhere; {TARGETS}",
    ("repl", "shp"): f"no machine and no session 'shp'; did you mean 'shop'? known: {MACHINES}, shop",
    (
        "repl",
        "counter",
        "--machine",
        "counter",
    ): "counter is not a session; --machine is for a session",
    ("repl", "counter", "-f", "nowhere"): "cannot read nowhere: No such file or directory; -f takes a text file",
    ("repl", "counter", "-f", "machines"): "cannot read machines: Is a directory; -f takes a text file",
    ("repl", "counter", "-c", "frob"): "-c, line 1: no verb 'frob'; known: Increment, alias, back, back-until,",
    ("repl", "counter", "-c", "bak 3"): "-c, line 1: no verb 'bak'; did you mean 'back'? known: Increment, alias,",
    ("repl", "counter", "-c", "back x"): "-c, line 1: not a number: 'x'; usage: back [N]",
    ("repl", "counter", "-c", "back ²"): "-c, line 1: not a number: '²'; usage: back [N]",
    ("repl", "counter", "-c", "back"): "-c, line 1: cannot go back 1 of 0 steps; `goto 0` is the initial state",
    ("repl", "counter", "-c", "goto 4"): "-c, line 1: no step 4; steps go from 0 to 0",
    ("repl", "counter", "-c", "crash noon"): "-c, line 1: no crash point 'noon'; known: after-action, after-commit,",
    ("repl", "counter", "-c", "crash between 2"): "-c, line 1: crash between has no count, got '2'",
    ("repl", "counter", "-c", "fault tyre"): "-c, line 1: no fault 'tyre'; known: actions_full, commit, load, unknown",
    ("repl", "counter", "-c", "pending 1"): "-c, line 1: pending takes no arguments, got '1'; usage: pending",
    ("repl", "counter", "-c", "help frob"): "-c, line 1: no verb 'frob'; known: alias, back,",
    ("replay", "machines"): "no traces in machines",
    ("session", "new", "counter", ""): "'' is no name for a session; give a name, or a path that ends in .toml",
    ("session", "new", "counter", "a/"): "'a/' is no name for a session; give a name, or a path that ends in .toml",
    ("session", "new", "conter", "s"): "no machine 'conter' under machines/; did you mean 'counter'?",
    ("goto", "shop", "9"): "no step 9; steps go from 0 to 1",
    ("back", "shop", "9"): "cannot go back 9 of 1 steps; `goto 0` is the initial state",
}
INPUT = {
    ("Redem(points=1)",): f"no input 'Redem'; did you mean 'RedeemPoints'? {INPUTS}",
    ("Frob",): f"no input 'Frob'; {INPUTS}",
    ("RedeemPoints()",): "RedeemPoints lacks points (column 1 of RedeemPoints()); RedeemPoints(points)",
    (
        "RedeemPoints(points='a')",
    ): "RedeemPoints.points: expected int, got str 'a' (column 21 of RedeemPoints(points='a'))",
    ("RedeemPoints(points=2000)",): "RedeemPoints.points: ",
    ("RedeemPoints(point=1)",): "RedeemPoints has no field 'point' (column 20 of RedeemPoints(point=1)); did you mean",
    (
        "RedeemPoints(points=20o)",
    ): "not a value: invalid decimal literal (column 22 of RedeemPoints(points=20o)); write",
    ("",): "the value is missing; write Name(field=value)",
    ("   ",): "the value is missing; write Name(field=value)",
    ("RedeemPoints(" * 3000,): "not a value: ",
    (f"RedeemPoints(points={'1' * 5000})",): "not a value: ",
    ("x" * 200_000,): "no input 'xxxx",
    (f"RedeemPoints(points={'x' * 200_000})",): "a value of 200021 characters is too long; the limit is 100000",
    (f"RedeemPoints(points={'x' * 9_000!r})",): "RedeemPoints.points: expected int, got str 'xxxx",
    ("__import__('os')",): "no input '__import__'; ",
}
COMPLETION = {
    ("9.9", "Pending()"): "no tracked action 9.9; pending: 1.1 (id 1)",
    ("7", "Pending()"): "no pending action has the id 7; pending: 1.1 (id 1)",
    ("1.1", "Sucess()"): "no result 'Sucess'; did you mean 'Success'? results: Failed, Pending, Refunded, Success",
    ("1.1", "Success()"): "Success lacks points_deducted (column 1 of Success()); Success(points_deducted)",
    ("²", "Pending()"): "not a value: invalid character '²' (U+00B2) (column 1 of ²); write Name(field=value)",
}


def one_line(text: str) -> str:
    assert text.startswith("error: ")
    assert text.count("\n") == 1
    assert text.endswith("\n")
    return text[len("error: ") : -1]


@pytest.fixture
def shop(fasm: Call) -> None:
    """A session of the coffee shop with one redemption pending."""
    assert fasm("session", "new", "coffee_shop", "shop").code == 0
    assert fasm("step", "shop", "RedeemPoints(points=100)").code == 0


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_usage(fasm: Call, shop: None, arguments: tuple[str, ...]) -> None:
    result = fasm(*arguments)
    assert (result.code, result.out) == (2, "")
    assert one_line(result.err).startswith(USAGE[arguments])


@pytest.mark.parametrize("arguments", INPUT, ids=lambda arguments: arguments[0][:30] or "empty")
def test_input(fasm: Call, shop: None, project: Path, arguments: tuple[str, ...]) -> None:
    before = (project / "sessions" / "shop.toml").read_bytes()
    result = fasm("step", "shop", *arguments)
    assert (result.code, result.out) == (5, "")
    assert one_line(result.err).startswith(INPUT[arguments])
    assert len(result.err) < 800
    assert (project / "sessions" / "shop.toml").read_bytes() == before


@pytest.mark.parametrize("arguments", COMPLETION, ids=" ".join)
def test_completion(fasm: Call, shop: None, arguments: tuple[str, ...]) -> None:
    result = fasm("complete", "shop", *arguments)
    assert (result.code, result.out) == (5, "")
    assert one_line(result.err).startswith(COMPLETION[arguments])


def test_rejected_and_skipped(fasm: Call, shop: None) -> None:
    rejected = fasm("step", "shop", "RedeemPoints(points=1)", "CancelOrder()")
    assert (rejected.code, rejected.err) == (5, "")
    assert rejected.out == "#2 RedeemPoints(points=1)  rejected  RedemptionAlreadyPending(1)\n"
    assert fasm("crash", "shop").code == 0
    skipped = fasm("step", "shop", "CancelOrder()")
    assert (skipped.code, skipped.out) == (5, "#4 CancelOrder()  skipped  the process has crashed; restore it first\n")


# --- sessions -----------------------------------------------------------------------------------------------------


def written(project: Path, name: str, data: bytes) -> Path:
    path = project / "sessions" / f"{name}.toml"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "sessions/x.toml is empty, not a session; `fasm session new TARGET FILE` makes one"),
        (b"hello world\n", "sessions/x.toml is not TOML: "),
        (
            b"a = 1\n",
            "sessions/x.toml is not a session: it has no `format`; a session begins with the line `format = 3`",
        ),
        (b"\x7fELF\x00\x01\x02\n", "sessions/x.toml, line 1: a NUL byte; "),
        (b"\xff\xfe\n", "sessions/x.toml, line 1: not UTF-8"),
        (
            b"format = 99\n",
            "sessions/x.toml has format 99; this fasm reads formats up to 3; a newer fasm wrote it: upgrade fasm",
        ),
    ],
    ids=["empty", "text", "toml", "binary", "latin", "newer"],
)
@pytest.mark.parametrize("verb", ["pending", "step", "replay", "session show", "repl"])
def test_no_session(fasm: Call, shop: None, project: Path, verb: str, data: bytes, message: str) -> None:
    path = written(project, "x", data)
    result = fasm(*verb.split(), "x", *(["CancelOrder()"] if verb == "step" else []))
    assert (result.code, result.out) == (4, "")
    assert one_line(result.err).startswith(message)
    assert path.read_bytes() == data


def test_truncated(fasm: Call, shop: None, project: Path) -> None:
    whole = (project / "sessions" / "shop.toml").read_bytes()
    written(project, "cut", whole[:-30])
    shown = fasm("pending", "cut")
    assert (shown.code, shown.out) == (0, "nothing is pending\n")
    assert shown.err.startswith("sessions/cut.toml, line 36: ")
    written(project, "header", whole[:40])
    refused = fasm("pending", "header")
    assert refused.code == 4
    assert one_line(refused.err).startswith("sessions/header.toml, line 2: the file ends inside its header")


def test_edited(fasm: Call, shop: None, project: Path) -> None:
    whole = (project / "sessions" / "shop.toml").read_bytes()
    written(project, "edited", whole.replace(b"points = 100", b"points = 101"))
    result = fasm("step", "edited", "CancelOrder()")
    assert result.code == 4
    assert one_line(result.err).startswith(
        "sessions/edited.toml, lines 37-52: step 1 was changed: its checksum does not"
    )


def test_session_of_another_machine(fasm: Call, shop: None) -> None:
    message = "sessions/shop.toml is a session of coffee_shop; the types of payment differ: State: Shop -> Account; "
    for arguments in (
        ("step", "shop", "CancelOrder()", "--machine", "payment"),
        ("repl", "payment", "--session", "shop"),
    ):
        result = fasm(*arguments)
        assert (result.code, result.out) == (4, "")
        assert one_line(result.err).startswith(message)
    replayed = fasm("replay", "shop", "--machine", "payment")
    assert replayed.code == 4
    assert one_line(replayed.err).startswith(
        "sessions/shop.toml is a session of coffee_shop, and its initial state does"
    )


def test_types_have_changed(fasm: Call, shop: None, project: Path) -> None:
    path = project / "machines" / "coffee_shop.py"
    path.write_text(
        path.read_text().replace("    order_cents: int = 550\n", "    order_cents: int = 550\n    cups: int = 0\n")
    )
    result = fasm("step", "shop", "CancelOrder()")
    assert result.code == 4
    assert one_line(result.err).startswith("sessions/shop.toml is a session of coffee_shop, whose types have changed")


def test_machine_behaves_otherwise(fasm: Call, shop: None, project: Path) -> None:
    path = project / "machines" / "coffee_shop.py"
    path.write_text(path.read_text().replace("state.next_redemption_id += 1", "state.next_redemption_id += 2"))
    result = fasm("step", "shop", "CancelOrder()")
    assert result.code == 4
    assert one_line(result.err).startswith("sessions/shop.toml: step 1 led to another state: it changed ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "no session sessions/nowhere.toml; `fasm session list` lists the sessions"),
        ("no/where.toml", "no session no/where.toml; "),
        ("folder.toml", "folder.toml is a directory, not a session"),
        ("machines/counter.py/x.toml", "cannot read machines/counter.py/x.toml: Not a directory"),
    ],
)
def test_no_file(fasm: Call, project: Path, name: str, message: str) -> None:
    (project / "folder.toml").mkdir()
    result = fasm("crash", name)
    assert result.code == 4
    assert one_line(result.err).startswith(message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no/where.toml", "cannot create no/where.toml: there is no directory no"),
        ("machines/counter.py/x.toml", "cannot create machines/counter.py/x.toml: "),
        ("shop", "sessions/shop.toml exists; nothing is overwritten; give another name, or continue that session"),
    ],
)
def test_cannot_create(fasm: Call, shop: None, name: str, message: str) -> None:
    result = fasm("session", "new", "counter", name)
    assert (result.code, result.out) == (4, "")
    assert one_line(result.err).startswith(message)


def test_findings_that_cannot_be_saved_are_told_all_the_same(fasm: Call) -> None:
    result = fasm("simulate", "payment", "--seed", "1", "--runs", "20", "--jobs", "1", "--save", "machines/counter.py")
    assert result.code == 1
    assert "BROKEN invariant:never_overdrawn" in result.out
    assert "the trace could not be saved: " in result.out
    assert "reproduce: fasm simulate payment --seed 1 " in result.out


def test_file_that_names_a_machine_elsewhere(fasm: Call, project: Path) -> None:
    (project / "elsewhere.py").write_text((project / "machines" / "counter.py").read_text())
    assert fasm("session", "new", "elsewhere.py", "s").code == 0
    result = fasm("step", "s", "Increment")
    assert result.code == 4
    assert "the file names the machine 'elsewhere.py', which is not under machines/" in one_line(result.err)
    assert fasm("step", "s", "Increment", "--machine", "elsewhere.py").code == 0


def test_working_directory_that_is_gone(fasm: Call, project: Path) -> None:
    gone = project / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    result = fasm("list")
    os.chdir(project)
    assert result.code == 70
    assert one_line(result.err) == "the operating system refused: No such file or directory"
