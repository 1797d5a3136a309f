"""`fasm session`: what is printed, what the document says, and how it ends."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile

Call = Callable[..., Any]
MISSING = "error: no session sessions/no.toml; `fasm session list` lists the sessions\n"


@pytest.fixture
def shop(fasm: Call) -> Path:
    """A branch, at the end of which the session stands."""
    fasm("session", "new", "coffee_shop", "shop")
    fasm("step", "shop", "RedeemPoints(points=100)")
    fasm("crash", "shop")
    fasm("back", "shop")
    fasm("step", "shop", "RedeemPoints(points=120)")
    return Path("sessions/shop.toml")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_session_in_another_database(fasm: Call, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stepped(name: str) -> str:
        fasm("session", "new", "ledger", name)
        assert fasm("step", name, "Transfer(1, 2, 50)", "Transfer(3, 2, 5)").code == 0
        assert fasm("session", "verify", name).code == 0
        return Path(f"sessions/{name}.toml").read_text(encoding="utf-8")

    own = stepped("own")
    monkeypatch.setenv("FASM_DB", "mysql://here")
    assert fasm("step", "own", "Transfer(1, 2, 1)").err.startswith("error: no store 'mysql://here'; ")
    assert fasm("repl", "ledger", "--db", "sqlite://", "-c", "state").code == 0  # what is said goes first
    monkeypatch.setenv("FASM_DB", f"sqlite:///{project / 'scratch.db'}")
    assert stepped("other") == own


def test_log(fasm: Call, shop: Path) -> None:
    result = fasm("session", "log", "shop")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "  #1 RedeemPoints(points=100)  committed\n"
        "· #2 crash  committed\n"
        "* #3 RedeemPoints(points=120)  rejected RedemptionAlreadyPending(1)  from #1\n"
    )
    assert fasm("session", "log", "shop", "--last", "2").out == result.out.split("\n", 1)[1]
    document = fasm("session", "log", "shop", "--json").document
    assert (document["schema"], document["data"]["report"], document["data"]["head"]) == (
        "fasm/session-log/1",
        "log",
        3,
    )
    assert [(line["step"], line["on_path"]) for line in document["data"]["lines"]] == [
        (1, True),
        (2, False),
        (3, True),
    ]


def test_log_needs_no_machine(fasm: Call, shop: Path) -> None:
    Path("machines/coffee_shop.py").write_text("raise RuntimeError")
    shop.write_bytes(shop.read_bytes()[:-5])
    result = fasm("session", "log", "shop")
    assert (result.code, result.out.count("\n")) == (0, 2)
    assert result.err.startswith("sessions/shop.toml, line 66: dropped 210 ")
    assert result.err.endswith(" bytes of an incomplete write after step 2\n")


def test_diff(fasm: Call, shop: Path) -> None:
    fasm("session", "new", "coffee_shop", "other")
    fasm("step", "other", "RedeemPoints(points=90)")
    result = fasm("session", "diff", "shop", "other")
    assert (result.code, result.err) == (1, "")
    assert result.out == (
        "- sessions/shop.toml\n"
        "+ sessions/other.toml\n"
        "first difference at step 1  2 steps and 1 step\n"
        "- #1 RedeemPoints(points=100)  committed\n"
        "     pending_redemption: None -> Redemption(id=1, points=100, phase=Phase.REQUESTED)\n"
        "     next_redemption_id: 1 -> 2\n"
        "+ #1 RedeemPoints(points=90)  committed\n"
        "     pending_redemption: None -> Redemption(id=1, points=90, phase=Phase.REQUESTED)\n"
        "     next_redemption_id: 1 -> 2\n"
        "- #3 RedeemPoints(points=120)  rejected RedemptionAlreadyPending(1)\n"
        "the states differ\n"
        "   ~ pending_redemption.points: 100 -> 90\n"
    )
    result = fasm("session", "diff", "shop@0", "other@1", "--json")
    data = result.document["data"]
    assert (result.code, result.document["ok"]) == (1, False)
    assert (data["a"], data["compares_paths"], data["pairs"], data["problem"]) == (
        "sessions/shop.toml@0",
        False,
        [],
        "",
    )
    assert data["states"][1] == {"sign": "~", "path": "next_redemption_id", "old": "1", "new": "2"}
    result = fasm("session", "diff", "shop", "shop")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("the steps are the same  2 steps\nthe states are the same\n")
    assert fasm("session", "diff", "shop", "shop", "--json").document["ok"]


def test_diff_of_states_that_cannot_be_had_is_no_sameness(fasm: Call, shop: Path) -> None:
    Path("sessions/other.toml").write_bytes(shop.read_bytes())
    edit(
        Path("machines/coffee_shop.py"),
        "class CoffeeShop(StateMachine):",
        "class CoffeeShop(StateMachine):\n    version = 2",
    )
    result = fasm("session", "diff", "shop", "other")
    assert (result.code, result.err) == (4, "")
    said = "the states were not compared: sessions/shop.toml is a session of coffee_shop version 1; "
    assert f"the steps are the same  2 steps\n{said}" in result.out
    assert not fasm("session", "diff", "shop", "other", "--json").document["ok"]


def test_diff_of_what_is_not_there(fasm: Call, shop: Path) -> None:
    assert (fasm("session", "diff", "shop", "no").code, fasm("session", "diff", "shop", "no").err) == (4, MISSING)
    result = fasm("session", "diff", "shop@4", "shop")
    assert (result.code, result.err) == (2, "error: sessions/shop.toml has no step 4; steps go from 0 to 3\n")


def test_verify(fasm: Call, shop: Path) -> None:
    result = fasm("session", "verify", "shop")
    assert (result.code, result.out, result.err) == (0, "sessions/shop.toml  ok  3 steps, 0 snapshots\n", "")
    edit(Path("machines/coffee_shop.py"), "raise RedemptionAlreadyPending(", "raise UnexpectedResult(")
    result = fasm("session", "verify", "shop")
    assert (result.code, result.err) == (1, "")
    assert result.out == (
        "sessions/shop.toml  differs\n   step 3: error\n   - RedemptionAlreadyPending(1)\n   + UnexpectedResult(1)\n"
    )
    document = fasm("session", "verify", "shop", "--json").document
    assert (document["ok"], document["data"]["steps"]) == (False, 3)
    assert document["findings"] == [
        {"step": 3, "part": "error", "old": "RedemptionAlreadyPending(1)", "new": "UnexpectedResult(1)"}
    ]


def test_verify_from_a_folder_below(fasm: Call, project: Path, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a machine that the file names by its path."""
    fasm("session", "new", "machines/counter.py", "count")
    monkeypatch.chdir(project / "machines")
    result = fasm("session", "verify", "count")
    assert (result.code, result.out) == (0, "../sessions/count.toml  ok  0 steps, 0 snapshots\n")


def test_verify_of_what_cannot_be_read(fasm: Call, shop: Path) -> None:
    assert fasm("session", "verify", "no").err == MISSING
    edit(shop, "points = 120", "points = 121")
    result = fasm("session", "verify", "shop")
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith("error: sessions/shop.toml, lines ")
    assert ": step 3 was changed: its checksum does not match; " in result.err


def test_migrate(fasm: Call, shop: Path) -> None:
    assert fasm("session", "migrate", "shop").out == (
        "sessions/shop.toml  coffee_shop\n   up to date  it fits the machine\n"
    )
    machine = Path("machines/coffee_shop.py")
    edit(machine, "    def initial(", "    version = 2\n\n    def initial(")
    result = fasm("session", "migrate", "shop", "--dry-run")
    assert (result.code, result.err) == (0, "")
    expected = "sessions/shop.toml  coffee_shop  version 1 -> 2\n   {} sessions/shop.v2.toml  3 steps\n"
    assert result.out == expected.format("would be written")
    assert fasm("session", "migrate", "shop").out == expected.format("written")
    assert fasm("step", "shop.v2", "RedeemPoints(points=120)").code == 5
    edit(machine, "raise RedemptionAlreadyPending(", "raise UnexpectedResult(")
    result = fasm("session", "migrate", "shop")
    assert (result.code, result.err) == (1, "")
    assert "   the new machine behaves differently; nothing is written\n   step 3: error\n" in result.out
    document = fasm("session", "migrate", "shop", "--json").document
    assert (document["ok"], document["data"]["written"], document["findings"][0]["step"]) == (False, False, 3)


def test_an_error_in_migrate_is_the_authors(fasm: Call, shop: Path) -> None:
    body = "    version = 2\n\n    def migrate(self, version, data):\n        return data['nope']\n\n    def initial("
    edit(Path("machines/coffee_shop.py"), "    def initial(", body)
    result = fasm("session", "migrate", "shop")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("error: the machine raised KeyError: 'nope'\n")
    assert "in migrate\n    return data['nope']" in result.err


def test_rm(fasm: Call, shop: Path) -> None:
    Path("sessions/shop.toml.torn-1").write_text("x")
    fasm("session", "new", "counter", "count")
    result = fasm("session", "rm", "shop", "count")
    assert (result.code, result.err) == (0, "")
    assert result.out == ("removed sessions/shop.toml\n   and sessions/shop.toml.torn-1\nremoved sessions/count.toml\n")
    assert list(Path("sessions").iterdir()) == []
    result = fasm("session", "rm", "shop", "--json")
    assert (result.code, result.document["error"]["message"]) == (4, "no session sessions/shop.toml")


def test_rm_of_what_is_no_session_or_in_use(fasm: Call, process: Call, shop: Path) -> None:
    result = fasm("session", "rm", "shop", "machines/counter.py")
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith("error: machines/counter.py is not TOML: ")
    with SessionFile.open(shop):
        result = process("session", "rm", "shop")
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith("error: sessions/shop.toml is being written by pid ")
    assert shop.exists()


@pytest.mark.parametrize("name", ["link", "machines/link.py"])
def test_a_file_cannot_make_a_link_out_of_the_project_run(fasm: Call, project: Path, shop: Path, name: str) -> None:
    evil = project / "evil.py"
    evil.write_text("open('ran', 'w')")
    Path("machines/link.py").symlink_to(evil)
    stored = read_session(shop)
    stored.header.machine.name = name
    shop.write_text(render_session(stored.header, stored.records))
    for verb in (
        ["step", "shop", "X()"],
        ["replay", str(shop)],
        *(["session", each, "shop"] for each in ("verify", "migrate")),
    ):
        result = fasm(*verb)
        assert result.code == 4
        assert f"the file names the machine {name!r}, which is not under machines/" in result.err
    assert not Path("ran").exists()
