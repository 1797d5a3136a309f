"""The event loop of `fasm run`: lines from standard input, lines to standard output, until the end or a signal."""

import asyncio
import json
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, TextIO

from fasm_cli.errors import InputError
from fasm_cli.runtime.jsonl import read_line, step_to_json
from fasm_cli.runtime.runtime import Runtime

AHEAD = 100  # lines that are read before the machine has taken them
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(runtime: Runtime, stdin: TextIO | None, stdout: TextIO) -> None:
    """Run until the input ends and nothing is left to do, or until SIGTERM or SIGINT."""
    asyncio.run(_serve(runtime, stdin, stdout))


async def _serve(runtime: Runtime, stdin: TextIO | None, stdout: TextIO) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    telling = asyncio.create_task(_tell(runtime, stdout))
    await asyncio.sleep(0)  # it listens before there is anything to hear
    try:
        async with runtime:
            feeding = asyncio.create_task(_feed(runtime, stdin, stdout))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait((feeding, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if feeding.done():
                feeding.result()
            else:
                feeding.cancel()
                with suppress(asyncio.CancelledError):
                    await feeding
        await telling
    finally:
        telling.cancel()
        for number in SIGNALS:  # from here on they end the process
            loop.remove_signal_handler(number)


async def _feed(runtime: Runtime, stdin: TextIO | None, stdout: TextIO) -> None:
    number = 0
    async for line in _lines(stdin):
        number += 1
        if not line.strip():
            continue
        try:
            asked = read_line(runtime.machine, line)
            await runtime.submit(asked.value, asked.key)
        except InputError as wrong:
            hint = {"hint": wrong.hint} if wrong.hint else {}
            _write(stdout, {"line": number, "outcome": "malformed", "error": wrong.message, **hint})
    await runtime.wait_idle()


async def _tell(runtime: Runtime, stdout: TextIO) -> None:
    async for taken in runtime.steps():
        _write(stdout, step_to_json(runtime.machine, taken))


def _write(stdout: TextIO, line: dict[str, Any]) -> None:
    stdout.write(json.dumps(line) + "\n")
    stdout.flush()


async def _lines(stream: TextIO | None) -> AsyncIterator[str]:
    """The lines of `stream`, read by a thread that is left behind where it never gets another."""
    if stream is None:
        return
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | BaseException | None] = asyncio.Queue(AHEAD)

    def read() -> None:
        try:
            for line in stream:
                asyncio.run_coroutine_threadsafe(lines.put(line), loop).result()
            last: BaseException | None = None
        except UnicodeDecodeError as error:
            last = InputError(f"the input is not UTF-8: {error.reason}")
        except Exception as error:
            last = error
        with suppress(RuntimeError):  # the loop has ended
            asyncio.run_coroutine_threadsafe(lines.put(last), loop).result()

    threading.Thread(target=read, daemon=True, name="fasm-stdin").start()
    while (line := await lines.get()) is not None:
        if isinstance(line, BaseException):
            raise line
        yield line
