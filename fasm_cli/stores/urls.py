"""What a URL of a state says: which kind of database, which file. No database is imported here."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fasm_cli.contract.database import without_password
from fasm_cli.errors import SessionError, UsageError


class Kind(Enum):
    SQLITE = "sqlite"
    POSTGRES = "postgresql"


_SCHEMES = {"sqlite": Kind.SQLITE, "postgresql": Kind.POSTGRES, "postgres": Kind.POSTGRES}


def kind_of(url: str) -> Kind:
    """Which database `url` is of. Raises `UsageError`."""
    kind = _SCHEMES.get(urlsplit(url).scheme)
    if kind is None:
        raise no_store(url)
    return kind


def no_store(url: str) -> UsageError:
    hint = "write sqlite:///FILE, sqlite:// for one in memory, or postgresql://…"
    return UsageError(f"no store {without_password(url)!r}", hint)


def nothing_there(place: str) -> SessionError:
    return SessionError(f"no machine has run at {place}", "`fasm run` makes the database")


def file_of(url: str) -> Path | None:
    """The file of `sqlite:///FILE`; None where the state is in no file."""
    if kind_of(url) is not Kind.SQLITE:
        return None
    path = unquote(urlsplit(url).path).removeprefix("/")
    return Path(path) if path else None


@contextmanager
def psycopg_wanted() -> Iterator[None]:
    """An import of psycopg that fails is a `UsageError`: it is not installed with everything else."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f"PostgreSQL needs psycopg: {error}", "pip install 'fasm-cli[postgres]'") from None
