"""Whole screens of the prompt; `python tests/cli/prompt/test_screens.py` rewrites them.

Each file under `screens/` holds the screens of one terminal size and encoding.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))  # when this is run by itself
from terminals import Rendered

from fasm_cli.cli.prompt.style import INK, STYLE
from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table of verbs
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.engine import Engine
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project

ROOT = Path(__file__).parents[3]
SCREENS = Path(__file__).parent / "screens"
SIZES = {
    "60x14": (60, 14, "utf-8"),
    "80x24": (80, 24, "utf-8"),
    "120x40": (120, 40, "utf-8"),
    "ascii": (80, 24, "ascii"),
}
DOWN, UP, F2, F3 = "\x1b[B", "\x1b[A", "\x1bOQ", "\x1bOR"

Move = tuple[str, Callable[[Rendered], bool]]


def shown(*texts: str) -> Callable[[Rendered], bool]:
    return lambda drawn: all(text in drawn.text for text in texts)


SCENES: dict[str, tuple[tuple[str, ...], list[Move]]] = {
    "what may be typed": ((), [("re", shown("restore   ", "redeliver"))]),
    "inside a call": ((), [("Rede\t", shown("points=  int 1..1000", "RedeemPoints(points"))]),
    "a fault while typing": ((), [("RedeemPoints(points=5000)", shown("^"))]),
    "the results of an action": (
        ("RedeemPoints(points=100)",),
        [("complete 1.1 ", shown("Refunded()")), (DOWN, shown("complete 1.1 Success(points_deducted=100)"))],
    ),
    "the state": (("RedeemPoints(points=100)", "CancelOrder()"), [(F2, shown("state @2"))]),
    "the timeline": (
        ("RedeemPoints(points=100)", "RedeemPoints(points=5)", "CancelOrder()"),
        [(F3, shown("3/3")), (UP, shown("2/3"))],
    ),
}


def screens(name: str) -> Iterator[tuple[str, Rendered]]:
    columns, rows, encoding = SIZES[name]
    machine = import_machine(Project(ROOT), "coffee_shop")
    for scene, (inputs, moves) in SCENES.items():
        bench = DebugSession.fresh(Engine(machine))
        bench.machine.reference = "coffee_shop"
        for text in inputs:
            bench.submit(text)
        drawn = Rendered(bench, columns, rows, encoding)
        drawn.play(("", shown("not saved")), *moves)
        yield scene, drawn


def framed(name: str) -> str:
    """Every screen of a terminal, each in a frame."""
    columns = SIZES[name][0]
    edge = f"+{'-' * columns}+"
    parts = []
    for scene, drawn in screens(name):
        lines = [f"|{line}|" for line in drawn.final_lines]
        parts.append("\n".join([scene, edge, *lines, edge, ""]))
    return "\n".join(parts)


@pytest.mark.parametrize("name", SIZES)
def test_screens(name: str) -> None:
    assert framed(name) == (SCREENS / f"{name}.txt").read_text(encoding="utf-8")


def test_ascii_is_ascii() -> None:
    assert (SCREENS / "ascii.txt").read_text(encoding="utf-8").isascii()


@pytest.mark.parametrize("plain", [True, False])
def test_no_color_still_shows_the_selection(plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1" if plain else "")
    bench = DebugSession.fresh(Engine(import_machine(Project(ROOT), "coffee_shop")))
    drawn = Rendered(bench)
    drawn.play(
        ("", shown("not saved")),
        ("re", shown("restore   ")),
        (DOWN + DOWN, lambda drawn: drawn.last.endswith("restore")),
    )
    cells = [cell for row in drawn.final_cells for cell in row]
    assert all(cell.fg == cell.bg == "default" for cell in cells) is plain
    if plain:
        assert "restore" in "".join(cell.data for cell in cells if cell.reverse)


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2, 0 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_are_readable_on_black_and_on_white() -> None:
    for name, colour in INK.items():
        assert min(contrast(colour, "#000000"), contrast(colour, "#ffffff")) >= 3.5, name
    for name, style in STYLE.items():
        grounds = [word.removeprefix("bg:") for word in style.split() if word.startswith("bg:")]
        inks = [word for word in style.split() if word.startswith("#")]
        assert all(contrast(ground, ink) >= 4.5 for ground in grounds for ink in inks), name


if __name__ == "__main__":
    os.chdir(ROOT)
    SCREENS.mkdir(exist_ok=True)
    for each in SIZES:
        (SCREENS / f"{each}.txt").write_text(framed(each), encoding="utf-8")
