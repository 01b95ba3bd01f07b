"""As on several machines: PostgreSQL, a broker, object storage, and a worker for each lane."""

import pytest
import servers
from service import Service
from sqlalchemy import text

s3fs = pytest.importorskip("s3fs")
pytest.importorskip("moto.server")
pytest.importorskip("torch")

from docai.jobs import ANSWER, Lane, Request  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture
def storage(monkeypatch):
    """The URL of a place in a server that speaks S3; its settings are in the environment."""
    with servers.s3() as server:
        for name, value in servers.S3_KEYS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("scaled")
        yield "s3://scaled/files"


@pytest.fixture
def service(tmp_path, postgres_server, valkey, storage, monkeypatch):
    monkeypatch.delenv("DOCAI_MODEL")  # the model answers
    database = servers.new_database(postgres_server, "scaled")
    broker = f"redis://127.0.0.1:{valkey.port}/0"
    service = Service(tmp_path / "data", database, broker, storage)
    yield service
    service.close()


def test_one_worker_reads_and_another_answers(service):
    reading = service.submit(6)
    asking = service.submit(6, Request(ANSWER, questions=("What is the invoice number?",)))
    service.start("sweep")
    service.start("cpu", processes=1)
    service.wait_for_end(reading)
    assert service.counts(asking) == {"queued": 6}
    service.start("gpu", processes=1)
    service.wait_for_end(asking)
    assert (service.counts(reading), service.counts(asking)) == ({"done": 6}, {"done": 6})
    with service.store.reading() as session:
        wanted = "SELECT DISTINCT lane, worker FROM jobs JOIN job_items ON job_id = jobs.id"
        workers = dict(session.execute(text(wanted)).all())
    assert set(workers) == set(Lane)
    assert workers[Lane.CPU] != workers[Lane.GPU]
