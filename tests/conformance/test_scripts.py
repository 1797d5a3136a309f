"""The same script for the same machine prints the same bytes on every store."""

import io

import pytest

from fasm_cli.cli.render.writer import TerminalWriter
from fasm_cli.cli.repl.script import run_script
from fasm_cli.debugger.session import DebugSession

SCRIPTS = {
    "coffee_shop": """
        RedeemPoints(points=100)
        RedeemPoints(points=100)
        fault commit
        CancelOrder()
        crash
        restore
        complete 1 Success(points_deducted=100)
        state
        back 3
        state
        log
    """,
    "booking_db": """
        Book(seat=1, guest="ann")
        Book(seat=1, guest="bob")
        fault disconnect 1
        Book(seat=2, guest="bob")
        Book(seat=2, guest="bob")
        crash before-commit
        complete 2 Paid()
        restore
        complete 2 Paid()
        try GiveBack(seat=2)
        fault cancel 2
        complete 1 Declined("no money")
        state
        back 4
        complete 1 Declined("no money")
        pending
        log
        state
    """,
}


def printed(engine, script):
    out = io.StringIO()
    output = TerminalWriter()
    output.stream = out
    code = run_script(DebugSession.fresh(engine), [line.strip() for line in script.splitlines()], output, "script")
    output.done()
    assert code == 0
    return out.getvalue()


def test_a_script_over_a_plain_state(at, database):
    script = SCRIPTS["coffee_shop"]
    assert printed(at("coffee_shop", database).engine, script) == printed(at("coffee_shop", "memory").engine, script)


@pytest.mark.parametrize("name", ["booking_db"])
def test_a_script_over_tables(at, database, name):
    text = printed(at(name, database).engine, SCRIPTS[name])
    assert text == printed(at(name, "sqlite").engine, SCRIPTS[name])
    assert "#6 crash before-commit" in text
