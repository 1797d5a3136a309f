"""Chooses the store of a machine's states: the engine of a machine whose state is plain memory needs no database."""

from typing import TYPE_CHECKING

from fasm_cli.engine.coroutines import Runner, run_coroutine
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError
from fasm_cli.types.codec import DecodeError

if TYPE_CHECKING:
    from fasm_cli.stores.scratch import Scratch


def engine_for(machine: Machine, url: str = "") -> Engine:
    """The engine of `machine`, with its states in scratch databases at `url`, or else at the machine's own URL, or
    else in memory. Raises `UsageError` for the URL and `MachineError` for the schema."""
    runner: Runner = run_coroutine
    if machine.has_awaitable_state:
        from fasm_cli.stores.await_policy import run_awaiting

        runner = run_awaiting
    url = url or (machine.store.url if machine.store is not None else "")
    if not url:
        return Engine(machine, None, runner)
    from fasm_cli.stores.scratch import ScratchFactory

    schema = machine.store.schema if machine.store is not None else ""
    engine = Engine(machine, ScratchFactory(schema, _scratch(url)), runner)
    try:
        engine.initial()
    except DecodeError as wrong:
        raise MachineError(f"{machine.name}: initial() gives a state that cannot be stored: {wrong}") from None
    return engine


def _scratch(url: str) -> "Scratch":
    from fasm_cli.stores.urls import Backend, backend_of, require_psycopg

    if backend_of(url) is Backend.SQLITE:
        from fasm_cli.stores.sqlite import SqliteScratch

        return SqliteScratch(url)
    with require_psycopg():
        from fasm_cli.stores.postgres import PostgresScratch
    return PostgresScratch(url)
