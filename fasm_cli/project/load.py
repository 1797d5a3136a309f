"""Loads machines: imports the module that a target names, and finds the one machine class in it.

`Project` decides before which module that is, and whether a session file may name it.
"""

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from fasm_cli.contract.state_machine import StateMachine
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError, UsageError, did_you_mean
from fasm_cli.project.project import TARGETS, Location, Project
from fasm_cli.project.tracebacks import author_traceback
from fasm_cli.purity import install as guard


def load(project: Project, target: str) -> Engine:
    """The engine of the machine that TARGET names, imported under the purity guard, with the store of its states.

    Raises `UsageError` if there is no such machine, `MachineError` if it cannot be loaded.
    """
    guard.install()  # before the import: names that the module binds must be wrappers
    return _engine_for(import_machine(project, target), project.db)


def load_for_file(project: Project, reference: str, override: str) -> Engine:
    """The engine of the machine that a session file names by `reference`, or of the target `override` if it is given.

    Raises `SessionError` if the file names a module that it may not, and what `load` raises.
    """
    if override:
        return load(project, override)
    guard.install()
    return _engine_for(_import_location(project.locate_trusted(reference)), project.db)


def reload_machine(project: Project, machine: Machine) -> Engine:
    """The engine of the machine, its module executed again from the source. Raises `MachineError` if that fails."""
    previous = sys.modules.pop(machine.reference.partition(":")[0], None)
    try:
        return load(project, machine.reference)
    except BaseException:
        if previous is not None:
            sys.modules[previous.__name__] = previous
        raise


def _engine_for(machine: Machine, url: str) -> Engine:
    """The engine of `machine`. A state in memory needs nothing of the stores, which are not imported for it."""
    if not url and machine.store is None and not machine.has_awaitable_state:
        return Engine(machine)
    from fasm_cli.stores.open import engine_for

    return engine_for(machine, url)


def import_machine(project: Project, target: str) -> Machine:
    """The machine that TARGET names, without the purity guard and without a store. Raises as `load`."""
    return _import_location(project.locate(target))


def _import_location(location: Location) -> Machine:
    if location.path is not None:
        return _find_machine(_import_file(location.path), location)
    return _find_machine(_import_module(location.module, location.root), location)


class _NoBytecodeLoader(SourceFileLoader):
    """Always compiles the source. Python detects stale bytecode by the source's size and its modification time in
    seconds, and an author may fix a machine and run it again within one second."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError("no bytecode")


def _import_file(path: Path) -> ModuleType:
    """The module in `path`, executed again each time. Raises `UsageError` if there is no such file."""
    if not path.is_file():
        raise UsageError(f"no file {path}", TARGETS)
    name = f"fasm_machine_{re.sub(r'[^0-9A-Za-z_]', '_', path.stem)}"
    loader = _NoBytecodeLoader(name, str(path.resolve()))
    spec = importlib.util.spec_from_file_location(name, path.resolve(), loader=loader)
    if spec is None or spec.loader is None:
        raise MachineError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module while it is being executed
    if str(path.resolve().parent) not in sys.path:
        sys.path.append(str(path.resolve().parent))
    try:
        _execute(lambda: loader.exec_module(module), str(path))
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _import_module(name: str, root: Path) -> ModuleType:
    """The module `name`, which Python finds from the project's root or the import path."""
    folder = str(root.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module: ModuleType = _execute(lambda: importlib.import_module(name), name)
    return module


def _execute(load_module: Callable[[], Any], label: str) -> Any:
    """Run the author's module. Its output goes to stderr, because stdout carries results only."""
    try:
        with redirect_stdout(sys.stderr):
            return load_module()
    except SyntaxError as error:
        where = f"{label}:{error.lineno}" if error.lineno else label
        raise MachineError(f"{where}: {error.msg}", frames=(error.text or "").rstrip()) from error
    except ModuleNotFoundError as error:
        if error.name and f"{label}.".startswith(f"{error.name}."):
            raise UsageError(f"no module {error.name}", TARGETS) from None
        raise MachineError(f"{label}: {error}", frames=author_traceback(error)) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may raise SystemExit, which must not end fasm
        raise MachineError(f"{label} raised {type(error).__name__}: {error}", frames=author_traceback(error)) from error


def _find_machine(module: ModuleType, location: Location) -> Machine:
    """The machine class that `location` names in `module`, or the only one."""
    found = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, StateMachine) and value.__module__ == module.__name__
    }
    label, _, name = location.reference.partition(":")
    if name:
        if name not in found:
            raise UsageError(f"no machine {name!r} in {label}", did_you_mean(name, found))
        return _checked(found[name], location.reference, module)
    if not found:
        raise MachineError(f"{label} defines no machine", "write a class that derives from fasm_cli.StateMachine")
    if len(found) > 1:
        targets = ", ".join(f"{label}:{each}" for each in sorted(found))
        raise UsageError(f"{label} defines {len(found)} machines", f"name one: {targets}")
    return _checked(next(iter(found.values())), location.reference, module)


def _checked(cls: type[StateMachine], reference: str, module: ModuleType) -> Machine:
    """The machine. If the author's code raises while it is checked, the error carries the author's frames."""
    try:
        return Machine(cls, reference, str(module.__file__))
    except MachineError as error:
        if error.__cause__ is not None and not error.frames:
            error.frames = author_traceback(error.__cause__)
        raise
