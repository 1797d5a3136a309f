"""The pages of the laws are complete, docs/laws.md is generated from them, and each example breaks or keeps its law."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fasm_cli.engine.events import Completion, Event, FaultKind, InjectedFault, InputReceived
from fasm_cli.engine.laws import check_rest, first_violation, sometimes_reached
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.store import MemoryStore
from fasm_cli.errors import UsageError
from fasm_cli.laws.pages import CHECKS, LAWS, PAGES, document, example_machine, explain, fix_for, list_laws
from fasm_cli.lint.run import lint_source
from fasm_cli.simulation.network import drain

ROOT = Path(__file__).parents[2]
Next = Callable[[ModuleType, Process], Event]


def pay(amount: int) -> Next:
    return lambda module, process: InputReceived(module.Pay(amount, 0))


def first_is(result: str) -> Next:
    """The result of the action that has been pending longest."""
    return lambda module, process: Completion(None, next(iter(process.pending)), getattr(module, result)())


def first_again(module: ModuleType, process: Process) -> Event:
    return Completion(None, 1, module.Charged())


def no_room(module: ModuleType, process: Process) -> Event:
    return InjectedFault(FaultKind.ACTIONS_FULL, 1)


# The events that the machines with both examples execute, and the law that the wrong one then breaks.
SCRIPTS: dict[str, tuple[str, list[Next]]] = {
    "atomic": ("atomic", [no_room, pay(5)]),
    "stored": ("stored", [pay(5)]),
    "restore": ("restore", [pay(5)]),
    "ids": ("ids", [pay(5), pay(5), first_is("Charged"), pay(5)]),
    "completion": ("completion", [pay(5), first_is("Charged")]),
    "stuck": ("stuck", [pay(5)]),
    "defect": ("defect", [pay(5), first_is("Charged"), first_again]),
    "invariant": ("invariant:never_in_debt", [pay(20)] * 6),
    "eventually": ("eventually:nothing_reserved", [pay(5)]),
    "transition": ("transition:ids_only_grow", [pay(5), first_is("Charged")]),
}
FOUND_BY_LINT = ["deterministic", "effects", "random", "clock", "reads"]
FOUND_BY_SIMULATION = ["hidden"]  # a fresh process compares; tests/corpus has machines that break it


def with_methods(methods: str) -> str:
    """The example machine with `methods` in place of its own of the same names."""
    tree = ast.parse(example_machine())
    cls = tree.body[-1]
    assert isinstance(cls, ast.ClassDef)
    new = [node for node in ast.parse(methods).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    names = {node.name for node in new}
    cls.body = [node for node in cls.body if getattr(node, "name", "") not in names] + new
    return ast.unparse(tree)


def laws_found(methods: str) -> list[str]:
    return [finding.law for finding in lint_source(with_methods(methods).encode())]


@pytest.fixture
def load() -> Iterator[Callable[[str], tuple[ModuleType, Machine]]]:
    name = "law_example"

    def load(methods: str) -> tuple[ModuleType, Machine]:
        module = sys.modules[name] = ModuleType(name)
        exec(compile(with_methods(methods), name, "exec"), vars(module))
        return module, Machine(module.Wallets)

    yield load
    sys.modules.pop(name, None)


def violated(module: ModuleType, machine: Machine, script: list[Next]) -> str | None:
    """The first law that `script` breaks, or else draining the pending charges with declined results."""
    process = Process(machine, MemoryStore(machine, machine.instance.initial()))
    for make in script:
        before = process.store.committed  # type: ignore[attr-defined]
        wrong = first_violation(process, process.step(make(module, process)), before)
        if wrong is not None:
            return wrong.law
    for event in drain(process, set(), lambda emission: module.Declined()):
        process.step(event)
    wrong = check_rest(process)
    return None if wrong is None else wrong.law


def test_every_law_and_check_has_a_page_and_a_test() -> None:
    assert len(LAWS) == 11
    assert set(SCRIPTS) | set(FOUND_BY_LINT) | set(FOUND_BY_SIMULATION) | {"sometimes"} == set(PAGES)
    files = {path.stem for path in (ROOT / "fasm_cli" / "laws").glob("*.md")}
    assert files == {*PAGES, "example_machine"}


@pytest.mark.parametrize("id", PAGES)
def test_a_page_is_complete(id: str) -> None:
    law = explain(id)
    assert law.law == id
    for text in (law.rule, law.why, law.checked, law.fix):
        assert text.endswith(".")
        assert "\n" not in text
    assert law.wrong != law.right
    for example in (law.wrong, law.right):
        ast.parse(example)
        assert max(map(len, example.splitlines())) <= 100


@pytest.mark.parametrize("id", SCRIPTS)
def test_the_wrong_example_breaks_its_law(id: str, load: Any) -> None:
    law, script = SCRIPTS[id]
    assert violated(*load(explain(id).wrong), script) == law


@pytest.mark.parametrize("id", SCRIPTS)
def test_the_right_example_keeps_it(id: str, load: Any) -> None:
    assert violated(*load(explain(id).right), SCRIPTS[id][1]) is None


@pytest.mark.parametrize("id", PAGES)
def test_lint_finds_the_wrong_example_of_its_laws(id: str) -> None:
    assert laws_found(explain(id).wrong) == ([id] if id in FOUND_BY_LINT else [])


@pytest.mark.parametrize("id", PAGES)
def test_lint_finds_nothing_in_a_right_example(id: str) -> None:
    assert laws_found(explain(id).right) == []


@pytest.mark.parametrize("id", PAGES)
def test_a_right_example_makes_a_working_machine(id: str, load: Any) -> None:
    module, machine = load(explain(id).right)
    assert violated(module, machine, [pay(5), pay(7)]) is None


@pytest.mark.parametrize(("example", "names"), [("wrong", []), ("right", ["empty"])])
def test_sometimes_is_reached_by_the_right_example_alone(example: str, names: list[str], load: Any) -> None:
    module, machine = load(getattr(explain("sometimes"), example))
    process = Process(machine, MemoryStore(machine, machine.instance.initial()))
    for _ in range(5):
        process.step(InputReceived(module.Pay(20, 0)))
    assert sometimes_reached(machine, process.store.begin()) == names


def test_docs_are_generated_from_the_pages() -> None:
    assert (ROOT / "docs" / "laws.md").read_text(encoding="utf-8") == document()


def test_a_law_is_explained_by_its_id() -> None:
    report = explain("clock")
    assert (report.law, report.kind) == ("clock", "law")
    assert report.rule == "Time arrives with an input; a transition never reads the system clock."
    assert "time.time()" in report.wrong
    assert explain("invariant:never_in_debt") == explain("invariant")
    assert [line.law for line in list_laws().items] == [*LAWS, *CHECKS]


def test_an_unknown_law_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        explain("atomc")
    known = ", ".join(sorted(PAGES))
    assert raised.value.message == "no law 'atomc'"
    assert raised.value.hint == f"did you mean 'atomic'? known: {known}"


def test_a_finding_ends_with_how_to_fix_it() -> None:
    assert fix_for("ids") == "take ids from a counter in the state that only grows"
    assert fix_for("transition:ids_only_grow").startswith("look at the last step of the trace: it changes a value")
    assert fix_for("no such law") == ""
