"""The private interfaces of CPython work on this interpreter, and their fallbacks work without them."""

import ctypes
import sys
from collections import deque
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from fasm_cli.purity.patches import is_initializing, set_type_attribute


def test_a_module_that_runs_its_body_is_initializing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_made.py").write_text(
        "import sys\nfrom fasm_cli.purity.patches import is_initializing\n"
        "during = is_initializing(sys.modules[__name__])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module = __import__("half_made")
    monkeypatch.delitem(sys.modules, "half_made")
    assert module.during is True
    assert is_initializing(module) is False


@pytest.mark.parametrize("spec", [None, ModuleSpec("other", None), SimpleNamespace()])
def test_a_module_without_the_private_attribute_counts_as_complete(spec: Any) -> None:
    module = ModuleType("other")
    module.__spec__ = spec
    assert is_initializing(module) is False


def test_a_method_of_a_c_type_is_replaced_and_restored() -> None:
    items, original = deque([1, 2]), vars(deque)["reverse"]
    items.reverse()  # fills the method cache of the type
    with pytest.raises(TypeError):
        deque.reverse = None  # type: ignore[method-assign,assignment]
    assert set_type_attribute(deque, "reverse", lambda self: "wrapped")
    try:
        assert items.reverse() == "wrapped"
    finally:
        assert set_type_attribute(deque, "reverse", original)
    items.reverse()
    assert list(items) == [1, 2]


@pytest.mark.parametrize("missing", ["ctypes", "PyType_Modified", "dictionary"])
def test_without_the_interface_a_c_type_is_left_alone(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original = vars(deque)["reverse"]
    if missing == "ctypes":
        monkeypatch.setitem(sys.modules, "ctypes", None)
    elif missing == "PyType_Modified":
        monkeypatch.setattr(ctypes, "pythonapi", SimpleNamespace())
    else:
        monkeypatch.setattr("fasm_cli.purity.patches.gc.get_referents", lambda proxy: [])
    assert set_type_attribute(deque, "reverse", lambda self: "wrapped") is False
    monkeypatch.undo()
    assert vars(deque)["reverse"] is original
