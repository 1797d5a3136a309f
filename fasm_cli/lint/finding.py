"""What a rule says of a place in the text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A law that a line seems to break; line and column count from 1. `law` may also be `syntax` or `allow`."""

    line: int
    column: int
    law: str
    message: str
