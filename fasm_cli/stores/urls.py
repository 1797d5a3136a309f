"""What a URL of a state says: which kind of database, which file. No database is imported here."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fasm_cli.contract.database import redact_url
from fasm_cli.errors import SessionError, UsageError


class Backend(Enum):
    SQLITE = "sqlite"
    POSTGRES = "postgresql"


_SCHEMES = {"sqlite": Backend.SQLITE, "postgresql": Backend.POSTGRES, "postgres": Backend.POSTGRES}


def backend_of(url: str) -> Backend:
    """Which database `url` is of. Raises `UsageError`."""
    kind = _SCHEMES.get(urlsplit(url).scheme)
    if kind is None:
        raise no_store(url)
    return kind


def no_store(url: str) -> UsageError:
    hint = "write sqlite:///FILE, sqlite:// for one in memory, or postgresql://…"
    return UsageError(f"no store {redact_url(url)!r}", hint)


def missing_database(place: str) -> SessionError:
    return SessionError(f"no machine has run at {place}", "`fasm run` makes the database")


def file_of(url: str) -> Path | None:
    """The file of `sqlite:///FILE`; None where the state is in no file."""
    if backend_of(url) is not Backend.SQLITE:
        return None
    path = unquote(urlsplit(url).path).removeprefix("/")
    return Path(path) if path else None


@contextmanager
def require_psycopg() -> Iterator[None]:
    """An import of psycopg that fails is a `UsageError`: it is not installed with everything else."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f"PostgreSQL needs psycopg: {error}", "pip install 'fasm-cli[postgres]'") from None
