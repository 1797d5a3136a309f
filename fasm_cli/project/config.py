"""Reads settings: `[tool.fasm]` in the project's `pyproject.toml`, and the user's own file.

    [tool.fasm.simulate]
    runs = 5000
    steps = 200
    jobs = 4
    shrink-time = 20
    max-findings = 3

    [tool.fasm.simulate.faults]
    crash = 0.05
    lose_result = 0

    [tool.fasm.repl]
    format = "text"     # or "json"
    time = true         # print how long each line took
    keys = "vi"         # or "emacs"

    [tool.fasm.aliases]
    redeem = "RedeemPoints(points=$1)"

`[repl]` and `[aliases]` may also be in the user's file, `$XDG_CONFIG_HOME/fasm/config.toml`; the project's settings
take precedence. fasm never writes these files.

A command-line flag takes precedence over `FASM_RUNS`, `FASM_STEPS`, `FASM_JOBS` and `FASM_SHRINK_TIME` in the
environment, and these over the file. An unknown name is an error, so that no setting is silently ignored.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fasm_cli.contract.state_machine import Profile
from fasm_cli.errors import UsageError, did_you_mean

PYPROJECT = "pyproject.toml"
MARKERS = ("tool.fasm", "[tool]", "tool={")  # one is in every file with settings, blanks and quotes removed
BLANKS = str.maketrans("", "", " \t\"'")
CHOICES: dict[str, tuple[Any, ...]] = {"format": ("text", "json"), "time": (False, True), "keys": ("emacs", "vi")}
NUMBERS = {"runs": int, "steps": int, "jobs": int, "shrink-time": float, "max-findings": int}


@dataclass(frozen=True, slots=True)
class SimulateConfig:
    """Settings of `simulate`, None if not set. `shrink_time` is in seconds; `faults` are probabilities by name."""

    runs: int | None = None
    steps: int | None = None
    jobs: int | None = None
    shrink_time: float | None = None
    max_findings: int | None = None
    faults: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReplConfig:
    """Settings of the REPL, None if not set. `aliases` are lines by name; `path` is the file that they come from."""

    path: Path
    format: str | None = None
    time: bool | None = None
    keys: str | None = None
    aliases: dict[str, str] = field(default_factory=dict)


def read_config(root: Path) -> SimulateConfig:
    """The settings of `simulate` of the project at `root`. Raises `UsageError` if one is unknown or invalid."""
    path = root / PYPROJECT
    simulate = _fasm_table(path).get("simulate", {})
    table = _check_keys(path, simulate, "tool.fasm.simulate", {*NUMBERS, "faults"})
    faults = _check_keys(path, table.get("faults", {}), "tool.fasm.simulate.faults", set(Profile().faults))
    numbers = {name.replace("-", "_"): _number(path, name, table[name]) for name in NUMBERS if name in table}
    return SimulateConfig(**numbers, faults={name: _number(path, f"faults.{name}", p) for name, p in faults.items()})


def read_repl_config(root: Path) -> ReplConfig:
    """The settings of the REPL of the project at `root`. Raises `UsageError`."""
    path = root / PYPROJECT
    return _repl_config(path, _fasm_table(path), "tool.fasm.")


def read_user_config() -> ReplConfig:
    """The settings of the REPL in the user's file. Raises `UsageError`."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    path = Path(folder) / "fasm" / "config.toml"
    return _repl_config(path, _check_keys(path, _read(path), "", {"repl", "aliases"}), "")


def _fasm_table(path: Path) -> dict[str, Any]:
    tool = _table(path, _read(path).get("tool", {}), "tool")
    return _check_keys(path, tool.get("fasm", {}), "tool.fasm", {"simulate", "repl", "aliases"})


def _repl_config(path: Path, tables: dict[str, Any], prefix: str) -> ReplConfig:
    settings = _check_keys(path, tables.get("repl", {}), f"{prefix}repl", set(CHOICES))
    for name, value in settings.items():
        if value not in CHOICES[name] or type(value) is not type(CHOICES[name][0]):
            allowed = " or ".join(str(each).lower() if isinstance(each, bool) else repr(each) for each in CHOICES[name])
            raise UsageError(f"{path}: {name} = {value!r}", f"write {allowed}")
    aliases = _table(path, tables.get("aliases", {}), f"{prefix}aliases")
    invalid = next((name for name, line in aliases.items() if not isinstance(line, str)), None)
    if invalid is not None:
        raise UsageError(f"{path}: {invalid} = {aliases[invalid]!r}", "an alias is a line in quotes")
    return ReplConfig(path, **settings, aliases=aliases)


def _read(path: Path) -> dict[str, Any]:
    """The content of a file; empty if it does not exist, or if it is a pyproject.toml without settings of fasm."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    bare = text.translate(BLANKS)
    if path.name == PYPROJECT and not any(marker in bare for marker in MARKERS):
        return {}
    import tomllib  # slow to import, and most projects have no settings

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def _table(path: Path, value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{path}: [{name}] is a table, not {value!r}")
    return value


def _check_keys(path: Path, value: Any, name: str, known: set[str]) -> dict[str, Any]:
    table = _table(path, value, name)
    unknown = next((key for key in table if key not in known), None)
    if unknown is not None:
        subject = f"[{name}] has" if name else "there is"
        raise UsageError(f"{path}: {subject} no setting {unknown!r}", did_you_mean(unknown, known))
    return table


def _number(path: Path, name: str, value: Any) -> Any:
    integer = NUMBERS.get(name) is int
    if isinstance(value, bool) or not isinstance(value, int if integer else int | float):
        raise UsageError(f"{path}: {name} = {value!r}", f"write a {'whole ' if integer else ''}number")
    return value
