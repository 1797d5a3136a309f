"""Completion in the prompt: what could stand at the end of the text so far."""

from collections.abc import Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from fasm_cli.app.workbench import Workbench
from fasm_cli.core.codec.shape import Record
from fasm_cli.core.event import Failure, Point
from fasm_cli.core.machine import input_types
from fasm_cli.shell.commands import VERBS


def candidates(workbench: Workbench, text: str) -> tuple[str, list[str]]:
    """The word being typed at the end of `text`, and everything that may stand in its place."""
    words = text.lstrip().split(" ")
    word = words[-1]
    machine = workbench.machine
    inputs = [_call(name, shape) for name, shape in input_types(machine.input).items()]
    if len(words) == 1:
        return word, [*inputs, *VERBS]
    match words[0]:
        case "step" | "try":
            return word, inputs if len(words) == 2 else []
        case "complete" if len(words) == 2:
            return word, [str(each.ref) for each in workbench.timeline.now.pending.values()]
        case "complete" if len(words) == 3 and machine.result is not None:
            return word, [_call(name, shape) for name, shape in input_types(machine.result).items()]
        case "drop" if len(words) == 2:
            return word, [str(each.ref) for each in workbench.timeline.now.pending.values()]
        case "crash" if len(words) == 2:
            return word, list(Point)
        case "fault" if len(words) == 2:
            return word, list(Failure)
        case "help" if len(words) == 2:
            return word, list(VERBS)
        case "goto" if len(words) == 2:
            return word, [str(n) for n in [0, *workbench.timeline.records]]
    return word, []


def _call(name: str, shape: object) -> str:
    return f"{name}(" if isinstance(shape, Record) and shape.fields else f"{name}()"


class LineCompleter(Completer):
    """`candidates` for prompt_toolkit."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        word, options = candidates(self._workbench, document.text_before_cursor)
        for option in options:
            if option.lower().startswith(word.lower()):
                yield Completion(str(option), start_position=-len(word))
