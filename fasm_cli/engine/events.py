"""The kinds of things that can happen to a machine.

A trace is a list of events. The keyboard, a seed, a file, the shrinker and the runtime all make these classes and
nothing else. An event names an action by its cause, `7.2` for the second action of step 7, so that a trace keeps its
meaning when other steps are cut out of it.

To add a kind, derive a final class from `BaseEvent` and add it to the union `Event`. mypy then names what is missing:
the abstract methods of the class, what a process does with it (`Process.step`), how it changes where the process
stands (`ProcessState.apply`), and how the shrinker measures its size.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol, Self, final, get_args

from fasm_cli.errors import InputError
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.format import format_value
from fasm_cli.types.plain import TAG

Plain = dict[str, Any]
Format = Callable[[Any], str]
IdOf = Callable[["ActionRef"], Any]


@dataclass(frozen=True, slots=True, order=True)
class ActionRef:
    """The `index`-th action (from 1) of step `step`; printed `7.2`.

    `again` is the restore that emitted the action again, 0 for its first emission; printed `7.2@9`. The name does not
    depend on what else that restore emits.
    """

    step: int
    index: int
    again: int = 0

    def __str__(self) -> str:
        return f"{self.step}.{self.index}@{self.again}" if self.again else f"{self.step}.{self.index}"

    @property
    def first(self) -> "ActionRef":
        """The first emission of the action."""
        return ActionRef(self.step, self.index) if self.again else self

    def emitted_again(self, restore: int) -> "ActionRef":
        """The emission of the same action by step `restore`."""
        return ActionRef(self.step, self.index, restore)

    def renumber(self, numbers: Mapping[int, int]) -> "ActionRef":
        """The same action when its steps go by other numbers. Raises `KeyError` for a step without a new number."""
        return ActionRef(numbers[self.step], self.index, numbers[self.again] if self.again else 0)


def parse_ref(text: str) -> ActionRef:
    """Parse `7.2` or `7.2@9`. Raises `InputError`."""
    found = re.fullmatch(r"(\d{1,9})\.(\d{1,9})(?:@(\d{1,9}))?", text)
    if found is None:
        raise InputError(f"not an action: {text!r}", "write STEP.N, like 1.1; `pending` lists them")
    return ActionRef(int(found[1]), int(found[2]), int(found[3] or 0))


class ValueCodec(Protocol):
    """Converts the values of one machine to plain data and back. `Machine` does it by the declared types,
    `PlainValues` keeps plain data as it is."""

    def encode_input(self, value: Any) -> Any: ...
    def decode_input(self, plain: Any) -> Any: ...
    def encode_result(self, value: Any) -> Any: ...
    def decode_result(self, plain: Any) -> Any: ...
    def encode_id(self, value: Any) -> Any: ...
    def decode_id(self, plain: Any) -> Any: ...


Decode = Callable[[ValueCodec, Any], Any]
Encode = Callable[[ValueCodec, Any], Any]


class Part(NamedTuple):
    """How a file stores one field of an event. A part with a `default` is left out when it has that value."""

    encode: Encode
    decode: Decode
    default: Any = ...


def _count(values: ValueCodec, plain: Any) -> int:
    if type(plain) is not int or plain < 0:
        raise DecodeError(f"nth: expected a count, got {plain!r}")
    return plain


def _ref(values: ValueCodec, plain: Any) -> ActionRef:
    try:
        return parse_ref(str(plain))
    except InputError as error:
        raise DecodeError(error.message) from None


def _member(kind: type[StrEnum]) -> Part:
    def decode(values: ValueCodec, plain: Any) -> StrEnum:
        try:
            return kind(plain)
        except ValueError:
            raise DecodeError(f"{plain!r} is no {kind.__name__}; known: {', '.join(kind)}") from None

    return Part(lambda values, value: str(value), decode)


_INPUT = Part(lambda values, value: values.encode_input(value), lambda values, plain: values.decode_input(plain))
_RESULT = Part(lambda values, value: values.encode_result(value), lambda values, plain: values.decode_result(plain))
_ID = Part(lambda values, value: values.encode_id(value), lambda values, plain: values.decode_id(plain))
_OF = Part(lambda values, value: str(value), _ref, default=None)
_NTH = Part(lambda values, value: value, _count, default=0)


class BaseEvent:
    """Something that can happen to a machine.

    mypy refuses a final class that lacks one of the abstract methods. `ABCMeta` would check it at run time too, and
    make `isinstance` and `match` several times slower.
    """

    __slots__ = ()
    type_name: ClassVar[str]  # the value of `type` in a file
    parts: ClassVar[tuple[tuple[str, Part], ...]]  # the fields, in the order of the class

    @abstractmethod
    def format(self, value: Format = format_value) -> str:
        """The event as a person types it; `value` formats values."""

    @abstractmethod
    def reason_to_skip(self, *, running: bool) -> str:
        """Why the event does nothing now; empty if it does something."""

    def encode(self, values: ValueCodec) -> Plain:
        """Plain data for the event. Raises `DecodeError` if a value is not of the declared type."""
        plain = {TAG: self.type_name}
        for name, part in self.parts:
            value = getattr(self, name)
            if part.default is ... or value != part.default:
                plain[name] = part.encode(values, value)
        return plain

    @classmethod
    def decode(cls, plain: Plain, values: ValueCodec, id_of: IdOf | None) -> Self:
        """The event for `plain`, which has the right keys. `id_of` gives the id under which an action was emitted in
        this run; if None, the id in the file is taken. Raises `DecodeError`."""
        fields: dict[str, Any] = {}
        for name, part in cls.parts:
            of = fields.get("of")
            if part is _ID and of is not None and id_of is not None:
                try:
                    fields[name] = id_of(of)
                except KeyError:
                    raise DecodeError(f"no tracked action {of} was emitted") from None
            else:
                fields[name] = part.decode(values, plain[name]) if name in plain else part.default
        return cls(**fields)

    def bind(self, id_of: IdOf) -> Self | None:
        """The event with the id of the action it is about; None if that action was not emitted."""
        of = getattr(self, "of", None)
        if of is None:
            return self
        try:
            return replace(self, id=id_of(of))  # type: ignore[type-var]
        except KeyError:
            return None

    def renumber(self, numbers: Mapping[int, int]) -> Self:
        """The event in a trace whose steps go by other numbers. Raises `KeyError`."""
        of = getattr(self, "of", None)
        return self if of is None else replace(self, of=of.renumber(numbers))  # type: ignore[type-var]

    def resolve(self, id_of: IdOf, *, running: bool) -> Self | None:
        """What the event means now; None if it means nothing."""
        return None if self.reason_to_skip(running=running) else self.bind(id_of)


NEEDS_RUNNING = "the process has crashed; restore it first"


@final
@dataclass(slots=True)
class InputReceived(BaseEvent):
    """An input from outside."""

    value: Any
    type_name = "input"
    parts = (("value", _INPUT),)

    def format(self, value: Format = format_value) -> str:
        return value(self.value)

    def reason_to_skip(self, *, running: bool) -> str:
        return "" if running else NEEDS_RUNNING


@final
@dataclass(slots=True)
class Completion(BaseEvent):
    """The result of a tracked action comes back: of the action `of`, or of none that is known, under `id`."""

    of: ActionRef | None
    id: Any
    result: Any
    type_name = "completion"
    parts = (("of", _OF), ("id", _ID), ("result", _RESULT))

    def format(self, value: Format = format_value) -> str:
        if self.of is None:
            return f"TrackedActionCompleted(id={value(self.id)}, result={value(self.result)})"
        return f"complete {self.of} {value(self.result)}"

    def reason_to_skip(self, *, running: bool) -> str:
        return "" if running else NEEDS_RUNNING


@final
@dataclass(slots=True)
class ResultLost(BaseEvent):
    """The action `of` was performed, and its result never arrives."""

    of: ActionRef | None
    id: Any
    type_name = "lost"
    parts = (("of", _OF), ("id", _ID))

    def format(self, value: Format = format_value) -> str:
        return f"drop {self.of}"

    def reason_to_skip(self, *, running: bool) -> str:
        return ""


class CrashPoint(StrEnum):
    """Where a process dies."""

    BETWEEN = "between"  # between two transitions: every action of the last one was sent
    AFTER_COMMIT = "after-commit"  # before the first action of the last step was sent
    AFTER_ACTION = "after-action"  # after the first `nth` actions of the last step were sent
    BEFORE_COMMIT = "before-commit"  # at the end of the *next* transition, which is not committed
    IN_RESTORE = "in-restore"  # at the `nth` emission of the *next* restore


ARMED_POINTS = (CrashPoint.BEFORE_COMMIT, CrashPoint.IN_RESTORE)  # these wait for the next transition or restore


@final
@dataclass(slots=True)
class Crash(BaseEvent):
    """The process dies: what is not committed is gone."""

    point: CrashPoint = CrashPoint.BETWEEN
    nth: int = 0
    type_name = "crash"
    parts = (("point", _member(CrashPoint)), ("nth", _NTH))

    def format(self, value: Format = format_value) -> str:
        if self.point is CrashPoint.BETWEEN:
            return "crash"
        return f"crash {self.point} {self.nth}" if self.nth else f"crash {self.point}"

    def reason_to_skip(self, *, running: bool) -> str:
        return "" if running or self.point in ARMED_POINTS else "the process has crashed already"


@final
@dataclass(slots=True)
class Restore(BaseEvent):
    """The process starts again from the committed state, and `restore` emits the pending actions."""

    type_name = "restore"
    parts = ()

    def format(self, value: Format = format_value) -> str:
        return "restore"

    def reason_to_skip(self, *, running: bool) -> str:
        return "the process is running; crash it first" if running else ""


class FaultKind(StrEnum):
    """What fails during the next transition; an indexed fault also strikes the next restore."""

    ACTIONS_FULL = "actions_full"  # the `nth` call of actions.add raises ActionsFull
    LOAD = "load"  # the store cannot load the state: the transition does not start
    COMMIT = "commit"  # the store refuses the commit: nothing is written
    UNKNOWN = "unknown"  # the commit is written and the answer is lost: the process restarts to find out
    CANCEL = "cancel"  # the `nth` await of the state is cancelled
    DISCONNECT = "disconnect"  # the connection is lost at the `nth` await of the state


AWAIT_FAULTS = (FaultKind.CANCEL, FaultKind.DISCONNECT)  # these need a state that is awaited
INDEXED_FAULTS = (FaultKind.ACTIONS_FULL, *AWAIT_FAULTS)


@final
@dataclass(slots=True)
class InjectedFault(BaseEvent):
    """The next transition fails at a point that its machine must be ready for."""

    kind: FaultKind
    nth: int = 0
    type_name = "fault"
    parts = (("kind", _member(FaultKind)), ("nth", _NTH))

    def format(self, value: Format = format_value) -> str:
        return f"fault {self.kind} {self.nth}" if self.nth else f"fault {self.kind}"

    def reason_to_skip(self, *, running: bool) -> str:
        return ""


Event = InputReceived | Completion | ResultLost | InjectedFault | Crash | Restore
KINDS: tuple[type[Event], ...] = get_args(Event)  # the shrinker prefers earlier kinds
_KEYS = {
    kind.type_name: (kind, {TAG, *(name for name, part in kind.parts if part.default is ...)}, {TAG, *dict(kind.parts)})
    for kind in KINDS
}


def decode_event(values: ValueCodec, plain: Any, id_of: IdOf | None) -> Event:
    """The event that `plain` stands for. `id_of` gives the id under which an action was emitted in this run; if None,
    the id in the file is taken. Raises `DecodeError`."""
    if not isinstance(plain, dict):
        raise DecodeError(f"an event is a table, not {plain!r}")
    kind, required, allowed = _KEYS.get(str(plain.get(TAG)), (None, set(), set()))
    if kind is None or not required <= plain.keys() <= allowed:
        raise DecodeError(f"no such event: {plain!r}")
    return kind.decode(plain, values, id_of)


class PlainValues:
    """Leaves every value as the plain data it is."""

    def encode_input(self, value: Any) -> Any:
        return value

    def decode_input(self, plain: Any) -> Any:
        return plain

    def encode_result(self, value: Any) -> Any:
        return value

    def decode_result(self, plain: Any) -> Any:
        return plain

    def encode_id(self, value: Any) -> Any:
        return value

    def decode_id(self, plain: Any) -> Any:
        return plain
