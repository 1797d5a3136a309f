"""Measures how long `fasm` takes to start: `list`, `step` and `repl`, beside a typer app with two commands.

    python benchmarks/startup.py [ROUNDS]

Prints the processor time (user and system) of the fastest start of each command and its ratio to the typer app. The
commands take turns, and processor time is measured, so that the load of the computer matters little. POSIX only.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TWO_COMMANDS = """\
import typer

app = typer.Typer()


@app.command()
def one(name: str = "x") -> None:
    print(name)


@app.command()
def two(count: int = 1) -> None:
    print(count)


app(["one"])
"""


def measure(commands: dict[str, list[str]], folder: str, rounds: int) -> dict[str, float]:
    """Seconds of the fastest of `rounds` starts of each command in `folder`, taking turns."""
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(rounds):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, capture_output=True, cwd=folder)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            best[name] = min(best[name], seconds)
    return best


def main(rounds: int) -> None:
    fasm = [sys.executable, "-m", "fasm_cli"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "machines", Path(folder) / "machines")
        plain = Path(folder) / "two_commands.py"
        plain.write_text(TWO_COMMANDS)
        subprocess.run([*fasm, "session", "new", "counter", "s"], check=True, capture_output=True, cwd=folder)
        commands = {
            "two-command typer app": [sys.executable, str(plain)],
            "fasm --version": [*fasm, "--version"],
            "fasm list": [*fasm, "list"],
            "fasm step s Increment": [*fasm, "step", "s", "Increment"],
            "fasm repl coffee_shop -c state": [*fasm, "repl", "coffee_shop", "-c", "state"],
        }
        measure(commands, folder, 1)  # byte code is compiled once
        best = measure(commands, folder, rounds)
    base = best["two-command typer app"]
    for name, seconds in best.items():
        print(f"{name:32}{seconds * 1000:6.0f} ms{seconds / base:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
