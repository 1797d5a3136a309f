"""Parse what a person types into events: inputs, results, and refs of actions.

Every function here raises `InputError`, with the column if a part of the text is wrong.
"""

from fasm_cli.contract.state_machine import TrackedActionCompleted
from fasm_cli.engine.events import Completion, Event, InputReceived, decode_event, parse_ref
from fasm_cli.engine.machine import Machine, check_variant
from fasm_cli.engine.step_result import Emission
from fasm_cli.errors import InputError
from fasm_cli.sessions.timeline import Timeline
from fasm_cli.types.codec import format_value


def read_input(machine: Machine, text: str) -> Event:
    """Parse `Name(field=value)`, or `TrackedActionCompleted(id=…, result=…)` for an action that was never emitted."""
    name = TrackedActionCompleted.__name__
    if (
        text.lstrip().startswith(f"{name}(")
        and machine.result_schema is not None
        and machine.action_id_schema is not None
    ):
        id, result = machine.codec.parser.arguments(text, name, ("id", "result"))
        return Completion(
            None,
            machine.codec.validate(machine.action_id_schema, id),
            machine.codec.validate(machine.result_schema, result),
        )
    check_variant(machine.input_schema, text, "input")
    return InputReceived(machine.codec.parse(machine.input_schema, text))


def read_completion(timeline: Timeline, action: str, result: str) -> Event:
    """Parse the result of the tracked action with the ref (`1.1`) or id `action`."""
    machine = timeline.machine
    if machine.result_schema is None:
        raise InputError(f"{machine.name} has no tracked actions to complete")
    emission = resolve_action(timeline, action)
    check_variant(machine.result_schema, result, "result")
    return Completion(emission.ref, emission.tracked.id, machine.codec.parse(machine.result_schema, result))


def read_redelivery(timeline: Timeline, action: str, result: str) -> Event:
    """Return the completion of `action` once more, or one with another `result`, as a message broker may deliver it."""
    machine = timeline.machine
    if machine.result_schema is None or machine.action_id_schema is None:
        raise InputError(f"{machine.name} has no tracked actions")
    key, wanted = "of", action
    if "." not in action:
        id = machine.codec.parse(machine.action_id_schema, action)
        key, wanted = "id", machine.codec.encode(machine.action_id_schema, id)
    newest = (timeline.journal[n].event for n in reversed(timeline.journal.ancestor_numbers(timeline.head)))
    given = (each for each in newest if each.get("type") == "completion" and "of" in each and each[key] == wanted)
    last = next(given, None)
    if last is None:
        raise InputError(f"{action[:60]} has no result to deliver again", "usage: redeliver ACTION [RESULT]")
    before = decode_event(machine, last, timeline.id_of)
    if not result:
        return before
    check_variant(machine.result_schema, result, "result")
    assert isinstance(before, Completion)
    return Completion(before.of, before.id, machine.codec.parse(machine.result_schema, result))


def resolve_action(timeline: Timeline, action: str) -> Emission:
    """Return the tracked action with the ref or id `action`. A ref may name an action that is no longer pending."""
    now, machine = timeline.now, timeline.machine
    if machine.action_id_schema is None:
        raise InputError(f"{machine.name} has no tracked actions")
    known = ", ".join(f"{each.ref} (id {format_value(id)})" for id, each in now.pending.items()) or "nothing"
    if "." in action and action.replace(".", "").replace("@", "").isdigit():
        ref = parse_ref(action)
        try:
            emission = timeline.emission(ref)
        except KeyError:
            raise InputError(f"no tracked action {action}", f"pending: {known}") from None
        if not timeline.journal.is_ancestor(ref.step, timeline.head):
            raise InputError(f"{action} was not emitted on this branch", f"pending: {known}")
        return emission
    id = machine.codec.parse(machine.action_id_schema, action)
    if id not in now.pending:
        raise InputError(f"no pending action has the id {format_value(id)}", f"pending: {known}")
    return now.pending[id]
