"""How long `fasm` takes to start, against a typer app with two commands in the same environment.

    python benchmarks/startup.py [ROUNDS]

All commands take turns, so that a busy machine slows all of them. The last column is the ratio of the fastest starts.
"""

import subprocess
import sys
import tempfile
import time
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


def measure(commands: dict[str, list[str]], rounds: int) -> dict[str, float]:
    """Seconds of the fastest of `rounds` starts of each command, taking turns."""
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(rounds):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def main(rounds: int) -> None:
    fasm = [sys.executable, "-m", "fasm_cli"]
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "two_commands.py"
        plain.write_text(TWO_COMMANDS)
        commands = {
            "two-command typer app": [sys.executable, str(plain)],
            "fasm --version": [*fasm, "--version"],
            "fasm list": [*fasm, "list"],
            "fasm repl coffee_shop -c state": [*fasm, "repl", "coffee_shop", "-c", "state"],
        }
        measure(commands, 1)  # byte code is compiled once
        best = measure(commands, rounds)
    base = best["two-command typer app"]
    for name, seconds in best.items():
        print(f"{name:32}{seconds * 1000:6.0f} ms{seconds / base:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
