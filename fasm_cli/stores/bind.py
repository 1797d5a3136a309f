"""From what a machine says of its state to what can hold it; a machine whose state is plain memory needs nothing."""

from typing import TYPE_CHECKING

from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError
from fasm_cli.types.codec import DecodeError

if TYPE_CHECKING:
    from fasm_cli.stores.scratch import Scratch


def attach_store(machine: Machine, url: str = "") -> Machine:
    """Give `machine` what it needs to be run: how its state is awaited, and where it is kept (`url` where the machine
    does not say, or is not to be asked). Raises `UsageError` for the URL and `MachineError` for the schema."""
    if machine.has_awaitable_state:
        from fasm_cli.stores.await_policy import run_awaiting

        machine.drive = run_awaiting
    url = url or (machine.store.url if machine.store is not None else "")
    if url:
        from fasm_cli.stores.scratch import ScratchFactory

        machine.backend = ScratchFactory(machine.store.schema if machine.store is not None else "", _scratch(url))
        try:
            machine.initial()
        except DecodeError as wrong:
            raise MachineError(f"{machine.name}: initial() gives a state that cannot be stored: {wrong}") from None
    return machine


def _scratch(url: str) -> "Scratch":
    from fasm_cli.stores.urls import Backend, backend_of, require_psycopg

    if backend_of(url) is Backend.SQLITE:
        from fasm_cli.stores.sqlite import SqliteScratch

        return SqliteScratch(url)
    with require_psycopg():
        from fasm_cli.stores.postgres import PostgresScratch
    return PostgresScratch(url)
