"""Where an exception came from, in the author's own code: our frames, the standard library's and those of what is
installed are cut away."""

import sysconfig
import traceback
from pathlib import Path

OURS = str(Path(__file__).resolve().parent.parent)
LIBRARIES = tuple({OURS, *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))})


def author_traceback(error: BaseException) -> str:
    """The traceback of the author's own code, empty where there is none."""
    return "".join(traceback.format_list(_author_frames(error))).rstrip()


def author_location(error: BaseException) -> str:
    """The author's line that raised `error`, like `machines/shop.py:12 in stf`; empty where none did."""
    frames = _author_frames(error)
    return f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""


def _author_frames(error: BaseException) -> list[traceback.FrameSummary]:
    return [
        traceback.FrameSummary(_short(frame.filename), frame.lineno, frame.name, line=frame.line)
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((*LIBRARIES, "<frozen"))
    ]


def _short(filename: str) -> str:
    """A path as it would be typed here."""
    here = Path.cwd()
    return str(Path(filename).relative_to(here)) if Path(filename).is_relative_to(here) else filename
