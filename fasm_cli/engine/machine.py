"""Turns an author's class into a checked `Machine`, or raises an error that says what to write.

Code that has a `Machine` may rely on the contract: every type has a schema, the functions have the right signatures,
and the initial state can be stored.
"""

import inspect
import re
from collections.abc import Callable, Coroutine
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from fasm_cli.contract.database import Postgres, Sqlite, StoreSpec
from fasm_cli.contract.state_machine import MARKER, Action, Profile, StateMachine, Tracked, Untracked
from fasm_cli.engine.events import AWAIT_FAULTS, FaultKind
from fasm_cli.errors import InputError, MachineError
from fasm_cli.types.codec import Codec, DecodeError, Schema, SchemaRegistry, Unsupported
from fasm_cli.types.codegen import CopierCache
from fasm_cli.types.description import IS, Types, describe_types, fingerprint
from fasm_cli.types.fields import compares_fields, field_names, is_frozen, is_record
from fasm_cli.types.plain import TAG
from fasm_cli.types.schema import RecordSchema, find_unhashable, hashable_alternative, is_immutable, variants

REQUIRED_TYPES = ("State", "Input")
TRACKED_TYPES = ("ActionId", "TrackedAction", "ActionResult")
TYPES = (*REQUIRED_TYPES, *TRACKED_TYPES, "UntrackedAction")
SIGNATURES = {
    "initial": "def initial(self) -> State",
    "stf": "async def stf(self, state, input, actions) -> None",
    "restore": "async def restore(self, state, actions) -> None",
    "migrate": "def migrate(self, version, data) -> data",
    "check_invariants": "def check_invariants(self, state) -> None",
    "propose": "def propose(self, choose, state) -> Input",
    "respond": "def respond(self, choose, id, action) -> ActionResult",
}


def check_names(cls: type[StateMachine]) -> None:
    """Raise `MachineError` if a required name is missing or a name nearly matches one of the contract."""
    own = [name for owner in cls.__mro__ if owner not in StateMachine.__mro__ for name in vars(owner)]
    known = [*TYPES, *SIGNATURES, "profile", "version", "store", "handlers"]
    required = [*REQUIRED_TYPES, "initial", "stf"]
    declared_tracked = [name for name in TRACKED_TYPES if getattr(cls, name) is not None]
    if declared_tracked:
        required += [*TRACKED_TYPES, "restore"]
    marked = {name for name in own if getattr(getattr(cls, name, None), MARKER, None)}
    unknown = [name for name in own if name not in known and name not in marked and not name.startswith("_")]
    for name in required:
        absent = getattr(cls, name) is None if name in TYPES else name not in own
        if absent:
            near = get_close_matches(name.lower(), [other.lower() for other in unknown], n=1, cutoff=0.7)
            misspelt = next((other for other in unknown if near and other.lower() == near[0]), None)
            write = SIGNATURES.get(name, f"{name} = …")
            cause = f" (defined: {', '.join(declared_tracked)})" if name in TRACKED_TYPES or name == "restore" else ""
            hint = f"rename {misspelt} to {name}" if misspelt else f"write {write}"
            raise MachineError(f"{cls.__name__}: {name} is missing{cause}", hint)
    for name in unknown:
        near = get_close_matches(name, [other for other in known if other not in own], n=1, cutoff=0.88)
        if near:
            raise MachineError(f"{cls.__name__}: {name} looks like a misspelt {near[0]}", f"rename it to {near[0]}")


def check_functions(cls: type[StateMachine]) -> None:
    """Raise `MachineError` if a method of the contract or a marked method has the wrong kind or parameters."""
    for name, signature in SIGNATURES.items():
        function = inspect.getattr_static(cls, name)
        if not inspect.isfunction(function):
            raise MachineError(f"{cls.__name__}: {name} is not a method", f"write {signature}")
        expected = signature[signature.index("(") + 1 : signature.index(")")].split(", ")
        if signature.startswith("async ") != inspect.iscoroutinefunction(function):
            problem = "is not async" if signature.startswith("async ") else "is async"
            raise MachineError(f"{cls.__name__}: {name} {problem}{_line(function)}", f"write {signature}")
        _check_parameters(cls, name, function, expected, signature)
    for name in dir(cls):
        function = inspect.getattr_static(cls, name)
        mark = getattr(function, MARKER, None)
        if mark is not None:
            takes = ["before", "after"] if mark == "transition_invariant" else ["state"]
            signature = f"@{mark} def {name}(self, {', '.join(takes)}) -> bool"
            if not inspect.isfunction(function):
                raise MachineError(f"{cls.__name__}: {name} is not a method", f"write {signature}")
            if inspect.iscoroutinefunction(function):
                raise MachineError(f"{cls.__name__}: {name} is async{_line(function)}", f"write {signature}")
            _check_parameters(cls, name, function, ["self", *takes], signature)


def _check_parameters(cls: type, name: str, function: Any, expected: list[str], signature: str) -> None:
    parameters = inspect.signature(function).parameters.values()
    names = [parameter.name for parameter in parameters]
    positional = all(
        parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) for parameter in parameters
    )
    if len(names) != len(expected) or not positional:
        actual = ", ".join(names)
        raise MachineError(
            f"{cls.__name__}: {name}({actual}) has the wrong parameters{_line(function)}", f"write {signature}"
        )


def _line(function: Any) -> str:
    return f", line {function.__code__.co_firstlineno}"


def instantiate_sealed(cls: type[StateMachine]) -> StateMachine:
    """The machine's instance, which now rejects assignments. Raises `MachineError` if it holds mutable values."""
    try:
        instance = cls()
    except Exception as error:
        raise MachineError(
            f"{cls.__name__}() raised {type(error).__name__}: {error}", "a machine takes no arguments"
        ) from error
    for name, value in vars(instance).items():
        if not _is_constant(value):
            text = f"{cls.__name__}: self.{name} = {value!r} is mutable, and a machine must not hold state"
            raise MachineError(text, f"move {name} into {cls.__name__}.State, or make it a module constant")
    object.__setattr__(instance, "_sealed", True)
    return instance


def _is_constant(value: Any) -> bool:
    if isinstance(value, tuple | frozenset):
        return all(map(_is_constant, value))
    kind = type(value)
    if is_record(kind):
        return is_frozen(kind) and all(_is_constant(getattr(value, name)) for name in field_names(kind))
    hash_method: Any = type(value).__hash__
    if hash_method is object.__hash__:  # compared by identity, so its contents may be mutable
        return value is None or callable(value) or inspect.ismodule(value)
    try:
        hash(value)
    except TypeError:
        return False
    return True


Check = Callable[..., Any]


class Machine:
    """A checked machine, which never changes; `Engine` adds where its states are stored.

    `reference` is the TARGET that loaded it, `source` its file. A schema is None if the machine declares None for it.
    `database` is the name of the field of the state that is a database, or empty. `has_awaitable_state`: the state has
    parts that can be awaited. `awaits_arbitrarily`: those may suspend for an unbounded time (coroutines of the author's
    own classes, not SQL). `eq_is_exact`: `==` on a state compares every field. Raises `MachineError`.
    """

    def __init__(self, cls: type[StateMachine], reference: str = "", source: str = "") -> None:
        self.cls = cls
        self.name = cls.__name__
        self.reference = reference or cls.__name__
        self.source = source
        self.doc = inspect.cleandoc(cls.__doc__ or "") if "__doc__" in vars(cls) else ""
        check_names(cls)
        check_functions(cls)
        self.schemas = SchemaRegistry()
        self._read_types(cls)
        self.store: StoreSpec | None = cls.store
        self.database = self._find_database()
        self.awaits_arbitrarily = any(map(_has_coroutines, self.schemas.records))
        self.has_awaitable_state = bool(self.database) or self.awaits_arbitrarily
        self.codec = Codec(self.schemas)
        self.copiers = CopierCache()
        self.eq_is_exact = all(map(compares_fields, self.schemas.records))
        self.instance = instantiate_sealed(cls)
        self.profile: Profile = cls.profile
        self.version: int = cls.version
        if not isinstance(self.profile, Profile):
            raise self._error(f"profile is {self.profile!r}", "write profile = Profile(complete_rate=0.4, crash=0.01)")
        if type(self.version) is not int or self.version < 1:
            raise self._error(f"version is {self.version!r}", "write a whole number of at least 1")
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
            self.state_schema: Schema = self.schemas.of(cls.State, "State")
            self.input_schema: Schema = self.schemas.of(cls.Input, "Input")
            self.action_id_schema = self._optional("ActionId", cls.ActionId)
            self.tracked_schema = self._optional("TrackedAction", cls.TrackedAction)
            self.result_schema = self._optional("ActionResult", cls.ActionResult)
            self.untracked_schema = self._optional("UntrackedAction", cls.UntrackedAction)
        except Unsupported as error:
            raise self._error(str(error)) from None
        unhashable = find_unhashable(self.action_id_schema) if self.action_id_schema is not None else None
        if unhashable is not None:
            raise self._error(f"ActionId {unhashable.tag} has no hash", f"write {hashable_alternative(unhashable)}")
        if is_immutable(self.state_schema):
            kind = getattr(cls.State, "__name__", cls.State)
            raise self._error(
                f"State {kind} is immutable", "the STF changes the state in place: use a plain @dataclass"
            )

    def _find_database(self) -> str:
        """The field of the state that is a `Database`, or an empty string."""
        if self.store is not None and not isinstance(self.store, Sqlite | Postgres):
            raise self._error(f"store is {self.store!r}", 'write store = Sqlite(schema="CREATE TABLE …")')
        if not self.schemas.databases:
            if self.store is not None and self.store.schema:
                raise self._error("store has a schema and State no database", "give State a field db: Database")
            return ""
        owner, _, name = self.schemas.databases[0].partition(".")
        known = (
            [field.name for field in self.state_schema.fields] if isinstance(self.state_schema, RecordSchema) else []
        )
        if len(self.schemas.databases) > 1 or owner != getattr(self.cls.State, "__name__", "") or name not in known:
            at = self.schemas.databases[-1]
            raise self._error(f"{at}: a Database is one field of State, and nothing else", "move it to State")
        if self.store is None:
            raise self._error(f"State.{name} is a Database, and there is no store", "write store = Sqlite(schema=…)")
        return name

    def _optional(self, path: str, annotation: Any) -> Schema | None:
        return None if annotation is None else self.schemas.of(annotation, path)

    def _checks(self, role: str) -> dict[str, Check]:
        found = {}
        for owner in reversed(self.cls.__mro__):
            for name, member in vars(owner).items():
                if getattr(member, MARKER, None) == role:
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
                raise self._error("initial() returns the same object twice", "create a new State in it")
            if self.encode_state(self.codec.decode(self.state_schema, plain)) != plain:
                raise self._error("initial() returns a state that differs after it was stored and loaded")
        except DecodeError as wrong:
            raise self._error(f"initial() returns a state that cannot be stored: {wrong}") from None

    def _error(self, message: str, hint: str = "") -> MachineError:
        return MachineError(f"{self.name}: {message}", hint)

    def _schemas(self) -> tuple[Schema | None, ...]:
        """The schemas of the associated types, in the order of `TYPES`."""
        tracked = self.tracked_schema, self.result_schema, self.untracked_schema
        return self.state_schema, self.input_schema, self.action_id_schema, *tracked

    @cached_property
    def types(self) -> Types:
        """The associated types, the classes they reach and the schema of the store, as a file keeps them."""
        types = describe_types(dict(zip(TYPES, self._schemas(), strict=True)))
        if self.store is not None and self.store.schema:
            types.append({"name": "store", IS: " ".join(self.store.schema.split())})
        return types

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change when a type that is stored changes."""
        return fingerprint(self.types)

    # --- states -----------------------------------------------------------------------------------------------

    @property
    def applicable_faults(self) -> list[FaultKind]:
        """The faults that can be injected into a transition of this machine."""
        return [kind for kind in FaultKind if self.has_awaitable_state or kind not in AWAIT_FAULTS]

    def warm_up(self) -> None:
        """Compile the codecs of all types now, and not on first use: for a process that forks others."""
        for schema in self._schemas():
            if schema is not None:
                self.codec.warm_up(schema)
                self.copiers.of(schema)

    # --- plain data -------------------------------------------------------------------------------------------

    def encode_state(self, state: Any) -> Any:
        return self.codec.encode(self.state_schema, state)

    def digest(self, state: Any) -> str:
        return self.codec.digest(self.state_schema, state)

    def encode_input(self, value: Any) -> Any:
        """Plain data for an input. Raises `DecodeError`, as all of these do."""
        return self.codec.encode_message(self.input_schema, value)

    def decode_input(self, plain: Any) -> Any:
        return self.codec.decode_message(self.input_schema, plain)

    def encode_result(self, value: Any) -> Any:
        return self.codec.encode_message(self._tracked(self.result_schema), value)

    def decode_result(self, plain: Any) -> Any:
        return self.codec.decode_message(self._tracked(self.result_schema), plain)

    def encode_id(self, value: Any) -> Any:
        return self.codec.encode(self._tracked(self.action_id_schema), value)

    def decode_id(self, plain: Any) -> Any:
        return self.codec.decode(self._tracked(self.action_id_schema), plain)

    def _tracked(self, schema: Schema | None) -> Schema:
        if schema is None:
            raise DecodeError("this machine has no tracked actions")
        return schema

    def encode_action(self, action: Action) -> Any:
        """Plain data for an action. Raises `DecodeError` naming the part that is not of the declared type."""
        if type(action) is Tracked:
            if self.tracked_schema is None or self.action_id_schema is None:
                raise DecodeError(f"emits {action!r}, but TrackedAction is None")
            try:
                id = self.codec.encode(self.action_id_schema, action.id)
            except DecodeError as wrong:
                raise wrong.at("Tracked.id") from None
            return {
                TAG: "Tracked",
                "id": id,
                "action": self._message(self.tracked_schema, action.action, "Tracked.action"),
            }
        if self.untracked_schema is None:
            raise DecodeError(f"emits {action!r}, but UntrackedAction is None")
        return {TAG: "Untracked", "action": self._message(self.untracked_schema, action.action, "Untracked.action")}

    def _message(self, schema: Schema, value: Any, path: str) -> Any:
        try:
            return self.codec.encode_message(schema, value)
        except DecodeError as wrong:
            raise wrong.at(path) from None

    def copy_action(self, action: Action) -> Action:
        """A copy of `action` that later changes of the original do not reach."""
        if type(action) is Tracked:
            return Tracked(action.id, self.copy_value(self.tracked_schema, action.action))
        return Untracked(self.copy_value(self.untracked_schema, action.action))

    def copy_value(self, schema: Schema | None, value: Any) -> Any:
        """A copy of `value` that shares nothing mutable with the original."""
        try:
            return value if schema is None else self.copiers.of(schema)(value)
        except Exception:  # not of the declared type: reported when it is encoded
            return value


def _has_coroutines(kind: type) -> bool:
    """Whether a class has coroutine methods: a state that awaits by itself."""
    return any(inspect.iscoroutinefunction(member) for owner in kind.__mro__ for member in vars(owner).values())


def check_variant(schema: Schema, text: str, what: str) -> None:
    """Raise `InputError` if `text` is `Name(…)` or `Name` and no class of `schema` has that name.

    `what` is the word for the class in the message: input or result.
    """
    known = variants(schema)
    found = re.match(r"\s*([^\W\d]\w*)\s*(\(|\Z)", text)
    if found is None or found[1] in known or not all(isinstance(each, RecordSchema) for each in known.values()):
        return
    near = get_close_matches(found[1], known, n=1, cutoff=0.5)  # few names, so a distant one is a fair guess
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise InputError(f"no {what} {found[1][:60]!r}", f"{meant}{what}s: {', '.join(sorted(known))}")
