"""Completion in the prompt: what could stand at the end of the text so far."""

import re
from collections.abc import Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from fasm_cli.app.workbench import Workbench
from fasm_cli.core.codec.shape import Record, Shape
from fasm_cli.core.event import Point
from fasm_cli.core.machine import Machine, input_types
from fasm_cli.shell.repl_verbs import VERBS

OPEN_CALL = re.compile(r"([^\W\d]\w*)\(([^()]*)\Z")


def candidates(workbench: Workbench, text: str) -> tuple[str, list[str]]:
    """The word being typed at the end of `text`, and everything that may stand in its place."""
    machine = workbench.machine
    call = OPEN_CALL.search(text)
    if call:
        return _fields(machine, call[1], call[2])
    words = text.lstrip().split(" ")
    word = words[-1]
    inputs = _calls(machine.input)
    if len(words) == 1:
        return word, [*inputs, *VERBS]
    match words[0]:
        case "step" | "try":
            return word, inputs if len(words) == 2 else []
        case "complete" if len(words) == 2:
            return word, _handles(workbench)
        case "complete" if len(words) == 3 and machine.result is not None:
            return word, _calls(machine.result)
        case "drop" if len(words) == 2:
            return word, _handles(workbench)
        case "crash" if len(words) == 2:
            return word, list(Point)
        case "fault" if len(words) == 2:
            return word, [str(failure) for failure in machine.failures]
        case "help" if len(words) == 2:
            return word, list(VERBS)
        case "goto" if len(words) == 2:
            return word, [str(n) for n in [0, *workbench.timeline.records]]
    return word, []


def _handles(workbench: Workbench) -> list[str]:
    return [str(each.ref) for each in workbench.timeline.now.pending.values()]


def _calls(shape: Shape) -> list[str]:
    return [
        f"{name}(" if isinstance(each, Record) and each.fields else f"{name}()"
        for name, each in input_types(shape).items()
    ]


def _fields(machine: Machine, name: str, given: str) -> tuple[str, list[str]]:
    """The fields of `name(` that are not given yet."""
    record = machine.shapes.records.get(machine.shapes.members.get(name, object))
    *before, last = given.split(",")
    if record is None or "=" in last:
        return "", []
    known = {argument.partition("=")[0].strip() for argument in before}
    return last.lstrip(), [f"{field.name}=" for field in record.fields if field.name not in known]


class LineCompleter(Completer):
    """`candidates` for prompt_toolkit."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        word, options = candidates(self._workbench, document.text_before_cursor)
        for option in options:
            if option.lower().startswith(word.lower()):
                yield Completion(str(option), start_position=-len(word))
