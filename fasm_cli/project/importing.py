"""Importing a machine: its module, from a file or by its name, and the one class in it that is meant.

Whether it may be imported was decided before (`catalog`).
"""

import importlib
import importlib.util
import re
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from fasm_cli.contract.state_machine import StateMachine
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError, UsageError, did_you_mean
from fasm_cli.project.tracebacks import author_traceback

TARGETS = "TARGET is a name under machines/, path.py[:Class] or pkg.module[:Class]"


class _NoBytecodeLoader(SourceFileLoader):
    """Imports a machine from its source, always. Python tells stale byte code by the second and the size of the
    source, and a machine may be mended, and tried again, sooner than that."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError("no byte code")


def from_file(path: Path) -> ModuleType:
    """The module in `path`, run anew. Raises `UsageError` where there is none, `MachineError` where it fails."""
    if not path.is_file():
        raise UsageError(f"no file {path}", TARGETS)
    name = f"fasm_machine_{re.sub(r'[^0-9A-Za-z_]', '_', path.stem)}"
    spec = importlib.util.spec_from_file_location(
        name, path.resolve(), loader=_NoBytecodeLoader(name, str(path.resolve()))
    )
    if spec is None or spec.loader is None:
        raise MachineError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while it is being made
    if str(path.resolve().parent) not in sys.path:
        sys.path.append(str(path.resolve().parent))
    try:
        _import(lambda: spec.loader.exec_module(module), str(path))
    except BaseException:
        del sys.modules[name]
        raise
    return module


def from_module(name: str, root: Path) -> ModuleType:
    """The module `name`, as Python finds it from `root`. Raises like `from_file`."""
    folder = str(root.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module: ModuleType = _import(lambda: importlib.import_module(name), name)
    return module


def _import(load: Any, what: str) -> Any:
    """Run the author's module; what it prints is not our result and goes to stderr."""
    try:
        with redirect_stdout(sys.stderr):
            return load()
    except SyntaxError as error:
        where = f"{what}:{error.lineno}" if error.lineno else what
        raise MachineError(f"{where}: {error.msg}", frames=(error.text or "").rstrip()) from error
    except ModuleNotFoundError as error:
        if error.name and f"{what}.".startswith(f"{error.name}."):
            raise UsageError(f"no module {error.name}", TARGETS) from None
        raise MachineError(f"{what}: {error}", frames=author_traceback(error)) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit in a module must not end us
        raise MachineError(f"{what} raised {type(error).__name__}: {error}", frames=author_traceback(error)) from error


def find_machine(module: ModuleType, cls: str, target: str) -> Machine:
    """The machine of the class `cls` in `module`, or the only one; `target` is what it was asked for by. Raises
    `UsageError` where it is not clear which, `MachineError` where there is none or it is not one."""
    found = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, StateMachine) and value.__module__ == module.__name__
    }
    source = str(module.__file__)
    place = target.partition(":")[0]
    if cls:
        if cls not in found:
            raise UsageError(f"no machine {cls!r} in {place}", did_you_mean(cls, found))
        return _checked(found[cls], target, source)
    if not found:
        raise MachineError(f"{place} defines no machine", "write a class that derives from fasm_cli.StateMachine")
    if len(found) > 1:
        listed = ", ".join(f"{place}:{name}" for name in sorted(found))
        raise UsageError(f"{place} defines {len(found)} machines", f"name one: {listed}")
    return _checked(next(iter(found.values())), target, source)


def _checked(cls: type[StateMachine], target: str, source: str) -> Machine:
    """The machine; where it is refused because its own code raised, with the author's frames."""
    try:
        return Machine(cls, target, source)
    except MachineError as error:
        if error.__cause__ is not None and not error.frames:
            error.frames = author_traceback(error.__cause__)
        raise
