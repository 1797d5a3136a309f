"""Completion, errors and signatures as functions of text; nothing is drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fasm_cli.cli.prompt.completion import Option, candidates, rank
from fasm_cli.cli.prompt.line_parser import (
    LineError,
    Signature,
    closing_brackets,
    find_error,
    find_signature,
    open_brackets,
    tokenize,
)
from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table of verbs
from fasm_cli.cli.repl.registry import VERBS
from fasm_cli.debugger.session import DebugSession, read_input
from fasm_cli.engine.engine import Engine
from fasm_cli.project.load import import_machine, load
from fasm_cli.project.project import Project

ROOT = Path(__file__).parents[3]
Bench = Callable[..., DebugSession]
EVERYTHING = '''\
class Size(Enum):
    """How much of it."""
    S = 1
    L = 2

@dataclass
class Item:
    name: str
    size: Size = Size.S

@dataclass
class Order:
    item: Item
    note: str | None = None
    sizes: list[Size] = field(default_factory=list)
    prices: dict[Size, Decimal] = field(default_factory=dict)
    fast: bool = False
    kind: Annotated[str, OneOf("cash", "card")] = "cash"
    pair: tuple[int, Size] = (0, Size.S)
    tags: frozenset[Size] = frozenset()
'''
TOP = "from decimal import Decimal\nfrom enum import Enum\nfrom dataclasses import field\nfrom fasm_cli import OneOf\n"


@pytest.fixture
def shop(bench: Bench) -> DebugSession:
    return bench("coffee_shop", "RedeemPoints(10)")


@pytest.fixture
def orders(machine: Callable[..., None], project: Path) -> DebugSession:
    """A machine whose input has a field of every kind."""
    machine("orders", stf="pass", top=f"{TOP}{EVERYTHING}")
    path = project / "machines" / "orders.py"
    path.write_text(path.read_text().replace("Input = Add", "Input = Add | Order"))
    return DebugSession.fresh(Engine(import_machine(Project(project), "orders")))


def texts(bench: DebugSession, text: str) -> list[str]:
    return [str(option.text) for option in candidates(bench, text)[1]]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("step ", ["RedeemPoints(", "CancelOrder()"]),
        ("complete ", ["1.1"]),
        ("complete 1.1 Success(", ["points_deducted="]),
        ("complete 1.1 Success(points_deducted=", []),
        ("RedeemPoints(", ["points="]),
        ("RedeemPoints(points=", ["1", "1000"]),
        ("RedeemPoints(points=1", ["1000"]),
        ("RedeemPoints(points=1 ", []),
        ("RedeemPoints(points=1, ", []),
        ("drop ", ["1.1"]),
        ("crash ", ["between", "after-commit", "after-action", "before-commit", "in-restore"]),
        ("crash between ", []),
        ("fault ", ["actions_full", "load", "commit", "unknown"]),
        ("goto ", ["1", "0", "-1", "start", "end", "main"]),
        ("print state.points_b", ["state.points_balance"]),
        ("print len(state.points_balance) > prev.ord", ["prev.order_cents"]),
        ("print le", ["len("]),
        ("expect acc", ["accepted"]),
        ("expect state.us", ["state.user_id"]),
        ("export ", ["json", "pytest", "script"]),
        ("set ", ["format", "time"]),
        ("switch ", ["main"]),
        ("state pending_redemption.ph", ["pending_redemption.phase"]),
        ("check ", ["never_in_debt", "locked_points_are_covered"]),
        ("help go", ["goto"]),
        ("state/json points_", ["points_balance"]),
        ("state/", []),
        ("pending ", []),
        ("frob(", []),
        ("frob ", []),
        ("# Rede", []),
        ("TrackedActionCompleted(", ["id=", "result="]),
        ("TrackedActionCompleted(id=1, result=Succ", ["Success("]),
        ("RedeemPoints(\n  po", ["points="]),
    ],
)
def test_candidates(shop: DebugSession, text: str, options: list[str]) -> None:
    assert texts(shop, text) == options


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Order(", ["item=", "note=", "sizes=", "prices=", "fast=", "kind=", "pair=", "tags="]),
        ("Order(item=", ["Item("]),
        ("Order(item=Item(", ["name=", "size="]),
        ("Order(item=Item(name='a', ", ["size="]),
        ("Order(item=Item(name='a', size=", ["Size.S", "Size.L"]),
        ("Order(item=Item(name='a', size=Size.", ["Size.S", "Size.L"]),
        ("Order(Item('a'), ", ["note=", "sizes=", "prices=", "fast=", "kind=", "pair=", "tags="]),
        ("Order(note=", ["None"]),
        ("Order(sizes=", ["["]),
        ("Order(sizes=[", ["Size.S", "Size.L"]),
        ("Order(sizes=[Size.S, si", ["Size.S", "Size.L"]),
        ("Order(prices=", ["{"]),
        ("Order(prices={", ["Size.S", "Size.L"]),
        ("Order(prices={Size.S: ", ["Decimal("]),
        ("Order(prices={Size.S: Decimal('1'), ", ["Size.S", "Size.L"]),
        ("Order(fast=", ["True", "False"]),
        ("Order(kind=", ["'cash'", "'card'"]),
        ("Order(kind='ca", ["'cash'", "'card'"]),
        ("Order(kind='cash'", []),
        ("Order(pair=", ["("]),
        ("Order(pair=(1, ", ["Size.S", "Size.L"]),
        ("Order(tags=", ["frozenset({"]),
        ("Order(prices={Size.S: Decimal(", []),
    ],
)  # fmt: skip
def test_values_by_type(orders: DebugSession, text: str, options: list[str]) -> None:
    assert texts(orders, text) == options


def test_meta_shows_type_range_and_default(shop: DebugSession, orders: DebugSession) -> None:
    assert candidates(shop, "RedeemPoints(")[1] == [Option("points=", "int 1..1000")]
    metas = {option.text: option.meta for option in candidates(orders, "Order(")[1]}
    assert metas["fast="] == "bool = False"
    assert metas["kind="] == "str of 'cash', 'card' = 'cash'"
    assert metas["note="] == "str | None = None"
    assert candidates(shop, "drop ")[1] == [Option("1.1", "id 1  Redeem(user_id=12345, points=10)")]
    assert candidates(shop, "goto ")[1][0] == Option("1", "RedeemPoints(points=10)")


def test_results_of_that_action(shop: DebugSession) -> None:
    assert texts(shop, "complete 1.1 ") == [
        "Success(points_deducted=10)", "Failed(reason='card expired')", "Pending()",
        "Success(", "Failed(", "Refunded()",
    ]  # fmt: skip
    shop.crash()
    shop.restore()
    assert texts(shop, "complete 3.1 ")[0] == "Failed(reason='never heard of it')"  # a CheckStatus now
    assert texts(shop, "complete 9.9 ") == ["Success(", "Failed(", "Pending()", "Refunded()"]


def test_everything_at_the_beginning(shop: DebugSession) -> None:
    assert texts(shop, "") == ["RedeemPoints(", "CancelOrder()", *VERBS]
    assert "TrackedActionCompleted(" in texts(shop, "Tra")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("re", ["restore", "RedeemPoints("]),
        ("Re", ["RedeemPoints(", "restore"]),
        ("rdm", ["RedeemPoints("]),
        ("pts", ["RedeemPoints("]),
        ("ore", []),  # in the middle of a part
        ("restore", []),  # there already
        ("", ["RedeemPoints(", "restore", "after-commit"]),
        ("commit", ["after-commit"]),
    ],
)
def test_exact_before_loose(word: str, meant: list[str]) -> None:
    options = [Option("RedeemPoints("), Option("restore"), Option("after-commit"), Option("restore")]
    assert [option.text for option in rank(word, options)] == meant


def test_steps_among_thousands(bench: Bench) -> None:
    counter = bench("counter", *["Increment()"] * 120)
    assert texts(counter, "goto 11") == ["119", "118", "117", "116", "115", "114", "113", "112", "111", "110"]
    assert texts(counter, "goto ")[:2] == ["120", "119"]


def test_a_database(project: Path) -> None:
    """Its tables by name, rows by their key, columns by name; and what can fail where a state is awaited."""
    ledger = DebugSession.fresh(load(Project(project), "ledger"))
    assert texts(ledger, "state db.") == ["db.accounts", "db.transfers"]
    assert texts(ledger, "print state.db.accounts[") == [f"state.db.accounts[{id}]" for id in (1, 2, 3)]
    assert texts(ledger, "state db.accounts[1].") == ["db.accounts[1].id", "db.accounts[1].balance"]
    assert texts(ledger, "fault c") == ["commit", "cancel"]


def test_files(bench: Bench, project: Path) -> None:
    (project / "machines" / "inner").mkdir()
    from fasm_cli.cli.prompt.completion import files

    found = [option.text for option in files(bench(), "machines/", ())]
    assert found[:2] == ["machines/async_counter.py", "machines/booking_db.py"]
    assert "machines/inner/" in found
    assert list(files(bench(), "nowhere/", ())) == []


def test_paths_of_the_state(shop: DebugSession) -> None:
    from fasm_cli.cli.prompt.completion import expressions, paths

    assert [option.text for option in paths(shop, "pending_redemption.ph")] == [
        "pending_redemption.id", "pending_redemption.points", "pending_redemption.phase",
    ]  # fmt: skip
    assert next(paths(shop, "")) == Option("user_id", "12345")
    assert next(expressions(shop, "prev.")) == Option("prev.user_id", "12345")
    assert [option.text for option in expressions(shop, "")][:4] == ["state", "prev", "pending", "up"]
    assert list(paths(shop, "nothing.there.")) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("RedeemPoints(points=20o)", LineError(21, "not a value: invalid decimal literal", "write Name(field=value)")),
        ("RedeemPoints(points=5000)", LineError(20, "5000 is not between 1 and 1000")),
        ("RedeemPoints(points=5000, ", LineError(20, "5000 is not between 1 and 1000")),
        (
            "RedeemPoints(pts=20,",
            LineError(17, "RedeemPoints has no field 'pts'", "did you mean 'points'? known: points"),
        ),
        ("step RedeemPoints()", LineError(5, "RedeemPoints lacks points", "RedeemPoints(points)")),
        ("Foo(", LineError(0, "no input 'Foo'", "inputs: CancelOrder, RedeemPoints")),
        ("pending 3", LineError(8, "pending takes no arguments, got '3'")),
        ("complete 1.1 Success(points_deducted='é', ", LineError(37, "expected int, got str 'é'")),
        ("CancelOrder() x", LineError(14, "not a value: invalid syntax", "write Name(field=value)")),
        ("frob frob", LineError(0, "no verb 'frob'", "known: CancelOrder, RedeemPoints, ")),
    ],
)
def test_errors_while_typing(shop: DebugSession, text: str, wrong: LineError) -> None:
    found = find_error(shop, text)
    assert found is not None
    assert (found.column, found.message) == (wrong.column, wrong.message)
    assert found.hint.startswith(wrong.hint)


@pytest.mark.parametrize(
    "line",
    [
        "RedeemPoints(points=100)",
        "complete 1.1 Success(points_deducted=10)",
        "TrackedActionCompleted(id=1, result=Failed(reason='no (way)'))",
        "crash after-action 2",
        "step CancelOrder()",
        "goto 1",
        "print/json len(pending) > 0",
        "# anything (at all",
        "try RedeemPoints(\n  points=3)",
    ],
)
def test_every_prefix_of_a_correct_line_has_no_error(shop: DebugSession, line: str) -> None:
    """Every beginning of a right line is right so far."""
    for end in range(len(line) + 1):
        assert find_error(shop, line[:end]) is None, line[:end]


def test_the_signature_follows_the_argument(orders: DebugSession, shop: DebugSession) -> None:
    assert find_signature(orders, "Order(item=Item('a', size=") == Signature(
        "Item(name: str, ", "size: Size = Size.S", ")"
    )
    assert find_signature(orders, "Order(Item('a'), fast=").current == "fast: bool = False"
    assert find_signature(orders, "Order(fast=True, ").current == ""
    report = find_signature(shop, "crash af")
    assert report == Signature(f"{VERBS['crash'].usage}  ", "", VERBS["crash"].summary)
    assert find_signature(shop, "RedeemPoints(1)") is None
    assert find_signature(shop, "frob") is None


BENCH = DebugSession.fresh(Engine(import_machine(Project(ROOT), "coffee_shop")))
BENCH.submit("RedeemPoints(10)")
WORDS = ["RedeemPoints", "Success", "Phase", "TrackedActionCompleted", "points", "result", "state", "20o", "1.1", "b'"]
FRAGMENTS = st.sampled_from([*VERBS, *WORDS, *"()[]{}=,:.'\" \n#/~é⧗\\\x00-"])
ANYTHING = st.one_of(st.text(max_size=40), st.lists(FRAGMENTS, max_size=14).map("".join))
MANY = settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(ANYTHING)
def test_analysis_never_raises(text: str) -> None:
    assert "".join(token.text for token in tokenize(text)) == text
    word, options = candidates(BENCH, text)
    assert text.endswith(word)
    wrong = find_error(BENCH, text)
    assert wrong is None or 0 <= wrong.column <= len(text)
    find_signature(BENCH, text)
    assert (
        open_brackets(tokenize(text + closing_brackets(open_brackets(tokenize(text))))) == []
        or "'" in text
        or '"' in text
    )
    assert len({option.text for option in options}) == len(options)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_following_completions_gives_a_correct_line(data: Any) -> None:
    """Whatever is chosen, the line is right so far after each choice, and closed it is accepted by the parser."""
    line = data.draw(st.sampled_from(["", "step ", "try ", "complete 1.1 "]))
    for _ in range(12):
        word, options = candidates(BENCH, line)
        options = [option for option in options if option.text not in VERBS]
        if not options:
            break
        line = line[: len(line) - len(word)] + data.draw(st.sampled_from(options)).text
        assert find_error(BENCH, line) is None, line
        if line.endswith(")") and not open_brackets(tokenize(line)):
            break
        if not candidates(BENCH, line)[1] and open_brackets(tokenize(line)) and line.endswith("="):
            line += "'x'" if "reason" in line else "7"  # what cannot be completed is typed
        elif not line.endswith(("(", "=")):
            line += ", " if data.draw(st.booleans()) and candidates(BENCH, line + ", ")[1] else ""
    line += closing_brackets(open_brackets(tokenize(line)))
    argument = line.removeprefix("step ").removeprefix("try ")
    if line.startswith("complete 1.1 "):
        machine = BENCH.machine
        assert machine.result_schema is not None
        machine.codec.parse(machine.result_schema, line.removeprefix("complete 1.1 "))
    elif not argument.endswith("()") or argument == "CancelOrder()":
        read_input(BENCH.machine, argument)
