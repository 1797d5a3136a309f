"""The author's part of a traceback: without the frames of fasm, the standard library and installed packages.

A module of its own because the command line needs it at start-up, and `load` imports the engine.
"""

import sysconfig
import traceback
from pathlib import Path

FASM = str(Path(__file__).resolve().parent.parent)
LIBRARIES = tuple({FASM, *map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib"))})


def author_traceback(error: BaseException) -> str:
    """The frames of the author's code, formatted as in a traceback; empty if there are none."""
    return "".join(traceback.format_list(_author_frames(error))).rstrip()


def author_location(error: BaseException) -> str:
    """The author's line that raised `error`, like `machines/shop.py:12 in stf`; empty if there is none."""
    frames = _author_frames(error)
    return f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""


def _author_frames(error: BaseException) -> list[traceback.FrameSummary]:
    return [
        traceback.FrameSummary(_relative(frame.filename), frame.lineno, frame.name, line=frame.line)
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((*LIBRARIES, "<frozen"))
    ]


def _relative(filename: str) -> str:
    """A path relative to the working directory if it is inside."""
    here = Path.cwd()
    return str(Path(filename).relative_to(here)) if Path(filename).is_relative_to(here) else filename
