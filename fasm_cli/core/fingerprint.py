"""One text for everything a machine's stored values depend on, and the differences between two such texts."""

from collections.abc import Iterator, Mapping

from fasm_cli.core.codec.shape import Choice, Fixed, Member, Nothing, Plain, Record, Relations, Sequence, Shape
from fasm_cli.core.codec.shape import Mapping as DictShape


def fingerprint(types: Mapping[str, Shape | None]) -> str:
    """A line for each associated type, then one for each class they reach; field by field, in order."""
    classes: dict[str, str] = {}
    lines = [f"{name} = {type_text(shape, classes) if shape is not None else 'None'}" for name, shape in types.items()]
    return "\n".join([*lines, *(f"{name}: {text}" for name, text in sorted(classes.items()))])


def type_text(shape: Shape, classes: dict[str, str] | None = None) -> str:
    """The type as its author would write it; classes it reaches are described into `classes`."""
    text = _text(shape, {} if classes is None else classes)
    return f"{text}{''.join(f' {limit}' for limit in shape.constraints)}"


def _text(shape: Shape, classes: dict[str, str]) -> str:
    match shape:
        case Nothing():
            return "None"
        case Plain(scalar=scalar):
            return scalar.cls.__name__
        case Member(cls=kind):
            classes.setdefault(kind.__name__, " | ".join(kind.__members__))
            return kind.__name__
        case Record(cls=kind):
            if kind.__name__ not in classes:
                classes[kind.__name__] = ""  # it may contain itself
                classes[kind.__name__] = ", ".join(_fields(shape, classes))
            return kind.__name__
        case Sequence(cls=kind, item=item):
            return f"{kind.__name__}[{type_text(item, classes)}{', ...' if kind is tuple else ''}]"
        case Fixed(items=items):
            return f"tuple[{', '.join(type_text(item, classes) for item in items)}]"
        case DictShape(key=key, value=value):
            return f"dict[{type_text(key, classes)}, {type_text(value, classes)}]"
        case Relations():
            return "Database"
        case Choice(members=members):
            return " | ".join(type_text(member, classes) for member in members.values())
    raise AssertionError(f"no text for {shape}")


def _fields(shape: Record, classes: dict[str, str]) -> Iterator[str]:
    for field in shape.fields:
        yield f"{field.name}: {type_text(field.shape, classes)}"
