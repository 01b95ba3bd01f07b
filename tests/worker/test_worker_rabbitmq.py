"""The other broker: workers on RabbitMQ, killed and restarted with its data lost."""

import shutil
import time

import pytest
import servers
from service import Service, kill

from docai.store import jobs

pytestmark = pytest.mark.slow


@pytest.fixture
def rabbitmq():
    with servers.rabbitmq() as server:
        yield server


@pytest.fixture
def service(tmp_path, rabbitmq):
    broker = f"amqp://guest:guest@127.0.0.1:{rabbitmq.port}//"
    service = Service(tmp_path / "data", broker=broker)
    yield service
    service.close()


def test_workers_and_the_broker_are_killed_and_every_document_is_done_once(service, rabbitmq):
    job = service.submit(60)
    service.start_all()
    service.wait_until(lambda: service.counts(job).get("done", 0) >= 10)
    for pid in service.pool():
        kill(pid)
    service.wait_until(lambda: service.counts(job).get("done", 0) >= 25)
    rabbitmq.kill()
    shutil.rmtree(rabbitmq.folder)
    time.sleep(0.5)
    rabbitmq.start()
    service.wait_for_end(job)
    assert service.check(job, 60) == {"done": 60}
    # The workers hear the new broker: a second job does not wait for theirs to be over.
    second = service.submit(5, jobs.Request("receipt"))
    service.wait_for_end(second, timeout_s=30)


def test_workers_that_wait_hear_a_bell_at_once(service):
    service.start_all()
    service.wait_until(lambda: len(service.pool()) == 2)
    for task in ("invoice", "receipt", "form"):
        time.sleep(1)
        job = service.submit(2, jobs.Request(task))
        service.wait_for_end(job, timeout_s=20)
        assert service.counts(job) == {"done": 2}
