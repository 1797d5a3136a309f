"""The kinds of things that can happen to a machine.

A trace is a list of events. The keyboard, a seed, a file, the shrinker and the runtime all make these classes and
nothing else. An event names an action by its cause, `7.2` for the second action of step 7, so that a trace keeps its
meaning when other steps are cut out of it.

To add a kind, derive a final class from `BaseEvent` and add it to the union `Event`. mypy then names what is missing:
the abstract methods of the class, what a process does with it (`Process.step`), and how it changes where the process
stands (`ProcessState.apply`).
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self, TypeVar, final, get_args

from fasm_cli.errors import InputError
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.format import format_value
from fasm_cli.types.plain import TAG

Plain = dict[str, Any]
Format = Callable[[Any], str]
IdOf = Callable[["ActionRef"], Any]
E = TypeVar("E", bound=StrEnum)


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
    `PLAIN_VALUES` keeps plain data as it is."""

    def encode_input(self, value: Any) -> Any: ...
    def decode_input(self, plain: Any) -> Any: ...
    def encode_result(self, value: Any) -> Any: ...
    def decode_result(self, plain: Any) -> Any: ...
    def encode_id(self, value: Any) -> Any: ...
    def decode_id(self, plain: Any) -> Any: ...


class View(Protocol):
    """What an event needs to know to tell what it means now."""

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        ...

    def id_of(self, ref: ActionRef) -> Any:
        """The id under which the action was emitted. Raises `KeyError` if it was not emitted."""
        ...


class BaseEvent:
    """Something that can happen to a machine.

    mypy refuses a final class that lacks one of the abstract methods. `ABCMeta` would check it at run time too, and
    make `isinstance` and `match` several times slower.
    """

    __slots__ = ()
    type_name: ClassVar[str]  # the value of `type` in a file
    keys: ClassVar[tuple[frozenset[str], frozenset[str]]]  # in a file: what it must have, and what it may have too

    @abstractmethod
    def encode(self, values: ValueCodec) -> Plain:
        """Plain data for the event. Raises `DecodeError` if a value is not of the declared type."""

    @classmethod
    @abstractmethod
    def decode(cls, plain: Plain, values: ValueCodec, id_of: IdOf | None) -> Self:
        """The event for `plain`, which has the right keys. `id_of` gives the id under which an action was emitted in
        this run; if None, the id in the file is taken. Raises `DecodeError`."""

    @abstractmethod
    def format(self, value: Format = format_value) -> str:
        """The event as a person types it; `value` formats values."""

    @abstractmethod
    def reason_to_skip(self, *, running: bool) -> str:
        """Why the event does nothing now; empty if it does something."""

    @abstractmethod
    def bind(self, id_of: IdOf) -> Self | None:
        """The event with the id of the action it is about; None if that action was not emitted."""

    @abstractmethod
    def renumber(self, numbers: Mapping[int, int]) -> Self:
        """The event in a trace whose steps go by other numbers. Raises `KeyError`."""

    def resolve(self, view: View) -> Self | None:
        """What the event means now; None if it means nothing."""
        return None if self.reason_to_skip(running=view.running) else self.bind(view.id_of)


class _Standalone(BaseEvent):
    """An event that is not about an action."""

    __slots__ = ()

    def bind(self, id_of: IdOf) -> Self | None:
        return self

    def renumber(self, numbers: Mapping[int, int]) -> Self:
        return self


def _ref(plain: Plain) -> ActionRef | None:
    try:
        return parse_ref(str(plain["of"])) if "of" in plain else None
    except InputError as error:
        raise DecodeError(error.message) from None


def _id(of: ActionRef | None, plain: Plain, values: ValueCodec, id_of: IdOf | None) -> Any:
    if of is None or id_of is None:
        return values.decode_id(plain["id"])
    try:
        return id_of(of)
    except KeyError:
        raise DecodeError(f"no tracked action {of} was emitted") from None


def _nth(plain: Plain) -> int:
    nth = plain.get("nth", 0)
    if type(nth) is not int or nth < 0:
        raise DecodeError(f"nth: expected a count, got {nth!r}")
    return nth


def _member(kind: type[E], name: Any) -> E:
    try:
        return kind(name)
    except ValueError:
        raise DecodeError(f"{name!r} is no {kind.__name__}; known: {', '.join(kind)}") from None


NEEDS_RUNNING = "the process has crashed; restore it first"


@final
@dataclass(slots=True)
class InputReceived(_Standalone):
    """An input from outside."""

    value: Any
    type_name = "input"
    keys = frozenset({"value"}), frozenset()

    def encode(self, values: ValueCodec) -> Plain:
        return {TAG: self.type_name, "value": values.encode_input(self.value)}

    @classmethod
    def decode(cls, plain: Plain, values: ValueCodec, id_of: IdOf | None) -> Self:
        return cls(values.decode_input(plain["value"]))

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
    keys = frozenset({"id", "result"}), frozenset({"of"})

    def encode(self, values: ValueCodec) -> Plain:
        cause = {} if self.of is None else {"of": str(self.of)}
        id, result = values.encode_id(self.id), values.encode_result(self.result)
        return {TAG: self.type_name, **cause, "id": id, "result": result}

    @classmethod
    def decode(cls, plain: Plain, values: ValueCodec, id_of: IdOf | None) -> Self:
        of = _ref(plain)
        return cls(of, _id(of, plain, values, id_of), values.decode_result(plain["result"]))

    def format(self, value: Format = format_value) -> str:
        if self.of is None:
            return f"TrackedActionCompleted(id={value(self.id)}, result={value(self.result)})"
        return f"complete {self.of} {value(self.result)}"

    def reason_to_skip(self, *, running: bool) -> str:
        return "" if running else NEEDS_RUNNING

    def bind(self, id_of: IdOf) -> Self | None:
        if self.of is None:
            return self
        try:
            return type(self)(self.of, id_of(self.of), self.result)
        except KeyError:
            return None

    def renumber(self, numbers: Mapping[int, int]) -> Self:
        return self if self.of is None else type(self)(self.of.renumber(numbers), self.id, self.result)


@final
@dataclass(slots=True)
class ResultLost(BaseEvent):
    """The action `of` was performed, and its result never arrives."""

    of: ActionRef | None
    id: Any
    type_name = "lost"
    keys = frozenset({"id"}), frozenset({"of"})

    def encode(self, values: ValueCodec) -> Plain:
        cause = {} if self.of is None else {"of": str(self.of)}
        return {TAG: self.type_name, **cause, "id": values.encode_id(self.id)}

    @classmethod
    def decode(cls, plain: Plain, values: ValueCodec, id_of: IdOf | None) -> Self:
        of = _ref(plain)
        return cls(of, _id(of, plain, values, id_of))

    def format(self, value: Format = format_value) -> str:
        return f"drop {self.of}"

    def reason_to_skip(self, *, running: bool) -> str:
        return ""

    def bind(self, id_of: IdOf) -> Self | None:
        if self.of is None:
            return self
        try:
            return type(self)(self.of, id_of(self.of))
        except KeyError:
            return None

    def renumber(self, numbers: Mapping[int, int]) -> Self:
        return self if self.of is None else type(self)(self.of.renumber(numbers), self.id)


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
class Crash(_Standalone):
    """The process dies: what is not committed is gone."""

    point: CrashPoint = CrashPoint.BETWEEN
    nth: int = 0
    type_name = "crash"
    keys = frozenset({"point"}), frozenset({"nth"})

    def encode(self, values: ValueCodec) -> Plain:
        return {TAG: self.type_name, "point": str(self.point), **({"nth": self.nth} if self.nth else {})}

    @classmethod
    def decode(cls, plain: Plain, values: ValueCodec, id_of: IdOf | None) -> Self:
        return cls(_member(CrashPoint, plain["point"]), _nth(plain))

    def format(self, value: Format = format_value) -> str:
        if self.point is CrashPoint.BETWEEN:
            return "crash"
        return f"crash {self.point} {self.nth}" if self.nth else f"crash {self.point}"

    def reason_to_skip(self, *, running: bool) -> str:
        return "" if running or self.point in ARMED_POINTS else "the process has crashed already"


@final
@dataclass(slots=True)
class Restore(_Standalone):
    """The process starts again from the committed state, and `restore` emits the pending actions."""

    type_name = "restore"
    keys = frozenset(), frozenset()

    def encode(self, values: ValueCodec) -> Plain:
        return {TAG: self.type_name}

    @classmethod
    def decode(cls, plain: Plain, values: ValueCodec, id_of: IdOf | None) -> Self:
        return cls()

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
class InjectedFault(_Standalone):
    """The next transition fails at a point that its machine must be ready for."""

    kind: FaultKind
    nth: int = 0
    type_name = "fault"
    keys = frozenset({"kind"}), frozenset({"nth"})

    def encode(self, values: ValueCodec) -> Plain:
        return {TAG: self.type_name, "kind": str(self.kind), **({"nth": self.nth} if self.nth else {})}

    @classmethod
    def decode(cls, plain: Plain, values: ValueCodec, id_of: IdOf | None) -> Self:
        return cls(_member(FaultKind, plain["kind"]), _nth(plain))

    def format(self, value: Format = format_value) -> str:
        return f"fault {self.kind} {self.nth}" if self.nth else f"fault {self.kind}"

    def reason_to_skip(self, *, running: bool) -> str:
        return ""


Event = InputReceived | Completion | ResultLost | InjectedFault | Crash | Restore
KINDS: tuple[type[Event], ...] = get_args(Event)  # the shrinker prefers earlier kinds
_BY_NAME = {kind.type_name: kind for kind in KINDS}


def decode_event(values: ValueCodec, plain: Any, id_of: IdOf | None) -> Event:
    """The event that `plain` stands for. `id_of` gives the id under which an action was emitted in this run; if None,
    the id in the file is taken. Raises `DecodeError`."""
    if not isinstance(plain, dict):
        raise DecodeError(f"an event is a table, not {plain!r}")
    kind = _BY_NAME.get(str(plain.get(TAG)))
    if kind is not None:
        required, optional = kind.keys
        found = plain.keys() - {TAG}
        if required <= found <= required | optional:
            return kind.decode(plain, values, id_of)
    raise DecodeError(f"no such event: {plain!r}")


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
