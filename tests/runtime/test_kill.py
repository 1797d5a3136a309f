"""`fasm run` is killed at random moments, repeatedly: no accepted input is lost, and no result is applied twice."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from random import Random
from typing import Any

from tests.runtime.conftest import SHOP, Provider

ROUNDS = 200 if os.environ.get("FASM_SLOW") else 8
INPUTS = 12  # a round


def start(database: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "fasm_cli", "run", SHOP, "--db", f"sqlite:///{database}", "--history"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed(
    process: "subprocess.Popen[str]", inputs: list[str], choose: Random, provider: Provider
) -> list[dict[str, Any]]:
    """Feed `inputs` to the process, which is killed when it has said or asked so much; gives what it said."""
    said: list[dict[str, Any]] = []
    lines = choose.randrange(3 * INPUTS)
    asks = choose.randrange(1, 2 * INPUTS)
    by_provider, answered = choose.random() < 0.5, choose.random() < 0.5
    timer = threading.Timer(choose.uniform(0.15, 0.6), process.kill) if choose.random() < 0.3 else None

    def answer(request: dict[str, Any]) -> str:
        nonlocal asks
        asks -= 1
        if by_provider and asks == 0 and not answered:
            process.kill()  # it is done, and nobody will know
        return "no" if request.get("charge", 0) % 5 == 0 else "yes"

    provider.answers = answer
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write("".join(inputs))
        process.stdin.close()  # where nothing kills it, it ends when all is done
        if timer is not None:
            timer.start()
        for line in process.stdout:
            if not line.endswith("\n"):
                break
            said.append(json.loads(line))
            if not by_provider and len(said) > lines:
                process.kill()
    except BrokenPipeError:
        pass
    finally:
        if timer is not None:
            timer.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    return said


def test_nothing_is_lost_or_applied_twice(provider: Provider, tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    choose = Random(1)
    accepted: dict[str, int] = {}  # the amount of every input that was said to be accepted
    amounts: dict[str, int] = {}
    made = 0
    for _ in range(ROUNDS):
        inputs = []
        unanswered = [key for key in amounts if key not in accepted]  # a client that got no answer asks again
        for key in [*unanswered, *(f"order-{made + at}" for at in range(INPUTS))][:INPUTS]:
            if key not in amounts:
                amounts[key] = choose.randrange(1, 101)
                made += 1
            inputs.append(json.dumps({"input": f"Buy(amount={amounts[key]})", "key": key}) + "\n")
        for line in killed(start(database), inputs, choose, provider):
            if "key" in line and line["outcome"] == "committed":
                accepted[line["key"]] = amounts[line["key"]]

    provider.answers = lambda request: "no" if request.get("charge", 0) % 5 == 0 else "yes"
    last = start(database)
    last.communicate("")
    assert last.returncode == 0

    db = sqlite3.connect(database)
    (version, fields), *_ = db.execute("SELECT version, state_json FROM fasm_state")
    state = json.loads(fields)
    keys = dict(db.execute("SELECT input_key, step FROM fasm_idempotency"))
    charged: dict[int, set[int]] = {}
    for request in provider.asked:
        if "charge" in request:
            charged.setdefault(request["charge"], set()).add(request["amount"])
    orders = state["next_id"] - 1
    paid = (
        {int(id): amount for id, amount in state["paid"].items()}
        if isinstance(state["paid"], dict)
        else dict(state["paid"])
    )

    assert accepted
    assert set(accepted) <= set(keys)  # every accepted input is in the state,
    assert len(keys) == orders  # and each once, however often it was asked for
    assert sorted(charged) == list(range(1, orders + 1))  # every action was carried out, at least once,
    assert all(len(amounts) == 1 for amounts in charged.values())  # and always the same one under its id
    assert len(paid) + state["refused"] == orders  # every result was applied, once,
    assert state["refused"] == orders // 5
    assert all(charged[id] == {amount} for id, amount in paid.items())
    assert not state["waiting"]  # and nothing is left
    assert db.execute("SELECT count(*) FROM fasm_outbox").fetchone() == (0,)
    receipts = {request["receipt"] for request in provider.asked if "receipt" in request}
    assert receipts == set(paid)
    assert len(list(db.execute("SELECT step FROM fasm_journal"))) == version + 1  # no step is missing
