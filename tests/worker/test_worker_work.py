"""A worker in this process: what it does with documents, one after the other."""

import io
import time

import pytest
from faulty import SLOW, SLOW_S, FaultyReader
from service import INVOICE, Service, small_pdf

from docai import tasks
from docai.errors import StoreError
from docai.ingest.limits import Limits
from docai.jobs import ANSWER, CUSTOM, Lane, Request
from docai.ocr import ENGINES
from docai.pipeline import ReadOptions, read
from docai.serialize import extraction_to_json
from docai.settings import Settings
from docai.stages import Stage
from docai.store import claims, documents, jobs, pages, results, retention, work
from docai.tasks import FieldSpec
from worker import progress, sweep
from worker.work import Worker


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path / "data")
    yield service
    service.close()


def worker(service, should_stop=lambda: False, **settings):
    wanted = Settings(**{"backoff_s": 0.01, **settings})
    return Worker(service.store, wanted, ReadOptions(), Limits(), should_stop)


def submit(service, content, request=INVOICE, name="a.pdf"):
    document, _ = documents.add(service.store, "ann", name, io.BytesIO(content))
    return document, jobs.submit(service.store, "ann", request, [document.id])[0]


def result_of(service, document, task):
    return results.latest(service.store, "ann", document.id, task).result


def test_a_result_is_what_the_library_says(service, tmp_path):
    content = small_pdf("Invoice number 17", "Date 2026-03-01")
    document, job = submit(service, content)
    assert worker(service).work(for_s=9) == 1
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    whole = read(path)
    expected = extraction_to_json(tasks.task("invoice").extract(whole), whole)
    assert result_of(service, document, "invoice") == expected
    assert service.counts(job) == {"done": 1}
    assert documents.get(service.store, "ann", document.id).page_count == 1


def test_questions_and_own_fields_are_answered_without_reading_twice(service, monkeypatch):
    content = small_pdf("Invoice number 17")
    document, _ = submit(service, content)
    worker(service).work(for_s=9)
    monkeypatch.setattr("worker.work.reading", None)  # opening the file again would fail
    submit(service, content, Request(ANSWER, questions=("What is the invoice number?",)))
    submit(service, content, Request(CUSTOM, fields=(FieldSpec("sum", labels=("Total",)),)))
    assert worker(service).work(for_s=9) == 2
    (answer,) = result_of(service, document, ANSWER)["answers"]
    assert answer["answer"] == "17"
    assert result_of(service, document, CUSTOM)["task"] == CUSTOM


def test_the_same_request_again_is_no_work(service, monkeypatch):
    content = small_pdf("Invoice number 17")
    submit(service, content)
    worker(service).work(for_s=9)
    _, again = submit(service, content)
    monkeypatch.setattr("worker.work.answer_request", None)
    assert worker(service).work(for_s=9) == 1
    assert service.counts(again) == {"done": 1}


def test_memory_at_its_end_is_let_go_of_and_told_and_ends_the_process(service, monkeypatch):
    held, quits = [], []

    class Hoard(list):
        def __del__(self):
            held.append("released")

    def eat(*arguments):
        hoard = Hoard()
        hoard.append("much")
        raise MemoryError

    monkeypatch.setattr("worker.work.answer_request", eat)
    monkeypatch.setattr("worker.work.os._exit", lambda status: quits.append((status, *held)))
    _, job = submit(service, small_pdf("Invoice number 17"))
    tired = worker(service, most_deaths=1)
    assert tired.work(for_s=9) == 0
    assert quits == [(70, "released")]
    (failure,) = jobs.failures(service.store, "ann", job.id)
    assert failure.code == "poisoned"
    assert all("MemoryError" in line for line in failure.story)


def test_a_long_document_goes_on_at_its_page(service, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "PAGES_AT_ONCE", 10)
    content = small_pdf("A long report", pages=60)
    document, job = submit(service, content)
    looks = iter(range(1000))
    first = worker(service, should_stop=lambda: next(looks) > 36)
    assert first.work(for_s=60) == 0
    told = service.progress(job)
    assert 30 <= told.pages_done < 60
    assert service.counts(job) == {"queued": 1}
    kept = pages.known(service.store, document.id, INVOICE.reading)
    assert len(kept) == told.pages_done

    parsed = []
    from docai.ingest.raw import RawDocument

    page = RawDocument.page
    monkeypatch.setattr(RawDocument, "page", lambda raw, n: parsed.append(n) or page(raw, n))
    assert worker(service).work(for_s=60) == 1
    assert parsed == list(range(told.pages_done + 1, 61))
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    whole = read(path)
    expected = extraction_to_json(tasks.task("invoice").extract(whole), whole)
    assert result_of(service, document, "invoice") == expected


def test_where_the_time_of_a_document_goes_is_kept(service):
    submit(service, small_pdf("Invoice number 17", pages=3))
    began = time.perf_counter()
    assert worker(service).work(for_s=9) == 1
    took_s = time.perf_counter() - began
    (sums,) = work.everybody(service.store)
    spent = sums.seconds
    assert all(spent[each] > 0 for each in (Stage.PARSE, Stage.LAYOUT, Stage.TASK, Stage.WRITE))
    assert spent[Stage.OCR] == spent[Stage.RENDER] == spent[Stage.MODEL] == 0
    assert sum(spent.values()) <= took_s
    assert (sums.documents, sums.pages) == (1, 3)


def test_a_scan_is_rendered_and_read(service, monkeypatch):
    monkeypatch.setitem(ENGINES, "faulty", lambda profile, threads: FaultyReader())
    service.submit_pictures(SLOW)
    assert worker(service).work(for_s=60) == 1
    (sums,) = work.everybody(service.store)
    assert sums.seconds[Stage.RENDER] > 0
    assert sums.seconds[Stage.OCR] >= SLOW_S


def test_the_time_of_a_failure_is_kept_with_its_code(service):
    submit(service, b"%PDF-1.4 nothing else")
    worker(service).work(for_s=9)
    (sums,) = work.everybody(service.store)
    assert (sums.outcome, sums.error_code) == ("failed", "broken_document")
    assert sums.seconds[Stage.PARSE] > 0


def test_a_paused_job_stops_at_a_page_and_goes_on_later(service, monkeypatch):
    monkeypatch.setattr(progress, "PAGES_AT_ONCE", 5)
    _, job = submit(service, small_pdf("A long report", pages=400))
    pausing = []

    def keep_pages(*arguments, **named):
        if not pausing:
            jobs.pause(service.store, "ann", job.id)
            pausing.append(1)
        return keep(*arguments, **named)

    keep = claims.keep_pages
    monkeypatch.setattr(claims, "keep_pages", keep_pages)
    assert worker(service, lease_s=0.2).work(for_s=60) == 0
    assert service.counts(job) == {"queued": 1}
    assert 0 < service.progress(job).pages_done < 400
    assert worker(service).work(for_s=60) == 0
    jobs.resume(service.store, "ann", job.id)
    assert worker(service).work(for_s=60) == 1
    assert service.progress(job).pages_done == 400


def test_a_broken_document_is_never_tried_again(service):
    document, job = submit(service, b"%PDF-1.4 nothing else")
    assert worker(service).work(for_s=9) == 1
    assert service.counts(job) == {"failed": 1}
    (failure,) = jobs.failures(service.store, "ann", job.id)
    assert (failure.code, len(failure.story)) == ("broken_document", 1)
    assert documents.get(service.store, "ann", document.id).error_code == "broken_document"


def test_a_file_that_is_gone_says_so(service):
    document, job = submit(service, small_pdf("Invoice"))
    service.store.files.remove(document.sha256)
    worker(service).work(for_s=9)
    (failure,) = jobs.failures(service.store, "ann", job.id)
    assert failure.code == "unreadable_file"


def test_a_result_waits_for_a_database_that_is_away_for_a_moment(service, monkeypatch):
    _, job = submit(service, small_pdf("Invoice"))
    finish, failures = claims.finish, [StoreError("away"), StoreError("still away")]

    def away(*arguments, **named):
        if failures:
            raise failures.pop()
        return finish(*arguments, **named)

    monkeypatch.setattr(claims, "finish", away)
    assert worker(service).work(for_s=9) == 1
    assert service.counts(job) == {"done": 1}


def test_the_sweep_rings_for_what_lies_ready_and_not_otherwise(service):
    rung = []

    def ring(lane, bells=1):
        rung.append((lane, bells))

    sweep.sweep(service.store, ring, Settings())
    assert rung == []
    service.submit(3)
    sweep.sweep(service.store, ring, Settings())
    assert rung == [(Lane.CPU, 3)]


def test_retention_deletes_by_age(service):
    document, _ = submit(service, small_pdf("Invoice"))
    worker(service).work(for_s=9)
    sweep.tidy(service.store, Settings())
    sweep.tidy(service.store, Settings(retention_days=1.0))
    assert documents.get(service.store, "ann", document.id)
    sweep.tidy(service.store, Settings(retention_days=1e-9))
    assert documents.several(service.store, "ann", after=None, most=1) == []


def test_documents_of_an_owner_go_sooner_where_the_owner_says_so(service):
    submit(service, small_pdf("Invoice"))
    worker(service).work(for_s=9)
    retention.put(service.store, "bob", 1e-9)
    sweep.tidy(service.store, Settings(retention_days=1.0))
    assert documents.several(service.store, "ann", after=None, most=1)
    retention.put(service.store, "ann", 1e-9)
    sweep.tidy(service.store, Settings(retention_days=1.0))
    assert documents.several(service.store, "ann", after=None, most=1) == []
