"""Every test of the store runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("sqlalchemy")

import servers

from docai.store import migrate
from docai.store.database import Store

numbers = itertools.count()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def postgres():
    """With the tables in its database "made"."""
    with servers.postgres("fsync=off") as server:
        store = Store(servers.new_database(server, "made"), "")
        migrate.upgrade(store.engine)
        store.close()
        yield server


@pytest.fixture(scope="session")
def made_sqlite(tmp_path_factory):
    """A file with the tables in it."""
    path = tmp_path_factory.mktemp("made") / "docai.sqlite"
    store = Store(f"sqlite:///{path}", "")
    migrate.upgrade(store.engine)
    store.close()
    return path


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path, clock):
    """With its tables and nothing in them."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("made_sqlite"), tmp_path / "docai.sqlite")
        url = f"sqlite:///{tmp_path / 'docai.sqlite'}"
    else:
        server = request.getfixturevalue("postgres")
        url = servers.new_database(server, f"test_{next(numbers)}", template="made")
    store = Store(url, str(tmp_path / "files"), clock)
    yield store
    store.close()
