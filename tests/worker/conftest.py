from __future__ import annotations

import itertools

import pytest

pytest.importorskip("celery")
pytest.importorskip("sqlalchemy")

import servers
from service import Service

numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server():
    with servers.postgres() as server:
        yield server


@pytest.fixture
def valkey():
    with servers.valkey() as server:
        yield server


@pytest.fixture
def embedded(tmp_path):
    """What `docai up` runs on: SQLite and a Valkey of its own."""
    service = Service(tmp_path / "data")
    yield service
    service.close()


@pytest.fixture
def on_servers(tmp_path, postgres_server, valkey):
    """What a compose file runs on: PostgreSQL and Valkey."""
    database = servers.new_database(postgres_server, f"faults_{next(numbers)}")
    service = Service(tmp_path / "data", database, f"redis://127.0.0.1:{valkey.port}/0")
    yield service
    service.close()


@pytest.fixture(params=["embedded", "on_servers"])
def service(request):
    return request.getfixturevalue(request.param)
