"""`--json`: one document on stdout whatever happens, as `schema.json` describes it.

Each document is compared with a golden file. Regenerate them with `python tests/cli/test_json.py`, and read the diff:
a key that is removed, or changes its meaning, raises the number in `schema`.
"""

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasm_cli import __version__
from fasm_cli.cli.app import run
from fasm_cli.reports import schema

Call = Callable[..., Any]
ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads((ROOT / "fasm_cli" / "reports" / "schema.json").read_text(encoding="utf-8"))

SHOP = ("session new coffee_shop shop", "step shop 'RedeemPoints(points=100)'")
CRASHED = (*SHOP, "crash shop --at after-commit")
REPL = (
    "-c 'RedeemPoints(points=100)' -c 'expect accepted' -c state -c 'print len(pending)' -c 'watch points_balance' "
    "-c 'inputs RedeemPoints' -c check -c 'label paid' -c back -c tree -c 'diff paid' -c 'run 2 --seed 1' -c log "
    "-c why -c reload -c 'help step' -c 'save kept.toml' -c 'source lines.fasm'"
)
CASES: dict[str, tuple[tuple[str, ...], str, int]] = {
    "list": ((), "list", 0),
    "describe": ((), "describe counter", 0),
    "explain": ((), "explain completion", 0),
    "explain-all": ((), "explain", 0),
    "lint": ((), "lint machines/clocked.py", 1),
    "simulate": ((), "simulate counter --seed 1 --runs 2 --steps 5 --jobs 1", 0),
    "simulate-finding": ((), "simulate payment --seed 1 --runs 20 --jobs 1", 1),
    "simulate-strict": ((), "simulate coffee_shop --seed 1 --runs 1 --steps 1 --jobs 1 --strict", 1),
    "check": ((), "check counter --runs 2 --jobs 1", 0),
    "replay": ((), "replay kept/coffee_shop_crash.toml", 0),
    "replay-finding": ((), "replay kept/payment_overdraft.toml", 1),
    "replay-folder": ((), "replay kept", 1),
    "shrink": ((), "shrink kept/payment_overdraft.toml -o smaller.toml", 0),
    "export": ((), "export kept/coffee_shop_crash.toml --to script", 0),
    "export-file": ((), "export kept/coffee_shop_crash.toml --to json -o out.json", 0),
    "session-new": ((), "session new coffee_shop shop", 0),
    "session-list": (SHOP, "session list", 0),
    "session-show": (SHOP, "session show shop", 0),
    "session-show-finding": ((), "session show kept/payment_overdraft.toml", 0),
    "session-log": (SHOP, "session log shop", 0),
    "session-diff": (SHOP, "session diff shop@0 shop@1", 1),
    "session-diff-paths": ((*SHOP, "session new coffee_shop other"), "session diff shop other", 1),
    "session-verify": (SHOP, "session verify shop", 0),
    "session-migrate": (SHOP, "session migrate shop --dry-run", 0),
    "session-rm": (SHOP, "session rm shop", 0),
    "step": (SHOP[:1], "step shop 'RedeemPoints(points=100)' 'CancelOrder()'", 0),
    "step-rejected": (SHOP[:1], "step shop 'CancelOrder()' 'RedeemPoints(points=100)'", 5),
    "complete": (SHOP, "complete shop 1.1 'Success(points_deducted=100)'", 0),
    "crash": (SHOP, "crash shop --at after-commit", 0),
    "restore": (CRASHED, "restore shop", 0),
    "pending": (SHOP, "pending shop", 0),
    "back": (SHOP, "back shop", 0),
    "goto": (SHOP, "goto shop 0", 0),
    "history": (("@serve",), "history ledger production --db sqlite:///ledger.db", 0),
    "migrate": (("@serve",), "migrate ledger --db sqlite:///ledger.db --dry-run", 0),
    "repl": (
        (),
        f"repl coffee_shop {REPL}",
        0,
    ),
    "error-usage": ((), "list --frob", 2),
    "error-machine": ((), "describe bad", 3),
    "error-session": ((), "pending nowhere", 4),
    "error-input": (SHOP, "step shop 'Frob()'", 5),
    "error-in-repl": ((), "repl counter -c Increment -c frob", 2),
}
UNSTABLE = {"fingerprint", "location", "doc", "summary"}  # they change with the sources of the shipped machines
UNSTABLE |= {"rule", "why", "checked", "fix", "wrong", "right", "law_reason"}  # the pages of the laws


def prepare(folder: Path) -> None:
    """A project with the shipped machines, two bad ones, the shipped sessions under kept/, and a script."""
    shutil.rmtree(folder / "machines", ignore_errors=True)
    (folder / "machines").mkdir()
    (folder / "kept").mkdir()
    for name in ("coffee_shop", "counter", "ledger", "payment"):
        shutil.copy(ROOT / "machines" / f"{name}.py", folder / "machines")
    for name in ("coffee_shop_crash", "payment_overdraft"):
        shutil.copy(ROOT / "sessions" / f"{name}.toml", folder / "kept")
    (folder / "machines" / "bad.py").write_text("raise KeyError(1)\n")
    clocked = (ROOT / "machines" / "counter.py").read_text(encoding="utf-8")
    body = re.sub(r"(async def stf\([^)]*\)[^:]*:\n)", r"\1        time.time()\n", clocked, count=1)
    (folder / "machines" / "clocked.py").write_text(
        body.replace("from dataclasses", "import time\nfrom dataclasses", 1)
    )
    (folder / "lines.fasm").write_text("pending\nCancelOrder()\n")


def call(line: str) -> tuple[int, str]:
    """The exit code and stdout of one command line, run in this process in the working directory."""
    path, out = list(sys.path), io.StringIO()
    stdin = sys.stdin
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            if line == "@serve":
                sys.stdin = io.StringIO('{"input": {"type": "Deposit", "account": 1, "amount": 5}}\n')
                line = "run ledger --db sqlite:///ledger.db --history"
            code = run(shlex.split(line))
    finally:
        sys.path[:], sys.stdin = path, stdin
    return code, out.getvalue()


def made(name: str) -> tuple[int, Any]:
    """The exit code and the document of a case; what depends on the source of a machine is left out."""
    lines, command, _ = CASES[name]
    for line in lines:
        call(line)
    code, out = call(f"{command} --json")
    assert out.endswith("\n")
    assert out.count("\n") == 1
    return code, stable(json.loads(out))


def stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "…" if key in UNSTABLE and type(item) is str else stable(item) for key, item in value.items()}
    return [stable(item) for item in value] if isinstance(value, list) else value


def mistakes(value: Any, rule: dict[str, Any], path: str = "$") -> list[str]:
    """Where `value` does not fit a JSON Schema; as much of JSON Schema as `schema.json` uses."""
    if "$ref" in rule:
        return mistakes(value, SCHEMA["$defs"][rule["$ref"].removeprefix("#/$defs/")], path)
    if "anyOf" in rule:
        found = [mistakes(value, each, path) for each in rule["anyOf"]]
        return [] if [] in found else min(found, key=len)
    if "const" in rule and value != rule["const"]:
        return [f"{path}: {value!r} is not {rule['const']!r}"]
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    if "type" in rule and type(value) is not kinds[rule["type"]]:
        return [f"{path}: {value!r} is no {rule['type']}"]
    out = []
    if isinstance(value, dict):
        known = rule.get("properties", {})
        out += [f"{path}: no {key}" for key in rule.get("required", ()) if key not in value]
        for key, item in value.items():
            each = known.get(key, rule.get("additionalProperties", {}))
            out += [f"{path}: {key} is not in the schema"] if each is False else mistakes(item, each, f"{path}.{key}")
    if isinstance(value, list) and "items" in rule:
        out += [each for at, item in enumerate(value) for each in mistakes(item, rule["items"], f"{path}[{at}]")]
    return out


@pytest.mark.parametrize("name", CASES)
def test_documents_are_the_golden_ones(project: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    prepare(project)
    code, document = made(name)
    assert code == CASES[name][2]
    assert document["ok"] is (code == 0)
    assert document["fasm"] == __version__
    assert mistakes(document, SCHEMA) == []
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert document == golden


def test_each_kind_of_report_has_a_golden_document() -> None:
    kinds = {
        found
        for path in GOLDEN.glob("*.json")
        for found in re.findall(r'"report": "([\w-]+)"', path.read_text("utf-8"))
    }
    assert kinds == {kind for kind, _ in schema.KINDS.values()}
    assert {
        each["properties"]["report"]["const"]
        for each in SCHEMA["$defs"].values()
        if "report" in each.get("properties", {})
    } == kinds


def test_a_missing_or_unknown_key_does_not_fit_the_schema() -> None:
    golden = json.loads((GOLDEN / "back.json").read_text(encoding="utf-8"))
    del golden["data"]["branch"]
    golden["data"]["fork"] = "main"
    assert mistakes(golden, SCHEMA)


def test_json_cannot_write_every_float() -> None:
    assert schema.plain_json({"a": [float("inf"), 1.5]}) == {"a": [{"type": "float", "value": "inf"}, 1.5]}


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("error")])
def test_the_text_has_the_same_message(fasm: Call, project: Path, name: str) -> None:
    prepare(project)
    lines, command, code = CASES[name]
    for line in lines:
        assert fasm(*shlex.split(line)).code == 0
    message = fasm(*shlex.split(command), "--json").document["error"]["message"]
    text = fasm(*shlex.split(command))
    assert text.code == code
    assert message.split("\n")[0] in text.err


def test_the_flag_counts_only_before_a_double_dash(fasm: Call) -> None:
    result = fasm("describe", "--", "--json")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: no machine '--json' under machines/")


def regenerate() -> None:
    """Write every golden file anew."""
    GOLDEN.mkdir(exist_ok=True)
    for name in CASES:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            prepare(Path(folder))
            code, document = made(name)
            os.chdir(ROOT)
        if code != CASES[name][2]:
            print(f"{name}: exit code {code}, expected {CASES[name][2]}")
        text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
        (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    regenerate()
