"""The counter counts, says so, and stops where it must."""

from fasm_cli import Normal, Untracked


def test_an_increment_adds_one_and_announces_it(run):
    counter = run("counter")
    m = counter.module
    assert counter.submit("Increment()").actions == (Untracked(m.Incremented(0, 1)),)
    assert counter.submit("Increment()").actions == (Untracked(m.Incremented(1, 2)),)
    assert counter.state == m.Count(2)


def test_the_highest_value_is_reached_and_not_passed(run, refused):
    counter = run("counter")
    m = counter.module
    counter = run("counter", m.Count(2**64 - 2))
    assert counter.submit("Increment()").actions == (Untracked(m.Incremented(2**64 - 2, 2**64 - 1)),)
    assert refused(counter.submit("Increment()")) == "Overflowed(counter=18446744073709551615)"
    assert counter.state == m.Count(2**64 - 1)


def test_without_room_for_the_announcement_nothing_is_counted(run):
    counter = run("counter")
    assert not counter.changed_without_room(Normal(counter.module.Increment()), 0)


def test_a_restart_has_nothing_to_emit_and_keeps_the_count(run):
    counter = run("counter")
    counter.submit("Increment()")
    assert counter.restart().actions == ()
    assert counter.state == counter.module.Count(1)
