"""What bounds the search for a simpler trace."""

from itertools import count
from pathlib import Path
from time import monotonic, process_time

import pytest

from fasm_cli.engine.engine import Engine
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.simulation.replicas import ReplicaPlayer
from fasm_cli.simulation.shrink import Shrinker
from fasm_cli.simulation.trace import Player


def test_time_is_that_of_the_player(monkeypatch: pytest.MonkeyPatch) -> None:
    player = Player(Engine(import_machine(Project(Path(__file__).parents[2]), "counter")))
    monkeypatch.setattr(Player, "clock", staticmethod(lambda: 7.0))
    search = Shrinker(player, [], "defect", seconds=1)
    assert (search.budget_exhausted(), search.in_time) == (False, True)
    hours = count(7.0, 3600)
    monkeypatch.setattr(Player, "clock", staticmethod(lambda: next(hours)))
    search = Shrinker(player, [], "defect", seconds=1)
    assert (search.budget_exhausted(), search.in_time) == (True, False)


def test_a_busy_machine_does_not_cut_a_search_short() -> None:
    assert Player.clock is process_time
    assert ReplicaPlayer.clock is monotonic  # others do the work
