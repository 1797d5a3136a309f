"""Tests the counter: it counts, announces each increment and stops at its limit."""

from fasm_cli import Normal, Untracked


def test_increment_adds_one_and_announces_it(run):
    counter = run("counter")
    m = counter.module
    assert counter.submit("Increment()").actions == (Untracked(m.Incremented(0, 1)),)
    assert counter.submit("Increment()").actions == (Untracked(m.Incremented(1, 2)),)
    assert counter.state == m.Count(2)


def test_counter_stops_at_its_highest_value(run, refused):
    counter = run("counter")
    m = counter.module
    counter = run("counter", m.Count(2**64 - 2))
    assert counter.submit("Increment()").actions == (Untracked(m.Incremented(2**64 - 2, 2**64 - 1)),)
    assert refused(counter.submit("Increment()")) == "Overflowed(counter=18446744073709551615)"
    assert counter.state == m.Count(2**64 - 1)


def test_full_actions_leave_the_count_unchanged(run):
    counter = run("counter")
    assert not counter.changed_without_room(Normal(counter.module.Increment()), 0)


def test_restart_emits_nothing_and_keeps_the_count(run):
    counter = run("counter")
    counter.submit("Increment()")
    assert counter.restart().actions == ()
    assert counter.state == counter.module.Count(1)
