"""The lawbook: complete, printed as it stands, and with examples that are what they are said to be."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fasm_cli.engine.events import Completion, Event, FaultKind, InjectedFault, InputReceived
from fasm_cli.engine.laws import first_violation, sometimes_reached
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.memory_store import MemoryStore
from fasm_cli.engine.process import Process
from fasm_cli.errors import UsageError
from fasm_cli.laws.explain import explain, laws, page
from fasm_cli.laws.pages import BOOK, LAWS, WALLET, Sort, mend_of
from fasm_cli.simulation.drain import drain, liveness_violation

ELEVEN = ["atomic", "deterministic", "effects", "random", "clock", "reads"]
ELEVEN += ["stored", "restore", "ids", "completion", "hidden"]
CHECKS = ["stuck", "defect", "invariant", "eventually", "sometimes", "transition"]

Next = Callable[[ModuleType, Process], Event]


def pay(amount: int) -> Next:
    return lambda module, process: InputReceived(module.Pay(amount, 0))


def first_is(result: str) -> Next:
    """The result of what is pending longest."""
    return lambda module, process: Completion(None, next(iter(process.pending)), getattr(module, result)())


def first_again(module: ModuleType, process: Process) -> Event:
    return Completion(None, 1, module.Charged())


def no_room(module: ModuleType, process: Process) -> Event:
    return InjectedFault(FaultKind.ACTIONS_FULL, 1)


# What is done to the machines around both examples, and which law the wrong one breaks by it.
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
READ = ["deterministic", "effects", "random", "clock", "reads", "hidden"]  # found in the text
READ_TOO = ["atomic", "restore", "completion"]


@pytest.fixture
def load(built: Callable[[str], str]) -> Iterator[Callable[[str], tuple[ModuleType, Machine]]]:
    name = "lawbook_example"

    def load(methods: str) -> tuple[ModuleType, Machine]:
        module = sys.modules[name] = ModuleType(name)
        exec(compile(built(methods), name, "exec"), vars(module))
        return module, Machine(module.Wallets)

    yield load
    sys.modules.pop(name, None)


def broken(module: ModuleType, machine: Machine, script: list[Next]) -> str | None:
    """The first law that `script` breaks, the quiet phase with declined charges behind it."""
    process = Process(machine, MemoryStore(machine, machine.instance.initial()))
    for make in script:
        before = process.store.committed  # type: ignore[attr-defined]
        wrong = first_violation(process, process.step(make(module, process)), before)
        if wrong is not None:
            return wrong.law
    for event in drain(process, set(), lambda emission: module.Declined()):
        process.step(event)
    wrong = liveness_violation(process)
    return None if wrong is None else wrong.law


def test_the_book_has_the_eleven_laws_and_what_else_is_found() -> None:
    assert [law.id for law in LAWS if law.sort is Sort.LAW] == ELEVEN
    assert [law.id for law in LAWS if law.sort is Sort.CHECK] == CHECKS
    assert list(BOOK) == ELEVEN + CHECKS
    assert set(SCRIPTS) | set(READ) | {"sometimes"} == set(BOOK)


@pytest.mark.parametrize("id", BOOK)
def test_every_page_is_whole(id: str) -> None:
    law = BOOK[id]
    for text in (law.rule, law.why, law.checked):
        assert text.endswith(".")
    assert "\n" not in law.mend
    assert not law.mend.endswith(".")
    assert law.wrong != law.right
    for example in (law.wrong, law.right):
        ast.parse(example)
        assert max(map(len, example.splitlines())) <= 100


@pytest.mark.parametrize("id", SCRIPTS)
def test_the_wrong_example_breaks_its_law(id: str, load: Any) -> None:
    law, script = SCRIPTS[id]
    assert broken(*load(BOOK[id].wrong), script) == law


@pytest.mark.parametrize("id", SCRIPTS)
def test_the_right_example_keeps_it(id: str, load: Any) -> None:
    assert broken(*load(BOOK[id].right), SCRIPTS[id][1]) is None


@pytest.mark.parametrize("id", READ + READ_TOO)
def test_the_wrong_example_is_found_in_its_text(id: str, built: Any, said: Any) -> None:
    assert [law for _, law in said(built(BOOK[id].wrong))] == [id]


@pytest.mark.parametrize("id", BOOK)
def test_nothing_is_found_in_the_text_of_a_right_example(id: str, built: Any, said: Any) -> None:
    assert said(built(BOOK[id].right)) == []
    assert said(WALLET) == []


@pytest.mark.parametrize("id", BOOK)
def test_every_right_example_makes_a_machine_that_pays(id: str, load: Any) -> None:
    module, machine = load(BOOK[id].right)
    assert broken(module, machine, [pay(5), pay(7)]) is None


@pytest.mark.parametrize(("example", "names"), [("wrong", []), ("right", ["empty"])])
def test_sometimes_is_reached_by_the_right_example_alone(example: str, names: list[str], load: Any) -> None:
    module, machine = load(getattr(BOOK["sometimes"], example))
    process = Process(machine, MemoryStore(machine, machine.instance.initial()))
    for _ in range(5):
        process.step(InputReceived(module.Pay(20, 0)))
    assert sometimes_reached(machine, process.store.begin()) == names


def test_the_page_in_docs_is_the_book() -> None:
    assert (Path(__file__).parents[2] / "docs" / "laws.md").read_text(encoding="utf-8") == page()


def test_a_law_is_explained_by_its_id() -> None:
    told = explain("clock")
    assert (told.law, told.kind) == ("clock", "law")
    assert told.rule == "Time comes in with an input; nobody looks at the system clock."
    assert told.wrong == BOOK["clock"].wrong
    assert explain("invariant:never_in_debt") == explain("invariant")
    assert [line.law for line in laws().items] == ELEVEN + CHECKS


def test_an_unknown_law_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as told:
        explain("atomc")
    known = ", ".join(sorted(BOOK))
    assert told.value.message == "no law 'atomc'"
    assert told.value.hint == f"did you mean 'atomic'? known: {known}"


def test_a_finding_is_mended_by_the_book() -> None:
    assert mend_of("ids") == "take ids from a counter in the state that only grows"
    assert mend_of("transition:ids_only_grow") == BOOK["transition"].mend
    assert mend_of("no such law") == ""
