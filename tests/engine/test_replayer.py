"""One loop executes recorded events again."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import ActionRef, Completion, Crash, InputReceived, Restore, decode_event
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.replayer import CannotReplay, replay
from fasm_cli.engine.step_result import Outcome
from fasm_cli.engine.trace import Occurrence, ProcessStage, renumber

PACKAGE = Path(__file__).parents[2] / "fasm_cli"
LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def loops_that_step() -> Iterator[str]:
    """Every function of the package in which a loop executes an event on a process, a timeline or a session."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                loops = [node for node in ast.walk(function) if isinstance(node, LOOPS)]
                called = (node.func for loop in loops for node in ast.walk(loop) if isinstance(node, ast.Call))
                if any(
                    isinstance(each, ast.Attribute) and each.attr in ("step", "step_with_result", "try_event")
                    for each in called
                ):
                    yield f"{path.relative_to(PACKAGE)}:{function.name}"


def test_other_loops_over_steps_draw_their_events():
    assert set(loops_that_step()) == {
        "debugger/autoplay.py:run_random",
        "simulation/run.py:_drain_fast",
        "simulation/run.py:_execute",
        "simulation/run.py:events",
        "simulation/observation.py:replay_isolated",  # each step by itself, from its stored state
    }


def stage(tiny, **names):
    engine = Engine(Machine(tiny.cls()))
    return ProcessStage({name: engine.start(engine.initial()) for name in names or [""]})


def test_an_event_that_means_nothing_is_left_out(tiny):
    trace = [
        Occurrence(1, 0, Restore()),
        Occurrence(2, 1, InputReceived(tiny.Go(4))),
        Occurrence(3, 2, Completion(ActionRef(9, 1), 4, tiny.Answer())),
        Occurrence(4, 3, Crash()),
        Occurrence(5, 4, Crash()),
    ]
    done = [(each.number, replayed.result.outcome) for each, replayed in replay(stage(tiny), trace)]
    assert done == [(2, Outcome.COMMITTED), (4, Outcome.COMMITTED)]


def test_an_action_that_restore_repeats_keeps_its_name_when_other_steps_are_cut(tiny):
    trace = [
        Occurrence(1, 0, InputReceived(tiny.Go(1))),
        Occurrence(2, 1, InputReceived(tiny.Go(2))),
        Occurrence(3, 2, Crash()),
        Occurrence(4, 3, Restore()),
        Occurrence(5, 4, Completion(ActionRef(2, 1, again=4), 2, tiny.Answer())),
    ]
    for kept in (trace, trace[1:]):
        last = [replayed.result for _, replayed in replay(stage(tiny), kept)][-1]
        assert (last.number, last.was_pending, last.outcome) == (5, True, Outcome.COMMITTED)
    assert [each.event for each in renumber(trace[1:])][-1] == Completion(ActionRef(1, 1, again=3), 2, tiny.Answer())


def test_processes_of_a_system_are_stepped_by_name(tiny):
    both = stage(tiny, one=..., two=...)
    trace = [
        Occurrence(1, 0, InputReceived(tiny.Go(1)), at="one"),
        Occurrence(2, 1, Crash(), at="two"),
        Occurrence(3, 2, InputReceived(tiny.Go(2)), at="two"),
        Occurrence(4, 3, InputReceived(tiny.Go(3)), at="one"),
    ]
    assert [(each.number, each.at) for each, _ in replay(both, trace)] == [(1, "one"), (2, "two"), (4, "one")]
    assert (len(both.processes["one"].pending), both.processes["two"].running) == (2, False)


def test_an_event_that_does_not_fit_names_its_element(tiny):
    class Stage:
        def resolve(self, recorded):
            return decode_event(Machine(tiny.cls()), recorded, None)

        def execute(self, recorded, event):
            return event

    with pytest.raises(CannotReplay, match="expected type = 'Go', got 'Stop'") as caught:
        list(replay(Stage(), [{"type": "restore"}, {"type": "input", "value": {"type": "Stop"}}]))
    assert caught.value.recorded["type"] == "input"
