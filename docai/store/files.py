"""Uploaded files by the hash of their bytes: a local folder, or any storage fsspec knows."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import fsspec

from docai.errors import StoreError
from docai.ingest.sniff import SNIFF_BYTES

CHUNK = 1 << 20
ORIGINALS, PICTURES = "originals", "pictures"


@dataclass(frozen=True, slots=True)
class Stored:
    """What `put` kept. `head` are the first bytes, enough to tell the media type."""

    sha256: str
    size: int  # bytes
    head: bytes


class Files:
    """`originals/ab/abcd…` are the uploaded files, `pictures/ab/abcd…/NAME` what was drawn of them.

    Errors of the storage are StoreError: none of them is a document's fault.
    """

    def __init__(self, url: str) -> None:
        self._fs: Any
        # Other processes put and remove files, too: no listing is to be remembered.
        self._fs, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        self._root = root.rstrip("/")
        self._is_local = "file" in _protocols(self._fs)
        self._faults = _faults(_protocols(self._fs))

    def put(self, source: IO[bytes]) -> Stored:
        """Keeps the bytes from the source's position to its end; the same bytes once."""
        digest, size, head = hashlib.sha256(), 0, b""
        with self._translated(), self._scratch() as (scratch, part):
            while chunk := source.read(CHUNK):
                head = head or chunk[:SNIFF_BYTES]
                digest.update(chunk)
                size += len(chunk)
                scratch.write(chunk)
            scratch.flush()
            os.fsync(scratch.fileno())
            self._keep(part, self._original(digest.hexdigest()))
        return Stored(digest.hexdigest(), size, head)

    def has(self, sha256: str) -> bool:
        with self._translated():
            return bool(self._fs.exists(self._original(sha256)))

    @contextlib.contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        """The file's path on this machine; of remote storage a copy that is gone afterwards."""
        key = self._original(sha256)
        if self._is_local:
            yield Path(key)
            return
        with tempfile.TemporaryDirectory(prefix="docai-") as folder:
            path = Path(folder, "document")
            with (
                self._translated(),
                contextlib.suppress(FileNotFoundError),
            ):  # the reader will say so
                self._fs.get_file(key, str(path))
            yield path

    def remove(self, sha256: str) -> None:
        """The file and every picture of it; nothing where they are gone."""
        with self._translated():
            for key in (self._original(sha256), self._pictures(sha256)):
                with contextlib.suppress(FileNotFoundError):
                    self._fs.rm(key, recursive=True)

    def put_picture(self, sha256: str, name: str, content: bytes) -> None:
        """A picture drawn of a file, kept until the file is removed."""
        with self._translated(), self._scratch() as (scratch, part):
            scratch.write(content)
            scratch.flush()
            self._keep(part, f"{self._pictures(sha256)}/{name}")

    def picture(self, sha256: str, name: str) -> bytes | None:
        with self._translated():
            try:
                content: bytes = self._fs.cat_file(f"{self._pictures(sha256)}/{name}")
            except FileNotFoundError:
                return None
            return content

    def unknown(self, known: set[str], *, before: datetime) -> Iterator[str]:
        """Hashes of files older than `before` that are not among the known ones."""
        with self._translated():
            for key, about in self._fs.find(f"{self._root}/{ORIGINALS}", detail=True).items():
                sha256 = key.rsplit("/", 1)[-1]
                if sha256 not in known and self._fs.modified(about["name"]) < before:
                    yield sha256

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[tuple[IO[bytes], Path]]:
        """A file beside the others where they are local, so that keeping it is a rename."""
        folder = Path(self._root, "incoming") if self._is_local else None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as scratch:
            part = Path(scratch.name)
            try:
                yield scratch, part
            finally:
                part.unlink(missing_ok=True)

    def _keep(self, part: Path, key: str) -> None:
        if self._is_local:
            target = Path(key)
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)
        elif not self._fs.exists(key):
            self._fs.makedirs(key.rsplit("/", 1)[0], exist_ok=True)
            self._fs.put_file(str(part), key)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._faults as error:
            raise StoreError(f"the file store does not answer or is full: {error}") from error

    def _original(self, sha256: str) -> str:
        return f"{self._root}/{ORIGINALS}/{sha256[:2]}/{sha256}"

    def _pictures(self, sha256: str) -> str:
        return f"{self._root}/{PICTURES}/{sha256[:2]}/{sha256}"


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _faults(protocols: tuple[str, ...]) -> tuple[type[Exception], ...]:
    """What the storage raises where it does not answer: those of S3 are no OSError."""
    if "s3" not in protocols:
        return (OSError,)
    from botocore.exceptions import BotoCoreError, ClientError

    return OSError, BotoCoreError, ClientError
