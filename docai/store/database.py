"""The database and the files of one service: SQLite for one machine, PostgreSQL for more."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from docai.errors import StoreError
from docai.settings import Settings
from docai.store.files import Files

Clock = Callable[[], datetime]

READ_ONLY = "docai_read_only"
BUSY_TIMEOUT_S = 30  # how long a writer of SQLite waits for the others


def utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """Opens connections when they are needed; a process that was forked makes its own Store.

    `clock` gives the present moment in UTC. Where several machines share a database their
    clocks may differ by a few seconds: leases are an order of magnitude longer.

    Without `durable` a commit survives the death of any process, but the last ones not a power
    cut: enough for a worker, whose work is then done again, and much quicker.
    """

    def __init__(
        self, database: str, files: str, clock: Clock = utc_now, *, durable: bool = True
    ) -> None:
        self.engine = make_engine(database, durable=durable)
        self.files = Files(files)
        self.now = clock
        self._readers = self.engine.execution_options(**{READ_ONLY: True})
        self._is_closed = False
        event.listen(self.engine, "checkin", self._given_back)

    @classmethod
    def from_settings(cls, settings: Settings, *, durable: bool = True) -> Store:
        filled = settings.filled()
        return cls(filled.database, filled.files, durable=durable)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: all of it is kept at the end, or nothing where it raises.

        Raises StoreError where the database cannot be reached or is full.
        """
        with _translated(), Session(self.engine) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only looks; on SQLite it waits for no writer."""
        with _translated(), Session(self._readers) as session, session.begin():
            yield session

    def close(self) -> None:
        """Connections in use (by a call that nobody waits for any more) close as they end."""
        self._is_closed = True
        self.engine.dispose()

    def _given_back(self, _connection: object, entry: ConnectionPoolEntry) -> None:
        if self._is_closed:  # else it would lie open in a pool that nobody asks any more
            entry.invalidate()


def make_engine(url: str, *, durable: bool = True) -> Engine:
    """`postgresql://` means psycopg 3; see Store for `durable`."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        options = {} if durable else {"options": "-c synchronous_commit=off"}
        return create_engine(parsed, pool_pre_ping=True, connect_args=options)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", partial(_set_up_sqlite, "FULL" if durable else "NORMAL"))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(synchronous: str, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute(f"PRAGMA synchronous = {synchronous}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its turn at once: one that only reads first could never get it later."""
    read_only = connection.get_execution_options().get(READ_ONLY)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise StoreError(f"the database does not answer: {error.orig}") from error
    except NoConnectionFree as error:
        raise StoreError(f"every connection to the database is busy: {error}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreError(f"the connection to the database was lost: {error.orig}") from error
        raise
