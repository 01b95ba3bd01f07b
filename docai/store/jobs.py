"""Jobs: submitted, watched, paused, resumed, cancelled, retried. Each function one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from docai.errors import Conflict, NotFound, UsageError
from docai.jobs import AttemptOutcome, ItemState, JobState, Lane, Priority, Request
from docai.store import webhooks
from docai.store.database import Store
from docai.store.documents import ensure_owner
from docai.store.ids import new_id
from docai.store.models import AttemptRow, DocumentRow, JobItemRow, JobRow
from docai.store.upsert import insert_new

Json = dict[str, Any]

OPEN = (ItemState.QUEUED, ItemState.RUNNING)
BROKEN = (ItemState.FAILED, ItemState.POISONED)
RATE_WINDOW = timedelta(minutes=1)  # of the past that throughput is measured over
AT_ONCE = 500  # rows inserted by one statement


@dataclass(frozen=True, slots=True)
class StoredJob:
    id: UUID
    owner: str
    request: Request
    priority: Priority
    state: JobState
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """`counts` has every state of docai.jobs.ItemState; `eta_s` is None while nothing moves."""

    state: JobState
    counts: dict[ItemState, int]
    pages_done: int
    documents_per_s: float
    pages_per_s: float
    eta_s: float | None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        """Documents that are not ended yet."""
        return sum(self.counts[state] for state in OPEN)


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that is failed or poisoned, with the story of its tries."""

    position: int
    document_id: UUID | None
    filename: str
    state: ItemState
    code: str
    message: str
    retryable: bool
    story: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """Documents of active jobs that wait, or are worked on."""

    lane: Lane
    priority: Priority
    queued: int
    running: int
    oldest_s: float  # since the one that waits longest could have begun


def submit(
    store: Store,
    owner: str,
    request: Request,
    documents: Sequence[UUID],
    *,
    priority: Priority = Priority.BULK,
    webhook_id: UUID | None = None,
    idempotency_key: str | None = None,
    idempotency_hash: str | None = None,
) -> tuple[StoredJob, bool]:
    """The job, and whether it is new: the same key of the same owner gives the same job.

    `idempotency_hash` is of the call; raises Conflict where the key was used for another one,
    NotFound where a document is not the owner's. Ring the bell afterwards.
    """
    if not documents:
        raise UsageError("a job needs at least one document")
    now = store.now()
    with store.writing() as session:
        ensure_owner(session, owner)
        id = new_id()
        row = {
            "id": id,
            "owner": owner,
            "request": request.to_json(),
            "fingerprint": request.fingerprint,
            "lane": request.lane,
            "priority": priority,
            "state": JobState.ACTIVE,
            "webhook_id": webhook_id,
            "idempotency_key": idempotency_key,
            "idempotency_hash": idempotency_hash,
            "created_at": now,
        }
        if not insert_new(session, JobRow, row):
            return _repeated(session, owner, idempotency_key, idempotency_hash), False
        _insert_items(session, id, owner, documents, now)
        return _value(session.get_one(JobRow, id)), True


def get(store: Store, owner: str, id: UUID) -> StoredJob:
    """Raises NotFound."""
    with store.reading() as session:
        return _value(_own(session, owner, id))


def several(store: Store, owner: str, *, after: UUID | None, most: int) -> list[StoredJob]:
    """The owner's jobs, newest first; `after` is the last id of the page before."""
    wanted = select(JobRow).where(JobRow.owner == owner)
    if after is not None:
        wanted = wanted.where(JobRow.id < after)
    with store.reading() as session:
        rows = session.scalars(wanted.order_by(JobRow.id.desc()).limit(most))
        return [_value(row) for row in rows]


def progress(store: Store, owner: str, id: UUID) -> Progress:
    """Raises NotFound."""
    with store.reading() as session:
        job = _own(session, owner, id)
        by_state = session.execute(
            select(JobItemRow.state, func.count(), func.sum(JobItemRow.pages_done))
            .where(JobItemRow.job_id == id)
            .group_by(JobItemRow.state)
        ).all()
        documents_per_s, pages_per_s = _rates(session, job, store.now())
        state = JobState(job.state)
    counts = dict.fromkeys(ItemState, 0) | {ItemState(s): count for s, count, _ in by_state}
    left = sum(counts[state] for state in OPEN)
    return Progress(
        state=state,
        counts=counts,
        pages_done=sum(pages for _, _, pages in by_state),
        documents_per_s=documents_per_s,
        pages_per_s=pages_per_s,
        eta_s=left / documents_per_s if documents_per_s else None if left else 0.0,
    )


def failures(
    store: Store, owner: str, id: UUID, *, after: int = -1, most: int = 100
) -> list[Failure]:
    """Documents that are failed or poisoned, in order; `after` is the last position seen.

    Raises NotFound.
    """
    with store.reading() as session:
        _own(session, owner, id)
        wanted = (
            select(JobItemRow)
            .where(
                JobItemRow.job_id == id,
                JobItemRow.state.in_(BROKEN),
                JobItemRow.position > after,
            )
            .order_by(JobItemRow.position)
            .limit(most)
        )
        rows = session.scalars(wanted).all()
        stories = _stories(session, [row.id for row in rows])
        return [_failure(row, stories[row.id]) for row in rows]


def over(store: Store, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the jobs that are finished or cancelled."""
    ended = (JobState.FINISHED, JobState.CANCELLED)
    wanted = select(JobRow.id).where(JobRow.id.in_(ids), JobRow.state.in_(ended))
    with store.reading() as session:
        return set(session.scalars(wanted))


def queues(store: Store) -> list[Queue]:
    """What lies open, whoever it belongs to."""
    now = store.now()
    is_queued = JobItemRow.state == ItemState.QUEUED
    wanted = (
        select(
            JobRow.lane,
            JobRow.priority,
            func.count().filter(is_queued),
            func.count().filter(~is_queued),
            func.min(JobItemRow.not_before).filter(is_queued),
        )
        .join(JobRow, JobRow.id == JobItemRow.job_id)
        .where(JobItemRow.state.in_(OPEN), JobRow.state == JobState.ACTIVE)
        .group_by(JobRow.lane, JobRow.priority)
        .order_by(JobRow.lane, JobRow.priority)
    )
    with store.reading() as session:
        return [
            Queue(
                Lane(lane),
                Priority(priority),
                queued,
                running,
                max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
            )
            for lane, priority, queued, running, oldest in session.execute(wanted)
        ]


def pause(store: Store, owner: str, id: UUID) -> None:
    """No further document is begun; long ones stop at a page. Raises NotFound or Conflict."""
    _switch(store, owner, id, JobState.ACTIVE, JobState.PAUSED)


def resume(store: Store, owner: str, id: UUID) -> None:
    """Raises NotFound or Conflict. Ring the bell afterwards."""
    _switch(store, owner, id, JobState.PAUSED, JobState.ACTIVE)


def cancel(store: Store, owner: str, id: UUID) -> None:
    """What is done stays; what is under way stops at its next page.

    Raises NotFound, Conflict where the job is finished; twice is as once.
    """
    now = store.now()
    with store.writing() as session:
        job = _own(session, owner, id, locked=True)
        if job.state == JobState.CANCELLED:
            return
        if job.state == JobState.FINISHED:
            raise Conflict(f"job {id} is finished; there is nothing left to cancel")
        job.state, job.finished_at = JobState.CANCELLED, now
        session.execute(
            update(JobItemRow)
            .where(JobItemRow.job_id == id, JobItemRow.state.in_(OPEN))
            .values(state=ItemState.CANCELLED, token=None, lease_until=None, finished_at=now)
        )


def retry(store: Store, owner: str, id: UUID) -> int:
    """Puts failed and poisoned documents back, as if never tried; returns how many.

    Raises NotFound, Conflict where the job was cancelled. Ring the bell afterwards.
    """
    now = store.now()
    with store.writing() as session:
        job = _own(session, owner, id, locked=True)
        if job.state == JobState.CANCELLED:
            raise Conflict(f"job {id} was cancelled; submit its documents again")
        made = session.scalars(
            update(JobItemRow)
            .where(
                JobItemRow.job_id == id,
                JobItemRow.state.in_(BROKEN),
                JobItemRow.document_id.is_not(None),
            )
            .values(
                state=ItemState.QUEUED,
                tries=0,
                deaths=0,
                not_before=now,
                finished_at=None,
                error_code=None,
                error_message=None,
                error_retryable=None,
            )
            .returning(JobItemRow.id)
        ).all()
        if made and job.state == JobState.FINISHED:
            job.state, job.finished_at = JobState.ACTIVE, None
        return len(made)


def close_if_done(store: Store, id: UUID) -> bool:
    """Marks the job as finished where no document of it is open; whether this call did it.

    It is called after the transaction that ended a document: of two that end at the same
    moment, at least one then sees both.
    """
    open_items = select(JobItemRow.id).where(JobItemRow.job_id == id, JobItemRow.state.in_(OPEN))
    with store.reading() as session:
        if session.scalars(open_items.limit(1)).first() is not None:
            return False
    with store.writing() as session:
        closed = session.execute(
            update(JobRow)
            .where(JobRow.id == id, JobRow.state == JobState.ACTIVE, ~open_items.exists())
            .values(state=JobState.FINISHED, finished_at=store.now())
            .returning(JobRow.webhook_id)
        ).first()
        if closed is None:
            return False
        if closed.webhook_id is not None:
            counts = dict(
                session.execute(
                    select(JobItemRow.state, func.count())
                    .where(JobItemRow.job_id == id)
                    .group_by(JobItemRow.state)
                ).all()
            )
            payload = {"job": str(id), "state": JobState.FINISHED, "counts": counts}
            webhooks.enqueue(session, closed.webhook_id, "job.finished", payload, store.now())
        return True


def close_all(store: Store) -> int:
    """Closes jobs whose last worker died before it could; returns how many."""
    open_items = select(JobItemRow.id).where(
        JobItemRow.job_id == JobRow.id, JobItemRow.state.in_(OPEN)
    )
    wanted = select(JobRow.id).where(JobRow.state == JobState.ACTIVE, ~open_items.exists())
    with store.reading() as session:
        ids = session.scalars(wanted).all()
    return sum(close_if_done(store, id) for id in ids)


def _insert_items(
    session: Session, job_id: UUID, owner: str, documents: Sequence[UUID], now: datetime
) -> None:
    numbered = iter(enumerate(documents))
    while some := list(islice(numbered, AT_ONCE)):
        names = _filenames(session, owner, {id for _, id in some})
        for _, id in some:
            if id not in names:
                raise NotFound(f"there is no document {id}")
        session.execute(
            insert(JobItemRow),
            [
                {
                    "job_id": job_id,
                    "position": position,
                    "document_id": id,
                    "filename": names[id],
                    "state": ItemState.QUEUED,
                    "not_before": now,
                }
                for position, id in some
            ],
        )


def _filenames(session: Session, owner: str, ids: Iterable[UUID]) -> dict[UUID, str]:
    wanted = select(DocumentRow.id, DocumentRow.filename).where(
        DocumentRow.owner == owner, DocumentRow.id.in_(ids)
    )
    return dict(session.execute(wanted).all())


def _repeated(session: Session, owner: str, key: str | None, call: str | None) -> StoredJob:
    wanted = select(JobRow).where(JobRow.owner == owner, JobRow.idempotency_key == key)
    job = session.scalars(wanted).one()
    if job.idempotency_hash != call:
        raise Conflict(f"the Idempotency-Key {key!r} was used for another call; take a new one")
    return _value(job)


def _rates(session: Session, job: JobRow, now: datetime) -> tuple[float, float]:
    """Documents and pages a second over the last minute of work."""
    end = job.finished_at or now
    start = max(job.created_at, end - RATE_WINDOW)
    done, pages = session.execute(
        select(func.count(), func.coalesce(func.sum(JobItemRow.pages_done), 0)).where(
            JobItemRow.job_id == job.id,
            JobItemRow.state.in_([ItemState.DONE, *BROKEN]),
            JobItemRow.finished_at >= start,
        )
    ).one()
    seconds = max((end - start).total_seconds(), 0.001)
    return done / seconds, float(pages) / seconds


def _switch(store: Store, owner: str, id: UUID, old: JobState, new: JobState) -> None:
    with store.writing() as session:
        job = _own(session, owner, id, locked=True)
        if job.state not in (old, new):
            raise Conflict(f"job {id} is {job.state}; it cannot become {new}")
        job.state = new


def _own(session: Session, owner: str, id: UUID, *, locked: bool = False) -> JobRow:
    row = session.get(JobRow, id, with_for_update=locked or None)
    if row is None or row.owner != owner:
        raise NotFound(f"there is no job {id}")
    return row


def _stories(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    stories: dict[int, list[str]] = {id: [] for id in ids}
    wanted = select(AttemptRow).where(AttemptRow.item_id.in_(ids)).order_by(AttemptRow.id)
    for row in session.scalars(wanted):
        stories[row.item_id].append(_as_sentence(row))
    return stories


def _as_sentence(row: AttemptRow) -> str:
    began = f"{row.claimed_at:%Y-%m-%d %H:%M:%S} UTC, {row.worker}"
    if row.outcome == AttemptOutcome.LOST:
        how = f"crashed, {row.error_message}" if row.error_message else "died"
        return f"{began}: the worker {how}; pages kept: {row.pages_done}"
    if row.outcome == AttemptOutcome.DONE:
        return f"{began}: done"
    return f"{began}: {row.outcome}, {row.error_code}: {row.error_message}"


def _failure(row: JobItemRow, story: Sequence[str]) -> Failure:
    return Failure(
        position=row.position,
        document_id=row.document_id,
        filename=row.filename,
        state=ItemState(row.state),
        code=row.error_code or "",
        message=row.error_message or "",
        retryable=bool(row.error_retryable),
        story=tuple(story),
    )


def _value(row: JobRow) -> StoredJob:
    return StoredJob(
        id=row.id,
        owner=row.owner,
        request=Request.from_json(row.request),
        priority=Priority(row.priority),
        state=JobState(row.state),
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
