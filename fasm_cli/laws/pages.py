"""The pages of the laws, from the Markdown files beside this module, for `fasm explain` and docs/laws.md.

A page states the rule, its reason, how the rule is checked, how to fix a violation, and a wrong and a right example:
methods that replace those of one machine, `example_machine.md`. The laws are enforced in `engine.laws`, `purity` and
the simulator. To change the wording of a law, edit its Markdown file and regenerate docs/laws.md.
"""

import functools
import re

from fasm_cli.errors import UsageError, did_you_mean
from fasm_cli.reports.machines import Explained, LawList

LAWS = (
    *("atomic", "deterministic", "effects", "random", "clock", "reads"),
    *("stored", "restore", "ids", "completion", "hidden"),
)
CHECKS = ("stuck", "defect", "invariant", "eventually", "sometimes", "transition")  # findings that are no law
PAGES = (*LAWS, *CHECKS)
REGENERATE = "python -c 'from fasm_cli.laws.pages import document; print(document(), end=str())' > docs/laws.md"

_PAGE = re.compile(
    r"# (?P<law>\w+)\n\n\*\*(?P<rule>.+)\*\*\n\n(?P<why>.+)\n\n\*How it is checked\.\* (?P<checked>.+)\n\n"
    r"\*How to fix it\.\* (?P<fix>.+)\n\nWrong:\n\n```python\n(?P<wrong>.+?)```\n\n"
    r"Right:\n\n```python\n(?P<right>.+?)```\n",
    re.DOTALL,
)


def explain(id: str) -> Explained:
    """The page of a law; `invariant:never_in_debt` is on the page of `invariant`. Raises `UsageError`."""
    base = base_law(id)
    if base not in PAGES:
        raise UsageError(f"no law {id!r}", did_you_mean(base, PAGES))
    return _page(base)


def list_laws() -> LawList:
    """The report of `fasm explain`: every law and check, with its rule."""
    return LawList([explain(id) for id in PAGES])


def document() -> str:
    """The content of docs/laws.md: all pages."""
    return "\n".join(
        [
            "# The laws\n",
            f"<!-- generated from fasm_cli/laws/*.md: {REGENERATE} -->\n",
            "Every machine must keep these eleven laws. `fasm simulate` tries to break them.\n",
            *(f"#{_read_text(id)}" for id in LAWS),
            "# Other findings\n",
            *(f"#{_read_text(id)}" for id in CHECKS),
            _read_text("example_machine"),
        ]
    )


def fix_for(id: str) -> str:
    """How to fix a violation of a law, as the end of a message; empty for an unknown id."""
    if base_law(id) not in PAGES:
        return ""
    fix = explain(id).fix
    return fix[0].lower() + fix[1:].removesuffix(".")


def base_law(id: str) -> str:
    """`invariant` for `invariant:never_in_debt`."""
    return id.partition(":")[0]


def example_machine() -> str:
    """The source of the machine that the examples belong to."""
    return _read_text("example_machine").partition("```python\n")[2].rpartition("```")[0]


def _read_text(name: str) -> str:
    from importlib.resources import files  # 13 ms, and only findings and `explain` need it

    return files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")


@functools.cache
def _page(id: str) -> Explained:
    match = _PAGE.fullmatch(_read_text(id))
    assert match is not None, f"fasm_cli/laws/{id}.md does not have the form of a page"
    return Explained(kind="law" if id in LAWS else "check", **match.groupdict())
