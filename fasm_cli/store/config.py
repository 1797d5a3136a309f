"""What a project says about itself in its `pyproject.toml`, under `[tool.fasm]`.

    [tool.fasm.simulate]
    runs = 5000
    steps = 200
    jobs = 4
    shrink-time = 20
    max-findings = 3

    [tool.fasm.simulate.faults]
    crash = 0.05
    lose = 0

A flag on the command line goes before `FASM_RUNS`, `FASM_STEPS` and `FASM_JOBS` in the environment, and these before
the file. An unknown name is an error: a setting that is silently ignored is worse than none.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fasm_cli.core.errors import UsageError, did_you_mean
from fasm_cli.core.model import Profile

NUMBERS = {"runs": int, "steps": int, "jobs": int, "shrink-time": float, "max-findings": int}


@dataclass(frozen=True, slots=True)
class SimulateConfig:
    """Settings of `simulate`; None where the file is silent. `faults` are probabilities by name."""

    runs: int | None = None
    steps: int | None = None
    jobs: int | None = None
    shrink_time: float | None = None
    max_findings: int | None = None
    faults: dict[str, float] = field(default_factory=dict)


def read_config(root: Path) -> SimulateConfig:
    """The settings of the project at `root`. Raises `UsageError` naming what is wrong in the file."""
    path = root / "pyproject.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return SimulateConfig()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    tool = _table(path, document.get("tool", {}), "tool").get("fasm", {})
    simulate = _known(path, tool, "tool.fasm", {"simulate"}).get("simulate", {})
    given = _known(path, simulate, "tool.fasm.simulate", {*NUMBERS, "faults"})
    faults = _known(path, given.get("faults", {}), "tool.fasm.simulate.faults", set(Profile().faults))
    numbers = {name.replace("-", "_"): _number(path, name, given[name]) for name in NUMBERS if name in given}
    return SimulateConfig(**numbers, faults={name: _number(path, f"faults.{name}", p) for name, p in faults.items()})


def _table(path: Path, value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{path}: [{name}] is a table, not {value!r}")
    return value


def _known(path: Path, value: Any, name: str, known: set[str]) -> dict[str, Any]:
    table = _table(path, value, name)
    strange = next((key for key in table if key not in known), None)
    if strange is not None:
        raise UsageError(f"{path}: [{name}] has no setting {strange!r}", did_you_mean(strange, known))
    return table


def _number(path: Path, name: str, value: Any) -> Any:
    whole = NUMBERS.get(name) is int
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise UsageError(f"{path}: {name} = {value!r}", f"write a {'whole ' if whole else ''}number")
    return value
