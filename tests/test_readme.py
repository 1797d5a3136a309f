"""Executes the transcripts in the README and in docs/, and compares the output exactly.

`python tests/test_readme.py` writes the actual output into the pages; review the diff before you commit it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = (README, ROOT / "docs" / "sessions.md", ROOT / "docs" / "state.md", ROOT / "docs" / "running.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)\)")
SOURCE = re.compile(r"^`([\w/]+\.py)`", re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    return [found[2] for found in BLOCK.finditer(page.read_text(encoding="utf-8")) if found[1] == language]


def commands(block: str) -> list[str]:
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def sources(page: Path) -> dict[str, str]:
    """The Python blocks of a page by their paths; each is introduced by a line that starts with its path."""
    text = page.read_text(encoding="utf-8")
    found = (block for block in BLOCK.finditer(text) if block[1] == "python")
    return {SOURCE.findall(text[: block.start()])[-1]: block[2] for block in found}


def project(folder: Path, page: Path) -> dict[str, str]:
    """Create the project that the page describes; returns the environment for its commands."""
    shutil.copytree(ROOT / "machines", folder / "machines", ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in sources(page).items():
        (folder / path).write_text(text, encoding="utf-8")
    (folder / "bin").mkdir()
    fasm = folder / "bin" / "fasm"
    fasm.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fasm_cli "$@"\n')
    fasm.chmod(0o755)
    return {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "80", **SHRINK_TIME}


SHRINK_TIME = {"FASM_SHRINK_TIME": "60"}  # seconds; enough to reach the smallest trace on a busy computer


def run_transcripts(folder: Path, page: Path) -> list[str]:
    """The transcripts with their actual output; they run one after another in one project."""
    env = project(folder, page)
    out = []
    for block in blocks(page, "console"):
        text = ""
        for command in commands(block):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=env,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            text += f"$ {command}\n{done.stdout}"
        out.append(text)
    return out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_transcripts(tmp_path: Path, page: Path) -> None:
    assert run_transcripts(tmp_path, page) == blocks(page, "console")


@pytest.mark.parametrize("path", sorted({README, *(ROOT / "docs").glob("*.md")}), ids=lambda path: path.name)
def test_links_have_targets(path: Path) -> None:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", sorted({README, *(ROOT / "docs").glob("*.md")}), ids=lambda path: path.name)
def test_code_blocks_are_closed(path: Path) -> None:
    fences = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("```")]
    assert all(line == "```" for line in fences[1::2])


def test_installing_is_one_line() -> None:
    first, second = blocks(README, "sh")
    assert [first.count("\n"), second.count("\n")] == [1, 1]
    assert first.endswith("fasm repl coffee_shop\n")
    assert (ROOT / second.split()[-1]).is_file()


def test_readme_lists_every_command() -> None:
    from fasm_cli.cli.app import VERBS

    text = README.read_text(encoding="utf-8")
    for verb in VERBS:
        assert verb in text


def rewrite(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        fresh = iter(run_transcripts(Path(folder), page))
    page.write_text(
        BLOCK.sub(lambda found: f"```console\n{next(fresh)}```" if found[1] == "console" else found[0], text),
        encoding="utf-8",
    )


if __name__ == "__main__":
    for each in PAGES:
        rewrite(each)
