"""`fasm explain`: the page of one law, the list of all laws, and docs/laws.md."""

from fasm_cli.laws.pages import CHECKS, LAWS, PAGES, read_page, read_text
from fasm_cli.reports.machines import Explained, LawLine, LawList

REGENERATE = "python -c 'from fasm_cli.laws.explain import document; print(document(), end=str())' > docs/laws.md"


def explain(id: str) -> Explained:
    """The report of `fasm explain LAW`. Raises `UsageError` for an unknown law."""
    page = read_page(id)
    return Explained(page.id, page.kind, page.rule, page.why, page.checked, page.fix, page.wrong, page.right)


def list_laws() -> LawList:
    """The report of `fasm explain`: every law and check, with its rule."""
    return LawList([LawLine(page.id, page.kind, page.rule) for page in map(read_page, PAGES)])


def document() -> str:
    """The content of docs/laws.md: all pages."""
    return "\n".join(
        [
            "# The laws\n",
            f"<!-- generated from fasm_cli/laws/*.md: {REGENERATE} -->\n",
            "Every machine must keep these eleven laws. `fasm simulate` tries to break them.\n",
            *(f"#{read_text(id)}" for id in LAWS),
            "# Other findings\n",
            *(f"#{read_text(id)}" for id in CHECKS),
            read_text("example_machine"),
        ]
    )
