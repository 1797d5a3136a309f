"""The passes that put something simpler in place: kinds of events, values, and what they refer to."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fasm_cli.contract.state_machine import StateMachine
from fasm_cli.engine.events import (
    ActionRef,
    Completion,
    Crash,
    CrashPoint,
    Event,
    InjectedFault,
    InputReceived,
    Restore,
    ResultLost,
)
from fasm_cli.simulation.answers import sample_responses
from fasm_cli.simulation.shrink.candidate import ShrinkState
from fasm_cli.simulation.trace import TraceEvent
from fasm_cli.types.codec import DecodeError, Schema
from fasm_cli.types.diff import ABSENT, diff_values
from fasm_cli.types.simplify import candidates, minimal, substitute


class Simplifying(ShrinkState):
    """Passes that keep the number of events, or lower it by making one of two."""

    def simplify_event_kinds(self) -> None:
        """A crash between steps in place of any other; a fault or crash at the first place it can strike."""
        for at in range(len(self.best.items)):
            for event in _simpler_kinds(self.best.items[at].event if at < len(self.best.items) else Restore()):
                if self.try_replace(at, event):
                    break

    def retarget_refs(self) -> None:
        """A completion of the first emission under its id, so that the restore that repeated it can go."""
        for at, item in enumerate(self.best.items):
            event = item.event
            if isinstance(event, Completion | ResultLost) and event.of is not None:
                for earlier in self.best.items[:at]:
                    for index in range(1, 4):
                        ref = ActionRef(earlier.number, index)
                        if ref < event.of and self.try_replace(at, replace(event, of=ref)):
                            break

    def merge_inputs(self) -> None:
        """One input in place of two of a kind, with the numbers of both."""
        at = 0
        while at < len(self.best.items):
            items = self.best.items
            first = items[at].event
            for other in range(at + 1, len(items)):
                second = items[other].event
                if (
                    type(first) is InputReceived
                    and type(second) is InputReceived
                    and type(first.value) is type(second.value)
                ):
                    for value in self._sums(first.value, second.value):
                        merged = [
                            *items[:at],
                            replace(items[at], event=InputReceived(value)),
                            *items[at + 1 : other],
                            *items[other + 1 :],
                        ]
                        if self.consider(merged):
                            break
            at += 1

    def _sums(self, first: Any, second: Any) -> Iterator[Any]:
        encode, decode = self.machine.codec.encode_message, self.machine.codec.decode_message
        one, two = encode(self.machine.input_schema, first), encode(self.machine.input_schema, second)
        if not isinstance(one, dict):
            return
        for key, number in one.items():
            if type(number) is int and type(two.get(key)) is int:
                try:
                    yield decode(self.machine.input_schema, {**one, key: number + two[key]})
                except DecodeError:
                    continue

    def simplify_values(self) -> None:
        """Every value as simple as it can be."""
        at = 0
        while at < len(self.best.items):
            if not any(self.try_replace(at, event) for event in self._simpler_events(self.best.items[at].event)):
                at += 1

    def _simpler_events(self, event: Event) -> Iterator[Event]:
        machine = self.machine
        if type(event) is InputReceived:
            for value in self._legal(machine.input_schema, event.value):
                yield InputReceived(value)
        elif type(event) is Completion:
            assert machine.result_schema is not None
            kinds = self._answers(event.of)
            for result in self._legal(machine.result_schema, event.result):
                if kinds is None or type(result) in kinds or type(result) is type(event.result):
                    yield Completion(event.of, event.id, result)
            if event.of is None and machine.action_id_schema is not None:
                for id in self._legal(machine.action_id_schema, event.id):
                    yield Completion(None, id, event.result)
        elif isinstance(event, Crash | InjectedFault) and event.nth > 1:
            for at in range(1, event.nth):
                yield replace(event, nth=at)

    def _answers(self, of: ActionRef | None) -> set[type] | None:
        """The kinds of results that `respond` may give to what was emitted as `of`, None where that is any: a trace
        that no outside world can bring about would prove nothing."""
        machine = self.machine
        if of is None or machine.cls.respond is StateMachine.respond:
            return None
        action = self.player.emitted(self.best.items, of)
        return None if action is None else {type(result) for result in sample_responses(machine, action)}

    def _legal(self, shape: Schema, value: Any) -> Iterator[Any]:
        simpler = candidates(shape, value)
        while True:
            try:
                other = next(simpler)
                self.machine.codec.encode(shape, other)
            except StopIteration:
                return
            except Exception:  # the author's constructor or the codec refuses it
                continue
            yield other

    def substitute_everywhere(self) -> None:
        """A value that stands in several places, simpler in all of them at once."""
        at = 0
        while at < len(self.best.items):
            if not any(self.consider(items) for items in self._everywhere(at)):
                at += 1

    def _everywhere(self, at: int) -> Iterator[list[TraceEvent]]:
        items = self.best.items
        event = items[at].event
        if not isinstance(event, InputReceived):
            return
        for other in self._simpler_events(event):
            assert isinstance(other, InputReceived)
            found = diff_values(event.value, other.value)
            if len(found) == 1 and found[0].before is not ABSENT and found[0].after is not ABSENT:
                yield [self._put(item, found[0].before, found[0].after) for item in items]

    def _put(self, item: TraceEvent, before: Any, after: Any) -> TraceEvent:
        if not isinstance(item.event, InputReceived):
            return item
        value = substitute(item.event.value, before, after)
        try:
            self.machine.codec.encode(self.machine.input_schema, value)
        except DecodeError:
            return item
        return replace(item, event=InputReceived(value))

    def drop_cause(self) -> None:
        """The result of something that was never emitted, in place of one that comes again, and of all before it."""
        at = len(self.best.items) - 1
        event = self.best.items[at].event if at >= 0 else None
        if not isinstance(event, Completion) or event.of is None or self.machine.action_id_schema is None:
            return
        for id in minimal(self.machine.action_id_schema):
            item = replace(self.best.items[at], event=Completion(None, id, event.result))
            if self.consider([item]):
                return
            for first in range(at):
                for last in range(first + 1, at + 1):
                    if self.consider([*self.best.items[:first], *self.best.items[last:at], item]):
                        return

    def duplicate_inputs(self) -> None:
        """Inputs of one class with the same values, where that is enough."""
        for at in range(len(self.best.items)):
            for other in range(len(self.best.items)):
                if at < len(self.best.items) and other < at:
                    here, there = self.best.items[at].event, self.best.items[other].event
                    if (
                        type(here) is InputReceived
                        and type(there) is InputReceived
                        and type(here.value) is type(there.value)
                    ):
                        self.try_replace(at, there)

    def sort_events(self) -> None:
        """Inputs before completions before faults."""
        at = 0
        while at + 1 < len(self.best.items):
            items = self.best.items
            if self.consider([*items[:at], items[at + 1], items[at], *items[at + 2 :]]):
                at = max(at - 1, 0)
            else:
                at += 1


def _simpler_kinds(event: Event) -> Iterator[Event]:
    if type(event) is Crash and event.point is not CrashPoint.BETWEEN:
        yield Crash()
    if isinstance(event, Crash | InjectedFault) and event.nth > 1:
        yield replace(event, nth=1)
