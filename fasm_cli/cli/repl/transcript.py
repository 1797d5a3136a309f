"""Transcripts: `> line` and what came of it, compared with what comes of it now, or written anew.

In a Markdown file the blocks that are fenced as `fasm` are one transcript, in the order in which they stand; what
stands between them is read by people alone.
"""

import difflib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from fasm_cli.cli.render.writer import TranscriptWriter
from fasm_cli.cli.repl.script import commands_in, echoed
from fasm_cli.cli.repl.verbs import Quit, execute_with_reload
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import FasmError, UsageError

BLOCK = re.compile(r"(?m)^```fasm\n(.*?)^```$", re.DOTALL)


def difference(workbench: DebugSession, path: Path) -> str:
    """What comes out otherwise than the transcript in `path` says, as a unified diff; empty where nothing does."""
    text = _read(path)
    now = played(workbench, text, markdown=path.suffix == ".md")
    lines = difflib.unified_diff(text.splitlines(), now.splitlines(), str(path), "now", lineterm="", n=2)
    return "".join(f"{line}\n" for line in lines)


def rewrite(workbench: DebugSession, path: Path) -> bool:
    """Write what comes out now into `path`; whether that changed anything."""
    text = _read(path)
    now = played(workbench, text, markdown=path.suffix == ".md")
    if now == text:
        return False
    try:
        path.write_text(now, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    return True


def played(workbench: DebugSession, text: str, *, markdown: bool) -> str:
    """The transcript in `text` as it comes out now."""
    if not markdown:
        first = next((at for at, line in enumerate(text.splitlines()) if line.startswith("> ")), None)
        if first is None:
            return text
        opening = "".join(f"{line}\n" for line in text.splitlines()[:first])
        return opening + "".join(_played(workbench, text))
    return BLOCK.sub(lambda found: f"```fasm\n{''.join(_played(workbench, found[1]))}```", text)


def _played(workbench: DebugSession, text: str) -> Iterator[str]:
    for line in commands_in(text.splitlines()):
        yield "".join(f"{shown}\n" for shown in echoed(line))
        output = TranscriptWriter(io.StringIO(), workbench.repl_state.settings)
        try:
            for report in execute_with_reload(workbench, line):
                output.report(report)
        except Quit:
            return
        except FasmError as error:
            output.fail(error, line.strip())
        yield output.stream.getvalue()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", "a transcript is `> line` and what comes of it"
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error.reason}") from None
