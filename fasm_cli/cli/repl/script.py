"""Lines that nobody types: performed one after the other, up to the first that goes wrong."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fasm_cli.cli.render.writer import Output
from fasm_cli.cli.repl.execute import execute_with_reload
from fasm_cli.cli.repl.lines import logical_lines
from fasm_cli.cli.repl.registry import Quit
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import FasmError
from fasm_cli.reports.report import FINDING, INTERRUPTED

PROMPT, MORE = "> ", "... "  # how a line, and what belongs to it, is echoed
EXPECTS_A_FINDING = re.compile(r"\s*expect\s+(defect|broken)\b")


@dataclass(frozen=True, slots=True)
class ScriptOptions:
    """How lines are performed: written before what comes of them, and gone on with whatever goes wrong."""

    echo: bool = False
    keep_going: bool = False


def run_script(
    workbench: DebugSession, lines: Iterable[str], output: Output, name: str, manner: ScriptOptions = ScriptOptions()
) -> int:
    """Perform the `lines` of `name` until the first error, or finding that the next line does not expect; gives the
    exit code, with `keep_going` the worst of all."""
    from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table; a prompt does that when it is drawn

    worst = 0
    waiting = logical_lines(lines)
    ahead: tuple[int, str] | None = None
    while (numbered := ahead or next(waiting, None)) is not None:
        ahead = None
        number, line = numbered
        if manner.echo:
            output.echo(echoed(line))
        try:
            found = 0
            for report in execute_with_reload(workbench, line):
                output.report(report)
                found = len(report.all_findings())
                if report.exit_code() == INTERRUPTED:
                    return INTERRUPTED
        except Quit:
            return worst
        except FasmError as error:
            output.fail(error, line.strip(), f"{name}, line {number}")
            worst = worst or error.exit_code
            if not manner.keep_going:
                return worst
            continue
        if found:
            ahead = next((each for each in waiting if each[1].strip()), None)
            if ahead is None or not EXPECTS_A_FINDING.match(ahead[1]):
                worst = FINDING
                if not manner.keep_going:
                    return worst
    return worst


def echoed(line: str) -> list[str]:
    """A line as it would stand at a prompt."""
    first, *rest = line.strip().split("\n")
    return [f"{PROMPT}{first}", *(f"{MORE}{part}" for part in rest)]


def commands_in(lines: Iterable[str]) -> Iterator[str]:
    """The lines that a transcript's prompts show, whole."""
    held: list[str] = []
    for line in lines:
        if line.startswith(PROMPT):
            yield from ["\n".join(held)] if held else []
            held = [line.removeprefix(PROMPT)]
        elif line.startswith(MORE) and held:
            held.append(line.removeprefix(MORE))
        elif held:
            yield "\n".join(held)
            held = []
    yield from ["\n".join(held)] if held else []
