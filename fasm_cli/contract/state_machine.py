"""The contract between a machine and everything that runs it: what an author writes against, and nothing else.

The names are those of the Rust crate `fasm`. State is changed in place and an exception stands for `Err`. How a
class is checked against this contract is in `machine`; how it is run is in `step`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar

from fasm_cli.contract.chooser import Chooser
from fasm_cli.contract.database import StoreSpec


@dataclass(slots=True)
class Normal:
    """An input from outside: a user's request, a message, a tick that carries its time."""

    value: Any


@dataclass(slots=True)
class TrackedActionCompleted:
    """The result of the tracked action that was emitted under `id`."""

    id: Any
    result: Any


@dataclass(slots=True)
class Tracked:
    """Describes a side effect whose result comes back as an input; it must be recoverable from the state."""

    id: Any
    action: Any


@dataclass(slots=True)
class Untracked:
    """Describes a side effect that nobody waits for: a message, a metric. A crash may lose it."""

    action: Any


Input = Normal | TrackedActionCompleted
Action = Tracked | Untracked


class _FieldsError(Exception):
    """Keeps what it is given and prints as a constructor call: `InsufficientPoints(needed=100, had=50)`."""

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__(*args)
        self.fields = fields
        self.__dict__.update(fields)

    def __str__(self) -> str:
        given = [repr(arg) for arg in self.args] + [f"{name}={value!r}" for name, value in self.fields.items()]
        return f"{type(self).__name__}({', '.join(given)})"

    __repr__ = __str__

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.fields)


def _rebuild(kind: type[_FieldsError], args: tuple[Any, ...], fields: dict[str, Any]) -> _FieldsError:
    return kind(*args, **fields)


class TransitionError(_FieldsError):
    """Raised by an STF to reject an input; the state stays as it was. Subclass it once for each reason."""


class ActionsFull(TransitionError):
    """`actions.add` had no room. Let it through and the transition is rejected."""


class RestoreError(_FieldsError):
    """Raised by `restore` when the pending actions cannot be rebuilt from the state."""


class Actions:
    """The container a transition puts its actions in; the runtime clears it before the STF and before `restore`.

    `add` is fallible: validate first, add next, change the state last.
    """

    __slots__ = ("_freeze", "_room", "frozen_copies", "items")

    def __init__(self, room: int | None = None, fix: Callable[[Action], Action] | None = None) -> None:
        self._freeze = fix
        self.frozen_copies: list[Action] = []  # copies made by `fix` at the moment of `add`, for who wants to be exact
        self.clear(room)

    def clear(self, capacity: int | None = None) -> None:
        """Empty the container; `room` is how many actions it will take (any number where None)."""
        self.items: list[Action] = []
        if self._freeze is not None:
            self.frozen_copies = []
        self._room = -1 if capacity is None else capacity

    def add(self, action: Action) -> None:
        """Emit `action`. Raises `ActionsFull` where there is no room, `TypeError` for anything but an action."""
        kind = type(action)
        if kind is not Tracked and kind is not Untracked:
            raise TypeError(f"actions.add takes Tracked(id, action) or Untracked(action), got {action!r}")
        if self._room == 0:
            raise ActionsFull(held=len(self.items))
        self._room -= 1
        if self._freeze is not None:
            self.frozen_copies.append(self._freeze(action))  # first: this runs the author's code, which may raise
        self.items.append(action)

    def __iter__(self) -> Iterator[Action]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a simulation treats a machine; every figure is a probability from 0 to 1.

    `complete`: that a step delivers the result of something in flight (when there is any) and not a new input.
    The rest are faults, each the probability that a step is that fault: the process dies (`crash`); a result is lost
    (`lose_result`), comes twice (`duplicate`), twice and differently (`conflict`), after a restart that asked again
    (`late`), or for an id that was never given out (`unknown`); `actions.add` fails (`actions_full`); the store fails
    to load or commit, or does not say whether it did (`store_failure`); an input is delivered again (`redeliver`). If
    the state is awaited: an await is cancelled (`cancel`), or the connection is lost at it (`disconnect`).
    """

    complete_rate: float = 0.4
    crash: float = 0.01
    lose_result: float = 0.005
    duplicate: float = 0.01
    conflict: float = 0.005
    late: float = 0.005
    unknown: float = 0.002
    actions_full: float = 0.005
    store_failure: float = 0.003
    redeliver: float = 0.005
    cancel: float = 0.01
    disconnect: float = 0.01

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ValueError(f"Profile({field.name}={value!r}): a probability is a number from 0 to 1")

    def replace(self, **changed: float | None) -> "Profile":
        """This profile with the values given; None keeps what is here."""
        return replace(self, **{name: value for name, value in changed.items() if value is not None})

    @property
    def faults(self) -> dict[str, float]:
        """The probability of each fault, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "complete_rate"}

    def without_faults(self) -> "Profile":
        """The same world in which nothing goes wrong."""
        return replace(self, **dict.fromkeys(self.faults, 0.0))


Check = TypeVar("Check", bound=Callable[..., bool])
MARKER = "__fasm_role__"


def invariant(check: Check) -> Check:
    """Marks `check(self, state) -> bool`: true after every transition."""
    setattr(check, MARKER, "invariant")
    return check


def transition_invariant(check: Check) -> Check:
    """Marks `check(self, before, after) -> bool`: true for the states on both sides of every transition."""
    setattr(check, MARKER, "transition_invariant")
    return check


def eventually(check: Check) -> Check:
    """Marks `check(self, state) -> bool`: true once the world is quiet and nothing is left to happen."""
    setattr(check, MARKER, "eventually")
    return check


def sometimes(check: Check) -> Check:
    """Marks `check(self, state) -> bool`: true at least once in a simulation that is worth its name."""
    setattr(check, MARKER, "sometimes")
    return check


class StateMachine:
    """Base of every machine. An instance holds no state of its own: everything that changes is in `state`."""

    State: ClassVar[Any] = None
    Input: ClassVar[Any] = None
    ActionId: ClassVar[Any] = None
    TrackedAction: ClassVar[Any] = None
    ActionResult: ClassVar[Any] = None
    UntrackedAction: ClassVar[Any] = None

    store: ClassVar[StoreSpec | None] = None
    handlers: ClassVar[Mapping[type, Any]] = {}
    profile: ClassVar[Profile] = Profile()
    version: ClassVar[int] = 1

    def initial(self) -> Any:
        """The state that a new machine starts from."""
        raise NotImplementedError

    async def stf(self, state: Any, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        """The state transition function: validate, emit, change `state` in place; deterministic and atomic."""
        raise NotImplementedError

    async def restore(self, state: Any, actions: Actions) -> None:
        """Emit every pending tracked action again, from `state` alone. A machine without any may leave this out."""

    def migrate(self, version: int, data: Any) -> Any:
        """The plain data of a state that the machine stored as `version`, made into that of the present version.

        Both are as they stand in a file: tables by field, a `type` where there is a choice. `data` may be changed and
        given back. Left out, a state is taken as it is.
        """
        raise NotImplementedError

    def check_invariants(self, state: Any) -> None:
        """Raises when `state` must never be; for checks that share work, beside those marked `@invariant`."""

    def propose(self, choose: Chooser, state: Any) -> Any:
        """A value of `Input` to try next in a simulation; left out, values are generated from the types."""
        raise NotImplementedError

    def respond(self, choose: Chooser, id: Any, action: Any) -> Any:
        """How the simulated world answers a tracked action; left out, any value of `ActionResult`."""
        raise NotImplementedError

    def __setattr__(self, name: str, value: Any) -> None:
        if "_sealed" in self.__dict__:
            kind = type(self).__name__
            raise AttributeError(f"self.{name} = …: {kind} holds no state of its own; keep it in {kind}.State")
        super().__setattr__(name, value)
