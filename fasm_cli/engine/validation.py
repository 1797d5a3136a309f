"""Checks an author's class: names, signatures, and that its instance holds nothing mutable.

Each check raises `MachineError` with what to write instead. `machine` reads the types of a class that passes.
"""

import inspect
from difflib import get_close_matches
from typing import Any

from fasm_cli.contract.state_machine import MARKER, StateMachine
from fasm_cli.errors import MachineError
from fasm_cli.types.fields import field_names, is_frozen, is_record

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
