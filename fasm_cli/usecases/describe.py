"""`fasm describe`: what a machine takes, emits and promises, from its declared types."""

import inspect
from collections.abc import Iterator
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.reports.machines import Description, FieldLine, TypeLine
from fasm_cli.types.codec import Schema, format_value
from fasm_cli.types.description import default_text, schema_label
from fasm_cli.types.schema import EnumSchema, RecordSchema, variants


def describe(engine: Engine) -> Description:
    """Describe a machine: its types with their fields, its invariants and its initial state."""
    machine, initial = engine.machine, engine.initial()
    return Description(
        machine.reference,
        machine.name,
        machine.doc or inspect.cleandoc(inspect.getmodule(machine.cls).__doc__ or ""),
        machine.version,
        machine.fingerprint,
        list(_types(machine)),
        [(name, _doc(check)) for name, check in machine.invariants.items()]
        + ([("check_invariants", _doc(machine.instance.check_invariants))] if machine.checks_invariants else []),
        [(name, _doc(check)) for name, check in machine.sometimes.items()],
        machine.encode_state(initial),
        format_value(initial),
    )


def _types(machine: Machine) -> Iterator[TypeLine]:
    roles = {
        "Input": machine.input_schema,
        "TrackedAction": machine.tracked_schema,
        "ActionResult": machine.result_schema,
        "UntrackedAction": machine.untracked_schema,
        "State": machine.state_schema,
    }
    seen: set[str] = set()
    for role, shape in roles.items():
        if shape is not None:
            for name, member in variants(shape).items():
                seen.add(name)
                yield _type(role, name, member)
    if machine.action_id_schema is not None:
        yield TypeLine("ActionId", schema_label(machine.action_id_schema), [], "")
    for name, kind in machine.schemas.classes.items():
        if name not in seen:
            yield _type("", name, machine.schemas.records.get(kind) or EnumSchema(kind, cls=kind))


def _type(role: str, name: str, shape: Schema) -> TypeLine:
    if isinstance(shape, RecordSchema):
        fields = [
            FieldLine(field.name, schema_label(field.schema), default_text(field.default)) for field in shape.fields
        ]
        return TypeLine(role, name, fields, _doc(shape.cls))
    if isinstance(shape, EnumSchema):
        return TypeLine(role, name, [FieldLine(member, "", "") for member in shape.cls.__members__], _doc(shape.cls))
    return TypeLine(role, schema_label(shape), [], "")


def _doc(owner: Any) -> str:
    """The first line of the docstring that the author wrote for a class or function; inherited ones do not count."""
    text = (vars(owner).get("__doc__") if isinstance(owner, type) else owner.__doc__) or ""
    generated = text.startswith(f"{getattr(owner, '__name__', '')}(")
    return "" if generated else inspect.cleandoc(text).partition("\n")[0]
