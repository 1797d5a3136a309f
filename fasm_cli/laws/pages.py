"""The pages of the laws, read from the Markdown files beside this module; `fasm explain` and docs/laws.md print them.

A page states the rule, its reason, how the rule is checked, how to fix a violation, and a wrong and a right example:
methods that replace those of one machine, `example_machine.md`. The laws are enforced in `engine.laws`, `purity` and
the simulator. To change the wording of a law, edit its Markdown file and regenerate docs/laws.md.
"""

import functools
import re
from dataclasses import dataclass

from fasm_cli.errors import UsageError, did_you_mean

LAWS = (
    *("atomic", "deterministic", "effects", "random", "clock", "reads"),
    *("stored", "restore", "ids", "completion", "hidden"),
)
CHECKS = ("stuck", "defect", "invariant", "eventually", "sometimes", "transition")  # findings that are no law
PAGES = (*LAWS, *CHECKS)

_PAGE = re.compile(
    r"# (?P<id>\w+)\n\n\*\*(?P<rule>.+)\*\*\n\n(?P<why>.+)\n\n\*How it is checked\.\* (?P<checked>.+)\n\n"
    r"\*How to fix it\.\* (?P<fix>.+)\n\nWrong:\n\n```python\n(?P<wrong>.+?)```\n\n"
    r"Right:\n\n```python\n(?P<right>.+?)```\n",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Page:
    """The page of a law or check. `fix` is one sentence; `wrong` and `right` are methods of the example machine."""

    id: str
    rule: str
    why: str
    checked: str
    fix: str
    wrong: str
    right: str

    @property
    def kind(self) -> str:
        """`law`, or `check` for a finding that is no law."""
        return "law" if self.id in LAWS else "check"

    @property
    def hint(self) -> str:
        """`fix` as the end of a message: not capitalised, without the full stop."""
        return self.fix[0].lower() + self.fix[1:].removesuffix(".")


def read_page(id: str) -> Page:
    """The page of a law, by its id; `invariant:never_in_debt` is on the page of `invariant`. Raises `UsageError`."""
    base = base_law(id)
    if base not in PAGES:
        raise UsageError(f"no law {id!r}", did_you_mean(base, PAGES))
    return _page(base)


def fix_for(id: str) -> str:
    """How to fix a violation of a law, in one line; empty for an unknown id."""
    base = base_law(id)
    return _page(base).hint if base in PAGES else ""


def base_law(id: str) -> str:
    """`invariant` for `invariant:never_in_debt`."""
    return id.partition(":")[0]


def example_machine() -> str:
    """The source of the machine that the examples belong to."""
    return read_text("example_machine").partition("```python\n")[2].rpartition("```")[0]


def read_text(name: str) -> str:
    """The Markdown of one page."""
    from importlib.resources import files  # 13 ms, and only findings and `explain` need it

    return files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")


@functools.cache
def _page(id: str) -> Page:
    match = _PAGE.fullmatch(read_text(id))
    assert match is not None, f"fasm_cli/laws/{id}.md does not have the form of a page"
    return Page(**match.groupdict())
