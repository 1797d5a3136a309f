"""A seed determines all draws, on every platform and Python version."""

import re

import pytest

from fasm_cli.contract.chooser import Chooser, substream


def draws(choose):
    return [
        [choose.randbelow(100) for _ in range(6)],
        [choose.randint(-5, 5) for _ in range(6)],
        [choose.chance(0.3) for _ in range(6)],
        [choose.pick("abcdef") for _ in range(6)],
        [choose.weighted([(1, "a"), (0, "never"), (3, "b")]) for _ in range(6)],
        choose.shuffled(range(6)),
        choose.randbelow(10**30),
        choose.randbelow(2**200) % 10**12,
        choose.draw(),
    ]


def test_golden_draws():
    assert draws(Chooser(0)) == [
        [84, 75, 42, 25, 51, 40],
        [3, -2, 0, 1, 4, 0],
        [True, False, False, True, False, False],
        [*"efbefe"],
        [*"babbbb"],
        [0, 3, 5, 1, 4, 2],
        14041700164019419895096426719,
        86365963558,
        0.49357786646532464,
    ]
    assert draws(Chooser(2**64 + 1))[0] == [10, 72, 25, 61, 2, 35]


def test_golden_substreams():
    first = {
        (seed, run, name): substream(seed, run, name).randbelow(10**6)
        for seed in (0, 1)
        for run in (0, 1)
        for name in ("inputs", "answers", "faults")
    }
    assert list(first.values()) == [
        *(918062, 560534, 508738, 127101, 571899, 576020),
        *(945349, 562949, 54413, 63048, 263621, 219840),
    ]


def test_substreams_are_reproducible_and_differ():
    assert draws(substream(3, 4, "inputs")) == draws(substream(3, 4, "inputs"))
    keys = [(seed, run, name) for seed in range(12) for run in range(12) for name in ("a", "b")]
    assert len({substream(*key).draw() for key in keys}) == len(keys)
    assert substream(1, 11, "x").draw() != substream(11, 1, "x").draw()


@pytest.mark.parametrize(
    "n", [1, 2, 3, 7, 2**53 - 1, 2**53, 2**53 + 1, 2**54, 3 * 2**53, 2**64 - 1, 2**106 + 1, 10**40]
)
def test_randbelow_covers_its_range(n):
    choose = Chooser(5)
    values = [choose.randbelow(n) for _ in range(2000)]
    assert all(type(value) is int and 0 <= value < n for value in values)
    assert {value * min(4, n) // n for value in values} == set(range(min(4, n)))
    assert abs(sum(values) / len(values) - (n - 1) / 2) <= n * 0.03


def test_randbelow_covers_a_large_range():
    choose = Chooser(5)
    values = [choose.randbelow(2**80) for _ in range(300)]
    for bit in range(80):
        ones = sum(value >> bit & 1 for value in values)
        assert 100 < ones < 200, bit


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda choose: choose.randbelow(0), "randbelow(0): must be at least 1"),
        (lambda choose: choose.randint(2, 1), "randbelow(0): must be at least 1"),
        (lambda choose: choose.pick([]), "pick() needs at least one option"),
        (lambda choose: choose.weighted([]), "weighted() needs at least one option"),
    ],
)
def test_drawing_without_options_is_refused(call, why):
    with pytest.raises(ValueError, match=rf"^{re.escape(why)}$"):
        call(Chooser(1))


def test_randint_includes_both_ends():
    choose = Chooser(1)
    assert {choose.randint(-1, 1) for _ in range(50)} == {-1, 0, 1}
    assert choose.randint(5, 5) == 5


def test_chance_with_probability_zero_and_one():
    choose = Chooser(1)
    assert not any(choose.chance(0) for _ in range(500))
    assert all(choose.chance(1) for _ in range(500))


def test_weighted_follows_the_weights():
    choose = Chooser(1)
    drawn = [choose.weighted([(1, "a"), (0, "never"), (3, "b")]) for _ in range(4000)]
    assert set(drawn) == {"a", "b"}
    assert 900 < drawn.count("a") < 1100
    assert choose.weighted(pair for pair in [(2.5, "only")]) == "only"


def test_shuffled_returns_a_new_list_in_any_order():
    choose, given = Chooser(1), [1, 2, 3]
    orders = {tuple(choose.shuffled(given)) for _ in range(200)}
    assert len(orders) == 6
    assert given == [1, 2, 3]
    assert choose.shuffled(()) == []
