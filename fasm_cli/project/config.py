"""What a project says about itself in its `pyproject.toml`, under `[tool.fasm]`, and what a person likes.

    [tool.fasm.simulate]
    runs = 5000
    steps = 200
    jobs = 4
    shrink-time = 20
    max-findings = 3

    [tool.fasm.simulate.faults]
    crash = 0.05
    lose = 0

    [tool.fasm.repl]
    format = "text"     # or "json"
    time = true         # tell what a line took
    keys = "vi"         # or "emacs"

    [tool.fasm.aliases]
    redeem = "RedeemPoints(points=$1)"

`[repl]` and `[aliases]` may also stand in a file of one's own, `$XDG_CONFIG_HOME/fasm/config.toml`; the project's go
before these. No file is ever written.

A flag on the command line goes before `FASM_RUNS`, `FASM_STEPS`, `FASM_JOBS` and `FASM_SHRINK_TIME` in the
environment, and these before the file. An unknown name is an error: a setting that is silently ignored is worse than
none.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fasm_cli.contract.state_machine import Profile
from fasm_cli.errors import UsageError, did_you_mean

PROJECT = "pyproject.toml"
OURS = ("tool.fasm", "[tool]", "tool={")  # without blanks and quotes, in any file that says something of us
BLANK = str.maketrans("", "", " \t\"'")
CHOICES: dict[str, tuple[Any, ...]] = {"format": ("text", "json"), "time": (False, True), "keys": ("emacs", "vi")}
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


@dataclass(frozen=True, slots=True)
class ReplConfig:
    """Settings of the REPL; None where the file is silent. `aliases` are lines by name; `path` is where they stand."""

    path: Path
    format: str | None = None
    time: bool | None = None
    keys: str | None = None
    aliases: dict[str, str] = field(default_factory=dict)


def read_config(root: Path) -> SimulateConfig:
    """The settings of `simulate` in the project at `root`. Raises `UsageError` naming what is wrong in the file."""
    path = root / PROJECT
    simulate = _of_project(path).get("simulate", {})
    given = _check_keys(path, simulate, "tool.fasm.simulate", {*NUMBERS, "faults"})
    faults = _check_keys(path, given.get("faults", {}), "tool.fasm.simulate.faults", set(Profile().faults))
    numbers = {name.replace("-", "_"): _number(path, name, given[name]) for name in NUMBERS if name in given}
    return SimulateConfig(**numbers, faults={name: _number(path, f"faults.{name}", p) for name, p in faults.items()})


def read_repl_config(root: Path) -> ReplConfig:
    """The settings of the REPL in the project at `root`. Raises `UsageError`."""
    path = root / PROJECT
    return _repl(path, _of_project(path), "tool.fasm.")


def read_own_config() -> ReplConfig:
    """The settings of the person who is at the prompt. Raises `UsageError`."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    path = Path(folder) / "fasm" / "config.toml"
    return _repl(path, _check_keys(path, _read(path), "", {"repl", "aliases"}), "")


def _of_project(path: Path) -> dict[str, Any]:
    tool = _table(path, _read(path).get("tool", {}), "tool")
    return _check_keys(path, tool.get("fasm", {}), "tool.fasm", {"simulate", "repl", "aliases"})


def _repl(path: Path, tables: dict[str, Any], under: str) -> ReplConfig:
    given = _check_keys(path, tables.get("repl", {}), f"{under}repl", set(CHOICES))
    for name, value in given.items():
        if value not in CHOICES[name] or type(value) is not type(CHOICES[name][0]):
            legal = " or ".join(str(each).lower() if isinstance(each, bool) else repr(each) for each in CHOICES[name])
            raise UsageError(f"{path}: {name} = {value!r}", f"write {legal}")
    aliases = _table(path, tables.get("aliases", {}), f"{under}aliases")
    wrong = next((name for name, line in aliases.items() if not isinstance(line, str)), None)
    if wrong is not None:
        raise UsageError(f"{path}: {wrong} = {aliases[wrong]!r}", "an alias is a line, in quotes")
    return ReplConfig(path, **given, aliases=aliases)


def _read(path: Path) -> dict[str, Any]:
    """What a file says; nothing where it is not there, or is of a project that says nothing of us."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    bare = text.translate(BLANK)
    if path.name == PROJECT and not any(ours in bare for ours in OURS):
        return {}
    import tomllib  # takes longer than all the rest, and most projects are silent

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
    strange = next((key for key in table if key not in known), None)
    if strange is not None:
        where = f"[{name}] has" if name else "there is"
        raise UsageError(f"{path}: {where} no setting {strange!r}", did_you_mean(strange, known))
    return table


def _number(path: Path, name: str, value: Any) -> Any:
    whole = NUMBERS.get(name) is int
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise UsageError(f"{path}: {name} = {value!r}", f"write a {'whole ' if whole else ''}number")
    return value
