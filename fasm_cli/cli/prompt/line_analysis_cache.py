"""What is known of the line in the buffer and of where the session stands, worked out once for each and then kept.

The modules that look at text are imported with the first key: the prompt is on the screen before.
"""

from typing import TYPE_CHECKING

from fasm_cli.cli.prompt.error_boundary import ErrorBoundary
from fasm_cli.cli.repl.lines import logical_lines
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.laws import count_holding
from fasm_cli.sessions.timeline import Timeline

if TYPE_CHECKING:
    from fasm_cli.cli.prompt.check import Fault, Signature
    from fasm_cli.cli.prompt.value_completions import Option


class Live:
    """Every question that drawing asks; none raises. The answers hold while text and step stay what they are."""

    def __init__(self, bench: DebugSession, shelter: ErrorBoundary) -> None:
        self.bench = bench
        self.shelter = shelter
        self._fault: tuple[object, Fault | None] = (None, None)
        self._held: tuple[object, tuple[int, int]] = (None, (0, 0))

    @property
    def moment(self) -> tuple[int, Timeline]:
        """Changes when what stands here may have other answers: another step, another session, the machine anew."""
        return self.bench.timeline.head, self.bench.timeline

    def fault(self, text: str) -> "Fault | None":
        """What is wrong with `text`. Several lines at once, as they are pasted, are looked at when they are run."""
        key = (text, *self.moment)
        if not text:
            return None
        if self._fault[0] != key:
            from fasm_cli.cli.prompt import check

            several = "\n" in text and len(list(logical_lines(text.split("\n")))) > 1
            found = None if several else self.shelter.run("checking", lambda: check.fault(self.bench, text), None)
            self._fault = (key, found)
        return self._fault[1]

    def signature(self, text: str) -> "Signature | None":
        line = last_line(text)
        if not line:
            return None
        from fasm_cli.cli.prompt import check

        return self.shelter.run("the hint", lambda: check.signature(self.bench, line), None)

    def candidates(self, text: str) -> "tuple[str, list[Option]]":
        from fasm_cli.cli.prompt import complete

        line = last_line(text)
        nothing: tuple[str, list[Option]] = ("", [])
        return self.shelter.run("completion", lambda: complete.candidates(self.bench, line), nothing)

    def invariants(self) -> tuple[int, int]:
        """How many hold at the head, of how many."""
        if self._held[0] != self.moment:
            machine, timeline = self.bench.machine, self.bench.timeline
            held = self.shelter.run("the invariants", lambda: count_holding(machine, timeline.now.state), (0, 0))
            self._held = (self.moment, held)
        return self._held[1]


def last_line(text: str) -> str:
    """The logical line at the end of `text`: what is completed."""
    if "\n" not in text:
        return text
    lines = list(logical_lines(text.split("\n")))
    return lines[-1][1] if lines else ""
