"""The base class of all reports: what a command made, as plain facts, ready to be rendered as text or JSON."""

from typing import Any

FINDING, DIVERGED, REJECTED, INTERRUPTED = 1, 4, 5, 130  # exit codes that are no error of the command


class Report:
    """A report. Values are in it twice if a person and a program want different things: as text and as plain data."""

    __slots__ = ()

    def all_findings(self) -> list[Any]:
        """The findings in it: `Finding`, `LintLine` or `StepDifference`."""
        return []

    def exit_code(self) -> int:
        """The exit code of a command that ends with this report."""
        return FINDING if self.all_findings() else 0
