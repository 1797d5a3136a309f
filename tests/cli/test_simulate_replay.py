"""A planted bug is found from a seed, saved, replayed and fixed; the same seed gives the same bytes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

REFUNDS = '''\
"""Refunds: each order is paid back once. This one pays it back for every confirmation that arrives."""
from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Actions, Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant

@dataclass
class Order:
    cents: int
    waiting: bool = True

@dataclass
class Till:
    paid_in: int = 0
    paid_back: int = 0
    orders: dict[int, Order] = field(default_factory=dict)
    next_id: int = 1

@dataclass
class Refund:
    cents: Annotated[int, Between(1, 100)]

@dataclass
class PayBack:
    cents: int

@dataclass
class Done:
    pass

class NotWaiting(TransitionError):
    pass

class Refunds(StateMachine):
    """Pays orders back."""
    State = Till
    Input = Refund
    ActionId = int
    TrackedAction = PayBack
    ActionResult = Done

    def initial(self) -> Till:
        return Till()

    async def stf(self, state: Till, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        match input:
            case Normal(Refund(cents)):
                actions.add(Tracked(state.next_id, PayBack(cents)))
                state.orders[state.next_id] = Order(cents)
                state.paid_in += cents
                state.next_id += 1
            case TrackedActionCompleted(id, Done()):
                order = state.orders.get(id)
                if order is None:
                    raise NotWaiting(id)
                state.paid_back += order.cents
                order.waiting = False

    async def restore(self, state: Till, actions: Actions) -> None:
        for id, order in state.orders.items():
            if order.waiting:
                actions.add(Tracked(id, PayBack(order.cents)))

    @invariant
    def never_more_back_than_in(self, state: Till) -> bool:
        return state.paid_back <= state.paid_in
'''
FIXED = REFUNDS.replace("if order is None:", "if order is None or not order.waiting:")


def test_a_double_refund_is_found_saved_replayed_and_mended(fasm: Call, project: Path) -> None:
    path = project / "machines" / "refunds.py"
    path.write_text(REFUNDS)
    found = fasm("simulate", "refunds", "--seed", "1", "--runs", "20", "--jobs", "1")
    assert found.code == 1
    assert [line.split()[1] for line in found.out.splitlines() if line.startswith("BROKEN ")] == ["completion"]
    assert "     1  Refund(cents=1)\n" in found.out
    assert "     3  complete 1.1 Done()\n          paid_back: 1 -> 2\n" in found.out
    command = found.out.splitlines()[-1]
    assert command.startswith("   reproduce: fasm replay sessions/refunds-")
    trace = command.split()[-1]
    assert (project / trace).is_file()

    replayed = fasm("replay", trace)
    assert (replayed.code, replayed.err) == (1, "")
    assert replayed.out.splitlines()[-1] == "BROKEN completion  at step 3, as recorded"
    assert fasm("replay", "sessions").out == f"{trace}  BROKEN completion  at step 3, as recorded\n"

    path.write_text(FIXED)
    fixed = fasm("replay", trace)
    assert (fixed.code, fixed.err) == (0, "")
    assert fixed.out.splitlines()[-2:] == [
        "differs  step 3 was committed, is rejected (NotWaiting(1))",
        "completion no longer breaks  (recorded at step 3)",
    ]
    assert fasm("simulate", "refunds", "--seed", "1", "--runs", "50").code == 0


def test_the_trace_of_a_machine_that_is_gone_or_changed(fasm: Call, project: Path) -> None:
    path = project / "machines" / "refunds.py"
    path.write_text(REFUNDS)
    trace = fasm("simulate", "refunds", "--seed", "1", "--runs", "20", "--jobs", "1").out.split()[-1]
    path.write_text(FIXED.replace("    cents: Annotated", "    euros: Annotated"))
    changed = fasm("replay", trace)
    assert "differs  cannot replay step 1: " in changed.out
    path.unlink()
    gone = fasm("replay", trace)
    assert (gone.code, gone.out) == (4, "")
    assert gone.err.startswith("error: the file names the machine 'refunds', which is not under machines/; name")


def test_a_session_that_no_longer_goes_the_same_way(fasm: Call, project: Path) -> None:
    fasm("repl", "counter", "--session", "s", "-c", "Increment", "-c", "Increment")
    path = project / "machines" / "counter.py"
    path.write_text(path.read_text().replace("state.counter + 1", "state.counter + 2"))
    result = fasm("replay", "s")
    assert result.code == 4
    assert result.out.splitlines()[-1].startswith("differs  step 1 ")


def test_the_same_seed_gives_the_same_bytes(process: Call, project: Path) -> None:
    arguments = ("simulate", "dentist", "--seed", "1", "--runs", "3", "--steps", "200")
    first = process(*arguments)
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("dentist  seed 1  3 runs, 600 steps, ")
    assert first.out.endswith("nothing broken\n")
    for env in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "COLUMNS": "30", "TZ": "Asia/Tokyo"}):
        again = process(*arguments, env=env)
        assert again.out.encode() == first.out.encode()
    assert process("simulate", "dentist", "--seed", "2", "--runs", "3", "--steps", "200").out != first.out
    assert not (project / "sessions").exists()


def test_a_seed_of_its_own_is_told(fasm: Call) -> None:
    result = fasm("simulate", "counter", "--runs", "1", "--steps", "3")
    seed = result.out.split()[2]
    assert fasm("simulate", "counter", "--runs", "1", "--steps", "3", "--seed", seed).out == result.out


@pytest.mark.parametrize("crash", ["0", "0.2"])
def test_crashes_as_often_as_asked(fasm: Call, crash: str) -> None:
    out = fasm("simulate", "counter", "--seed", "1", "--runs", "2", "--steps", "100", "--crash", crash).out
    assert ("0 crashes" in out.splitlines()[0]) == (crash == "0")


def test_from_a_folder_below(fasm: Call, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "machines")
    found = fasm("simulate", "payment", "--seed", "1", "--runs", "20", "--jobs", "1")
    assert found.code == 1
    line = found.out.splitlines()[-1]
    assert line.startswith("   reproduce: fasm replay ../sessions/payment-invariant-never_overdrawn-")
    assert fasm(*line.split()[2:]).code == 1
    assert fasm("session", "list").out.startswith("payment-invariant-never_overdrawn-")
