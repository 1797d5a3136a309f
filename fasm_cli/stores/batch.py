"""Several transactions committed as one: what makes each of them safe on the disk is paid for once.

Each is a savepoint meanwhile, so one that fails is undone alone. Whoever takes them together tells nobody of any before
`settle` has come back.
"""

from typing import Any

from fasm_cli.contract.database import ConnectionLost, DatabaseError, Tables
from fasm_cli.engine.transaction import QueryResult
from fasm_cli.stores.state_row import ResettableConnection

BEGIN, RELEASE, ROLLBACK_TO = (f"{word}SAVEPOINT fasm_step" for word in ("", "RELEASE ", "ROLLBACK TO "))


class BatchedConnection:
    """A connection whose transactions, between `join` and `settle`, are parts of one."""

    def __init__(self, connection: ResettableConnection) -> None:
        self._whole = connection
        self._joined = False
        self._open = False  # a part is
        self._broken = False  # the one transaction is gone, and its parts with it

    @property
    def changes(self) -> int:
        return self._whole.changes

    def begin_batch(self) -> None:
        """What is committed from here on is committed with `settle`."""
        self._joined = True

    def commit_batch(self) -> None:
        """Commit all parts. Raises `DatabaseError` where there is no transaction that could be, or it was refused."""
        broken = self._broken
        self._part()
        if broken:
            self._whole.rollback()
            raise ConnectionLost("the transaction is gone")
        self._whole.commit()

    def rollback_batch(self) -> None:
        """Undo all parts, whatever has become of them."""
        self._part()
        self._whole.rollback()

    def _part(self) -> None:
        self._joined = self._open = self._broken = False

    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult:
        if self._joined and not self._open:
            if self._broken:  # a new transaction would be committed without what was in this one
                raise ConnectionLost("the transaction is gone")
            self._broken = True  # unless there is a savepoint
            self._whole.execute(BEGIN, ())
            self._open, self._broken = True, False
        return self._whole.execute(sql, args)

    def tables(self) -> Tables:
        return self._whole.tables()

    def commit(self) -> None:
        if not self._joined:
            self._whole.commit()
        elif self._open:
            self._whole.execute(RELEASE, ())
            self._open = False

    def rollback(self) -> None:
        if not self._joined:
            self._whole.rollback()
        elif self._open:
            self._open = False
            try:
                self._whole.execute(ROLLBACK_TO, ())
                self._whole.execute(RELEASE, ())
            except DatabaseError:  # a full disk or a lost connection has undone all of it
                self._broken = True

    def drop(self) -> None:
        self._whole.drop()

    def load(self, tables: Tables) -> None:
        self._whole.load(tables)

    def close(self) -> None:
        self._whole.close()
