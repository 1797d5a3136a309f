"""Which type belongs at the end of a line."""

from collections.abc import Sequence
from dataclasses import dataclass

from fasm_cli.cli.prompt.tokens import Open
from fasm_cli.contract.state_machine import TrackedActionCompleted
from fasm_cli.engine.machine import Machine
from fasm_cli.types.description import default_text, schema_label
from fasm_cli.types.fields import REQUIRED
from fasm_cli.types.schema import CollectionSchema as Many
from fasm_cli.types.schema import DictSchema, Field, RecordSchema, Schema, TupleSchema, UnionSchema


@dataclass(frozen=True, slots=True)
class Argument:
    """A field of a call as it is told: `default` is source text, empty where the field must be given."""

    name: str
    type: str
    default: str

    @property
    def meta(self) -> str:
        return f"{self.type} = {self.default}" if self.default else self.type

    def __str__(self) -> str:
        return f"{self.name}: {self.meta}"


def record_of(machine: Machine, name: str) -> RecordSchema | None:
    """The fields of `name(`: those of a class of the machine, or of the one call that the REPL itself knows."""
    if name == TrackedActionCompleted.__name__:
        if machine.action_id_schema is None or machine.result_schema is None:
            return None
        fields = (Field("id", machine.action_id_schema, REQUIRED), Field("result", machine.result_schema, REQUIRED))
        return RecordSchema(TrackedActionCompleted, cls=TrackedActionCompleted, fields=fields)
    cls = machine.schemas.classes.get(name)
    return machine.schemas.records.get(cls) if cls is not None else None


def arguments(record: RecordSchema) -> list[Argument]:
    return [Argument(field.name, schema_label(field.schema), default_text(field.default)) for field in record.fields]


def current(record: RecordSchema, at: Open) -> Field | None:
    """The field that the end of the text is in; None where it is in none, as behind a keyword that does not exist."""
    if at.keyword:
        return next((field for field in record.fields if field.name == at.keyword), None)
    if at.given or at.position >= len(record.fields):  # a positional argument cannot follow a keyword
        return None
    return record.fields[at.position]


def expected(machine: Machine, root: Schema | None, stack: Sequence[Open]) -> Schema | None:
    """The shape of what is written next; `root` that of the whole value. None where anything or nothing may stand."""
    shape = root
    for each in stack:
        if each.name:
            record = record_of(machine, each.name)
            field = current(record, each) if record is not None else None
            shape = field.schema if field is not None else None
        else:
            shape = _inside(shape, each)
        if shape is None:
            return None
    return shape


def _inside(shape: Schema | None, at: Open) -> Schema | None:
    for member in shape.members.values() if isinstance(shape, UnionSchema) else (shape,):
        match member, at.bracket:
            case (Many(cls=kind, item=item), "[") if kind is list:
                return item
            case (Many(cls=kind, item=item), "(") if kind is tuple:
                return item
            case (Many(cls=kind, item=item), "{") if kind in (set, frozenset):
                return item
            case (TupleSchema(items=items), "(") if at.position < len(items):
                return items[at.position]
            case (DictSchema(key=key, value=value), "{"):
                return value if at.valued else key
    return None
