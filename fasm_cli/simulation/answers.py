"""Results that a pending action may well get: to be offered to who is about to give one, or put in a trace."""

from typing import Any

from fasm_cli.contract.chooser import Chooser
from fasm_cli.contract.state_machine import StateMachine, Tracked
from fasm_cli.engine.machine import Machine
from fasm_cli.types.codec import DecodeError

DRAWS = 50  # enough to meet an answer of one in ten; each costs microseconds


def sample_responses(machine: Machine, tracked: Tracked) -> list[Any]:
    """One result of each kind that the machine's own `respond` gives to `tracked`; none where it has no `respond`.

    The draws are always the same. What `respond` raises comes out.
    """
    if machine.result_schema is None or machine.cls.respond is StateMachine.respond:
        return []
    found: dict[type, Any] = {}
    choose = Chooser(0)
    for _ in range(DRAWS):
        result = machine.instance.respond(choose, tracked.id, tracked.action)
        if type(result) not in found and _fits(machine, result):
            found[type(result)] = result
    return list(found.values())


def _fits(machine: Machine, result: Any) -> bool:
    assert machine.result_schema is not None
    try:
        machine.codec.encode(machine.result_schema, result)
    except DecodeError:
        return False
    return True
