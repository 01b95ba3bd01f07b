import io
from datetime import timedelta

import documents as example
import pytest
from sqlalchemy import func, select
from stored import INVOICE, counts, finish, submit, take, upload

from docai.document import Caveat
from docai.errors import EmptyFile, NotFound, StoreError, UnsupportedFormat
from docai.store import documents, jobs, pages, results, retention
from docai.store.database import Store
from docai.store.files import Files
from docai.store.models import Base


def test_the_same_bytes_are_the_same_document_of_one_owner(store):
    first, is_new = documents.add(store, "ann", "a.pdf", io.BytesIO(b"%PDF-1.4 one"))
    again, is_new_again = documents.add(store, "ann", "b.pdf", io.BytesIO(b"%PDF-1.4 one"))
    assert (is_new, is_new_again, again) == (True, False, first)
    other, is_new = documents.add(store, "bob", "a.pdf", io.BytesIO(b"%PDF-1.4 one"))
    assert is_new
    assert (other.sha256, other.id == first.id) == (first.sha256, False)


def test_what_a_file_is_shows_in_its_bytes(store):
    assert upload(store, "scan.png", content=b"%PDF-1.7 x").media_type == "application/pdf"
    with pytest.raises(UnsupportedFormat):
        upload(store, "x.pdf", content=b"hello")
    with pytest.raises(EmptyFile):
        documents.add(store, "ann", "x.pdf", io.BytesIO(b""))
    assert documents.several(store, "ann", after=None, most=9)[0].filename == "scan.png"


def test_nobody_sees_or_removes_the_documents_of_others(store):
    hers = upload(store)
    for call in (documents.get, documents.remove):
        with pytest.raises(NotFound):
            call(store, "bob", hers.id)
    assert documents.several(store, "bob", after=None, most=9) == []
    assert documents.get(store, "ann", hers.id) == hers


def test_a_list_goes_on_where_its_cursor_stands(store):
    made = [upload(store, f"{i}.pdf").id for i in range(5)]
    seen, after = [], None
    while page := documents.several(store, "ann", after=after, most=2):
        seen += [document.id for document in page]
        after = seen[-1]
    assert seen == sorted(made, reverse=True)


def test_removing_leaves_no_row_no_file_and_no_picture(store):
    job = submit(store)
    (claim,) = take(store)
    finish(store, claim)
    (document,) = documents.several(store, "ann", after=None, most=9)
    store.files.put_picture(document.sha256, "1.png", b"picture")
    documents.remove(store, "ann", document.id)
    assert not store.files.has(document.sha256)
    assert store.files.picture(document.sha256, "1.png") is None
    kept = {"alembic_version", "jobs", "job_items", "attempts", "owners", "model_versions"}
    kept |= {"work_days"}
    with store.reading() as session:
        for name, table in Base.metadata.tables.items():
            rows = session.scalar(select(func.count()).select_from(table))
            assert rows == 0 or name in kept, name
    assert counts(store, job) == {"done": 1}  # the job's count still adds up
    (left,) = results.of_job(store, "ann", job.id)
    assert (left.document_id, left.result) == (None, None)


def test_bytes_that_another_owner_has_too_stay(store):
    hers, his = (upload(store, owner=owner) for owner in ("ann", "bob"))
    documents.remove(store, "ann", hers.id)
    assert store.files.has(his.sha256)
    documents.remove(store, "bob", his.id)
    assert not store.files.has(his.sha256)


def test_a_document_removed_before_its_turn_cancels_its_item(store):
    job = submit(store, count=2)
    documents.remove(store, "ann", documents.several(store, "ann", after=None, most=1)[0].id)
    assert counts(store, job) == {"queued": 1, "cancelled": 1}


def test_retention_spares_the_young_and_what_a_job_needs(store, clock):
    upload(store, "old.pdf")
    needed = submit(store, name="needed")
    clock.advance(86_400)
    upload(store, "young.pdf")
    assert documents.expire(store, before=clock() - timedelta(hours=1)) == 1
    left = {document.filename for document in documents.several(store, "ann", after=None, most=9)}
    assert left == {"needed0.pdf", "young.pdf"}
    assert counts(store, needed) == {"queued": 1}


def test_retention_of_one_owner_leaves_the_others_alone(store, clock):
    upload(store, "ann.pdf")
    upload(store, "bob.pdf", owner="bob")
    clock.advance(86_400)
    retention.put(store, "ann", 1)
    assert retention.owners(store) == {"ann": 1}
    assert documents.expire(store, before=clock(), owner="ann") == 1
    assert documents.several(store, "ann", after=None, most=9) == []
    assert len(documents.several(store, "bob", after=None, most=9)) == 1
    retention.put(store, "ann", None)
    assert retention.owners(store) == {}


def test_files_that_a_crash_left_behind_are_collected(store, clock, monkeypatch):
    kept = upload(store)
    stored = store.files.put(io.BytesIO(b"%PDF-1.4 orphan"))
    assert documents.collect_files(store) == 0  # it may be arriving just now
    monkeypatch.setattr(store, "now", lambda: clock().replace(year=2100))
    assert documents.collect_files(store) == 1
    assert not store.files.has(stored.sha256)
    assert store.files.has(kept.sha256)


def test_pages_come_back_exactly_as_they_were_read(store):
    document, page = upload(store), example.document().pages[0]
    caveat = Caveat("text_layer_ignored", "why", 1)
    with store.writing() as session:
        pages.keep(session, document.id, INVOICE.reading, [(page, (caveat,))])
        pages.keep(session, document.id, INVOICE.reading, [(page, (caveat,))])  # twice is once
    assert pages.known(store, document.id, INVOICE.reading) == {1: (page, (caveat,))}
    assert pages.known(store, document.id, "another reading") == {}


@pytest.mark.parametrize("url", ["memory://docai-test", "FOLDER"])
def test_files_lie_in_any_storage(tmp_path, url):
    files = Files(url.replace("FOLDER", str(tmp_path)))
    stored = files.put(io.BytesIO(b"%PDF-1.4 here"))
    with files.local(stored.sha256) as path:
        assert path.read_bytes() == b"%PDF-1.4 here"
    assert (stored.size, stored.head) == (13, b"%PDF-1.4 here")
    files.put_picture(stored.sha256, "1.png", b"png")
    assert files.picture(stored.sha256, "1.png") == b"png"
    files.remove(stored.sha256)
    files.remove(stored.sha256)
    assert not files.has(stored.sha256)
    assert files.picture(stored.sha256, "1.png") is None


def test_a_database_that_is_not_there_is_no_documents_fault(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'no' / 'folder.sqlite'}", str(tmp_path))
    with pytest.raises(StoreError) as caught:
        jobs.several(store, "ann", after=None, most=1)
    assert caught.value.retryable
