"""The exact findings of `fasm lint`: locations, messages, allow comments, files that are not Python."""

import random
from pathlib import Path
from typing import Any

import pytest

from fasm_cli.errors import UsageError
from fasm_cli.laws.pages import PAGES
from fasm_cli.lint.forbidden import FORBIDDEN
from fasm_cli.lint.run import Finding, lint, lint_source
from fasm_cli.project.project import Project
from fasm_cli.purity.forbidden_calls import CALLS
from fasm_cli.reports.machines import Linted, LintLine

ROOT = Path(__file__).parents[2]

MESSAGES = {
    "import time as t\nstate.count = t.time()": (
        "clock",
        "time.time() reads the system clock; pass the time in with the input",
    ),
    "import random\nstate.count = random.Random().random()": (
        "random",
        (
            "random.Random() without a seed is random; keep a generator's state in the state, or take the value from "
            "the input"
        ),
    ),
    "print(1)": (
        "effects",
        (
            "print() has a side effect; emit an action instead: actions.add(Untracked(…)), or Tracked(id, …) if the "
            "result matters"
        ),
    ),
    "import asyncio\nawait asyncio.sleep(1)": (
        "effects",
        (
            "asyncio.sleep() waits for something other than the state; emit an action, and its result arrives as an "
            "input"
        ),
    ),
    "state.name = open('x').read()": (
        "reads",
        "open() reads the disk; put the content into the state or the input",
    ),
    "for n in state.ids:\n    actions.add(Untracked(Tell(n)))": (
        "deterministic",
        "state.ids is a set, and its order differs between processes; iterate over sorted(state.ids)",
    ),
}


@pytest.mark.parametrize("body", MESSAGES)
def test_a_message_says_what_to_write_instead(body: str, source: Any) -> None:
    found = lint_source(source(body).encode())
    assert [(finding.law, finding.message) for finding in found] == [MESSAGES[body]]


def test_lint_and_the_runtime_guard_report_a_call_under_the_same_law() -> None:
    guarded = {f"{module}.{name}": row.law for module in CALLS for row in CALLS[module] for name in row.names.split()}
    shared = guarded.keys() & FORBIDDEN.keys()
    assert len(shared) > 100
    assert {name for name in shared if FORBIDDEN[name][0] != guarded[name]} == set()


def test_types_may_be_declared_in_other_forms(source: Any) -> None:
    method = "def stamp(self):\n    self.count = time()"
    text = source("state.stamp()", fields=method, top="from time import time")
    together = text.replace("    State = State\n    Input = Go\n", "    State, Input = State, Go\n")
    generic = text.replace("M(StateMachine):\n    State = State\n", "M(StateMachine[State, Go]):\n")
    for other in (together, generic):
        assert other != text
        assert [each.law for each in lint_source(other.encode())] == ["clock"]


def test_columns_count_characters_from_one(source: Any) -> None:
    text = source("state.name = 'é→' + str(time())", top="from time import time")
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "é→" in each)
    message = "time.time() reads the system clock; pass the time in with the input"
    assert lint_source(text.encode()) == [Finding(line, 9 + len("state.name = 'é→' + str("), "clock", message)]


def test_lines_are_counted_as_python_does(source: Any) -> None:
    text = source("text = '''\x0c\u2028'''\nprint(text)")
    unix = lint_source(text.encode())
    assert [(finding.law, finding.column) for finding in unix] == [("effects", 9)]
    assert lint_source(text.replace("\n", "\r\n").encode()) == unix
    assert lint_source(b"\xef\xbb\xbf" + text.encode()) == unix


# --- files that are not Python ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (b"x = 1\ndef f(:\n", Finding(2, 7, "syntax", "not Python: invalid syntax")),
        (b"x = 'a\n", Finding(1, 5, "syntax", "not Python: unterminated string literal (detected at line 1)")),
        (b"x = '\xff'\n", Finding(1, 1, "syntax", "not Python: invalid or missing encoding declaration")),
        (b"# coding: no-such\n", Finding(1, 1, "syntax", "not Python: unknown encoding: no-such")),
    ],
)
def test_source_that_is_not_python_is_a_finding(text: bytes, finding: Finding) -> None:
    assert lint_source(text) == [finding]


def test_null_bytes_and_deep_nesting_are_findings() -> None:
    assert [each.law for each in lint_source(b"x = 1\0\n")] == ["syntax"]
    assert [each.law for each in lint_source(b"x = " + b"(" * 5000)] == ["syntax"]
    assert [each.law for each in lint_source(b"x = " + b"-" * 50_000 + b"1")] == ["syntax"]


def test_a_file_without_a_machine_is_clean() -> None:
    assert lint_source(b"") == []
    assert lint_source(b"import time\nprint(time.time())\n") == []


def test_shuffled_lines_give_findings_and_no_exception() -> None:
    texts = [path.read_bytes() for path in sorted((ROOT / "machines").glob("*.py"))]
    draw = random.Random(1)
    for _ in range(60):
        text = draw.choice(texts)
        lines = text.splitlines(keepends=True)
        for _ in range(3):
            lines.insert(draw.randrange(len(lines)), lines.pop(draw.randrange(len(lines))))
        assert isinstance(lint_source(b"".join(lines)), list)


def test_mutually_recursive_helpers_terminate(source: Any) -> None:
    helpers = "\n".join(
        f"def h{n}(state, actions):\n" + "".join(f"    h{m}(state, actions)\n" for m in range(8)) for n in range(8)
    )
    assert lint_source(source("h0(state, actions)", after=helpers).encode()) == []


# --- allow comments -----------------------------------------------------------------------------------------------


def findings_in(source: Any, body: str) -> list[tuple[int, str, str]]:
    """Findings with lines counted from the first of `body`."""
    first = next(n for n, line in enumerate(source("pass # here").splitlines(), 1) if "# here" in line) - 1
    return [(each.line - first, each.law, each.message) for each in lint_source(source(body).encode())]


def test_a_comment_with_a_reason_suppresses_a_finding(source: Any) -> None:
    assert findings_in(source, "print(1)  # fasm: allow[effects] only while we look for the bug") == []
    assert findings_in(source, "# fasm: allow[effects] only while we look for the bug\nprint(1)") == []
    assert findings_in(source, "# fasm: allow[effects] as above\n# noqa\n\nprint(1)") == []


def test_one_comment_suppresses_two_laws(source: Any) -> None:
    assert findings_in(source, "print(hash(1))  # fasm: allow[effects, deterministic] numbers hash alike") == []


def test_a_comment_needs_a_reason(source: Any) -> None:
    assert findings_in(source, "print(1)  # fasm: allow[effects]") == [
        (1, "allow", "allow[effects] has no reason; state after it why this is safe")
    ]


def test_an_unneeded_comment_is_a_finding(source: Any) -> None:
    gone = "allow[clock] suppresses nothing here; remove it"
    assert findings_in(source, "state.count = 1  # fasm: allow[clock] because") == [(1, "allow", gone)]
    assert findings_in(source, "print(1)  # fasm: allow[effects, clock] because") == [(1, "allow", gone)]


def test_a_comment_covers_one_line_and_its_laws_only(source: Any) -> None:
    laws = [(line, law) for line, law, _ in findings_in(source, "print(1)  # fasm: allow[effects] because\nprint(2)")]
    assert laws == [(2, "effects")]
    laws = [(line, law) for line, law, _ in findings_in(source, "print(1)  # fasm: allow[clock] because")]
    assert laws == [(1, "effects"), (1, "allow")]
    laws = [(line, law) for line, law, _ in findings_in(source, "x = 1  # fasm: allow[effects] because\nprint(2)")]
    assert laws == [(1, "allow"), (2, "effects")]


def test_an_unknown_law_is_answered_with_the_nearest(source: Any) -> None:
    known = ", ".join(sorted(PAGES))
    assert findings_in(source, "x = 1  # fasm: allow[clocks] because") == [
        (1, "allow", f"no law 'clocks'; did you mean 'clock'? known: {known}")
    ]
    assert findings_in(source, "x = 1  # fasm: allow clock") == [
        (1, "allow", "no law given; write # fasm: allow[law] reason")
    ]


def test_a_string_is_not_a_comment(source: Any) -> None:
    assert [law for _, law, _ in findings_in(source, "print('# fasm: allow[effects] because')")] == ["effects"]


# --- files --------------------------------------------------------------------------------------------------------

CLOCK = LintLine("", 0, 0, "clock", "time.time() reads the system clock; pass the time in with the input")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Any) -> Project:
    """machines/late.py with a clock at 46:23, machines/fine.py, other/broken.py and files that lint must skip."""
    monkeypatch.chdir(tmp_path)
    files = {
        "machines/late.py": source("state.count = int(time.time())", top="import time"),
        "machines/fine.py": source("state.count += 1"),
        "other/deep/broken.py": "def f(:\n",
        "other/.venv/x.py": "def f(:\n",
        "other/__pycache__/x.py": "def f(:\n",
        "other/notes.txt": "def f(:\n",
        "empty/notes.txt": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return Project.find(tmp_path)


def locations(report: Linted) -> list[str]:
    return [f"{each.path}:{each.line}:{each.column}: {each.law}" for each in report.findings]


def test_files_and_folders_are_checked_and_named_as_given(project: Project) -> None:
    report = lint(project, ["machines/late.py"])
    assert report.findings == [LintLine("machines/late.py", 46, 27, CLOCK.law, CLOCK.message)]
    assert report.files == 1
    report = lint(project, ["machines", "other", "machines/late.py"])
    assert locations(report) == ["machines/late.py:46:27: clock", "other/deep/broken.py:1:7: syntax"]
    assert report.files == 3
    assert lint(project, ["machines/fine.py"]) == Linted([], 1)


def test_the_default_is_the_machines_folder(project: Project) -> None:
    assert lint(project, []) == lint(project, ["machines"])


def test_any_file_is_checked_if_it_is_named(project: Project) -> None:
    assert locations(lint(project, ["other/notes.txt"])) == ["other/notes.txt:1:7: syntax"]


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("machines/lat.py", "no such path 'machines/lat.py'", "did you mean 'machines/late.py'?"),
        ("late", "no such path 'late'", "lint takes paths: fasm lint machines/late.py"),
        ("nowhere/x.py", "no such path 'nowhere/x.py'", ""),
        ("empty", "no Python files in empty", ""),
    ],
)
def test_a_missing_path_is_a_usage_error(project: Project, path: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        lint(project, [path])
    assert (raised.value.message, raised.value.hint) == (message, hint)


# --- the machines that are shipped --------------------------------------------------------------------------------


def test_only_the_faulty_shipped_machine_has_findings() -> None:
    found = {
        path.stem: [(each.law, each.message.partition(" ")[0]) for each in lint_source(path.read_bytes())]
        for path in sorted((ROOT / "machines").glob("*.py"))
    }
    assert {name: each for name, each in found.items() if each} == {
        "dentist_as_published": [("deterministic", "state.pending")]  # fault 4: restore iterates over a set
    }


def test_the_good_machines_of_the_corpus_have_no_findings() -> None:
    good = sorted((ROOT / "tests" / "corpus" / "good").glob("*.py"))
    assert good
    assert {path.stem: found for path in good if (found := lint_source(path.read_bytes()))} == {}


LAWS_OF_LINT = ("clock", "random", "effects", "reads", "deterministic")
MISSED = {
    "deterministic_dict_from_set",  # a dict keeps the order of the set that it was made from
    "reads_boot_id",  # reported as random
}


def test_lint_finds_the_bad_machines_of_its_laws() -> None:
    bad = [path for path in (ROOT / "tests" / "corpus" / "bad").glob("*.py") if path.stem.startswith(LAWS_OF_LINT)]
    found = {path.stem: {each.law for each in lint_source(path.read_bytes())} for path in bad}
    assert {name for name, laws in found.items() if name.partition("_")[0] not in laws} == MISSED
    assert len(bad) == 26
