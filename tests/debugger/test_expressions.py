"""Expressions over a state: their values, their errors with a column, and their bounded cost."""

import ast
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fasm_cli.debugger.expressions import Expression
from fasm_cli.errors import InputError
from fasm_cli.types.codec import SchemaRegistry


class Phase(Enum):
    OPEN = "open"
    SHUT = "shut"


@dataclass
class Item:
    price: int
    phase: Phase = Phase.OPEN


@dataclass
class State:
    points: int = 150
    balance: Decimal = Decimal("9.50")
    items: dict[int, Item] = field(default_factory=lambda: {1: Item(3), 2: Item(4, Phase.SHUT)})
    names: list[str] = field(default_factory=lambda: ["a", "b"])
    tags: set[str] = field(default_factory=lambda: {"y", "x"})

    def leak(self) -> str:
        raise AssertionError("a method was called")

    @property
    def sneaky(self) -> str:
        raise AssertionError("a property was read")


SHAPES = SchemaRegistry()
SHAPES.of(State, "State")
SCOPE = {"state": State(), "prev": State(points=100), "pending": {7: Item(1)}, "up": True}


def ask(text: str) -> Any:
    return Expression(text, SHAPES, tuple(SCOPE)).value(SCOPE)


def answered(text: str) -> Any:
    """The answer, or where in the text it was refused."""
    try:
        return ask(text)
    except InputError as refused:
        if refused.column is None or 0 <= refused.column <= len(text):
            return refused.column
        raise


ANSWERS = {
    "state.points": 150,
    "state.points - prev.points": 50,
    "100 < state.points <= 150": True,
    "state.points >= 150 and not pending": False,
    "pending or 3": {7: Item(1)},
    "len(state.items) * 2 + 7 // 2 % 2": 5,
    "-state.points + abs(-3)": -147,
    "state.balance + 1": Decimal("10.50"),
    "state.items[2].phase == Phase.SHUT": True,
    "state.items[2].phase is Phase.SHUT": True,
    "state.items[1].phase.name": "OPEN",
    "Item(3) == state.items[1]": True,
    "Decimal('9.5') == state.balance": True,
    "[i.price for i in state.items.values() if i.phase == Phase.OPEN]": [3],
    "sum(i.price for i in state.items.values())": 7,
    "all(i.price > 3 for k, i in state.items.items() if k > 1)": True,
    "any(k in pending for k in state.items)": False,
    "max(state.names) + 'c'": "bc",
    "sorted(state.tags)": ["x", "y"],
    "[t for t in state.tags]": ["x", "y"],
    "state.names[0:1]": ["a"],
    "{k: i.price for k, i in state.items.items()}": {1: 3, 2: 4},
    "{len(n) for n in state.names}": {1},
    "(1, 'a') if up else [2]": (1, "a"),
    "min(3, state.points, 7)": 3,
    "7 not in state.items": True,
    "[x * y for x in [1, 2] for y in [10, 20] if x != 2]": [10, 20],
}
REFUSALS = {
    "state.leak()": ("only functions and types can be called", 0),
    "state.leak": ("State has no field 'leak'", 0),
    "state.sneaky": ("State has no field 'sneaky'", 0),
    "1 + state.__class__": ("__class__ cannot be read", 4),
    "state.point": ("State has no field 'point'", 0),
    "stat.points": ("no name 'stat'", 0),
    "open('x')": ("'open' cannot be called here", 0),
    "__import__('os')": ("'__import__' cannot be called here", 0),
    "getattr(state, 'x')": ("'getattr' cannot be called here", 0),
    "(lambda: 1)()": ("only functions and types can be called", 0),
    "[lambda: 1]": ("a lambda is not allowed here", 1),
    "f'{state}'": ("an f-string is not allowed here", 0),
    "(x := 1)": ("an assignment is not allowed here", 1),
    "2 ** 9": ("this operator is not allowed here", 0),
    "1 / 2": ("this operator is not allowed here", 0),
    "'%99999999d' % 1": ("'%99999999d' and 1: this operator needs numbers", 0),
    "'a' * 99999999": ("'a' and 99999999: this operator needs numbers", 0),
    "1 // 0": ("1 and 0: integer division or modulo by zero", 0),
    "state.items[3]": ("no key 3", 0),
    "é == state.names[7]": ("no name 'é'", 0),
    "'é' == state.names[7]": ("[7]: list index out of range", 7),
    "state.points < 'a'": ("150 and 'a': '<' not supported between instances of 'int' and 'str'", 0),
    "sum(state.names)": ("sum() failed: TypeError: unsupported operand type(s) for +: 'int' and 'str'", 0),
    "sum([[1]], [])": ("sum() failed: TypeError: <lambda>() takes 1 positional argument but 2 were given", 0),
    "len(state)": ("len needs numbers or collections, not a State", 0),
    "Phase.OPN": ("Phase has no member 'OPN'", 0),
    "Phase": ("Phase is an enum; write a member", 0),
    "Item('x', y=1)": ("Item() failed: TypeError: Item.__init__() got an unexpected keyword argument 'y'", 0),
    "[x for x in 5]": ("5 cannot be iterated", 12),
    "[a for a, b in [1]]": ("1 is not a sequence of 2 values", 7),
    "{[]}": ("unhashable type: 'list'", 0),
    "x[1:2, 3]": ("no name 'x'", 0),
    "state.names[1:2, 3]": ("a slice must be the only thing in its brackets", 12),
    "~3": ("a sign needs a number, not 3", 0),
    "1j": ("1j is not allowed here", 0),
    "": ("the value is missing", None),
    "1 + )": ("not a value: unmatched ')'", 4),
    "-" * 60 + "1": ("nested more than 50 levels deep", 51),
    "[*state.names]": ("* is not allowed here", 1),
    "print": ("no name 'print'", 0),
}


@pytest.mark.parametrize("text", ANSWERS)
def test_values(text: str) -> None:
    answer = ask(text)
    assert (type(answer), answer) == (type(ANSWERS[text]), ANSWERS[text])


@pytest.mark.parametrize("text", REFUSALS)
def test_errors_point_at_the_wrong_node(text: str) -> None:
    with pytest.raises(InputError) as refused:
        ask(text)
    message, column = REFUSALS[text]
    assert refused.value.message.startswith(message)
    assert refused.value.column == column


def laughing(form: str, deep: int = 9) -> str:
    """A list that holds another ten times, and that one another: ten to the power of `deep` values."""
    text = "0"
    for at in range(deep):
        text = f"[{form.format(', '.join([f'v{at}'] * 10))} for v{at} in [{text}]][0]"
    return text


@pytest.mark.parametrize(
    "text",
    [
        "[1 for a in state.names for b in state.names" + " for c in state.names" * 30 + "]",
        "len([x for x in [y for y in {}]])".replace("{}", "[" + "1," * 40_000 + "]"),
        "[[[1 for a in R] for b in R] for c in R]".replace("R", str(list(range(100)))),
        "9" * 4000 + " * " + "9" * 4000,
        f"sum([{'9' * 4300}, {'9' * 4300}])",
        laughing("[{}]"),
        "{" + laughing("({})") + "}",
        "{" + laughing("({})") + ": 1}",
        f"sorted([{laughing('[{}]')}])",
        f"[x == y for x in [{laughing('[{}]', 4)}] for y in [{laughing('[{}]', 4)}] for z in {list(range(10))}]",
        f"[x for x in [{'a' * 9000!r}] for y in {list(range(5000))}]",
        "[d == e for d in [{K: 1}] for e in [{K: 1}] for z in R]".replace("K", laughing("({})", 4)).replace(
            "R", str(list(range(20)))
        ),
    ],
    ids=["loops", "long", "cube", "digits", "sum", "laughs", "set", "key", "sorted", "compared", "text", "dict keys"],
)
def test_expensive_expressions_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"this visits more than|this would hold more than|a number of more than"):
        ask(text)


def test_a_predicate_must_be_true_or_false() -> None:
    assert Expression("state.points > 3", SHAPES, tuple(SCOPE)).holds(SCOPE) is True
    with pytest.raises(InputError, match="the value is 150, neither True nor False"):
        Expression("state.points", SHAPES, tuple(SCOPE)).holds(SCOPE)


NAMES = st.sampled_from(["state", "prev", "pending", "up", "Item", "Phase", "x", "len", "open", "__class__", "type"])
FIELDS = st.sampled_from(["points", "items", "__class__", "__globals__", "leak", "sneaky", "OPEN", "values", "format"])
ATOMS = st.one_of(NAMES, st.integers(-3, 200).map(str), st.sampled_from(["'a'", "None", "True", "[]", "{}", "1.5"]))


def bigger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, FIELDS).map(lambda two: f"{two[0]}.{two[1]}"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]}[{two[1]}]"),
        st.tuples(inner, st.lists(inner, max_size=2)).map(lambda two: f"{two[0]}({', '.join(two[1])})"),
        st.tuples(inner, st.sampled_from("+-*/%<>@&"), inner).map(lambda three: f"({' '.join(three)})"),
        st.tuples(inner, inner, inner).map(lambda three: "[{} for x in {} if {}]".format(*three)),
        st.tuples(inner, inner).map(lambda two: f"{{{two[0]}: {two[1]}}}"),
    )


@settings(max_examples=300, deadline=None)
@given(st.recursive(ATOMS, bigger, max_leaves=12))
@example("state.items.values")
@example("Phase.OPEN.value.format")
def test_generated_expressions_have_a_value_or_an_input_error(text: str) -> None:
    before = repr(SCOPE)
    answer = answered(text)
    assert type(answer) in (State, Item, Phase, int, float, Decimal, str, bool, type(None), list, tuple, dict, set)
    assert repr(SCOPE) == before


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("stae.pointsup[](){}'\"\\,:= 01é\x00\n*-lambdfor"), max_size=40))
def test_any_text_has_a_value_or_an_input_error(text: str) -> None:
    answered(text)


PLAIN = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.none(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.integers(), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(PLAIN)
def test_literals_equal_those_of_python(value: Any) -> None:
    assert ask(repr(value)) == ast.literal_eval(repr(value))
