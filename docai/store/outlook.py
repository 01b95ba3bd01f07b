"""What lists show of documents beside their names, and which of them want a person most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from docai.errors import NotFound
from docai.jobs import ANSWER, ItemState
from docai.store import documents
from docai.store.database import Store
from docai.store.documents import DocumentStatus, StoredDocument
from docai.store.models import (
    DocumentRow,
    ExtractionRow,
    FieldRow,
    JobItemRow,
    ReviewRow,
    TableRow,
)
from docai.store.results import FIELD, latest
from docai.store.upsert import insert_new


class Activity(StrEnum):
    """What is being done about a document."""

    IDLE = "idle"
    QUEUED = "queued"
    RUNNING = "running"


class State(StrEnum):
    """What lists can be narrowed to."""

    NEW = "new"  # nobody asked anything of it
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    OPEN = "open"  # done, and nobody has reviewed it
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class Summary:
    """The newest result that is no answer. `lowest_confidence` is None where it has no fields."""

    id: UUID
    requested: str
    task: str
    label: str | None
    lowest_confidence: float | None
    failed_checks: int
    tables: int
    created_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outlook:
    activity: Activity
    result: Summary | None


def of(store: Store, ids: Sequence[UUID]) -> dict[UUID, Outlook]:
    with store.reading() as session:
        busy = _busy(session, ids)
        found = _summaries(session, ids)
    return {id: Outlook(busy.get(id, Activity.IDLE), found.get(id)) for id in ids}


def several(
    store: Store,
    owner: str,
    *,
    after: UUID | None,
    most: int,
    state: State | None = None,
    label: str = "",
    search: str = "",
    tables: bool = False,
) -> list[StoredDocument]:
    """The owner's documents that fit, newest first; `search` is in the name or in a value.

    With `tables` those alone whose newest result has some.
    """
    conditions = [_has(word) for word in search.split()]
    if state is not None:
        conditions.append(_is(state))
    if label:
        conditions.append(_result().where(_type() == label).exists())
    if tables:
        conditions.append(_result().where(_table().exists()).exists())
    return documents.several(store, owner, *conditions, after=after, most=most)


def queue(store: Store, owner: str, most: int) -> tuple[list[StoredDocument], int]:
    """Documents nobody has reviewed, those that want a person most first; how many there are.

    Failed checks come first, then the lowest confidence of a field.
    """
    lowest = _lowest_confidence(ExtractionRow.id)
    order = (ExtractionRow.failed_checks == 0, func.coalesce(lowest, 1.0), DocumentRow.id)
    joined = select(DocumentRow).join(ExtractionRow, ExtractionRow.document_id == DocumentRow.id)
    open_ones = joined.where(DocumentRow.owner == owner, _is_newest(), ~_review().exists())
    with store.reading() as session:
        count = session.scalar(select(func.count()).select_from(open_ones.subquery())) or 0
        rows = session.scalars(open_ones.order_by(*order).limit(most)).all()
        return [documents.value_of(row) for row in rows], count


def review(store: Store, owner: str, document_id: UUID, task: str, who: str) -> UUID:
    """Somebody stands behind the newest result of the task; the first one to say so counts.

    Raises NotFound.
    """
    result = latest(store, owner, document_id, task)
    with store.writing() as session:
        insert_new(session, ReviewRow, {"extraction_id": result.id, "who": who, "at": store.now()})
    return result.id


def reopen(store: Store, owner: str, document_id: UUID, task: str) -> None:
    """Takes a review back. Raises NotFound."""
    result = latest(store, owner, document_id, task)
    with store.writing() as session:
        row = session.get(ReviewRow, result.id)
        if row is None:
            raise NotFound(f"nobody has reviewed document {document_id}")
        session.delete(row)


# --- what SQL says of a document ----------------------------------------------------------


def _is(state: State) -> ColumnElement[bool]:
    is_done = _result().exists()
    is_reviewed = _result().where(_review().exists()).exists()
    is_busy = _open_item().exists()
    has_failed = DocumentRow.status == DocumentStatus.FAILED
    match state:
        case State.NEW:
            return ~is_done & ~is_busy & ~has_failed
        case State.WORKING:
            return is_busy
        case State.DONE:
            return is_done
        case State.FAILED:
            return has_failed & ~is_busy
        case State.OPEN:
            return is_done & ~is_reviewed
        case State.REVIEWED:
            return is_reviewed


def _has(word: str) -> ColumnElement[bool]:
    """In the document's name, or in a value of one of its results."""
    valued = (
        select(FieldRow.id)
        .join(ExtractionRow, ExtractionRow.id == FieldRow.extraction_id)
        .where(
            ExtractionRow.document_id == DocumentRow.id,
            FieldRow.value.icontains(word, autoescape=True),
        )
    )
    return or_(DocumentRow.filename.icontains(word, autoescape=True), valued.exists())


def _result() -> Select[Any]:
    """The newest result of the document of the query around it."""
    return select(ExtractionRow.id).where(ExtractionRow.document_id == DocumentRow.id, _is_newest())


def _is_newest() -> ColumnElement[bool]:
    newer = aliased(ExtractionRow)
    is_newer = select(newer.id).where(
        newer.document_id == ExtractionRow.document_id,
        newer.task != ANSWER,
        newer.id > ExtractionRow.id,
    )
    return (ExtractionRow.task != ANSWER) & ~is_newer.exists()


def _type() -> ColumnElement[str]:
    return func.coalesce(ExtractionRow.label, ExtractionRow.task)


def _table() -> Select[Any]:
    return select(TableRow.number).where(TableRow.extraction_id == ExtractionRow.id)


def _review() -> Select[Any]:
    return select(ReviewRow.extraction_id).where(ReviewRow.extraction_id == ExtractionRow.id)


def _open_item() -> Select[Any]:
    return select(JobItemRow.id).where(
        JobItemRow.document_id == DocumentRow.id,
        JobItemRow.state.in_([ItemState.QUEUED, ItemState.RUNNING]),
    )


def _lowest_confidence(id: Any) -> Any:
    """Of the fields as they are now: one that a person looked at has 1."""
    return (
        select(func.min(FieldRow.confidence))
        .where(FieldRow.extraction_id == id, FieldRow.kind == FIELD)
        .scalar_subquery()
    )


def _busy(session: Session, ids: Sequence[UUID]) -> dict[UUID, Activity]:
    wanted = select(JobItemRow.document_id, JobItemRow.state).where(
        JobItemRow.document_id.in_(ids),
        JobItemRow.state.in_([ItemState.QUEUED, ItemState.RUNNING]),
    )
    found: dict[UUID, Activity] = {}
    for id, state in session.execute(wanted):
        if id is not None and found.get(id) is not Activity.RUNNING:
            found[id] = Activity(state)
    return found


def _summaries(session: Session, ids: Sequence[UUID]) -> dict[UUID, Summary]:
    wanted = (
        select(
            ExtractionRow.document_id,
            ExtractionRow.id,
            ExtractionRow.requested,
            ExtractionRow.task,
            ExtractionRow.label,
            _lowest_confidence(ExtractionRow.id),
            ExtractionRow.failed_checks,
            select(func.count())
            .where(TableRow.extraction_id == ExtractionRow.id)
            .scalar_subquery(),
            ExtractionRow.created_at,
            ReviewRow.who,
            ReviewRow.at,
        )
        .outerjoin(ReviewRow, ReviewRow.extraction_id == ExtractionRow.id)
        .where(ExtractionRow.document_id.in_(ids), _is_newest())
    )
    return {id: Summary(*rest) for id, *rest in session.execute(wanted)}
