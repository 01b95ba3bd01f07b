from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from fastapi.testclient import TestClient
from workplace import Workplace

from docai.settings import Settings
from docai.store import migrate
from docai.store.database import Store


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A data folder with the tables in it."""
    folder = tmp_path_factory.mktemp("made")
    store = Store.from_settings(Settings(data=str(folder)))
    migrate.upgrade(store.engine)
    store.close()
    return folder


@pytest.fixture
def workplaces(tmp_path, made) -> Iterator[Callable[..., Workplace]]:
    """`workplaces(settings=…, limits=…)` is a Workplace of its own."""
    opened = []

    def make(**options) -> Workplace:
        opened.append(Workplace(tmp_path / f"data{len(opened)}", made, **options))
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
