"""`fasm repl`: where its lines come from."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from fasm_cli.app import sessions
from fasm_cli.app.reports import Message
from fasm_cli.app.workbench import Workbench
from fasm_cli.core.errors import UsageError
from fasm_cli.shell.cli_base import FINDING, ByHand, Db, Exit, JsonFlag, app, project, writing
from fasm_cli.shell.repl_script import Manner, run_script
from fasm_cli.shell.writer import Output, Text

TYPED = "-c"
PIPED = "standard input"


@app.verb(
    "fasm repl coffee_shop",
    "fasm repl coffee_shop -c 'RedeemPoints(points=100)' -c crash -c restore -c pending",
    "printf 'RedeemPoints(points=100)\\ncrash\\nrestore\\npending\\n' | fasm repl coffee_shop",
)
def repl(
    target: Annotated[str, typer.Argument(metavar="TARGET|SESSION", help="A machine, or a session to go on with.")],
    commands: Annotated[
        list[str] | None, typer.Option(TYPED, metavar="LINE", help="Perform this line; may be repeated.")
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", metavar="FILE", help="Perform the lines of this file.")] = None,
    echo: Annotated[bool, typer.Option("--echo", help="Write each line before what comes of it.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Whatever goes wrong; exit with the worst.")] = False,
    check: Annotated[
        Path | None, typer.Option("--check-transcript", metavar="FILE", help="Compare with what comes out now.")
    ] = None,
    update: Annotated[
        Path | None, typer.Option("--update-transcript", metavar="FILE", help="Write what comes out now into FILE.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Reload the machine when its file was written.")] = False,
    session: Annotated[str, typer.Option("--session", metavar="FILE", help="Keep the steps in this session.")] = "",
    machine: ByHand = "",
    db: Db = "",
    json: JsonFlag = False,
) -> None:
    """Step a machine at a prompt, or by lines of -c, -f or a pipe."""
    if check is not None and update is not None:
        raise UsageError("--check-transcript and --update-transcript are two things", "give one of them")
    with writing("repl", json) as output:
        here = project(db)
        workbench, dropped = sessions.open_target(here, target, session, machine)
        if dropped:
            output.note(dropped)
        workbench.memo.watching = watch
        manner = Manner(echo, keep_going)
        with workbench:
            if check is not None or update is not None:
                code = transcript(workbench, check, update, output)
            elif commands or file is not None:
                dress(output, workbench)
                code = run_script(workbench, commands or [], output, TYPED, manner)
                if file is not None and (keep_going or not code):
                    code = run_script(workbench, lines_of(file), output, str(file), manner) or code
            else:
                code = converse(workbench, output, manner)
    if code:
        raise Exit(code)


def converse(workbench: Workbench, output: Output, manner: Manner) -> int:
    """Lines from the prompt, or from a pipe; gives the exit code."""
    dress(output, workbench)
    if isinstance(output, Text) and sys.stdin is not None and sys.stdin.isatty():
        from fasm_cli.shell.repl import run_prompt  # no other verb draws

        run_prompt(workbench, output, workbench.project.root / ".fasm" / "history")
        return 0
    return run_script(workbench, decoded(sys.stdin, PIPED), output, PIPED, manner)


def dress(output: Output, workbench: Workbench) -> None:
    """Let `set` decide how reports are written; a JSON document is one whatever it says."""
    if isinstance(output, Text):
        output.settings = workbench.memo.settings


def transcript(workbench: Workbench, check: Path | None, update: Path | None, output: Output) -> int:
    """Compare a transcript, or write it anew; gives the exit code."""
    from fasm_cli.shell.repl_transcript import difference, rewrite

    if update is not None:
        written = rewrite(workbench, update)
        output.report(Message([f"{update} {'was written anew' if written else 'says what comes out'}"]))
        return 0
    assert check is not None
    told = difference(workbench, check)
    output.report(Message(told.splitlines() or [f"{check} says what comes out"]))
    return FINDING if told else 0


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a file. Raises `UsageError`."""
    try:
        with path.open(encoding="utf-8") as file:
            yield from decoded(file, str(path))
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", "-f takes a text file, one line after another"
        ) from None


def decoded(stream: TextIO | None, name: str) -> Iterator[str]:
    """The lines of a stream as they come. Raises `UsageError` where it is not text."""
    if stream is None:
        return
    try:
        for line in stream:
            yield line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8: {error.reason}") from None
