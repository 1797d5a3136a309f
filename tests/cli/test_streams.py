"""What only a real process shows: exit codes, signals, closed pipes, colour, and what is imported."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
FASM = [sys.executable, "-m", "fasm_cli"]
Write = Callable[..., None]
LINES = "RedeemPoints(points=100)\ncrash\nrestore\npending\n"


def started(*arguments: str) -> Any:
    """`fasm` as a process that one can talk to."""
    pipe = subprocess.PIPE
    return subprocess.Popen([*FASM, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_exit_codes(process: Call) -> None:
    assert process("list").code == 0
    assert process("simulate", "payment", "--seed", "1", "--runs", "20", "--jobs", "1").code == 1
    assert process("frob").code == 2
    assert process("describe", "frob.py").code == 2
    assert process("pending", "nowhere").code == 4
    assert process("repl", "counter", stdin="Frob()\n").code == 5


@pytest.mark.parametrize(
    "env", [{}, {"FORCE_COLOR": "1"}, {"TERM": "xterm-256color", "COLUMNS": "20"}, {"TERM": "dumb"}]
)
def test_the_first_thing_anybody_tries(process: Call, env: dict[str, str]) -> None:
    result = process("repl", "coffee_shop", stdin=LINES, env=env)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "1.1@3  id 1  tracked CheckStatus(redemption_id=1)  since step 1"
    assert "\x1b" not in result.out
    assert "   pending_redemption: None -> Redemption(id=1, points=100, phase=Phase.REQUESTED)\n" in result.out


def test_a_reader_that_leaves_early_kills_by_signal(project: Path) -> None:
    with started("repl", "counter") as child:
        child.stdin.write("Increment\n")
        child.stdin.flush()
        child.stdout.close()
        child.stdin.write("state\n" * 100)
        child.stdin.close()
        assert child.wait(timeout=20) == -signal.SIGPIPE
        assert child.stderr.read() == ""


BEGUN = 'import sys; print("begun", file=sys.stderr, flush=True)'


@pytest.mark.parametrize("flags", [["--jobs", "1"], ["--jobs", "2"], ["--jobs", "1", "--json"]], ids=" ".join)
def test_ctrl_c_in_a_simulation_tells_what_was_done(project: Path, machine: Write, flags: list[str]) -> None:
    machine("begun", more=f"def propose(self, choose, state):\n    {BEGUN}\n    return Add()")
    with started("simulate", "begun", "--seed", "1", "--runs", "100000000", "--steps", "10", *flags) as child:
        assert "begun" in child.stderr.readline()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert set(err) <= set("begun\n")
    if "--json" in flags:
        document = json.loads(out)
        assert (document["ok"], document["data"]["interrupted"]) == (False, True)
    else:
        assert out.endswith("interrupted  the results above are partial\n")


def test_ctrl_c_during_imports(process: Call, project: Path) -> None:
    (project / "sitecustomize.py").write_text(
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'fasm_cli.project.project':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
    )
    result = process("list", env={"PYTHONPATH": str(project)})
    assert (result.code, result.out, result.err) == (130, "", "")


def test_ctrl_c_in_a_script(project: Path, process: Call, machine: Write) -> None:
    machine("stuck", more=f"def check_invariants(self, state):\n    {BEGUN}\n    while True: pass")
    assert process("session", "new", "stuck", "s").code == 0
    with started("repl", "s", "-c", "pending", "-c", "Add") as child:
        assert child.stderr.readline() == "begun\n"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    assert (child.returncode, out, err) == (130, "nothing is pending\n", "interrupted\n")
    assert "[[step]]" not in (project / "sessions" / "s.toml").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
def test_a_full_disk(project: Path, flags: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*FASM, "list", *flags], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 70
    assert "No space left on device" in done.stderr or flags
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-"])
def test_closed_streams(project: Path, closed: str) -> None:
    for arguments, code in (("repl counter", 0), ("frob", 2)):
        command = f'"{sys.executable}" -m fasm_cli {arguments} {closed}'
        done = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == code
        assert "Traceback" not in done.stderr


def test_text_that_is_not_utf8(process: Call) -> None:
    result = process("repl", "payment", stdin=b"Process(amount=1, user='\xff')\n", env={"PYTHONUTF8": "1"})
    assert result.code in (2, 5)
    assert result.err.startswith("error: standard input")
    assert result.err.count("\n") == 1


def test_an_output_that_lacks_a_character(process: Call) -> None:
    line = "Process(amount=1, user='ž☕')\n"
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}
    result = process("repl", "payment", "-c", line, env=env)
    assert (result.code, result.err) == (0, "")
    assert "user='\\u017e\\u2615'" in result.out
    result = process("repl", "payment", "-c", line, "--json", env=env)
    assert result.document["data"][0]["event"]["value"]["user"] == "ž☕"


@pytest.mark.parametrize(
    "text", ["(\n" * 20_000, "(" * 200_000, "\n" * 20_000, "#(\n" * 20_000, "'" * 50_000, "[" * 90]
)
def test_huge_and_odd_input_ends_soon(process: Call, text: str) -> None:
    result = process("repl", "counter", stdin=text)
    assert result.code in (0, 2, 5)
    assert len(result.err) < 1500
    assert "Traceback" not in result.err


def test_two_processes_one_session(project: Path, process: Call) -> None:
    assert process("session", "new", "counter", "shared").code == 0
    with started("repl", "shared") as holder:
        holder.stdin.write("Increment\n" * 200)  # more than one buffer of lines, so that it begins to work on them
        holder.stdin.flush()
        while "[[step]]" not in (project / "sessions" / "shared.toml").read_text():
            assert holder.poll() is None
        refused = process("step", "shared", "Increment")
        assert (refused.code, refused.out) == (4, "")
        assert refused.err.endswith("; close that program first; the file can be read meanwhile\n")
        assert f"is being written by pid {holder.pid} on " in refused.err
        assert process("pending", "shared").code == 0
        out, err = holder.communicate(timeout=20)
    assert (holder.returncode, err, out.count("committed")) == (0, "", 200)
    assert process("step", "shared", "Increment").out.startswith("#201 Increment()  committed\n")


IMPORTS = """
import sys
sys.argv = ["fasm", *{arguments!r}]
from fasm_cli.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--version"], {"typer", "rich", "prompt_toolkit", "asyncio", "cattrs", "tomllib"}),
        (["list"], {"rich", "prompt_toolkit", "asyncio", "cattrs"}),
        (["session", "new", "counter", "s"], {"rich", "prompt_toolkit", "asyncio"}),
        (["repl", "counter", "--session", "s", "-c", "Increment"], {"rich", "prompt_toolkit", "asyncio"}),
        (["simulate", "counter", "--seed", "1", "--runs", "1", "--steps", "3"], {"rich", "prompt_toolkit", "asyncio"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_is_imported(project: Path, arguments: list[str], heavy: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS.format(arguments=arguments, heavy=heavy)], capture_output=True, text=True
    )
    assert done.stderr == "[]\n"


def test_version(process: Call) -> None:
    from fasm_cli import __version__

    assert process("--version").out == f"fasm {__version__}\n"
    assert process("--version", "list").out == f"fasm {__version__}\n"


def test_ctrl_c_in_a_run_keeps_every_whole_step(project: Path, machine: Write) -> None:
    machine("begun", more=f"def propose(self, choose, state):\n    {BEGUN}\n    return Add()")
    lines = ("-c", "run 10000000", "-c", "state")
    with started("repl", "begun", "--session", "s", *lines) as child:
        assert "begun" in child.stderr.readline()
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=20)
    assert child.returncode == 130
    assert out.endswith("run 10000000 --seed 1  interrupted; every step above is stored\n")
    kept = (project / "sessions" / "s.toml").read_text().count("[[step]]")
    result = out.count("\n#") + out.startswith("#")
    more = re.search(r"… (\d+) steps more", out)
    assert kept == result + (int(more[1]) if more else 0)
