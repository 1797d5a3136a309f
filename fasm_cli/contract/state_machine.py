"""Defines the contract between a machine and everything that runs it: all that an author imports.

The names are those of the Rust crate `fasm`. A transition changes the state in place, and an exception takes the place
of `Err`. `engine.machine` checks a class against the contract; `engine.process` runs it.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, ClassVar, TypeVar

from fasm_cli.contract.chooser import Chooser
from fasm_cli.contract.database import StoreSpec


@dataclass(slots=True)
class Normal:
    """An input from outside: the request of a user, a message, a tick that carries its time."""

    value: Any


@dataclass(slots=True)
class TrackedActionCompleted:
    """An input that delivers the result of the tracked action that was emitted under `id`."""

    id: Any
    result: Any


@dataclass(slots=True)
class Tracked:
    """Describes a side effect whose result comes back as an input. `restore` must be able to emit it from the state."""

    id: Any
    action: Any


@dataclass(slots=True)
class Untracked:
    """Describes a side effect without a result: a message, a metric. A crash may lose it."""

    action: Any


Input = Normal | TrackedActionCompleted
Action = Tracked | Untracked


class _FieldsError(Exception):
    """An exception that keeps its arguments and prints as a call: `InsufficientPoints(needed=100, had=50)`."""

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__(*args)
        self.fields = fields
        self.__dict__.update(fields)

    def __str__(self) -> str:
        given = [repr(arg) for arg in self.args] + [f"{name}={value!r}" for name, value in self.fields.items()]
        return f"{type(self).__name__}({', '.join(given)})"

    __repr__ = __str__

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), *self.args, **self.fields), ()


class TransitionError(_FieldsError):
    """Raised by an STF to reject an input; the state stays unchanged. Write one subclass for each reason."""


class ActionsFull(TransitionError):
    """Raised by `actions.add` if the container is full. Do not catch it: the transition is then rejected."""


class RestoreError(_FieldsError):
    """Raised by `restore` if the pending actions cannot be rebuilt from the state."""


class Actions:
    """The container that receives the actions of a transition. The engine clears it before `stf` and `restore`.

    `add` may fail. Therefore validate the input first, then add the actions, and change the state last.

    capacity: the number of actions that fit; None means no limit.
    freeze: copies each action when it is added, so that later changes of the action do not reach the copy.
    """

    __slots__ = ("_free", "_freeze", "frozen_copies", "items")

    def __init__(self, capacity: int | None = None, freeze: Callable[[Action], Action] | None = None) -> None:
        self._freeze = freeze
        self.frozen_copies: list[Action] = []
        self.clear(capacity)

    def clear(self, capacity: int | None = None) -> None:
        """Remove all actions and set the capacity; None means no limit."""
        self.items: list[Action] = []
        if self._freeze is not None:
            self.frozen_copies = []
        self._free = -1 if capacity is None else capacity

    def add(self, action: Action) -> None:
        """Emit `action`. Raises `ActionsFull` if the container is full, `TypeError` if `action` is not an action."""
        kind = type(action)
        if kind is not Tracked and kind is not Untracked:
            raise TypeError(f"actions.add takes Tracked(id, action) or Untracked(action), got {action!r}")
        if self._free == 0:
            raise ActionsFull(held=len(self.items))
        self._free -= 1
        if self._freeze is not None:
            # before the append: it runs the author's code, which may raise
            self.frozen_copies.append(self._freeze(action))
        self.items.append(action)

    def __iter__(self) -> Iterator[Action]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a simulation treats a machine. Every figure is a probability from 0 to 1.

    complete_rate: a step delivers the result of an action in flight, if there is one, rather than a new input.

    The other figures are faults; each is the probability that a step is that fault:

    crash: the process dies.
    lose_result: a result is lost.
    duplicate: a result is delivered twice.
    conflict: a second, different result is delivered for an action.
    late: a result arrives after a restart that emitted the action again.
    unknown: a result arrives for an id that was never emitted.
    actions_full: `actions.add` raises `ActionsFull`.
    store_failure: the store fails to load or commit, or does not report whether it committed.
    redeliver: an input is delivered again.
    cancel: an await of the state is cancelled.
    disconnect: the connection is lost at an await of the state.

    Raises `ValueError` if a figure is not a probability.
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
                raise ValueError(f"Profile({field.name}={value!r}): must be a probability from 0 to 1")

    def replace(self, **changed: float | None) -> "Profile":
        """This profile with other values; None keeps a value."""
        return replace(self, **{name: value for name, value in changed.items() if value is not None})

    @property
    def faults(self) -> dict[str, float]:
        """The probability of each fault, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "complete_rate"}

    def without_faults(self) -> "Profile":
        """This profile with the probability of every fault set to 0."""
        return replace(self, **dict.fromkeys(self.faults, 0.0))


@dataclass(frozen=True, slots=True)
class Handler:
    """Executes the actions of one class in production. Simulations never call handlers.

    call: `await call(id, action)` returns the result of a tracked action; `await call(action)` executes an untracked
        one. It may run more than once for the same action, because after a crash the runtime cannot know whether the
        first execution took effect. `id` is the same every time: use it as the idempotency key of the external call.
    timeout: seconds after which an attempt is cancelled and counts as failed.
    max_attempts: number of attempts; 0 means no limit.
    backoff: seconds to wait before the second attempt; the wait doubles with every further attempt.
    max_backoff: upper limit of the wait, in seconds.
    on_exhausted: after the last failed attempt, `on_exhausted(error)` returns the result of a tracked action. An
        untracked action is dropped.

    Raises `ValueError` if a number is out of range.
    """

    call: Callable[..., Awaitable[Any]]
    timeout: float = 30.0
    max_attempts: int = 0
    backoff: float = 0.5
    max_backoff: float = 60.0
    on_exhausted: Callable[[Exception], Any] | None = None

    def __post_init__(self) -> None:
        for name in ("timeout", "backoff", "max_backoff"):
            seconds = getattr(self, name)
            if not isinstance(seconds, int | float) or not seconds > 0:
                raise ValueError(f"Handler({name}={seconds!r}): must be a number of seconds greater than 0")
        if type(self.max_attempts) is not int or self.max_attempts < 0:
            raise ValueError(f"Handler(max_attempts={self.max_attempts!r}): must be a whole number; 0 means no limit")


Check = TypeVar("Check", bound=Callable[..., bool])
MARKER = "__fasm_role__"


def invariant(check: Check) -> Check:
    """Mark `check(self, state) -> bool`, which must be true after every transition."""
    setattr(check, MARKER, "invariant")
    return check


def transition_invariant(check: Check) -> Check:
    """Mark `check(self, before, after) -> bool`, which must be true for the states before and after a transition."""
    setattr(check, MARKER, "transition_invariant")
    return check


def eventually(check: Check) -> Check:
    """Mark `check(self, state) -> bool`, which must be true whenever the machine is quiescent."""
    setattr(check, MARKER, "eventually")
    return check


def sometimes(check: Check) -> Check:
    """Mark `check(self, state) -> bool`, which should be true at least once in a simulation."""
    setattr(check, MARKER, "sometimes")
    return check


class StateMachine:
    """The base of every machine. An instance holds no state: everything that changes is in `state`."""

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
        """The state of a new machine."""
        raise NotImplementedError

    async def stf(self, state: Any, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        """The state transition function: validate `input`, emit actions, change `state` in place.

        It must be deterministic and atomic. It raises `TransitionError` to reject the input.
        """
        raise NotImplementedError

    async def restore(self, state: Any, actions: Actions) -> None:
        """Emit every pending tracked action again, from `state` alone. Optional without tracked actions.

        Raises `RestoreError` if the state does not allow it.
        """

    def migrate(self, version: int, data: Any) -> Any:
        """Convert the plain data of a state that was stored by `version` to the plain data of the present version.

        Plain data has the form of a session file: tables by field, and a `type` for a member of a union. The method may
        change `data` and return it. Without this method, a state is read as it is.
        """
        raise NotImplementedError

    def check_invariants(self, state: Any) -> None:
        """Raise an exception if `state` is illegal. For checks that share work; mark others with `@invariant`."""

    def propose(self, choose: Chooser, state: Any) -> Any:
        """An input to try next in a simulation. Without this method, inputs are generated from the types."""
        raise NotImplementedError

    def respond(self, choose: Chooser, id: Any, action: Any) -> Any:
        """The result of a tracked action in a simulation. Without this method, it is any value of `ActionResult`."""
        raise NotImplementedError

    def __setattr__(self, name: str, value: Any) -> None:
        if "_sealed" in self.__dict__:
            kind = type(self).__name__
            raise AttributeError(f"self.{name} = …: {kind} must hold no state; keep it in {kind}.State")
        super().__setattr__(name, value)
