"""Questions about many documents: read by the model together, ended one by one."""

import io
import os
import random
import subprocess
import sys
import threading
import time

import pytest
from service import Service, kill, small_pdf
from sqlalchemy import text

torch = pytest.importorskip("torch")

from docai import serialize, tasks  # noqa: E402
from docai.errors import EngineError  # noqa: E402
from docai.ingest.limits import Limits  # noqa: E402
from docai.jobs import ANSWER, JobState, Lane, Priority, Request  # noqa: E402
from docai.models import reader  # noqa: E402
from docai.pipeline import ReadOptions, read  # noqa: E402
from docai.settings import Settings  # noqa: E402
from docai.store import documents, jobs, results, work  # noqa: E402
from docai.tasks import ask_model  # noqa: E402
from worker.work import Worker  # noqa: E402

QUESTIONS = ("Who delivers the desks?", "What is the total?")
REQUEST = Request(ANSWER, questions=QUESTIONS)
LETTERS = {
    "short.pdf": ["The desks are delivered by Nora Quist in May."],
    "long.pdf": ["The desks are delivered by Omar Reyes on Monday."]
    + ["They are made of oak."] * 15,
    "none.pdf": ["Nothing is delivered today."],
    "other.pdf": ["Paula Stern delivers the desks, and nobody else does."],
}


@pytest.fixture(autouse=True)
def by_the_model(monkeypatch):
    monkeypatch.delenv("DOCAI_MODEL")


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path / "data")
    yield service
    service.close()


def worker(
    service, should_stop=lambda: False, lanes=tuple(Lane), limits: Limits | None = None, **settings
):
    wanted = Settings(**{"backoff_s": 0.01, "device": "cpu", **settings})
    made = Worker(service.store, wanted, ReadOptions(), limits or Limits(), should_stop, lanes)
    made._document_s = 0.01  # what it took lately: it claims all at once
    return made


def submit(service, contents, request=REQUEST):
    ids = {
        name: documents.add(service.store, "ann", name, io.BytesIO(content))[0].id
        for name, content in contents.items()
    }
    return jobs.submit(service.store, "ann", request, list(ids.values()))[0], ids


def letters():
    return {name: small_pdf(*lines) for name, lines in LETTERS.items()}


def answers_of(service, id):
    return results.latest(service.store, "ann", id, ANSWER).result["answers"]


def alone(tmp_path, content):
    path = tmp_path / "alone.pdf"
    path.write_bytes(content)
    document = read(path)
    found = [(question, tasks.answer(document, question)) for question in QUESTIONS]
    return serialize.answers_to_json(document, tasks.model_of(), found)["answers"]


def check_as_alone(told, expected):
    """Sums of a batch are rounded in another order: a confidence may differ in its third place."""
    for one, other in zip(told, expected, strict=True):
        assert (one["answer"], one["evidence"]) == (other["answer"], other["evidence"])
        assert one["confidence"] == pytest.approx(other["confidence"], abs=0.02)


@pytest.fixture
def batches(monkeypatch):
    """The number of windows in each batch that went through the model."""
    seen, scores = [], reader.scores

    def watched(model, windows, *, pad_id):
        seen.append(len(windows))
        return scores(model, windows, pad_id=pad_id)

    monkeypatch.setattr(reader, "scores", watched)
    return seen


def test_windows_of_several_documents_share_batches_and_answers_are_as_one_by_one(
    service, tmp_path, batches
):
    job, ids = submit(service, letters())
    assert worker(service).work(for_s=60) == len(LETTERS)
    assert service.counts(job) == {"done": len(LETTERS)}
    assert service.progress(job).state is JobState.FINISHED
    assert sum(batches) == len(LETTERS) * len(QUESTIONS)
    assert max(batches) > len(QUESTIONS)  # more than any one document has
    (sums,) = work.everybody(service.store)
    assert (sums.batches, sums.windows) == (len(batches), sum(batches))
    assert sums.seconds["model"] > 0
    for name, content in letters().items():
        check_as_alone(answers_of(service, ids[name]), alone(tmp_path, content))
    assert [answers_of(service, id)[0]["answer"] for id in ids.values()][:2] == [
        "Nora Quist", "Omar Reyes",
    ]  # fmt: skip


def test_out_of_memory_halves_the_batches_and_every_question_is_answered(
    service, tmp_path, monkeypatch
):
    seen, scores = [], reader.scores

    def small_device(model, windows, *, pad_id):
        if len(windows) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        seen.append(len(windows))
        return scores(model, windows, pad_id=pad_id)

    monkeypatch.setattr(reader, "scores", small_device)
    job, ids = submit(service, letters())
    assert worker(service).work(for_s=60) == len(LETTERS)
    assert sum(seen) == len(LETTERS) * len(QUESTIONS)
    monkeypatch.setattr(reader, "scores", scores)
    for name, content in letters().items():
        check_as_alone(answers_of(service, ids[name]), alone(tmp_path, content))
    assert service.counts(job) == {"done": len(LETTERS)}


def test_a_document_that_cannot_be_read_fails_alone_and_the_job_ends(service):
    job, _ = submit(service, {**letters(), "broken.pdf": b"%PDF-1.4 nothing else"})
    assert worker(service).work(for_s=60) == len(LETTERS) + 1
    assert service.counts(job) == {"done": len(LETTERS), "failed": 1}
    assert service.progress(job).state is JobState.FINISHED
    (failure,) = jobs.failures(service.store, "ann", job.id)
    assert (failure.filename, failure.code) == ("broken.pdf", "broken_document")


def test_a_document_that_breaks_the_batch_fails_alone(service, monkeypatch):
    windows = ask_model.windows

    def breaking(document, question, tokenizer):
        if document.source.filename == "none.pdf":
            raise EngineError("its windows are too large")
        return windows(document, question, tokenizer)

    monkeypatch.setattr(ask_model, "windows", breaking)
    job, _ = submit(service, letters())
    worker(service, most_tries=1).work(for_s=60)
    assert service.counts(job) == {"done": len(LETTERS) - 1, "failed": 1}
    (failure,) = jobs.failures(service.store, "ann", job.id)
    assert (failure.filename, failure.code) == ("none.pdf", "engine_failed")


def test_a_bug_in_one_document_blames_it_alone(service, monkeypatch):
    windows = ask_model.windows

    def breaking(document, question, tokenizer):
        if document.source.filename == "none.pdf":
            raise RuntimeError("nobody thought of this")
        return windows(document, question, tokenizer)

    monkeypatch.setattr(ask_model, "windows", breaking)
    job, _ = submit(service, letters())
    worker(service, most_deaths=2).work(for_s=60)
    assert service.counts(job) == {"done": len(LETTERS) - 1, "poisoned": 1}
    (failure,) = jobs.failures(service.store, "ann", job.id)
    assert failure.filename == "none.pdf"


def test_a_model_that_hangs_with_several_blames_one_and_gives_the_others_back(service, monkeypatch):
    job, _ = submit(service, letters())
    gone, told = threading.Event(), []

    def hang(*given, **named):
        gone.wait(60)
        raise EngineError("the process was to end before")

    def leave(status):  # called in the lease's thread, as the last thing that a process does
        with service.store.reading() as session:
            blamed = session.execute(text("SELECT filename FROM job_items WHERE deaths = 1"))
            told.append((status, service.counts(job), blamed.scalars().all()))
        gone.set()

    monkeypatch.setattr(reader, "scores", hang)
    monkeypatch.setattr("worker.work.os._exit", leave)
    worker(service, limits=Limits(document_timeout_s=4.0)).work(for_s=1)
    assert told[0] == (70, {"queued": len(LETTERS)}, ["short.pdf"])


def test_a_shutdown_while_documents_are_read_gives_all_of_them_back(service):
    looks = iter(range(1000))
    job, _ = submit(service, letters())
    assert worker(service, should_stop=lambda: next(looks) > 4).work(for_s=60) == 0
    assert service.counts(job) == {"queued": len(LETTERS)}
    assert worker(service).work(for_s=60) == len(LETTERS)


def test_questions_that_are_waited_for_go_through_the_model_together(service, batches):
    """Over the API each is a job of its own."""
    for name, content in letters().items():
        document, _ = documents.add(service.store, "ann", name, io.BytesIO(content))
        jobs.submit(service.store, "ann", REQUEST, [document.id], priority=Priority.INTERACTIVE)
    assert worker(service).work(for_s=60) == len(LETTERS)
    assert max(batches) > len(QUESTIONS)
    found = jobs.several(service.store, "ann", after=None, most=9)
    assert [job.state for job in found] == [JobState.FINISHED] * len(LETTERS)


def test_a_worker_without_the_models_lane_leaves_questions_to_others(service):
    job, _ = submit(service, letters())
    assert worker(service, lanes=(Lane.CPU,)).work(for_s=60) == 0
    assert worker(service, lanes=(Lane.GPU,)).work(for_s=60) == len(LETTERS)
    assert service.counts(job) == {"done": len(LETTERS)}


def test_a_device_that_is_not_there_ends_the_worker_and_fails_no_document(service):
    service.environment["DOCAI_DEVICE"] = "cuda:99"
    service.environment.pop("DOCAI_MODEL", None)
    job, _ = submit(service, letters())
    started = subprocess.run(
        [sys.executable, "-m", "worker", "gpu", "--alone"],
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert started.returncode == 1
    assert "DOCAI_DEVICE=cuda:99" in started.stderr
    assert service.counts(job) == {"queued": len(LETTERS)}


@pytest.mark.slow
def test_workers_that_are_killed_while_the_model_answers(request, capsys):
    seed = int(os.environ.get("DOCAI_TEST_SEED", time.time_ns() % 1_000_000))
    chance = random.Random(seed)
    service = request.getfixturevalue("on_servers")
    job = service.submit(40, REQUEST)
    service.start("sweep")
    service.start("gpu")
    for share in (1, 8, 16, 24):
        service.wait_until(lambda share=share: service.counts(job).get("done", 0) >= share)
        time.sleep(chance.uniform(0, 0.5))
        for pid in chance.sample(service.pool(), k=chance.choice((1, len(service.pool())))):
            kill(pid)
    service.wait_for_end(job, timeout_s=300)
    with capsys.disabled():
        print(f"\nseed {seed}: {dict(service.check(job, 40))}")  # noqa: T201
    jobs.retry(service.store, "ann", job.id)
    service.wait_for_end(job)
    assert service.counts(job) == {"done": 40}
