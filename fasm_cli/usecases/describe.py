"""`fasm list` and `fasm describe`."""

import inspect
from collections.abc import Iterator
from typing import Any

from fasm_cli.engine.machine import Machine, input_types
from fasm_cli.project.project import Project
from fasm_cli.reports.reports import Description, FieldLine, MachineLine, Machines, TypeLine
from fasm_cli.types.codec import Shape, render
from fasm_cli.types.schema import Member, Record
from fasm_cli.types.type_text import default_text, shape_text


def listed(project: Project) -> Machines:
    """The machines of this project; none is imported."""
    items = [MachineLine(found.name, found.cls, found.summary) for found in project.listed()]
    return Machines(items, project.shown(project.machines))


def describe(machine: Machine) -> Description:
    """What a machine takes, emits and promises."""
    initial = machine.initial()
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
        render(initial),
    )


def _types(machine: Machine) -> Iterator[TypeLine]:
    roles = {
        "Input": machine.input,
        "TrackedAction": machine.tracked,
        "ActionResult": machine.result,
        "UntrackedAction": machine.untracked,
        "State": machine.state,
    }
    met: set[str] = set()
    for role, shape in roles.items():
        if shape is not None:
            for name, member in input_types(shape).items():
                met.add(name)
                yield _type(role, name, member)
    if machine.action_id is not None:
        yield TypeLine("ActionId", shape_text(machine.action_id), [], "")
    for name, kind in machine.shapes.members.items():
        if name not in met:
            yield _type("", name, machine.shapes.records.get(kind) or Member(kind, cls=kind))


def _type(role: str, name: str, shape: Shape) -> TypeLine:
    if isinstance(shape, Record):
        fields = [FieldLine(field.name, shape_text(field.shape), default_text(field.default)) for field in shape.fields]
        return TypeLine(role, name, fields, _doc(shape.cls))
    if isinstance(shape, Member):
        return TypeLine(role, name, [FieldLine(member, "", "") for member in shape.cls.__members__], _doc(shape.cls))
    return TypeLine(role, shape_text(shape), [], "")


def _doc(owner: Any) -> str:
    """The first line of what the author wrote about a class or a method: not what it inherits or is generated."""
    text = (vars(owner).get("__doc__") if isinstance(owner, type) else owner.__doc__) or ""
    generated = text.startswith(f"{getattr(owner, '__name__', '')}(")
    return "" if generated else inspect.cleandoc(text).partition("\n")[0]
