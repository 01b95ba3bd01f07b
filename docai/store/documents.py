"""Documents and their files. Every function is one transaction and speaks for one owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import IO
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from docai.errors import DocaiError, NotFound
from docai.ingest.sniff import SNIFF_BYTES, media_type
from docai.jobs import ItemState
from docai.store.database import Store
from docai.store.ids import new_id
from docai.store.models import DocumentRow, JobItemRow, OwnerRow, table_of
from docai.store.upsert import insert_new

UPLOAD_TIME = timedelta(hours=1)  # a file without a document may be one that is arriving
SWEPT_AT_ONCE = 100  # documents deleted for their age in one go


class DocumentStatus(StrEnum):
    STORED = "stored"
    READ = "read"
    FAILED = "failed"  # it could not be read; the error says why


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """`page_count` is None until a worker opened it."""

    id: UUID
    owner: str
    sha256: str
    filename: str
    media_type: str
    bytes: int
    page_count: int | None
    status: DocumentStatus
    error_code: str | None
    error_message: str | None
    created_at: datetime


def add(store: Store, owner: str, filename: str, source: IO[bytes]) -> tuple[StoredDocument, bool]:
    """The document of these bytes, and whether it is new to this owner.

    Raises EmptyFile or UnsupportedFormat, by the bytes and not by the name.
    """
    start = source.tell()
    head = source.read(SNIFF_BYTES)
    kind = media_type(head, filename)
    source.seek(start)
    stored = store.files.put(source)
    with store.writing() as session:
        ensure_owner(session, owner)
        row = {
            "id": new_id(),
            "owner": owner,
            "sha256": stored.sha256,
            "filename": filename,
            "media_type": kind,
            "bytes": stored.size,
            "status": DocumentStatus.STORED,
            "created_at": store.now(),
        }
        is_new = insert_new(session, DocumentRow, row)
        found = _of_hash(session, owner, stored.sha256)
    if not store.files.has(stored.sha256):  # another owner deleted these bytes a moment ago
        source.seek(start)
        store.files.put(source)
    return found, is_new


def get(store: Store, owner: str, id: UUID) -> StoredDocument:
    """Raises NotFound."""
    with store.reading() as session:
        return value_of(_own(session, owner, id))


def several(
    store: Store, owner: str, *conditions: ColumnElement[bool], after: UUID | None, most: int
) -> list[StoredDocument]:
    """The owner's documents, newest first; `after` is the last id of the page before.

    `conditions` are docai.store.outlook's.
    """
    wanted = select(DocumentRow).where(DocumentRow.owner == owner, *conditions)
    if after is not None:
        wanted = wanted.where(DocumentRow.id < after)
    with store.reading() as session:
        rows = session.scalars(wanted.order_by(DocumentRow.id.desc()).limit(most))
        return [value_of(row) for row in rows]


def remove(store: Store, owner: str, id: UUID) -> None:
    """The document, its results, its pictures and, where nobody else has it, its file.

    Raises NotFound.
    """
    with store.writing() as session:
        sha256 = _own(session, owner, id).sha256
        _delete(session, [id], store.now())
    _forget_files(store, {sha256})


def expire(store: Store, *, before: datetime, owner: str | None = None) -> int:
    """Deletes documents made before then that no open job needs; returns how many.

    Those of one owner, or of all.
    """
    is_needed = select(JobItemRow.id).where(
        JobItemRow.document_id == DocumentRow.id,
        JobItemRow.state.in_([ItemState.QUEUED, ItemState.RUNNING]),
    )
    old = (
        select(DocumentRow.id, DocumentRow.sha256)
        .where(DocumentRow.created_at < before, ~is_needed.exists())
        .limit(SWEPT_AT_ONCE)
    )
    if owner is not None:
        old = old.where(DocumentRow.owner == owner)
    with store.writing() as session:
        found = session.execute(old).all()
        _delete(session, [id for id, _ in found], store.now())
    _forget_files(store, {sha256 for _, sha256 in found})
    return len(found)


def of_job(store: Store, owner: str, job_id: UUID) -> list[tuple[UUID, str]]:
    """Ids and names of a job's documents that are still there, as they were submitted."""
    joined = select(DocumentRow.id, DocumentRow.filename).join(
        JobItemRow, JobItemRow.document_id == DocumentRow.id
    )
    wanted = joined.where(JobItemRow.job_id == job_id, DocumentRow.owner == owner)
    with store.reading() as session:
        return [(id, name) for id, name in session.execute(wanted.order_by(JobItemRow.position))]


def collect_files(store: Store) -> int:
    """Removes files that no document knows, left by a crash between two steps."""
    with store.reading() as session:
        known = set(session.scalars(select(DocumentRow.sha256).distinct()))
    lost = list(store.files.unknown(known, before=store.now() - UPLOAD_TIME))
    _forget_files(store, set(lost))
    return len(lost)


def ensure_owner(session: Session, owner: str) -> None:
    insert_new(session, OwnerRow, {"name": owner})


def opened(session: Session, id: UUID, page_count: int) -> None:
    """Notes what a worker found."""
    values = {"page_count": page_count, "status": DocumentStatus.READ}
    cleared = {"error_code": None, "error_message": None}
    session.execute(
        update(table_of(DocumentRow)).where(DocumentRow.id == id).values(**values, **cleared)
    )


def failed(session: Session, id: UUID, error: DocaiError) -> None:
    """Notes why it cannot be read; a document that was read stays so."""
    session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == id, DocumentRow.status != DocumentStatus.READ)
        .values(status=DocumentStatus.FAILED, error_code=error.code, error_message=str(error))
    )


def _own(session: Session, owner: str, id: UUID) -> DocumentRow:
    row = session.get(DocumentRow, id)
    if row is None or row.owner != owner:
        raise NotFound(f"there is no document {id}")
    return row


def _of_hash(session: Session, owner: str, sha256: str) -> StoredDocument:
    wanted = select(DocumentRow).where(DocumentRow.owner == owner, DocumentRow.sha256 == sha256)
    return value_of(session.scalars(wanted).one())


def value_of(row: DocumentRow) -> StoredDocument:
    """For the rooms of this package alone, as every row."""
    return StoredDocument(
        id=row.id,
        owner=row.owner,
        sha256=row.sha256,
        filename=row.filename,
        media_type=row.media_type,
        bytes=row.bytes,
        page_count=row.page_count,
        status=DocumentStatus(row.status),
        error_code=row.error_code,
        error_message=row.error_message,
        created_at=row.created_at,
    )


def _delete(session: Session, ids: Sequence[UUID], now: datetime) -> None:
    session.execute(
        update(JobItemRow)
        .where(
            JobItemRow.document_id.in_(ids),
            JobItemRow.state.in_([ItemState.QUEUED, ItemState.RUNNING]),
        )
        .values(
            state=ItemState.CANCELLED,
            token=None,
            lease_until=None,
            finished_at=now,
            error_code=NotFound.code,
            error_message="the document was deleted before it was done",
            error_retryable=False,
        )
    )
    session.execute(delete(DocumentRow).where(DocumentRow.id.in_(ids)))


def _forget_files(store: Store, hashes: set[str]) -> None:
    with store.reading() as session:
        wanted = select(DocumentRow.sha256).where(DocumentRow.sha256.in_(hashes))
        still_known = set(session.scalars(wanted))
    for sha256 in hashes - still_known:
        store.files.remove(sha256)
