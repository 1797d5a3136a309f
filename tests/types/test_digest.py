"""Two states have the same digest if and only if they are equal, in every process."""

import os
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasm_cli.types.codec import Codec, SchemaRegistry

ROOT = Path(__file__).parents[2]
EAST, WEST = timezone(timedelta(hours=2)), timezone(timedelta(hours=-5))


class Color(Enum):
    RED = 1
    BLUE = 2


class Perm(Flag):
    READ = 1
    WRITE = 2


def digest(annotation: Any, value: Any) -> str:
    registry = SchemaRegistry()
    return Codec(registry).digest(registry.of(annotation, "T"), value)


@pytest.mark.parametrize(
    ("annotation", "one", "other"),
    [
        (dict[str, int], {"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (dict[float, int], {1.5: 1, 0.5: 2}, {0.5: 2, 1.5: 1}),
        (dict[float, int], {0.0: 1}, {-0.0: 1}),
        (dict[Decimal, int], {Decimal("1.0"): 1}, {Decimal("1"): 1}),
        (set[str], {"a", "b", "c"}, {"c", "b", "a"}),
        (set[Decimal | None], {Decimal("1.0"), None}, {None, Decimal(1)}),
        (Decimal, Decimal("1.0"), Decimal("1.00")),
        (Decimal, Decimal("100"), Decimal("1E+2")),
        (Decimal, Decimal("0"), Decimal("-0E+7")),
        (Decimal, Decimal("1" * 40), Decimal("1" * 40 + ".0")),
        (float, 0.0, -0.0),
        (float, 3, 3.0),
        (float | None, 3, 3.0),
        (list[float], [1, 2.0], [1.0, 2]),
        (datetime, datetime(2024, 1, 1, 12, tzinfo=EAST), datetime(2024, 1, 1, 10, tzinfo=UTC)),
        (datetime, datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")), datetime(2024, 7, 1, 12, tzinfo=EAST)),
        (datetime, datetime.min.replace(tzinfo=EAST), datetime.min.replace(tzinfo=EAST)),
        (datetime, datetime(2024, 1, 1, fold=1), datetime(2024, 1, 1)),
        (time, time(12, tzinfo=EAST), time(10, tzinfo=UTC)),
        (time, time(12, tzinfo=ZoneInfo("Europe/Berlin")), time(12)),
    ],
)
def test_equal_values_have_equal_digests(annotation, one, other):
    assert one == other
    assert digest(annotation, one) == digest(annotation, other)


@pytest.mark.parametrize(
    ("annotation", "one", "other"),
    [
        (list[int], [1, 2], [2, 1]),
        (dict[str, int], {"a": 1, "b": 2}, {"a": 2, "b": 1}),
        (dict[str, int], {"type": 1}, {"type_": 1}),
        (set[int], {1}, {2}),
        (int | str, 1, "1"),
        (float | str, float("inf"), "inf"),
        (float | str, float("nan"), "nan"),
        (int | bool, 1, True),
        (str | None, None, "None"),
        (bytes | str, b"\x01", "01"),
        (Color | str, Color.RED, "RED"),
        (Decimal, Decimal("1"), Decimal("10")),
        (Decimal, Decimal("NaN"), Decimal("sNaN")),
        (float, 0.1, 0.1 + 2**-56),
        (float, float("inf"), float("-inf")),
        (datetime, datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)),
        (
            datetime,
            datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")),
            datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        ),
        (datetime, datetime.min.replace(tzinfo=EAST), datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))),
        (datetime, datetime.max.replace(tzinfo=WEST), datetime.max.replace(tzinfo=timezone(timedelta(hours=-4)))),
        (time, time(12, tzinfo=EAST), time(12)),
        (time, time(12, tzinfo=EAST), time(12, tzinfo=UTC)),
        (Perm, Perm.READ, Perm.READ | Perm.WRITE),
        (tuple[int, ...], (), (0,)),
        (list[int] | tuple[int, ...], [1], (1,)),
    ],
)
def test_different_values_have_different_digests(annotation, one, other):
    assert digest(annotation, one) != digest(annotation, other)


@given(
    st.dictionaries(st.text(), st.integers(0, 3), max_size=4), st.dictionaries(st.text(), st.integers(0, 3), max_size=4)
)
def test_dicts_have_equal_digests_if_they_are_equal(one, other):
    assert (digest(dict[str, int], one) == digest(dict[str, int], other)) == (one == other)
    assert digest(dict[str, int], one) == digest(dict[str, int], dict(reversed(one.items())))


SCRIPT = """
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from fasm_cli.types.codec import Codec, SchemaRegistry

class Color(Enum):
    RED = 1
    BLUE = 2

@dataclass(frozen=True)
class Key:
    at: datetime
    price: Decimal

@dataclass
class State:
    prices: dict[str, Decimal]
    seen: set[str]
    keys: dict[Key, frozenset[Color | str | None]]

registry = SchemaRegistry()
schema = registry.of(State, "State")
key = Key(datetime(2024, 1, 1, tzinfo=timezone.utc), Decimal("1.50"))
state = State({"b": Decimal(1), "a": Decimal(2)}, set("fedcba"), {key: frozenset({None, Color.RED, "x", "y"})})
print(Codec(registry).digest(schema, state), Codec(registry).encode(schema, state)["seen"])
"""


def test_digest_is_the_same_in_every_process():
    """Each process has another hash seed, so sets of strings iterate in different orders."""
    given = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            env={**given, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("0", "1", "2")
    ]
    said = [process.communicate()[0] for process in processes]
    assert said == ["c3f89f965e517273 ['a', 'b', 'c', 'd', 'e', 'f']\n"] * 3
