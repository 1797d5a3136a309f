"""Executes the transcript of docs/tour.md and compares the output; its diffs are applied by a scripted editor.

`python tests/test_tour.py` writes the actual output into docs/tour.md; review the diff before you commit it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOUR = ROOT / "docs" / "tour.md"
DIFF = re.compile(r"(?m)^```diff\n(.*?)^```$", re.DOTALL)
EDITOR = """\
import sys
from pathlib import Path
edits, path = {edits!r}, Path(sys.argv[1])
text = path.read_text(encoding="utf-8")
before, after = next(pair for pair in edits if pair[0] in text and pair[1] not in text)
path.write_text(text.replace(before, after), encoding="utf-8")
"""


def edits() -> list[tuple[str, str]]:
    """The diffs of the tour as pairs of text: before, after."""
    out = []
    for found in DIFF.finditer(TOUR.read_text(encoding="utf-8")):
        lines = found[1].splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] != "+")
        out.append((before, "".join(line[1:] for line in lines if line[0] != "-")))
    return out


def run_tour(folder: Path, option: str) -> "subprocess.CompletedProcess[str]":
    """Run the tour in a temporary project; its copy there is `tour.md`."""
    shutil.copytree(ROOT / "machines", folder / "machines", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOUR, folder / "tour.md")
    (folder / "sessions").mkdir()
    editor = folder / "editor.py"
    editor.write_text(EDITOR.format(edits=edits()), encoding="utf-8")
    env = {key: value for key, value in os.environ.items() if key not in ("VISUAL", "PYTHONHASHSEED")}
    return subprocess.run(
        [sys.executable, "-m", "fasm_cli", "repl", "dentist_as_published", option, "tour.md"],
        cwd=folder,
        env={**env, "EDITOR": f"{sys.executable} {editor}"},
        text=True,
        capture_output=True,
    )


def test_the_tour(tmp_path: Path) -> None:
    done = run_tour(tmp_path, "--check-transcript")
    assert (done.returncode, done.stdout, done.stderr) == (0, "tour.md matches the output\n", "")
    source = (tmp_path / "machines" / "dentist_as_published.py").read_text(encoding="utf-8")
    assert all(after in source for _, after in edits())
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_lost_release.py"]
    exported = subprocess.run(command, cwd=tmp_path, env=env, text=True, capture_output=True)
    assert exported.returncode == 0, exported.stdout


def rewrite() -> None:
    with tempfile.TemporaryDirectory() as name:
        done = run_tour(Path(name), "--update-transcript")
        print(done.stdout, done.stderr)
        shutil.copy(Path(name) / "tour.md", TOUR)


if __name__ == "__main__":
    rewrite()
