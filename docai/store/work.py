"""What workers did, added up as they do it: by day, owner, task, and how the try ended.

Each sum is written in the transaction that ends the try, so that the figures are those of the
database. It is the last statement there: whoever waits for the row waits for a commit alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from docai.jobs import AttemptOutcome
from docai.stages import Clock, Stage
from docai.store.database import Store
from docai.store.models import WorkDayRow, table_of

Json = dict[str, Any]

KEY = ("day", "owner", "task", "outcome", "error_code")
SUMS = tuple(c.name for c in WorkDayRow.__table__.columns if c.name not in KEY)
SECONDS = {each: f"{each}_s" for each in Stage}  # the column of each stage


@dataclass(frozen=True, slots=True)
class Try:
    """One document in a worker's hands, once it is out of them."""

    owner: str
    task: str
    outcome: AttemptOutcome
    error_code: str | None = None
    pages: int = 0
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """Sums of tries that were asked for the same and ended the same."""

    task: str
    outcome: AttemptOutcome
    error_code: str | None
    documents: int
    pages: int
    waited_s: float
    seconds: dict[Stage, float]
    batches: int
    windows: int


def add(session: Session, ended: Iterable[Try], at: datetime, clock: Clock | None = None) -> None:
    """Counts tries that ended now; `clock` has measured them."""
    seconds = clock.seconds() if clock else dict.fromkeys(Stage, 0.0)
    rows = [
        {
            "day": at.date(),
            "owner": each.owner,
            "task": each.task,
            "outcome": each.outcome.value,
            "error_code": each.error_code or "",
            "documents": 1,
            "pages": each.pages,
            "waited_s": each.waited_s,
            "batches": clock.batches if clock else 0,
            "windows": clock.windows if clock else 0,
            **{SECONDS[stage]: s for stage, s in seconds.items()},
        }
        for each in ended
    ]
    # Always in the same order: two that hold what the other waits for would wait for ever.
    rows.sort(key=lambda row: [str(row[name]) for name in KEY])
    statement = _adding(session.get_bind().dialect.name)
    for row in rows:
        session.execute(statement, row)


def everybody(store: Store) -> list[Work]:
    """Since the service began, whoever asked for it."""
    with store.reading() as session:
        return _sums(session)


def of_owner(session: Session, owner: str, *, since: date) -> list[Work]:
    return _sums(session, WorkDayRow.owner == owner, WorkDayRow.day >= since)


def _sums(session: Session, *conditions: Any) -> list[Work]:
    by = (WorkDayRow.task, WorkDayRow.outcome, WorkDayRow.error_code)
    sums = [func.sum(getattr(WorkDayRow, name)).label(name) for name in SUMS]
    wanted = select(*by, *sums).where(*conditions).group_by(*by).order_by(*by)
    return [_work(row) for row in session.execute(wanted).mappings()]


def _work(row: Any) -> Work:
    return Work(
        task=row["task"],
        outcome=AttemptOutcome(row["outcome"]),
        error_code=row["error_code"] or None,
        documents=int(row["documents"]),
        pages=int(row["pages"]),
        waited_s=row["waited_s"],
        seconds={stage: row[column] for stage, column in SECONDS.items()},
        batches=int(row["batches"]),
        windows=int(row["windows"]),
    )


@cache
def _adding(dialect: str) -> sqlite.Insert | postgresql.Insert:
    """Built once: every document adds a row to its sums."""
    table = table_of(WorkDayRow)
    new = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table)
    added = {name: table.c[name] + new.excluded[name] for name in SUMS}
    return new.on_conflict_do_update(index_elements=KEY, set_=added)
