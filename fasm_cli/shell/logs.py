"""What a machine that runs for real has to say beside its outcomes: one JSON object a line."""

import json
import logging
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


def log_to(stream: TextIO) -> None:
    """Write the log of the runtime, and what its machine logs, to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
