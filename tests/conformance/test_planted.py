"""Faults that only a database has are found by simulating, named by the law they break, and shrunk to the smallest
trace; the machine without them is found to be sound."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fasm_cli.engine.events import Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.trace import decode_trace, renumber
from fasm_cli.purity import install as guard
from fasm_cli.simulation.run import Simulator
from fasm_cli.simulation.shrink import Shrinker
from fasm_cli.simulation.stats import Stats
from fasm_cli.simulation.trace import Player
from fasm_cli.simulation.world import Plan
from fasm_cli.stores.open import engine_for

SOURCE = Path(__file__).with_name("planted.py")
_SPEC = importlib.util.spec_from_file_location("planted", SOURCE)
assert _SPEC is not None
assert _SPEC.loader is not None
planted = sys.modules["planted"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)


@pytest.fixture(autouse=True)
def guarded():
    guard.install()
    guard.rebind(planted)
    yield
    guard.uninstall()


def _shrink(engine, found):
    trace = decode_trace(engine.machine, found.trace_before_quiescing)
    return Shrinker(Player(engine), trace, found.law, 120).shrink().played.trace


def smallest(cls, url=""):
    """The first violation in some runs, and the smallest trace for it."""
    engine = engine_for(Machine(cls, source=str(SOURCE)), url)
    runs = Simulator(engine, Plan(seed=1, runs=60, steps=60, profile=engine.machine.profile))
    for run in range(60):
        suspicion = runs.run_fast(run, Stats())
        broken = runs.run_exact(run) if suspicion is not None else None
        if broken is not None:
            trace = _shrink(engine, broken)
            events = [item.event for item in renumber(trace) if type(item.event) is not Restore]
            return broken.law, tuple(event.format() for event in events)
    return "", ()


@pytest.mark.parametrize("cls", planted.PLANTED, ids=lambda cls: cls.__name__)
def test_a_planted_fault_is_found_and_shrunk(cls):
    assert smallest(cls) == (cls.LAW, cls.TRACE)


def test_a_sound_machine_has_no_finding():
    assert smallest(planted.Account) == ("", ())


def test_a_fault_is_found_on_a_server_too(url_of):
    assert smallest(planted.LostUpdate, url_of("postgres")) == (planted.LostUpdate.LAW, planted.LostUpdate.TRACE)


def test_simulate_tells_it_and_the_trace_replays(tmp_path):
    fasm = [sys.executable, "-m", "fasm_cli"]
    env = {**os.environ, "COLUMNS": "200"}
    target = [f"{SOURCE}:LostUpdate", "--seed", "1", "--runs", "5", "--jobs", "1", "--save", str(tmp_path)]
    done = subprocess.run([*fasm, "simulate", *target], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 1, done.stderr
    assert "invariant:no_money_is_made" in done.stdout
    assert re.search(r"account\[1\].balance: 60 -> 10", done.stdout)
    (trace,) = tmp_path.glob("*.toml")
    again = [*fasm, "replay", str(trace), "--machine", f"{SOURCE}:LostUpdate"]
    assert subprocess.run(again, capture_output=True, text=True, env=env, check=False).returncode == 1
