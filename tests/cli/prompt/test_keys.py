"""Keys and screens of a prompt in this process. Each move waits for the screen it should produce."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminals import Rendered

from fasm_cli.debugger.session import DebugSession
from fasm_cli.project.load import load
from fasm_cli.project.project import Project

UP, DOWN, LEFT, RIGHT = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C"
ALT_LEFT, ALT_RIGHT, ALT_ENTER, ESC = "\x1b[1;3D", "\x1b[1;3C", "\x1b\r", "\x1b"
F1, F2, F3, F4 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"
SHIFT_TAB = "\x1b[Z"
Drawn = Callable[..., Rendered]
Bench = Callable[..., DebugSession]


def line(text: str) -> Callable[[Rendered], bool]:
    """The line of the cursor is `text`."""
    return lambda drawn: drawn.last == text


def shown(*texts: str) -> Callable[[Rendered], bool]:
    """All of `texts` are on the screen."""
    return lambda drawn: all(text in drawn.text for text in texts)


def gone(text: str) -> Callable[[Rendered], bool]:
    return lambda drawn: text not in drawn.text


READY = ("", shown("F1 help"))


def test_tab_accepts_the_only_completion_and_executes_nothing(drawn: Drawn) -> None:
    screen = drawn()
    screen.play(
        READY, ("Rede\t", line("coffee_shop @0> RedeemPoints(")), ("\t", line("coffee_shop @0> RedeemPoints(points="))
    )
    assert screen.performed == []


def test_tab_inserts_the_common_prefix(drawn: Drawn) -> None:
    screen = drawn("coffee_shop", "RedeemPoints(10)")
    screen.play(READY, ("crash af\t", line("coffee_shop @1 ⧗1> crash after-")))


def test_the_menu_opens_while_typing_and_tab_or_enter_accept(drawn: Drawn) -> None:
    for key in ("\t", "\r"):
        screen = drawn()
        screen.play(
            READY,
            ("Re", shown("restore   ", "RedeemPoints(")),
            (DOWN, line("coffee_shop @0> RedeemPoints(")),
            (DOWN, line("coffee_shop @0> redeliver")),
            (UP + DOWN, line("coffee_shop @0> redeliver")),
            (key, gone("restore   ")),
        )
        assert screen.performed == []


def test_tab_opens_the_menu_and_a_second_tab_accepts(drawn: Drawn) -> None:
    screen = drawn("coffee_shop", "RedeemPoints(10)")
    screen.play(
        READY,
        ("complete 1.1 \t", line("coffee_shop @1 ⧗1> complete 1.1 Success(points_deducted=10)")),
        ("\t", gone("Refunded()")),
        ("\r", line("coffee_shop @2>")),
    )
    assert screen.performed == ["complete 1.1 Success(points_deducted=10)"]


def test_escape_closes_the_menu(drawn: Drawn) -> None:
    drawn().play(READY, ("re", shown("restore   ")), (ESC, gone("restore   ")))


def test_an_error_has_a_caret_while_typing(drawn: Drawn) -> None:
    screen = drawn()
    text = screen.play(READY, ("RedeemPoints(points=5000)", shown("^")))
    lines = text.splitlines()
    assert lines[0] == "coffee_shop @0> RedeemPoints(points=5000)"
    assert lines[1] == f"{'^'.rjust(lines[0].index('5000') + 1)} 5000 is not between 1 and 1000"
    assert screen.performed == []


def test_the_error_of_a_wrapped_line_is_below_it(drawn: Drawn) -> None:
    note = "x" * 60
    text = drawn(columns=60, rows=14).play(READY, (f"RedeemPoints(points='{note}')", shown("expected int")))
    lines = text.splitlines()
    assert lines[0].startswith("coffee_shop @0> RedeemPoints(points='xxx")
    assert "^" in lines[2]


def test_the_signature_is_shown_inside_a_call(drawn: Drawn) -> None:
    text = drawn().play(READY, ("RedeemPoints(", shown("RedeemPoints(points: int 1..1000)")))
    assert text.splitlines()[-2] == "RedeemPoints(points: int 1..1000)"


def test_brackets_and_alt_enter_continue_the_line(drawn: Drawn) -> None:
    screen = drawn()
    screen.play(READY, ("RedeemPoints(\r", line("")), ("points=7)\r", line("coffee_shop @1 ⧗1>")))
    assert screen.performed == ["RedeemPoints(\npoints=7)"]
    screen = drawn()
    screen.play(READY, (f"CancelOrder{ALT_ENTER}", line("")), ("crash\r", line("coffee_shop @2 crashed>")))
    assert screen.performed == ["CancelOrder\ncrash"]


def test_suggestions_and_search_come_from_the_history(drawn: Drawn, project: Path) -> None:
    history = project / ".fasm" / "history"
    history.parent.mkdir()
    drawn(history=history).play(
        READY, ("CancelOrder()\r", line("coffee_shop @1>")), ("crash\r", line("coffee_shop @2 crashed>"))
    )
    screen = drawn(history=history)
    screen.play(
        READY,
        ("Can", shown("CancelOrder()")),
        (RIGHT, line("coffee_shop @0> CancelOrder()")),
        ("\x15", line("coffee_shop @0>")),
        ("\x12cra", shown("crash")),
        ("\r", line("coffee_shop @0> crash")),
    )
    assert screen.performed == []
    screen.play(READY, (UP, line("coffee_shop @0> crash")), (UP, line("coffee_shop @0> CancelOrder()")))


def test_a_history_that_cannot_be_written_costs_nothing(drawn: Drawn, project: Path) -> None:
    history = project / ".fasm" / "history"
    history.mkdir(parents=True)
    screen = drawn(history=history)
    screen.play(READY, ("crash\r", line("coffee_shop @1 crashed>")))
    assert screen.faults == []


def test_back_and_forward_keep_the_typed_text(drawn: Drawn) -> None:
    screen = drawn("coffee_shop", "RedeemPoints(10)", "CancelOrder()")
    screen.play(
        READY,
        (f"Red{ALT_LEFT}", line("coffee_shop @1/2 ⧗1> Red")),
        (ALT_LEFT, line("coffee_shop @0/2> Red")),
    )
    assert screen.performed == ["back", "back"]


def test_f1_shows_help_for_the_typed_verb(drawn: Drawn) -> None:
    screen = drawn()
    screen.play(
        READY,
        (f"crash af{F1}", lambda drawn: drawn.last == "coffee_shop @0> crash af" and "> help crash" in drawn.text),
    )
    assert screen.performed == ["help crash"]


def test_the_state_pane_shows_the_current_state(drawn: Drawn) -> None:
    screen = drawn()
    screen.play(
        READY,
        (F2, shown("── state @0 ──", " points_balance      150")),
        ("RedeemPoints(100)\r", shown("── state @1 ──", " next_redemption_id  1 → 2")),
        (F2, gone("── state @1 ──")),
    )


def test_a_step_is_selected_in_the_timeline(drawn: Drawn) -> None:
    screen = drawn("coffee_shop", "RedeemPoints(10)", "CancelOrder()")
    screen.play(
        READY,
        (F3, shown("timeline 2/2", "* 2  CancelOrder()")),
        (F2, shown("timeline 2/2")),  # no key but its own goes past it
        (UP, shown("timeline 1/2")),
        (UP + UP, shown("timeline 0/2")),
        ("x", shown("timeline 0/2")),
        (DOWN, shown("timeline 1/2")),
        ("\r", line("coffee_shop @1/2 ⧗1>")),
    )
    assert screen.performed == ["goto 1"]
    screen.play(READY, (F3, shown("timeline 1/2")), (ESC, gone("timeline 1/2")))


def test_vi_and_emacs(drawn: Drawn) -> None:
    drawn(columns=120).play(
        READY, (F4, shown("F4 emacs")), (f"pending{ESC}0", shown("pending")), ("x", line("coffee_shop @0> ending"))
    )


def test_ctrl_c_clears_the_line_and_ctrl_d_leaves(drawn: Drawn) -> None:
    screen = drawn()
    screen.play(READY, ("frob\x03", line("coffee_shop @0>")), ("crash\r", line("coffee_shop @1 crashed>")))
    assert screen.performed == ["crash"]


def test_several_lines_pasted_at_once(drawn: Drawn) -> None:
    screen = drawn()
    screen.play(READY, ("\x1b[200~CancelOrder()\ncrash\n\x1b[201~", shown("crash")))
    assert screen.performed == []  # a paste is not run by itself


def test_without_utf8(drawn: Drawn) -> None:
    screen = drawn("coffee_shop", "RedeemPoints(10)", encoding="ascii")
    text = screen.play(READY, (F2, shown("-- state @1 --")), ("complete 1.1 ", shown("Pending()")))
    assert "coffee_shop @1 pending 1> complete 1.1" in text
    text.encode("ascii")


MANY_KINDS = """
@dataclass
class Note:
    kind: Annotated[str, OneOf("a", "b", "c", "d")]
    text: Annotated[str, OneOf("x" * 70)] = "x" * 70
"""


def test_shortened_text_is_marked_without_utf8(drawn: Drawn, machine: Callable[..., None], project: Path) -> None:
    machine("notes", stf="pass", top=f"from fasm_cli import OneOf\n{MANY_KINDS}")
    path = project / "machines" / "notes.py"
    path.write_text(path.read_text().replace("Input = Add", "Input = Add | Note"))
    text = drawn("notes", encoding="ascii").play(READY, ("Note(", shown("Note(kind: str of 'a', 'b', 'c', ...")))
    assert "?" not in text


def test_errors_while_typing_are_reported_once(
    drawn: Drawn, machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("brittle", more="@invariant\ndef always(self, state):\n    return state.n < 3\n")
    screen = drawn("brittle")
    bench = screen.bench

    def broken(*_: Any) -> Any:
        raise RuntimeError("nothing to see")

    for name in (
        "panes.status_items",
        "line_parser.find_error",
        "line_parser.find_signature",
        "completion.candidates",
        "toolkit.colour_line",
        "session.prompt_parts",
    ):
        module, _, function = name.partition(".")
        monkeypatch.setattr(f"fasm_cli.cli.prompt.{module}.{function}", broken)
    screen.play(
        ("", lambda drawn: drawn.last.startswith(">")),
        ("Add(\t)\r", lambda _: bench.timeline.head == 1),
        ("Add(", lambda drawn: drawn.last.startswith("> Add(")),
    )
    places = sorted(place for place, _ in screen.faults)
    assert (
        places
        == sorted(set(places))
        == ["checking", "colours", "completion", "the prompt", "the signature", "the status bar"]
    )


def test_output_of_a_constructor_is_discarded(
    drawn: Drawn, machine: Callable[..., None], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine("loud", top="")
    path = project / "machines" / "loud.py"
    path.write_text(
        path.read_text().replace("class Add:\n", "class Add:\n    def __post_init__(self):\n        print('LOUD')\n")
    )
    drawn("loud").play(READY, ("Add(3)", line("loud @0> Add(3)")))
    assert "LOUD" not in "".join(capsys.readouterr())


def test_the_editor(drawn: Drawn, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = project / "editor"
    editor.write_text("#!/bin/sh\necho 'RedeemPoints(points=7)' > \"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    screen = drawn()
    screen.play(READY, ("\x18\x05", line("coffee_shop @1 ⧗1>")))
    assert screen.performed == ["RedeemPoints(points=7)"]
    assert os.access(editor, os.X_OK)


def test_a_report_that_cannot_be_rendered_does_not_end_the_repl(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Any) -> Any:
        raise RuntimeError("no text for that")

    monkeypatch.setattr("fasm_cli.cli.render.writer.render", broken)
    screen = drawn()
    screen.play(READY, ("crash\r", shown("RuntimeError: no text for that")), ("x", line("coffee_shop @1 crashed> x")))


def test_an_error_that_cannot_be_drawn_does_not_end_the_repl(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fasm_cli.cli.prompt.panes.draw_error", lambda *_: 1 / 0)
    screen = drawn()
    screen.play(READY, ("RedeemPoints(5000)", line("coffee_shop @0> RedeemPoints(5000)")))
    assert [(place, str(error)) for place, error in screen.faults] == [("the error", "division by zero")]


def test_the_state_pane_shows_the_rows_of_a_database(drawn: Drawn, project: Path) -> None:
    """A row a line, with what changed in it; one that came, one that is gone, and a table without any."""
    screen = drawn(DebugSession.fresh(load(Project(project), "booking_db")), columns=110)
    screen.play(
        READY,
        (F2, shown(" db.bookings ", " takings      0")),
        ("Book(8, 'eve')\r", shown(" db.bookings[8]  nothing → {'seat': 8, ")),
        ("Book(3, 'ann')\r", shown(" db.bookings[8]  seat 8  charge 1  guest 'eve'  status 'held'")),
        ("complete 1 Paid()\r", shown(" db.bookings[8]  .status 'held' → 'paid'")),
        ("complete 2 Declined('no')\r", shown(" db.bookings[3]  {'seat': 3, ", "'held'} → nothing")),
        ("pending\r", line("booking_db @4>")),
    )
