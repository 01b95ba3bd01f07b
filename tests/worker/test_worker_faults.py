"""Whatever is killed: every document is done or failed with a reason, once, and counts add up."""

import os
import random
import resource
import signal
import time

import psutil
import pytest
from faulty import BUG, EATS, FAILS, GOOD, HANGS, KILLS, SLOW
from service import kill

from docai.store import jobs

pytestmark = pytest.mark.slow

DOCUMENTS = 300
KILLS_PER_RUN = 30  # on each of two set-ups


def test_kill_9_at_random_moments(service, capsys):
    seed = int(os.environ.get("DOCAI_TEST_SEED", time.time_ns() % 1_000_000))
    chance = random.Random(seed)
    job = service.submit(DOCUMENTS)
    roles = ["cpu", "cpu", "sweep", *(["queue"] if service.has_own_queue else [])]
    running = [service.start(role, processes=1) for role in roles]
    killed = {"pool": 0, "worker": 0, "sweep": 0, "all workers": 0, "queue": 0}
    while sum(killed.values()) < KILLS_PER_RUN:
        time.sleep(chance.uniform(0.05, 1.2))
        assert service.counts(job).get("queued", 0), "the job was over before the kills were"
        what = chance.choices(list(killed), weights=[12, 4, 1, 1, 1])[0]
        pool = service.pool()
        if (what == "pool" and not pool) or (what == "queue" and what not in roles):
            continue
        killed[what] += 1
        if what == "pool":
            kill(chance.choice(pool))
            continue
        for i, role in enumerate(roles):
            is_hit = {"worker": i == 0, "all workers": role == "cpu"}.get(what, role == what)
            if is_hit:
                kill(running[i].pid)
                running[i].wait()
                running[i] = service.start(role, processes=1)
    service.wait_for_end(job, timeout_s=300)
    counts = service.check(job, DOCUMENTS)
    with capsys.disabled():
        print(f"\nseed {seed}: {killed}, then {dict(counts)}")  # noqa: T201
    # A document may have been in hand at three random kills; asked again, it is done.
    jobs.retry(service.store, "ann", job.id)
    service.wait_for_end(job)
    assert service.counts(job) == {"done": DOCUMENTS}


def test_all_workers_gone_for_a_while(service):
    job = service.submit(40)
    service.start_all()
    service.wait_until(lambda: service.counts(job).get("done", 0) >= 8)
    for pid in (*service.pool(), *(process.pid for process in service.living())):
        kill(pid)
    time.sleep(0.5)
    before = service.counts(job)["done"]
    time.sleep(1)
    assert service.counts(job)["done"] == before < 40
    service.start_all()
    service.wait_for_end(job)
    assert service.check(job, 40) == {"done": 40}


def test_idle_processes_that_are_killed_are_missed_by_nobody(service):
    service.start_all()
    service.wait_until(lambda: len(service.pool()) == 2)
    for task in ("invoice", "receipt"):
        time.sleep(1)  # they wait for work now: Celery's own pools may not survive that
        for pid in service.pool():
            kill(pid)
        job = service.submit(4, jobs.Request(task))
        service.wait_for_end(job, timeout_s=30)
        assert service.counts(job) == {"done": 4}


def test_a_broker_that_restarts_with_its_data_lost(on_servers, valkey):
    job = on_servers.submit(60)
    on_servers.start_all()
    for share in (10, 30):
        on_servers.wait_until(lambda share=share: on_servers.counts(job).get("done", 0) >= share)
        valkey.kill()
        time.sleep(0.5)
        valkey.start()
    on_servers.wait_for_end(job)
    assert on_servers.check(job, 60) == {"done": 60}
    # The workers hear the new broker: a second job does not wait for theirs to be over.
    second = on_servers.submit(5, jobs.Request("receipt"))
    on_servers.wait_for_end(second, timeout_s=30)


def test_a_database_that_is_killed_and_restarts(on_servers, postgres_server):
    job = on_servers.submit(60)
    on_servers.start_all()
    for share, away_s in ((10, 0.5), (30, 4)):  # the second is longer than a lease
        on_servers.wait_until(lambda share=share: on_servers.counts(job).get("done", 0) >= share)
        postgres_server.stop(signal.SIGQUIT)
        time.sleep(away_s)
        postgres_server.start()
    on_servers.wait_for_end(job)
    assert on_servers.check(job, 60) == {"done": 60}


def test_a_full_disk_fails_no_document_and_work_goes_on_when_there_is_room(embedded):
    job = embedded.submit(30)
    worker = embedded.start_all()
    embedded.wait_until(lambda: embedded.counts(job).get("done", 0) >= 5)
    everyone = [worker.pid, *embedded.pool()]
    for pid in everyone:  # no file may grow any more: what a full disk is to a process
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    time.sleep(1)
    stalled = embedded.counts(job)
    time.sleep(2)
    assert embedded.counts(job).get("done", 0) <= stalled["done"] + 1
    assert embedded.counts(job)["done"] < 30
    for pid in [worker.pid, *embedded.pool()]:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    embedded.wait_for_end(job)
    assert embedded.check(job, 30) == {"done": 30}


def test_documents_that_harm_their_worker_are_set_aside_and_the_others_are_done(service):
    service.environment["DOCAI_DOCUMENT_TIMEOUT_S"] = "15"
    widths = [GOOD, KILLS, GOOD, HANGS, GOOD, FAILS, GOOD, EATS, GOOD, BUG, GOOD]
    job = service.submit_pictures(*widths)
    worker = service.start_all()
    service.wait_until(lambda: len(service.pool()) == 2)
    # What one process may have, and so what is inherited by those that follow it.
    for pid in [worker.pid, *service.pool()]:
        have = psutil.Process(pid).memory_info().vms
        resource.prlimit(pid, resource.RLIMIT_AS, (have + 2_500_000_000,) * 2)
    service.wait_for_end(job, timeout_s=300)
    assert service.check(job, len(widths)) == {"done": 6, "failed": 2, "poisoned": 3}
    told = {f.filename: f for f in jobs.failures(service.store, "ann", job.id)}
    assert [told[name].code for name in ("1.png", "3.png", "5.png", "7.png", "9.png")] == [
        "poisoned", "timeout", "engine_failed", "poisoned", "poisoned",
    ]  # fmt: skip
    assert all("the worker died" in line for line in told["1.png"].story)
    # Where memory ends in the middle of our own code, Python says so; elsewhere it kills.
    assert all("MemoryError" in s or "the worker died" in s for s in told["7.png"].story)
    assert all("nobody thought of this" in line for line in told["9.png"].story)
    assert len(told["5.png"].story) == 5  # bounded retries


def test_a_shutdown_blames_nobody_and_loses_no_page(service):
    job = service.submit_pictures(*[SLOW] * 12)
    worker = service.start_all()
    service.wait_until(lambda: service.counts(job).get("done", 0) >= 2)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    assert "running" not in service.counts(job)
    service.start("cpu")
    service.wait_for_end(job)
    assert service.check(job, 12) == {"done": 12}
    with service.store.reading() as session:
        from sqlalchemy import text

        assert session.execute(text("SELECT count(*) FROM attempts")).scalar_one() == 12
