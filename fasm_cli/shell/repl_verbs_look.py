"""Verbs that look and change nothing."""

from fasm_cli.app import machines
from fasm_cli.app.reports import Message, Report
from fasm_cli.app.workbench import Workbench
from fasm_cli.shell.repl_verb import nothing_after, verb


@verb(
    "inputs",
    "the inputs of this machine, with their fields",
    examples=("inputs",),
    related=("describe", "try"),
)
def _inputs(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "inputs")
    told = machines.describe(workbench.machine)
    lines = []
    for kind in told.types:
        if kind.role == "Input":
            fields = (
                f"{field.name}: {field.type}{f' = {field.default}' if field.default else ''}" for field in kind.fields
            )
            lines.append(f"{kind.name}({', '.join(fields)})")
    return Message(lines)


@verb(
    "pending",
    "the tracked actions that have no accepted result, oldest first",
    examples=("pending",),
    related=("complete", "drop", "restore"),
)
def _pending(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "pending")
    return workbench.pending()


@verb("state", "the committed state", examples=("state",))
def _state(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "state")
    return workbench.state()


@verb("describe", "what this machine takes, emits and promises", examples=("describe",), related=("inputs",))
def _describe(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "describe")
    return machines.describe(workbench.machine)
