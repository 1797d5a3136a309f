"""How a person wants reports written; a room of its own because the writer of every verb asks for it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """How reports are written."""

    format: str = "text"
    time: bool = False
    took: float = 0.0  # seconds, of the last line
