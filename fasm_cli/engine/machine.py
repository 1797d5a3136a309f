"""A machine, checked: an author's class becomes a `Machine` here, or an error that says what to write.

Everything behind this point may trust that the contract is kept: types have shapes, the functions have their
signatures, the initial state can be stored.
"""

import inspect
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any

from fasm_cli.contract.database import Place, Postgres, Sqlite
from fasm_cli.contract.state_machine import ROLE, Action, Profile, StateMachine, Tracked, Untracked
from fasm_cli.engine.coroutines import Drive, drive
from fasm_cli.engine.events import AWAITED, Failure
from fasm_cli.engine.store import Backend
from fasm_cli.engine.validation import TYPES, check_functions, check_names, sealed_instance
from fasm_cli.errors import MachineError
from fasm_cli.types.codec import Codec, Mismatch, Shape, Shapes, Unsupported
from fasm_cli.types.copy import Copiers, immutable
from fasm_cli.types.description import IS, Types, described, fingerprint
from fasm_cli.types.plain import TAG
from fasm_cli.types.schema import Choice, Record, hashable_in_place_of, runtime_type, unhashable

Check = Callable[..., Any]


class Machine:
    """A checked machine: `reference` is the TARGET it was loaded by, `source` the file it stands in.

    `input`, `result` and the other shapes are None where the machine declares None. `database` is the field of the
    state that is one, or empty. `awaits` is whether there is anything in the state to await, `waits` whether that may
    take any time it likes. `drive` and `backend` say how a state that is awaited, or not in memory, is run and
    kept; they are given by who may know (`state.equip`).
    """

    def __init__(self, cls: type[StateMachine], reference: str = "", source: str = "") -> None:
        self.cls = cls
        self.name = cls.__name__
        self.reference = reference or cls.__name__
        self.source = source
        self.doc = inspect.cleandoc(cls.__doc__ or "") if "__doc__" in vars(cls) else ""
        check_names(cls)
        check_functions(cls)
        self.shapes = Shapes()
        self._read_types(cls)
        self.store: Place | None = cls.store
        self.database = self._find_database()
        self.waits = any(map(_has_coroutines, self.shapes.records))
        self.awaits = bool(self.database) or self.waits
        self.drive: Drive = drive
        self.backend: Backend | None = None
        self.codec = Codec(self.shapes)
        self.copiers = Copiers()
        self.comparable = all(map(compares_fields, self.shapes.records))
        self.instance = sealed_instance(cls)
        self.profile: Profile = cls.profile
        self.version: int = cls.version
        if not isinstance(self.profile, Profile):
            raise self._error(f"profile is {self.profile!r}", "write profile = Profile(complete=0.4, crash=0.01)")
        if type(self.version) is not int or self.version < 1:
            raise self._error(f"version is {self.version!r}", "write a whole number from 1 on")
        self.stf: Callable[..., Coroutine[Any, Any, Any]] = self.instance.stf
        self.restore: Callable[..., Coroutine[Any, Any, Any]] = self.instance.restore
        self.invariants = self._checks("invariant")
        self.migrates = cls.migrate is not StateMachine.migrate
        self.checks_invariants = cls.check_invariants is not StateMachine.check_invariants
        self.transition_invariants = self._checks("transition_invariant")
        self.eventually = self._checks("eventually")
        self.sometimes = self._checks("sometimes")
        self._check_initial()

    def _read_types(self, cls: type[StateMachine]) -> None:
        try:
            self.state: Shape = self.shapes.of(cls.State, "State")
            self.input: Shape = self.shapes.of(cls.Input, "Input")
            self.action_id = self._optional("ActionId", cls.ActionId)
            self.tracked = self._optional("TrackedAction", cls.TrackedAction)
            self.result = self._optional("ActionResult", cls.ActionResult)
            self.untracked = self._optional("UntrackedAction", cls.UntrackedAction)
        except Unsupported as error:
            raise self._error(str(error)) from None
        wrong = unhashable(self.action_id) if self.action_id is not None else ""
        if wrong:
            raise self._error(f"ActionId {wrong} has no hash", f"write {hashable_in_place_of(wrong)}")
        if immutable(self.state):
            kind = getattr(cls.State, "__name__", cls.State)
            raise self._error(
                f"State {kind} cannot change", "the STF changes the state in place: use a plain @dataclass"
            )

    def _find_database(self) -> str:
        """The field of the state that is a `Database`, or an empty string."""
        if self.store is not None and not isinstance(self.store, Sqlite | Postgres):
            raise self._error(f"store is {self.store!r}", 'write store = Sqlite(schema="CREATE TABLE …")')
        if not self.shapes.databases:
            if self.store is not None and self.store.schema:
                raise self._error("store has a schema and State no database", "give State a field db: Database")
            return ""
        owner, _, name = self.shapes.databases[0].partition(".")
        known = [field.name for field in self.state.fields] if isinstance(self.state, Record) else []
        if len(self.shapes.databases) > 1 or owner != getattr(self.cls.State, "__name__", "") or name not in known:
            at = self.shapes.databases[-1]
            raise self._error(f"{at}: a Database is one field of State, and nothing else", "move it to State")
        if self.store is None:
            raise self._error(f"State.{name} is a Database, and there is no store", "write store = Sqlite(schema=…)")
        return name

    def _optional(self, path: str, annotation: Any) -> Shape | None:
        return None if annotation is None else self.shapes.of(annotation, path)

    def _checks(self, role: str) -> dict[str, Check]:
        found = {}
        for owner in reversed(self.cls.__mro__):
            for name, member in vars(owner).items():
                if getattr(member, ROLE, None) == role:
                    found[name] = getattr(self.instance, name)
        return found

    def _check_initial(self) -> None:
        try:
            first, second = self.instance.initial(), self.instance.initial()
        except Exception as error:
            raise self._error(f"initial() raised {type(error).__name__}: {error}") from error
        try:
            plain = self.encode_state(first)
            if first is second:
                raise self._error("initial() gives the same object twice", "build a new State in it")
            if self.encode_state(self.codec.decode(self.state, plain)) != plain:
                raise self._error("initial() gives a state that is not the same when stored and read back")
        except Mismatch as wrong:
            raise self._error(f"initial() gives a state that cannot be stored: {wrong}") from None

    def _error(self, message: str, hint: str = "") -> MachineError:
        return MachineError(f"{self.name}: {message}", hint)

    @cached_property
    def types(self) -> Types:
        """The associated types, the classes they reach and the schema of the store, as a file keeps them."""
        shapes = (self.state, self.input, self.action_id, self.tracked, self.result, self.untracked)
        types = described(dict(zip(TYPES, shapes, strict=True)))
        if self.store is not None and self.store.schema:
            types.append({"name": "store", IS: " ".join(self.store.schema.split())})
        return types

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change when a type that is stored changes."""
        return fingerprint(self.types)

    # --- states -----------------------------------------------------------------------------------------------

    def initial(self) -> Any:
        """The state a new machine starts from, as its store gives it."""
        return self._kept(self.instance.initial())

    def decode_state(self, plain: Any) -> Any:
        """The state that `plain` stands for, as its store gives it. Raises `Mismatch`."""
        return self._kept(self.codec.decode(self.state, plain))

    def _kept(self, state: Any) -> Any:
        return state if self.backend is None else self.backend.open(self, state).committed

    @property
    def failures(self) -> list[Failure]:
        """What can fail under a transition of this machine."""
        return [failure for failure in Failure if self.awaits or failure not in AWAITED]

    def prepare(self) -> None:
        """Make all that is otherwise made when it is first needed: for a process that others are forked from."""
        for shape in (self.state, self.input, self.action_id, self.tracked, self.result, self.untracked):
            if shape is not None:
                self.codec.prepare(shape)
                self.copiers.of(shape)

    # --- plain data -------------------------------------------------------------------------------------------

    def encode_state(self, state: Any) -> Any:
        return self.codec.encode(self.state, state)

    def digest(self, state: Any) -> str:
        return self.codec.digest(self.state, state)

    def encode_action(self, action: Action) -> Any:
        """Plain data for an action. Raises `Mismatch` naming the part that is not what the machine declares."""
        if type(action) is Tracked:
            if self.tracked is None or self.action_id is None:
                raise Mismatch(f"emits {action!r}, but TrackedAction is None")
            try:
                id = self.codec.encode(self.action_id, action.id)
            except Mismatch as wrong:
                raise wrong.at("Tracked.id") from None
            return {TAG: "Tracked", "id": id, "action": self._message(self.tracked, action.action, "Tracked.action")}
        if self.untracked is None:
            raise Mismatch(f"emits {action!r}, but UntrackedAction is None")
        return {TAG: "Untracked", "action": self._message(self.untracked, action.action, "Untracked.action")}

    def _message(self, shape: Shape, value: Any, path: str) -> Any:
        try:
            return self.codec.encode_message(shape, value)
        except Mismatch as wrong:
            raise wrong.at(path) from None

    def copy_action(self, action: Action) -> Action:
        """`action` as it is now: what the author does to the original later does not reach it."""
        if type(action) is Tracked:
            return Tracked(action.id, self._copied(self.tracked, action.action))
        return Untracked(self._copied(self.untracked, action.action))

    def copy_value(self, shape: Shape | None, value: Any) -> Any:
        """`value` of `shape`, sharing nothing that can change with the original."""
        return self._copied(shape, value)

    def _copied(self, shape: Shape | None, value: Any) -> Any:
        try:
            return value if shape is None else self.copiers.of(shape)(value)
        except Exception:  # not what was declared: said when it is encoded
            return value


def compares_fields(kind: type) -> bool:
    """Whether `==` on a dataclass looks at every field: then equal states need no second look."""
    own = vars(kind).get("__eq__")
    generated = own is None or own.__code__.co_filename == "<string>"  # where dataclasses say theirs is from
    params = getattr(kind, "__dataclass_params__", None)
    fields = getattr(kind, "__dataclass_fields__", {}).values()
    return params is not None and params.eq and generated and all(field.compare for field in fields)


def _has_coroutines(kind: type) -> bool:
    """Whether values of a class can be awaited: a state that does its own waiting."""
    return any(inspect.iscoroutinefunction(member) for owner in kind.__mro__ for member in vars(owner).values())


def input_types(shape: Shape) -> dict[str, Shape]:
    """The members of a message's shape by name; a single class is the only member."""
    return shape.members if isinstance(shape, Choice) else {runtime_type(shape).__name__: shape}
