"""`fasm explain`: a page of the lawbook, and the whole of it as Markdown."""

from fasm_cli.errors import UsageError, did_you_mean
from fasm_cli.laws.pages import BOOK, LAWS, WALLET, Law, Sort, base_of
from fasm_cli.reports.machines import Explained, LawLine, LawList

REGENERATE = "python -c 'from fasm_cli.laws.explain import page; print(page(), end=str())' > docs/laws.md"


def explain(id: str) -> Explained:
    """The page of a law, by its id; `invariant:never_in_debt` is on the page of `invariant`."""
    law = BOOK.get(base_of(id))
    if law is None:
        raise UsageError(f"no law {id!r}", did_you_mean(base_of(id), BOOK))
    return Explained(law.id, law.sort.value, law.rule, law.why, law.checked, law.mend, law.wrong, law.right)


def laws() -> LawList:
    """Every law, with its rule."""
    return LawList([LawLine(law.id, law.sort.value, law.rule) for law in LAWS])


def page() -> str:
    """docs/laws.md."""
    eleven = [law for law in LAWS if law.sort is Sort.LAW]
    rest = [law for law in LAWS if law.sort is Sort.CHECK]
    parts = [
        "# The laws\n",
        f"<!-- made from fasm_cli/laws/pages.py: {REGENERATE} -->\n",
        "Every machine keeps these eleven: `fasm simulate` tries to break them, `fasm lint` reads the text.\n",
        *map(_section, eleven),
        "# What else is found\n",
        *map(_section, rest),
        "# The machine in the examples\n",
        "Each example stands in place of the method of the same name, or beside them.\n",
        f"```python\n{WALLET}```\n",
    ]
    return "\n".join(parts)


def _section(law: Law) -> str:
    return (
        f"## {law.id}\n\n**{law.rule}**\n\n{law.why}\n\n*How it is checked.* {law.checked}\n\n"
        f"*How to mend it.* {law.mend[0].upper()}{law.mend[1:]}.\n\n"
        f"Wrong:\n\n```python\n{law.wrong}```\n\nRight:\n\n```python\n{law.right}```\n"
    )
