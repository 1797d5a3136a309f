"""How a person wants reports written, and to write; a room of its own because the writer of every verb asks for it."""

from dataclasses import dataclass

FORMATS = ("text", "json")


@dataclass(slots=True)
class Settings:
    """How reports and lines are written."""

    format: str = "text"
    time: bool = False
    keys: str = "emacs"  # or vi: how a prompt begins
    took: float = 0.0  # seconds, of the last line
