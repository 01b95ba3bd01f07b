"""Files by the hash of their bytes: in a folder, and in a storage that speaks S3."""

import io
import itertools
import shutil
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

s3fs = pytest.importorskip("s3fs")
pytest.importorskip("moto.server")

import servers  # noqa: E402
from stored import counts, finish, submit, take  # noqa: E402

from docai.errors import StoreError  # noqa: E402
from docai.store import documents  # noqa: E402
from docai.store.database import Store  # noqa: E402
from docai.store.files import Files  # noqa: E402

CONTENT, NAME = b"%PDF-1.4 a letter", sha256(b"%PDF-1.4 a letter").hexdigest()
numbers = itertools.count()


@pytest.fixture(scope="module")
def s3_server():
    with servers.s3() as server:
        yield server


@pytest.fixture
def bucket(s3_server, monkeypatch):
    """The URL of a bucket with nothing in it; settings are in the environment, as in production."""
    for name, value in servers.S3_KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_server.port}")
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"docai-{next(numbers)}"
    s3fs.S3FileSystem().mkdir(name)
    return f"s3://{name}/files"


@pytest.fixture(params=["folder", "s3"])
def url(request, tmp_path):
    return (
        str(tmp_path / "files") if request.param == "folder" else request.getfixturevalue("bucket")
    )


@pytest.fixture
def files(url):
    return Files(url)


def bytes_of(files, name):
    with files.local(name) as path:
        return path.read_bytes() if path.exists() else None


def test_bytes_are_kept_under_their_hash_and_the_same_bytes_once(files, url):
    for _ in range(2):
        kept = files.put(io.BytesIO(CONTENT))
        assert (kept.sha256, kept.size, kept.head) == (NAME, len(CONTENT), CONTENT)
    assert files.has(NAME)
    assert bytes_of(Files(url), NAME) == CONTENT  # another process's view
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert list(files.unknown(set(), before=later)) == [NAME]


def test_a_large_file_comes_back_whole(files):
    content = bytes(range(256)) * 50_000  # more than one part of an upload
    assert bytes_of(files, files.put(io.BytesIO(content)).sha256) == content


def test_what_is_not_there_is_no_error(files):
    assert not files.has(NAME)
    assert bytes_of(files, NAME) is None
    assert files.picture(NAME, "1.png") is None
    files.remove(NAME)


def test_pictures_go_with_their_file(files, url):
    files.put(io.BytesIO(CONTENT))
    files.put_picture(NAME, "1.png", b"one")
    files.put_picture(NAME, "2.png", b"two")
    other = Files(url)
    assert (other.picture(NAME, "1.png"), other.picture(NAME, "2.png")) == (b"one", b"two")
    other.remove(NAME)
    assert (files.has(NAME), files.picture(NAME, "1.png")) == (False, None)


def test_only_old_files_that_nobody_knows_are_told(files):
    files.put(io.BytesIO(CONTENT))
    unknown = files.put(io.BytesIO(b"%PDF-1.4 of nobody")).sha256
    now = datetime.now(UTC)
    assert list(files.unknown({NAME}, before=now + timedelta(minutes=1))) == [unknown]
    assert list(files.unknown({NAME}, before=now - timedelta(minutes=1))) == []


@pytest.fixture
def on_s3(made_sqlite, tmp_path, clock, bucket):
    shutil.copy(made_sqlite, tmp_path / "docai.sqlite")
    store = Store(f"sqlite:///{tmp_path / 'docai.sqlite'}", bucket, clock)
    yield store
    store.close()


def test_a_document_from_upload_to_deletion_on_s3(on_s3):
    job = submit(on_s3)
    (claim,) = take(on_s3)
    assert bytes_of(on_s3.files, claim.source.sha256) == b"%PDF-1.4 doc0.pdf"
    finish(on_s3, claim)
    assert counts(on_s3, job) == {"done": 1}
    assert documents.remove(on_s3, "ann", claim.document_id) is None
    assert not on_s3.files.has(claim.source.sha256)


def test_a_storage_that_is_away_is_nobodys_fault_and_comes_back(bucket, s3_server, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    files = Files(bucket)
    s3_server.kill()
    try:
        for call in (
            lambda: files.has(NAME),
            lambda: files.put(io.BytesIO(CONTENT)),
            lambda: bytes_of(files, NAME),
            lambda: files.picture(NAME, "1.png"),
        ):
            with pytest.raises(StoreError) as caught:
                call()
            assert caught.value.retryable
    finally:
        s3_server.start()
    s3fs.S3FileSystem().mkdir(bucket.split("/")[2])  # the server keeps nothing
    assert files.put(io.BytesIO(CONTENT)).sha256 == NAME
