"""Declared types, as far as a rule needs them: annotations are taken apart as syntax, aliases of the module followed.

Where there is doubt there is no type, and no rule that depends on one speaks.
"""

import ast

from fasm_cli.lint.module import Class, Module, dotted_text

SETS = frozenset({"set", "frozenset", "Set", "FrozenSet", "AbstractSet", "MutableSet"})
DICTS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict", "DefaultDict", "Counter"})
SEQUENCES = frozenset(
    {"list", "List", "deque", "Deque", "Sequence", "MutableSequence", "Iterable", "Iterator", "Collection"}
)
MUTABLE = (SETS | DICTS | SEQUENCES | {"bytearray"}) - {
    "frozenset",
    "FrozenSet",
    "Mapping",
    "Sequence",
    "Iterable",
    "Iterator",
    "Collection",
    "AbstractSet",
}
WRAPPERS = frozenset({"Annotated", "Optional", "Final", "ClassVar", "Required", "NotRequired"})

SET = ast.Name("set", ast.Load())


def members(module: Module, annotation: ast.expr | None, depth: int = 0) -> list[ast.expr]:
    """The members of a type, None left out: `A | None` is `[A]`; aliases, strings and Annotated are seen through."""
    if annotation is None or depth > 12:
        return []
    if isinstance(annotation, ast.Constant):
        if not isinstance(annotation.value, str):
            return []
        try:
            return members(module, ast.parse(annotation.value, mode="eval").body, depth + 1)
        except SyntaxError:
            return []
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return [*members(module, annotation.left, depth + 1), *members(module, annotation.right, depth + 1)]
    if isinstance(annotation, ast.Subscript):
        name = head(annotation)
        if name == "Union" and isinstance(annotation.slice, ast.Tuple):
            return [each for part in annotation.slice.elts for each in members(module, part, depth + 1)]
        if name in WRAPPERS:
            inner = annotation.slice
            first = inner.elts[0] if isinstance(inner, ast.Tuple) and name == "Annotated" else inner
            return members(module, first, depth + 1)
    if isinstance(annotation, ast.Name) and annotation.id in module.values:
        return members(module, module.values[annotation.id], depth + 1)
    return [annotation]


def head(annotation: ast.expr) -> str:
    """`set` of `set[int]`, `Set` of `typing.Set[int]`."""
    return dotted_text(annotation).rpartition(".")[2]


def only(module: Module, annotation: ast.expr | None) -> ast.expr | None:
    """The one member of a type, None where there are several."""
    found = members(module, annotation)
    return found[0] if len(found) == 1 else None


def is_set(module: Module, annotation: ast.expr | None) -> bool:
    found = only(module, annotation)
    return found is not None and head(found) in SETS


def is_dict(module: Module, annotation: ast.expr | None) -> bool:
    found = only(module, annotation)
    return found is not None and head(found) in DICTS


def mutable(module: Module, annotation: ast.expr | None) -> bool:
    """Whether a value of this type can be changed; false where it is not known."""
    for each in members(module, annotation):
        cls = module.classes.get(each.id) if isinstance(each, ast.Name) else None
        if cls is not None:
            names = ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "NamedTuple")
            if cls.fields and not cls.frozen and not any(module.derives(cls, name) for name in names):
                return True
        elif head(each) in MUTABLE or (head(each) == "tuple" and any(mutable(module, it) for it in arguments(each))):
            return True
    return False


def class_of(module: Module, annotation: ast.expr | None) -> Class | None:
    found = only(module, annotation)
    return module.classes.get(found.id) if isinstance(found, ast.Name) else None


def arguments(annotation: ast.expr) -> list[ast.expr]:
    """`[int, str]` of `dict[int, str]`."""
    if not isinstance(annotation, ast.Subscript):
        return []
    return list(annotation.slice.elts) if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]


def element(module: Module, annotation: ast.expr | None) -> ast.expr | None:
    """What a loop over it gives."""
    found = only(module, annotation)
    parts = arguments(found) if found is not None else []
    if found is None or not parts:
        return None
    name = head(found)
    if name in SETS or name in SEQUENCES or name in DICTS:
        return parts[0]
    if name == "tuple" and len(parts) == 2 and isinstance(parts[1], ast.Constant):
        return parts[0]
    return None


def item(module: Module, annotation: ast.expr | None, key: ast.expr | None = None) -> ast.expr | None:
    """What `x[key]` gives."""
    found = only(module, annotation)
    parts = arguments(found) if found is not None else []
    if found is None or not parts or isinstance(key, ast.Slice):
        return found if isinstance(key, ast.Slice) else None
    name = head(found)
    if name in DICTS:
        return parts[1] if len(parts) > 1 else None
    if name == "tuple" and isinstance(key, ast.Constant) and isinstance(key.value, int):
        return parts[key.value] if -len(parts) <= key.value < len(parts) else None
    return parts[0] if name in SEQUENCES else None


def text_of(annotation: ast.expr) -> str:
    """The annotation as text, whether it stands in quotes or not."""
    quoted = isinstance(annotation, ast.Constant) and isinstance(annotation.value, str)
    return str(annotation.value) if quoted else ast.unparse(annotation)  # type: ignore[attr-defined]


def sequence_of(annotation: ast.expr | None) -> ast.expr:
    name = ast.Name("list", ast.Load())
    return name if annotation is None else ast.Subscript(name, annotation, ast.Load())


def pair_of(first: ast.expr, second: ast.expr) -> ast.expr:
    return ast.Subscript(ast.Name("tuple", ast.Load()), ast.Tuple([first, second], ast.Load()), ast.Load())
