"""Measure the prompt of the REPL: the time until it is drawn, and until a key is on the screen.

    python benchmarks/repl.py [ROUNDS]

The start is a ratio to `import prompt_toolkit` alone, measured in turns, so that load on the computer slows both. Keys
and jumps are the slowest of many, in processor time, in a session of 10,000 steps.
"""

import asyncio
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from fasm_cli.cli.prompt.panes import Picker
from fasm_cli.cli.prompt.session import Prompt
from fasm_cli.cli.prompt.style import UNICODE
from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table
from fasm_cli.cli.repl.execute import execute
from fasm_cli.debugger.open import open_session
from fasm_cli.debugger.session import DebugSession
from fasm_cli.project.project import Project
from fasm_cli.usecases import sessions

ROOT = Path(__file__).resolve().parent.parent
STEPS = 10_000
LINES = (
    "RedeemPoints(points=100)",
    "complete 1.1 Failed(reason='no')",
    "goto 99",
    "redeliver 9",
    "print state.points_",
)
LIMITS = {"start": 2.2, "key": 16.0, "goto": 50.0, "verb": 50.0}  # a ratio, and milliseconds
JUMPS = ("back", "forward", "back 3", "goto -5", "tree", "diff start", "log 9990..9999", "goto end")


def start(rounds: int) -> tuple[float, float]:
    """Return the median seconds until the prompt is drawn, and until prompt_toolkit is imported."""
    prompt: list[float] = []
    bare: list[float] = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import prompt_toolkit"], check=True)
        bare.append(time.perf_counter() - began)
        prompt.append(until_prompt())
    return statistics.median(prompt[1:]), statistics.median(bare[1:])  # the first round compiles byte code


def until_prompt() -> float:
    """Return the seconds from the start of `fasm repl counter` until its prompt is written."""
    import pty

    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-m", "fasm_cli", "repl", "counter"])
    seen = b""
    while b"@0" not in seen:
        seen += os.read(terminal, 65536)
    times = time.perf_counter() - began
    os.write(terminal, b"\x04")
    while True:
        try:
            if not os.read(terminal, 65536):
                break
        except OSError:  # the child has exited
            break
    os.waitpid(pid, 0)
    os.close(terminal)
    return times


class Sink:
    """An output that discards the screen."""

    encoding = "utf-8"

    def write(self, data: str) -> None: ...

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("not a file")


def keys(session: DebugSession, text: str) -> list[float]:
    """Return the processor milliseconds from each key of `text` until it is drawn, with the state pane open. The first
    key is sent after the prompt has imported what keys need."""
    times: list[float] = []
    with create_pipe_input() as pipe:
        output: Any = Vt100_Output(Sink(), lambda: Size(40, 120), term="xterm-256color", enable_cpr=False)
        with create_app_session(input=pipe, output=output):
            prompt = Prompt(session, Path("no-such-folder/history"), "utf-8", input=pipe, output=output)
            prompt.state_open = True
            waiting = list(text)
            began = 0.0
            sent = ""

            def drawn(_: Any) -> None:
                app = prompt.line_editor.app
                if app.is_done or prompt.line_editor.default_buffer.text != sent:
                    return
                if began:
                    times.append((time.process_time() - began) * 1000)
                if not waiting:
                    app.exit(exception=EOFError)
                    return
                if began:
                    press()
                else:
                    asyncio.get_running_loop().call_later(0.1, press)

            def press() -> None:
                nonlocal began, sent
                key = waiting.pop(0)
                sent += key
                began = time.process_time()
                pipe.send_text(key)

            prompt.line_editor.app.after_render += drawn
            with suppress(EOFError):
                prompt.read()
    return times


def jumps(session: DebugSession) -> list[float]:
    """Return the milliseconds of `goto` to steps throughout the session, each for the first time."""
    return [timed(lambda step=step: execute(session, f"goto {step}")) for step in range(37, STEPS, 487)]


def timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def long_session(folder: Path) -> None:
    """Create a session of STEPS steps."""
    made = sessions.create(Project(folder), "coffee_shop", "long")
    session, _ = open_session(Project(folder), made.path)
    with session:
        while session.timeline.last < STEPS:
            for line in ("RedeemPoints(points=1)", "complete -", "CancelOrder()"):
                if line == "complete -":
                    ref = next(iter(session.timeline.now.pending.values())).ref
                    line = f"complete {ref} Failed(reason='no')"
                execute(session, line)


def print_times(what: str, times: list[float], more: str = "") -> None:
    print(f"{what:24} {statistics.median(times):7.1f} ms   at most {max(times):.1f} ms{more}")


def main(rounds: int) -> int:
    prompt, bare = start(rounds)
    results = {"start": prompt / bare}
    print(f"prompt on screen          {prompt * 1000:7.1f} ms   {results['start']:.2f} x import prompt_toolkit")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "machines").symlink_to(ROOT / "machines")
        (folder / "sessions").mkdir()
        long_session(folder)
        began = time.perf_counter()
        session, _ = open_session(Project(folder), "long")
        print(f"open {STEPS} steps          {(time.perf_counter() - began) * 1000:7.1f} ms")
        with session:
            times = jumps(session)
            results["goto"] = max(times)
            print_times("goto any step", times)
            execute(session, f"goto {STEPS - 1}")
            verbs = {line: timed(lambda line=line: execute(session, line)) for line in JUMPS}
            verbs["F3"] = timed(lambda: Picker(session).draw(120, 16, UNICODE))
            slowest = max(verbs, key=lambda line: verbs[line])
            results["verb"] = verbs[slowest]
            print_times("verbs about time", list(verbs.values()), f", {slowest}")
            gc.freeze()  # as the prompt does
            keys(session, "Rede")
            times = [each for line in LINES for each in keys(session, line)]
            results["key"] = max(times)
            print_times("key until it is drawn", times, f", {len(times)} keys")
    late = [name for name, limit in LIMITS.items() if results[name] > limit]
    print(f"too slow: {', '.join(late)}" if late else "all within their limits")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
