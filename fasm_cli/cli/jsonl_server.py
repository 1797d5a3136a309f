"""Serves `fasm run`: inputs as lines of JSON on standard input, steps as lines of JSON on standard output, the log as
lines of JSON on standard error. It ends at the end of the input, or at a signal."""

import asyncio
import json
import logging
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TextIO

from fasm_cli.engine.machine import Machine, check_variant
from fasm_cli.engine.records import error_text
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import InputError
from fasm_cli.runtime.runtime import Runtime, Submitted
from fasm_cli.types.codec import DecodeError

MAX_LINE = 1_000_000  # characters
MAX_READ_AHEAD = 100  # lines
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def read_line(machine: Machine, line: str) -> tuple[Any, str]:
    """Read an input and its idempotency key (empty if there is none) from a line of JSON: a string in constructor
    syntax, an object with its `type`, or `{"input": …, "key": …}` with either of them. Raises `InputError`."""
    if len(line) > MAX_LINE:
        raise InputError(f"a line of {len(line)} characters; at most {MAX_LINE} are read")
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as wrong:
        hint = 'write "Name(field=value)", or {"type": "Name", "field": value}'
        raise InputError(f"not JSON: {wrong}", hint) from None
    key = ""
    if isinstance(given, dict) and "input" in given:
        unknown = sorted(set(given) - {"input", "key"})
        key = given.get("key", "")
        if unknown:
            raise InputError(f"unknown: {', '.join(unknown)}", "an input has `input`, and perhaps a `key`")
        if type(key) is not str:
            raise InputError(f"key: expected a string, got {key!r}")
        given = given["input"]
    if isinstance(given, str):
        check_variant(machine.input_schema, given, "input")
        return machine.codec.parse(machine.input_schema, given), key
    try:
        return machine.codec.decode_message(machine.input_schema, given), key
    except DecodeError as wrong:
        raise InputError(str(wrong), f"`fasm describe {machine.reference}` shows its inputs") from None


def step_to_json(machine: Machine, submitted: Submitted) -> dict[str, Any]:
    """The object that reports a step: event, outcome, key, duplicate, step or error, actions."""
    step = submitted.step
    line: dict[str, Any] = {"event": step.event.format(), "outcome": str(step.outcome)}
    if submitted.key:
        line["key"] = submitted.key
    if submitted.duplicate:
        line["duplicate"] = True
    if step.outcome is Outcome.COMMITTED:
        line["step"] = step.number
    else:
        line["error"] = step.details.reason or error_text(step.error)
    if step.actions:
        line["actions"] = [
            {"ref": f"{step.number}.{index}", **machine.encode_action(action)}
            for index, action in enumerate(step.actions, 1)
        ]
    return line


def serve(runtime: Runtime, stdin: TextIO | None, stdout: TextIO) -> None:
    """Run until the input ends and no handler runs, or until SIGTERM or SIGINT."""
    asyncio.run(_serve(runtime, stdin, stdout))


async def _serve(runtime: Runtime, stdin: TextIO | None, stdout: TextIO) -> None:
    stop = asyncio.Event()
    reporter = asyncio.create_task(_report(runtime, stdout))
    await asyncio.sleep(0)  # the reporter subscribes before the first step
    loop = asyncio.get_running_loop()
    try:
        for number in SIGNALS:
            with suppress(NotImplementedError, RuntimeError):  # Windows' loops have no signals, nor has another thread
                loop.add_signal_handler(number, stop.set)
        async with runtime:
            reader = asyncio.create_task(_submit_lines(runtime, stdin, stdout))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait((reader, stopped), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if not reader.done():
                reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
        await reporter
    finally:
        reporter.cancel()
        for number in SIGNALS:  # they end the process again
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)


async def _submit_lines(runtime: Runtime, stdin: TextIO | None, stdout: TextIO) -> None:
    number = 0
    async for line in _lines(stdin):
        number += 1
        if not line.strip():
            continue
        try:
            await runtime.submit(*read_line(runtime.machine, line))
        except InputError as wrong:
            hint = {"hint": wrong.hint} if wrong.hint else {}
            _write(stdout, {"line": number, "outcome": "malformed", "error": wrong.message, **hint})
    await runtime.wait_idle()


async def _report(runtime: Runtime, stdout: TextIO) -> None:
    async for submitted in runtime.steps():
        _write(stdout, step_to_json(runtime.machine, submitted))


def _write(stdout: TextIO, line: dict[str, Any]) -> None:
    stdout.write(json.dumps(line) + "\n")
    stdout.flush()


async def _lines(stream: TextIO | None) -> AsyncIterator[str]:
    """The lines of `stream`. A daemon thread reads them, because a read from a terminal cannot be cancelled."""
    if stream is None:
        return
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | BaseException | None] = asyncio.Queue(MAX_READ_AHEAD)

    def put(item: str | BaseException | None) -> None:
        waiting = lines.put(item)
        try:
            asyncio.run_coroutine_threadsafe(waiting, loop).result()
        except RuntimeError:  # the loop was closed
            waiting.close()

    def read() -> None:
        try:
            for line in stream:
                put(line)
            last: BaseException | None = None
        except UnicodeDecodeError as error:
            last = InputError(f"the input is not UTF-8: {error.reason}")
        except Exception as error:
            last = error
        put(last)

    threading.Thread(target=read, daemon=True, name="fasm-stdin").start()
    while (line := await lines.get()) is not None:
        if isinstance(line, BaseException):
            raise line
        yield line


class JsonFormatter(logging.Formatter):
    """Formats a record as a line of JSON: time, level, message, and the details in its attribute `fasm`."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": record.levelname.lower(), "message": record.getMessage()}
        line |= getattr(record, "fasm", {})
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = f"{type(error).__name__}: {error}"
        return json.dumps(line)


@contextmanager
def logging_to(stream: TextIO) -> Iterator[None]:
    """Write the log of the runtime, and what the machine logs, to `stream`."""
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    handler.setFormatter(JsonFormatter())
    before = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
