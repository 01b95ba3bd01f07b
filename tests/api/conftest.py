"""Every test of the API runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

import servers
from fastapi.testclient import TestClient
from workplace import Workplace

from docai.store import migrate
from docai.store.database import Store

numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres():
    """With the tables in its database "made"."""
    with servers.postgres("fsync=off") as server:
        _with_tables(servers.new_database(server, "made"))
        yield server


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory):
    """A folder with the file "made" that has the tables in it."""
    folder = tmp_path_factory.mktemp("sqlite")
    _with_tables(f"sqlite:///{folder / 'made'}")
    return folder


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_database(request) -> Callable[[], str]:
    """`new_database()` is the URL of one with the tables and nothing in them."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        return lambda: servers.new_database(server, f"api_{next(numbers)}", template="made")
    folder = request.getfixturevalue("sqlite")

    def copied() -> str:
        return f"sqlite:///{shutil.copy(folder / 'made', folder / f'{next(numbers)}')}"

    return copied


def _with_tables(database: str) -> None:
    store = Store(database, "")
    migrate.upgrade(store.engine)
    store.close()


@pytest.fixture
def workplaces(tmp_path, new_database) -> Iterator[Callable[..., Workplace]]:
    """`workplaces(settings=…, limits=…)` is a Workplace of its own."""
    opened = []

    def make(**options) -> Workplace:
        opened.append(Workplace(tmp_path / f"data{len(opened)}", new_database(), **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def place(workplaces) -> Workplace:
    return workplaces()


@pytest.fixture
def ann(place) -> Iterator[TestClient]:
    with place.client() as client:
        yield client
