"""A process that appends to a session as commanded on its standard input.

`open`, `close`: one word each. `run`: append steps for ever, each number printed once it is acknowledged.
`append N`: that many. Answers are one line each: `ok`, or `error` and the message.
"""

import sys
from pathlib import Path

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions.writer import SessionFile


def record(n: int, by: str) -> Record:
    event = {"type": "input", "value": {"type": "Step", "text": "x" * (n * 37 % 900), "by": by}}
    return Record(n, n - 1, event, "committed", digest=f"{n * 2654435761 % 2**64:016x}")


def main(path: Path, by: str) -> None:
    file: SessionFile | None = None
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        try:
            if word == "open":
                file = SessionFile.open(path)
            elif word == "close" and file is not None:
                file.close()
            elif file is not None:
                last = len(file.stored.records)
                upto = last + int(rest) if word == "append" else sys.maxsize
                for n in range(last + 1, upto + 1):
                    file.append(record(n, by), {"n": n} if n % 10 == 0 else None)
                    if word == "run":
                        sys.stdout.write(f"{n}\n")
                        sys.stdout.flush()
            answer = "ok"
        except SessionError as error:
            answer = f"error {error.message}"
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
