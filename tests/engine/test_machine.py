"""A class that breaks the contract is refused when it is loaded: one precise message, and what to write."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any

import pytest

from fasm_cli import Between, Profile, StateMachine, invariant, sometimes
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError


@dataclass
class Count:
    n: int = 0


@dataclass(frozen=True)
class Fixed:
    n: int = 0


@dataclass(frozen=True)
class FixedList:
    items: list[int] = field(default_factory=list)


@dataclass
class Go:
    pass


@dataclass
class AnyRow:
    rows: dict[str, list[Any]] = field(default_factory=dict)


class Color(Enum):
    RED = 1


class Base(StateMachine):
    """Right in every respect."""

    State = Count
    Input = Go

    def initial(self):
        return Count()

    async def stf(self, state, input, actions):
        state.n += 1


async def restore(self, state, actions):
    pass


def refused(cls: type) -> tuple[str, str]:
    with pytest.raises(MachineError) as caught:
        Machine(cls)
    assert caught.value.exit_code == 3
    return caught.value.message, caught.value.hint


def machine(without: str = "", base: type = StateMachine, **members: Any) -> Any:
    """A class `M` with the members of `Base`, less one, and others."""
    own = {name: value for name, value in vars(Base).items() if not name.startswith("__") and name != without}
    return type("M", (base,), own | members)


PLAIN = "the STF changes the state in place: use a plain @dataclass"
WHOLE = "write a whole number of at least 1"
PROFILE = "write profile = Profile(complete_rate=0.4, crash=0.01)"
STF = "write async def stf(self, state, input, actions) -> None"
RESPOND = "write def respond(self, choose, id, action) -> ActionResult"
CHECK = "write def check_invariants(self, state) -> None"
FINE = "write @invariant def fine(self, state) -> bool"
TRACKED = {"ActionId": int, "TrackedAction": Go, "ActionResult": Go, "restore": restore}


@pytest.mark.parametrize(
    ("cls", "message", "hint"),
    [
        (machine("State"), "M: State is missing", "write State = …"),
        (machine("Input"), "M: Input is missing", "write Input = …"),
        (machine("initial"), "M: initial is missing", "write def initial(self) -> State"),
        (machine("stf"), "M: stf is missing", STF),
        (machine("State", Sate=Count), "M: State is missing", "rename Sate to State"),
        (machine("State", state=Count), "M: State is missing", "rename state to State"),
        (machine("Input", Inputs=Go), "M: Input is missing", "rename Inputs to Input"),
        (machine("initial", inital=Base.initial), "M: initial is missing", "rename inital to initial"),
        (machine("stf", STF=Base.stf), "M: stf is missing", "rename STF to stf"),
        (machine(TrackedAction=Go), "M: ActionId is missing (defined: TrackedAction)", "write ActionId = …"),
        (
            machine(TrackedAction=Go, ActionResult=Go, ActionID=int),
            "M: ActionId is missing (defined: TrackedAction, ActionResult)",
            "rename ActionID to ActionId",
        ),
        (
            machine(**{**TRACKED, "ActionResult": None}),
            "M: ActionResult is missing (defined: ActionId, TrackedAction)",
            "write ActionResult = …",
        ),
        (
            machine(**{name: value for name, value in TRACKED.items() if name != "restore"}),
            "M: restore is missing (defined: ActionId, TrackedAction, ActionResult)",
            "write async def restore(self, state, actions) -> None",
        ),
        (
            machine(check_invariant=lambda self, state: None),
            "M: check_invariant looks like a misspelt check_invariants",
            "rename it to check_invariants",
        ),
        (
            machine(UntrackedActions=Go),
            "M: UntrackedActions looks like a misspelt UntrackedAction",
            "rename it to UntrackedAction",
        ),
        (machine(profil=Profile()), "M: profil looks like a misspelt profile", "rename it to profile"),
        (
            machine(State=int),
            "M: State int is immutable",
            PLAIN,
        ),
        (
            machine(State=Fixed),
            "M: State Fixed is immutable",
            PLAIN,
        ),
        (
            machine(State=Fixed | Color),
            f"M: State {Fixed | Color} is immutable",
            PLAIN,
        ),
        (
            machine(State=AnyRow),
            "M: AnyRow.rows[…][]: Any does not say what the value is; name the type, or a union of types",
            "",
        ),
        (
            machine(Input=Annotated[str, Between(1, 2)]),
            "M: Input: Between(low=1, high=2) does not apply to str",
            "",
        ),
        (machine(Input=list), "M: Input: list does not name the type of its elements; write for example list[int]", ""),
        (machine(**{**TRACKED, "ActionId": Count}), "M: ActionId Count has no hash", "write @dataclass(frozen=True)"),
        (machine(**{**TRACKED, "ActionId": list[int]}), "M: ActionId list has no hash", "write tuple[…, ...]"),
        (machine(**{**TRACKED, "ActionId": FixedList}), "M: ActionId list has no hash", "write tuple[…, ...]"),
        (
            machine(profile={"crash": 1}),
            "M: profile is {'crash': 1}",
            PROFILE,
        ),
        (machine(version="1"), "M: version is '1'", WHOLE),
        (machine(version=0), "M: version is 0", WHOLE),
        (machine(version=True), "M: version is True", WHOLE),
        (machine(initial=lambda self: 1 / 0), "M: initial() raised ZeroDivisionError: division by zero", ""),
        (
            machine(initial=lambda self: {"n": 0}),
            "M: initial() returns a state that cannot be stored: expected Count, got dict {'n': 0}",
            "",
        ),
        (
            machine(initial=lambda self: Count(None)),
            "M: initial() returns a state that cannot be stored: n: expected int, got NoneType None",
            "",
        ),
        (
            machine(initial=staticmethod(lambda: Count())),
            "M: initial is not a method",
            "write def initial(self) -> State",
        ),
        (machine(stf=7), "M: stf is not a method", STF),
        (
            machine(fine=invariant(staticmethod(lambda state: True))),
            "M: fine is not a method",
            FINE,
        ),
        (machine(__init__=lambda self, seed: None), None, "a machine takes no arguments"),
    ],
)
def test_what_breaks_the_contract_is_refused(cls, message, hint):
    found = refused(cls)
    assert message is None or found[0] == message
    assert hint is None or found[1] == hint


def test_an_initial_that_gives_one_object_twice_is_refused():
    shared = Count()
    assert refused(machine(initial=lambda self: shared)) == (
        "M: initial() returns the same object twice",
        "create a new State in it",
    )


def test_an_initial_that_is_not_the_same_when_read_back_is_refused():
    @dataclass
    class Growing:
        n: int = 0

        def __post_init__(self) -> None:
            self.n += 1

    assert refused(machine(State=Growing, initial=lambda self: Growing())) == (
        "M: initial() returns a state that differs after it was stored and loaded",
        "",
    )


def test_a_constructor_that_raises_is_told():
    cls = machine(__init__=lambda self: 1 / 0)
    assert refused(cls) == ("M() raised ZeroDivisionError: division by zero", "a machine takes no arguments")


def stf_sync(self, state, input, actions):
    pass


async def stf_generator(self, state, input, actions):
    yield


async def stf_short(self, state, input):
    pass


async def stf_named(self, state, input, *, actions):
    pass


async def stf_many(self, *args):
    pass


async def initial_async(self):
    return Count()


def respond_short(self, id, action):
    return Go()


async def propose_async(self, choose, state):
    return Go()


def check_short(self):
    return True


async def check_async(self, state):
    return True


@pytest.mark.parametrize(
    ("name", "function", "message", "hint"),
    [
        ("stf", stf_sync, "stf is not async", STF),
        ("stf", stf_generator, "stf is not async", STF),
        ("stf", stf_short, "stf(self, state, input) has the wrong parameters", STF),
        ("stf", stf_named, "stf(self, state, input, actions) has the wrong parameters", STF),
        ("stf", stf_many, "stf(self, args) has the wrong parameters", STF),
        ("restore", stf_sync, "restore is not async", "write async def restore(self, state, actions) -> None"),
        ("initial", initial_async, "initial is async", "write def initial(self) -> State"),
        (
            "respond",
            respond_short,
            "respond(self, id, action) has the wrong parameters",
            RESPOND,
        ),
        ("propose", propose_async, "propose is async", "write def propose(self, choose, state) -> Input"),
        (
            "check_invariants",
            check_async,
            "check_invariants is async",
            CHECK,
        ),
        (
            "fine",
            invariant(check_short),
            "fine(self) has the wrong parameters",
            FINE,
        ),
        ("fine", sometimes(check_async), "fine is async", "write @sometimes def fine(self, state) -> bool"),
    ],
)
def test_a_function_of_the_wrong_kind_is_refused_with_its_line(name, function, message, hint):
    line = function.__code__.co_firstlineno
    assert refused(machine(**{name: function})) == (f"M: {message}, line {line}", hint)
