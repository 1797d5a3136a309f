"""What commands return: plain facts, ready to be rendered as text or JSON; and the base class of all reports.

A report has a field `findings` or `finding` if findings can be in it, and `interrupted` if Ctrl-C can end it early.
"""

from typing import Any

FINDING, DIVERGED, REJECTED, INTERRUPTED = 1, 4, 5, 130  # exit codes that are no error of the command


class Report:
    """A report. Values are in it twice if a person and a program want different things: as text and as plain data."""

    __slots__ = ()

    def all_findings(self) -> list[Any]:
        """The findings in it: `FindingReport`, `LintLine` or `StepDifference`."""
        finding = getattr(self, "finding", None)
        return [*getattr(self, "findings", [])] if finding is None else [finding]

    def exit_code(self) -> int:
        """The exit code of a command that ends with this report."""
        if getattr(self, "interrupted", False):
            return INTERRUPTED
        return FINDING if self.all_findings() else 0
