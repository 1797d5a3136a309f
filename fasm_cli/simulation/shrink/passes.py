"""The passes that put something simpler in place: kinds of events, values, and what they refer to."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fasm_cli.contract.state_machine import StateMachine
from fasm_cli.engine.events import Complete, Crash, Event, Fault, Lose, Point, Ref, Restore, Submit
from fasm_cli.simulation.answers import likely
from fasm_cli.simulation.shrink.candidate import Best
from fasm_cli.simulation.trace import Item
from fasm_cli.types.codec import Mismatch, Shape
from fasm_cli.types.diff import ABSENT, changes
from fasm_cli.types.simplify import replaced, simpler, simplest


class Simplifying(Best):
    """Passes that keep the number of events, or lower it by making one of two."""

    def kinds(self) -> None:
        """A crash between steps in place of any other; a fault or crash at the first place it can strike."""
        for at in range(len(self.best.items)):
            for event in _simpler_kinds(self.best.items[at].event if at < len(self.best.items) else Restore()):
                if self.replaced(at, event):
                    break

    def repoint(self) -> None:
        """A completion of the first emission under its id, so that the restore that repeated it can go."""
        for at, item in enumerate(self.best.items):
            event = item.event
            if isinstance(event, Complete | Lose) and event.of is not None:
                for earlier in self.best.items[:at]:
                    for index in range(1, 4):
                        ref = Ref(earlier.number, index)
                        if ref < event.of and self.replaced(at, replace(event, of=ref)):
                            break

    def merge(self) -> None:
        """One input in place of two of a kind, with the numbers of both."""
        at = 0
        while at < len(self.best.items):
            items = self.best.items
            first = items[at].event
            for other in range(at + 1, len(items)):
                second = items[other].event
                if type(first) is Submit and type(second) is Submit and type(first.value) is type(second.value):
                    for value in self._sums(first.value, second.value):
                        merged = [
                            *items[:at],
                            replace(items[at], event=Submit(value)),
                            *items[at + 1 : other],
                            *items[other + 1 :],
                        ]
                        if self.consider(merged):
                            break
            at += 1

    def _sums(self, first: Any, second: Any) -> Iterator[Any]:
        encode, decode = self.machine.codec.encode_message, self.machine.codec.decode_message
        one, two = encode(self.machine.input, first), encode(self.machine.input, second)
        if not isinstance(one, dict):
            return
        for key, number in one.items():
            if type(number) is int and type(two.get(key)) is int:
                try:
                    yield decode(self.machine.input, {**one, key: number + two[key]})
                except Mismatch:
                    continue

    def values(self) -> None:
        """Every value as simple as it can be."""
        at = 0
        while at < len(self.best.items):
            if not any(self.replaced(at, event) for event in self._simpler_events(self.best.items[at].event)):
                at += 1

    def _simpler_events(self, event: Event) -> Iterator[Event]:
        machine = self.machine
        if type(event) is Submit:
            for value in self._legal(machine.input, event.value):
                yield Submit(value)
        elif type(event) is Complete:
            assert machine.result is not None
            kinds = self._answers(event.of)
            for result in self._legal(machine.result, event.result):
                if kinds is None or type(result) in kinds or type(result) is type(event.result):
                    yield Complete(event.of, event.id, result)
            if event.of is None and machine.action_id is not None:
                for id in self._legal(machine.action_id, event.id):
                    yield Complete(None, id, event.result)
        elif isinstance(event, Crash | Fault) and event.at > 1:
            for at in range(1, event.at):
                yield replace(event, at=at)

    def _answers(self, of: Ref | None) -> set[type] | None:
        """The kinds of results that `respond` may give to what was emitted as `of`, None where that is any: a trace
        that no outside world can bring about would prove nothing."""
        machine = self.machine
        if of is None or machine.cls.respond is StateMachine.respond:
            return None
        action = self.player.emitted(self.best.items, of)
        return None if action is None else {type(result) for result in likely(machine, action)}

    def _legal(self, shape: Shape, value: Any) -> Iterator[Any]:
        candidates = simpler(shape, value)
        while True:
            try:
                other = next(candidates)
                self.machine.codec.encode(shape, other)
            except StopIteration:
                return
            except Exception:  # the author's constructor or the codec refuses it
                continue
            yield other

    def together(self) -> None:
        """A value that stands in several places, simpler in all of them at once."""
        at = 0
        while at < len(self.best.items):
            if not any(self.consider(items) for items in self._everywhere(at)):
                at += 1

    def _everywhere(self, at: int) -> Iterator[list[Item]]:
        items = self.best.items
        event = items[at].event
        if not isinstance(event, Submit):
            return
        for other in self._simpler_events(event):
            assert isinstance(other, Submit)
            found = changes(event.value, other.value)
            if len(found) == 1 and found[0].before is not ABSENT and found[0].after is not ABSENT:
                yield [self._put(item, found[0].before, found[0].after) for item in items]

    def _put(self, item: Item, before: Any, after: Any) -> Item:
        if not isinstance(item.event, Submit):
            return item
        value = replaced(item.event.value, before, after)
        try:
            self.machine.codec.encode(self.machine.input, value)
        except Mismatch:
            return item
        return replace(item, event=Submit(value))

    def unknown(self) -> None:
        """The result of something that was never emitted, in place of one that comes again, and of all before it."""
        at = len(self.best.items) - 1
        event = self.best.items[at].event if at >= 0 else None
        if not isinstance(event, Complete) or event.of is None or self.machine.action_id is None:
            return
        for id in simplest(self.machine.action_id):
            item = replace(self.best.items[at], event=Complete(None, id, event.result))
            if self.consider([item]):
                return
            for first in range(at):
                for last in range(first + 1, at + 1):
                    if self.consider([*self.best.items[:first], *self.best.items[last:at], item]):
                        return

    def unify(self) -> None:
        """Inputs of one class with the same values, where that is enough."""
        for at in range(len(self.best.items)):
            for other in range(len(self.best.items)):
                if at < len(self.best.items) and other < at:
                    here, there = self.best.items[at].event, self.best.items[other].event
                    if type(here) is Submit and type(there) is Submit and type(here.value) is type(there.value):
                        self.replaced(at, there)

    def order(self) -> None:
        """Inputs before completions before faults."""
        at = 0
        while at + 1 < len(self.best.items):
            items = self.best.items
            if self.consider([*items[:at], items[at + 1], items[at], *items[at + 2 :]]):
                at = max(at - 1, 0)
            else:
                at += 1


def _simpler_kinds(event: Event) -> Iterator[Event]:
    if type(event) is Crash and event.point is not Point.BETWEEN:
        yield Crash()
    if isinstance(event, Crash | Fault) and event.at > 1:
        yield replace(event, at=1)
