"""What a machine that runs for real has to say beside its outcomes: one JSON object a line."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TextIO


class Lines(logging.Formatter):
    """A record as a line of JSON: time, level, message, and what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": record.levelname.lower(), "message": record.getMessage()}
        line |= getattr(record, "fasm", {})
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = f"{type(error).__name__}: {error}"
        return json.dumps(line)


@contextmanager
def logging_to(stream: TextIO) -> Iterator[None]:
    """Write the log of the runtime, and what its machine logs, to `stream`."""
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    handler.setFormatter(Lines())
    before = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
