"""Who works on what: leases that are claimed, renewed, ended, and swept up after a death.

Several documents are claimed at a time and done in the order of their `place`. All of a claim
have one token; only its holder may write. When a worker dies, the first unfinished document of
its claim was in its hands and gets the blame; the others go back untouched. A blamed document
is claimed alone from then on, so that it takes nobody with it.

Documents that a model answers together are read first, one after the other: each that was read
goes behind those that were not, so that the first is in hand all the same. A worker that dies
while the model has all of them blames the first: it may be innocent, and shows it once alone.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CursorResult, func, insert, select, update
from sqlalchemy.orm import Session

from docai.document import Source
from docai.errors import DocaiError, LeaseLost, PoisonedDocument
from docai.jobs import AttemptOutcome, ItemState, JobState, Lane, Request
from docai.pipeline import ReadPage
from docai.stages import Clock
from docai.store import documents, jobs, pages, results, work
from docai.store.database import Store
from docai.store.models import (
    AttemptRow,
    DocumentRow,
    ExtractionRow,
    JobItemRow,
    JobRow,
    OwnerRow,
    PageRow,
    table_of,
)
from docai.store.work import Try

Json = dict[str, Any]

SWEPT_AT_ONCE = 200
BEHIND = 1_000_000  # added to the place of a document that waits for the others of its claim
STATE_AFTER = {
    AttemptOutcome.DONE: ItemState.DONE,
    AttemptOutcome.FAILED: ItemState.FAILED,
    AttemptOutcome.RETRIED: ItemState.QUEUED,
}


@dataclass(frozen=True, slots=True)
class Claim:
    """One document in a worker's hands."""

    item_id: int
    job_id: UUID
    owner: str
    token: str
    worker: str
    ready_at: datetime  # when it could have been begun
    claimed_at: datetime
    document_id: UUID
    source: Source
    page_count: int | None  # None until it was opened once
    request: Request
    tries: int
    deaths: int
    rest: int  # documents of the same claim that come after this one
    was_asked: bool  # there is a result of the same request already, perhaps of another model
    was_read: bool  # pages of the same reading are kept

    @property
    def filename(self) -> str:
        return self.source.filename


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: documents given back, and those set aside as poisoned."""

    returned: int
    poisoned: int


# --- taking -------------------------------------------------------------------------------


def claim(
    store: Store, worker: str, lanes: Collection[Lane], *, most: int, lease_s: float
) -> tuple[Claim, ...]:
    """Up to `most` documents, to be done in this order; empty where none is ready.

    Interactive jobs go first; among equals the owner who has the fewest documents under way,
    then the one who was served the longest time ago. All are of one job; only where a model
    answers them together, in the lane "gpu", of as many jobs of one priority as it takes.
    """
    with store.reading() as session:  # nobody is kept waiting where there is nothing to do
        if _next_job(session, lanes, store.now()) is None:
            return ()
    with store.writing() as session:
        now = store.now()
        lease = _Lease(uuid4().hex, worker, now, now + timedelta(seconds=lease_s))
        job = _next_job(session, lanes, now)
        if job is None:
            return ()
        lane, priority = Lane(job.lane), job.priority
        taken: tuple[Claim, ...] = ()
        while job is not None:
            some = _take(session, job, lease, first=len(taken), most=most - len(taken))
            taken += some
            if lane is not Lane.GPU or not some or some[0].deaths or len(taken) >= most:
                break
            job = _next_job(session, [lane], now, priority)
        return taken


def renew(store: Store, token: str, *, lease_s: float) -> set[int]:
    """Extends the leases of a claim; returns the items that are still to be worked on.

    Missing are those that were ended, given to another worker, or whose job was paused or
    cancelled.
    """
    with store.writing() as session:
        until = store.now() + timedelta(seconds=lease_s)
        session.execute(update(JobItemRow).where(*_held(token)).values(lease_until=until))
        wanted = (
            select(JobItemRow.id)
            .join(JobRow, JobRow.id == JobItemRow.job_id)
            .where(*_held(token), JobRow.state == JobState.ACTIVE)
        )
        return set(session.scalars(wanted))


# --- ending -------------------------------------------------------------------------------


def keep_pages(
    store: Store, claim: Claim, read: Sequence[ReadPage], *, done: int, total: int
) -> None:
    """Keeps pages of a document that is not finished. Raises LeaseLost."""
    with store.writing() as session:
        values = {"pages_done": done, "pages_total": total}
        if not _change(session, claim.item_id, *_held(claim.token), **values):
            raise LeaseLost(f"{claim.filename} was given to another worker")
        pages.keep(session, claim.document_id, claim.request.reading, read)


def keep_read(store: Store, claim: Claim, read: Sequence[ReadPage], *, page_count: int) -> None:
    """Keeps the last pages of a document that now waits for the others of its claim.

    Raises LeaseLost.
    """
    with store.writing() as session:
        values = {"pages_done": page_count, "pages_total": page_count}
        behind = {"place": JobItemRow.place + BEHIND}
        if not _change(session, claim.item_id, *_held(claim.token), **values, **behind):
            raise LeaseLost(f"{claim.filename} was given to another worker")
        pages.keep(session, claim.document_id, claim.request.reading, read)


def finish(
    store: Store,
    claim: Claim,
    result: Json,
    read: Sequence[ReadPage],
    *,
    page_count: int,
    clock: Clock | None = None,
) -> None:
    """Writes the result, the pages not kept yet, and the end of the item: all or nothing.

    `page_count` is of the document; `clock` measured the work, this writing nearly to its end.
    Raises LeaseLost.
    """
    now = store.now()
    with store.writing() as session:
        if claim.page_count is None:
            documents.opened(session, claim.document_id, page_count)
        pages.keep(session, claim.document_id, claim.request.reading, read)
        request = claim.request
        extraction_id = results.save(
            session, claim.document_id, request.fingerprint, request.task, result, now
        )
        done: Json = {"extraction_id": extraction_id, "pages_total": page_count}
        _end(session, claim, now, AttemptOutcome.DONE, clock, **done, pages_done=page_count)
    _close(store, claim)


def finish_as_before(
    store: Store, claim: Claim, model: Json, *, clock: Clock | None = None
) -> bool:
    """Ends the item with the result that another job has of the same; False where none has.

    Raises LeaseLost.
    """
    with store.reading() as session:
        found = results.find(session, claim.document_id, claim.request.fingerprint, model)
        if found is None:
            return False
        count = session.get_one(DocumentRow, claim.document_id).page_count
    with store.writing() as session:
        values: Json = {"extraction_id": found, "pages_total": count, "pages_done": count or 0}
        _end(session, claim, store.now(), AttemptOutcome.DONE, clock, **values)
    _close(store, claim)
    return True


def fail(
    store: Store,
    claim: Claim,
    error: DocaiError,
    *,
    most_tries: int,
    backoff_s: float,
    clock: Clock | None = None,
) -> ItemState:
    """Ends the item, or puts it back for a later try where the error is worth one.

    The second try waits `backoff_s`, each further one double. Raises LeaseLost.
    """
    now = store.now()
    again = error.retryable and claim.tries + 1 < most_tries
    with store.writing() as session:
        if again:
            wait_s = backoff_s * 2**claim.tries * random.uniform(0.75, 1.25)  # not all at once
            later = {"not_before": now + timedelta(seconds=wait_s), "tries": claim.tries + 1}
            _end(session, claim, now, AttemptOutcome.RETRIED, clock, error, **later)
        else:
            documents.failed(session, claim.document_id, error)
            _end(session, claim, now, AttemptOutcome.FAILED, clock, error)
    _close(store, claim)
    return ItemState.QUEUED if again else ItemState.FAILED


def crash(store: Store, claim: Claim, error: BaseException, *, most_deaths: int) -> ItemState:
    """Counts an exception that nobody expected like a death of the worker. Raises LeaseLost."""
    story = f"{type(error).__name__}: {error}"
    with store.writing() as session:
        wanted = select(JobItemRow).where(JobItemRow.id == claim.item_id, *_held(claim.token))
        row = session.scalars(wanted).one_or_none()
        if row is None:
            raise LeaseLost(f"{claim.filename} was given to another worker")
        _blame(session, row, store.now(), story)
        _return_or_set_aside(row, store.now(), most_deaths)
        state = ItemState(row.state)
        session.flush()
        work.add(session, [_lost(claim.owner, claim.request.task)], store.now())
    _close(store, claim)
    return state


def give_back(
    store: Store, claims: Iterable[Claim], *, most_deaths: int, wait_s: float = 0.0
) -> None:
    """Puts documents back that their worker cannot go on with, through no fault of theirs.

    A sweep that took the silent worker for dead may have blamed one of them; this takes the
    blame away.
    """
    with store.writing() as session:
        now = store.now()
        for each in claims:
            back = {**_free(), "state": ItemState.QUEUED}
            back["not_before"] = now + timedelta(seconds=wait_s)
            if not _change(session, each.item_id, *_held(each.token), **back):
                _forgive(session, each, most_deaths)


# --- sweeping -----------------------------------------------------------------------------


def sweep(store: Store, *, most_deaths: int) -> Swept:
    """Takes back what workers held that gave no sign of life until their lease ended."""
    now = store.now()
    is_expired = (JobItemRow.state == ItemState.RUNNING, JobItemRow.lease_until < now)
    with store.reading() as session:
        if session.scalars(select(JobItemRow.id).where(*is_expired).limit(1)).first() is None:
            return Swept(0, 0)
    expired = (
        select(JobItemRow)
        .where(*is_expired)
        .order_by(JobItemRow.token, JobItemRow.place)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    returned = poisoned = 0
    blamed: list[Try] = []
    with store.writing() as session:
        tokens = set()
        rows = session.scalars(expired).all()
        for row in rows:
            in_hand = row.token not in tokens
            tokens.add(row.token)
            if in_hand:
                _blame(session, row, now)
                job = session.get_one(JobRow, row.job_id)
                blamed.append(_lost(job.owner, job.request["task"]))
            if _return_or_set_aside(row, now, most_deaths):
                returned += 1
            else:
                poisoned += 1
        jobs_touched = {row.job_id for row in rows}
        session.flush()
        work.add(session, blamed, now)
    for job_id in jobs_touched:
        jobs.close_if_done(store, job_id)
    return Swept(returned, poisoned)


def ready(store: Store, lane: Lane, *, most: int) -> int:
    """How many documents could be claimed now, counted up to `most`."""
    wanted = (
        select(JobItemRow.id)
        .join(JobRow, JobRow.id == JobItemRow.job_id)
        .where(
            JobRow.state == JobState.ACTIVE,
            JobRow.lane == lane,
            JobItemRow.state == ItemState.QUEUED,
            JobItemRow.not_before <= store.now(),
        )
        .limit(most)
    )
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(wanted.subquery())) or 0


# --- inside -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lease:
    token: str
    worker: str
    since: datetime
    until: datetime


def _take(
    session: Session, job: JobRow, lease: _Lease, *, first: int, most: int
) -> tuple[Claim, ...]:
    """Up to `most` documents of the job, from place `first` of the claim on."""
    taken: list[int] = []
    for id in _ready_items(session, job.id, lease.since, most, may_be_blamed=first == 0):
        values = {
            "state": ItemState.RUNNING,
            "token": lease.token,
            "place": first + len(taken),
            "worker": lease.worker,
            "claimed_at": lease.since,
            "lease_until": lease.until,
        }
        if _change(session, id, JobItemRow.state == ItemState.QUEUED, **values):
            taken.append(id)
    served = update(OwnerRow).where(OwnerRow.name == job.owner).values(served_at=lease.since)
    session.execute(served)
    return _claims(session, job, taken)


def _next_job(
    session: Session, lanes: Collection[Lane], now: datetime, priority: int | None = None
) -> JobRow | None:
    under_way = (
        select(JobRow.owner, func.count().label("documents"))
        .join(JobItemRow, JobItemRow.job_id == JobRow.id)
        .where(JobItemRow.state == ItemState.RUNNING)
        .group_by(JobRow.owner)
        .subquery()
    )
    ready = select(JobItemRow.id).where(
        JobItemRow.job_id == JobRow.id,
        JobItemRow.state == ItemState.QUEUED,
        JobItemRow.not_before <= now,
    )
    wanted = (
        select(JobRow)
        .join(OwnerRow, OwnerRow.name == JobRow.owner)
        .outerjoin(under_way, under_way.c.owner == JobRow.owner)
        .where(JobRow.state == JobState.ACTIVE, JobRow.lane.in_(lanes), ready.exists())
        .order_by(
            JobRow.priority,
            func.coalesce(under_way.c.documents, 0),
            OwnerRow.served_at.asc().nulls_first(),
            JobRow.id,
        )
        .limit(1)
    )
    if priority is not None:
        wanted = wanted.where(JobRow.priority == priority)
    return session.scalars(wanted).first()


def _ready_items(
    session: Session, job_id: UUID, now: datetime, most: int, *, may_be_blamed: bool
) -> list[int]:
    """The next items of the job that nobody blames, or else a blamed one by itself."""
    wanted = (
        select(JobItemRow.id, JobItemRow.deaths)
        .where(
            JobItemRow.job_id == job_id,
            JobItemRow.state == ItemState.QUEUED,
            JobItemRow.not_before <= now,
        )
        .order_by(JobItemRow.position)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = session.execute(wanted).all()
    innocent = [id for id, deaths in found if not deaths]
    return innocent or [id for id, _ in found[:1] if may_be_blamed]


def _claims(session: Session, job: JobRow, ids: Sequence[int]) -> tuple[Claim, ...]:
    request = Request.from_json(job.request)
    same_result = select(ExtractionRow.id).where(
        ExtractionRow.document_id == DocumentRow.id,
        ExtractionRow.fingerprint == job.fingerprint,
    )
    same_pages = select(PageRow.number).where(
        PageRow.document_id == DocumentRow.id, PageRow.reading == request.reading
    )
    wanted = (
        select(JobItemRow, DocumentRow, same_result.exists(), same_pages.exists())
        .join(DocumentRow, DocumentRow.id == JobItemRow.document_id)
        .where(JobItemRow.id.in_(ids))
        .order_by(JobItemRow.place)
    )
    return tuple(
        Claim(
            item_id=row.id,
            job_id=job.id,
            owner=job.owner,
            token=row.token or "",
            worker=row.worker or "",
            ready_at=row.not_before,
            claimed_at=row.claimed_at or job.created_at,
            document_id=document.id,
            source=Source(document.filename, document.sha256, document.media_type, document.bytes),
            page_count=document.page_count,
            request=request,
            tries=row.tries,
            deaths=row.deaths,
            rest=len(ids) - 1 - place,
            was_asked=was_asked,
            was_read=was_read,
        )
        for place, (row, document, was_asked, was_read) in enumerate(session.execute(wanted))
    )


def _held(token: str) -> tuple[Any, ...]:
    return JobItemRow.token == token, JobItemRow.state == ItemState.RUNNING


def _free() -> Json:
    return {"token": None, "lease_until": None}


def _change(session: Session, id: int, *conditions: Any, **values: Any) -> bool:
    """Whether the item was there under these conditions and has the values now."""
    made: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # of an UPDATE it is
        update(table_of(JobItemRow)).where(JobItemRow.id == id, *conditions).values(**values)
    )
    return made.rowcount == 1


def _end(
    session: Session,
    claim: Claim,
    now: datetime,
    outcome: AttemptOutcome,
    clock: Clock | None,
    error: DocaiError | None = None,
    **values: Any,
) -> None:
    """Leaves the item as it ended, records the attempt and counts it. Raises LeaseLost."""
    state = STATE_AFTER[outcome]
    values |= {
        **_free(),
        "state": state,
        "finished_at": None if state is ItemState.QUEUED else now,
        "error_code": error.code if error else None,
        "error_message": str(error) if error else None,
        "error_retryable": error.retryable if error else None,
    }
    if not _change(session, claim.item_id, *_held(claim.token), **values):
        raise LeaseLost(f"{claim.filename} was given to another worker, or is not wanted any more")
    session.execute(
        insert(table_of(AttemptRow)).values(
            item_id=claim.item_id,
            token=claim.token,
            worker=claim.worker,
            claimed_at=claim.claimed_at,
            ended_at=now,
            outcome=outcome,
            error_code=error.code if error else None,
            error_message=str(error) if error else None,
            pages_done=0,
        )
    )
    ended = Try(
        claim.owner,
        claim.request.task,
        outcome,
        error.code if error else None,
        values.get("pages_done", 0),
        (claim.claimed_at - claim.ready_at).total_seconds(),
    )
    work.add(session, [ended], now, clock)


def _lost(owner: str, task: str) -> Try:
    """A try whose worker died: nobody knows how long it took."""
    return Try(owner, task, AttemptOutcome.LOST)


def _close(store: Store, claim: Claim) -> None:
    """Closes the job if this was its last document; none is that has others behind it."""
    if not claim.rest:
        jobs.close_if_done(store, claim.job_id)


def _blame(session: Session, row: JobItemRow, now: datetime, story: str | None = None) -> None:
    row.deaths += 1
    session.execute(
        insert(AttemptRow).values(
            item_id=row.id,
            token=row.token,
            worker=row.worker,
            claimed_at=row.claimed_at,
            ended_at=now,
            outcome=AttemptOutcome.LOST,
            error_code=None,
            error_message=story,
            pages_done=row.pages_done,
        )
    )


def _return_or_set_aside(row: JobItemRow, now: datetime, most_deaths: int) -> bool:
    """Whether it may be tried again; otherwise it is poisoned now."""
    for name, value in _free().items():
        setattr(row, name, value)
    if row.deaths < most_deaths:
        row.state = ItemState.QUEUED
        return True
    row.state, row.finished_at = ItemState.POISONED, now
    row.error_code, row.error_retryable = PoisonedDocument.code, PoisonedDocument.retryable
    row.error_message = (
        f"{row.filename} killed the worker that read it {row.deaths} times; it was set aside"
    )
    return False


def _forgive(session: Session, claim: Claim, most_deaths: int) -> None:
    """Takes back what a sweep noted under this claim's token."""
    was_blamed = session.execute(
        update(AttemptRow)
        .where(
            AttemptRow.item_id == claim.item_id,
            AttemptRow.token == claim.token,
            AttemptRow.outcome == AttemptOutcome.LOST,
        )
        .values(
            outcome=AttemptOutcome.RETRIED,
            error_code="store_unavailable",
            error_message="the worker could not reach the database in time",
        )
        .returning(AttemptRow.id)
    ).first()
    if was_blamed is None:
        return
    row = session.get_one(JobItemRow, claim.item_id)
    row.deaths = max(0, row.deaths - 1)
    if row.state == ItemState.POISONED and row.deaths < most_deaths:
        row.state, row.finished_at = ItemState.QUEUED, None
        row.error_code = row.error_message = row.error_retryable = None
        job = session.get_one(JobRow, row.job_id)
        if job.state == JobState.FINISHED:
            job.state, job.finished_at = JobState.ACTIVE, None
