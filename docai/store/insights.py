"""What an owner's documents came to: how many, how sure, how right, and where the time went.

Right or wrong is what people said. A result counts as reviewed once a person stood behind it or
corrected a value of it: what was left as it is then counts as right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from docai.jobs import AttemptOutcome
from docai.store import work
from docai.store.database import Store
from docai.store.models import (
    CorrectionRow,
    DocumentRow,
    ExtractionRow,
    FieldRow,
    ReviewRow,
    WorkDayRow,
)
from docai.store.results import FIELD, LISTS
from docai.store.work import Work

Json = dict[str, Any]

BINS = 10  # of confidence, equally wide


@dataclass(frozen=True, slots=True)
class Day:
    """In UTC. Documents that were done, their pages, and documents that failed."""

    day: date
    documents: int
    pages: int
    failed: int


@dataclass(frozen=True, slots=True)
class Confidences:
    """Values with a confidence from `low` to below `high`; 1.0 is in the last of these."""

    low: float
    high: float
    values: int
    reviewed: int  # of the values, those in results that people looked at …
    right: int  # … and of these, those that they left as they were


@dataclass(frozen=True, slots=True)
class FieldReview:
    """`values` were found; people looked at `reviewed` of them and `added` what was missed."""

    kind: str
    name: str
    values: int
    reviewed: int
    right: int
    added: int

    @property
    def corrected(self) -> int:
        return self.reviewed - self.right + self.added

    @property
    def accuracy(self) -> float | None:
        return _share(self.right, self.reviewed + self.added)


@dataclass(frozen=True, slots=True)
class Insights:
    since: date
    days: tuple[Day, ...]  # on which something ended, oldest first
    work: tuple[Work, ...]
    confidences: tuple[Confidences, ...]
    fields: tuple[FieldReview, ...]
    reviewed: int  # results

    @property
    def accuracy(self) -> float | None:
        """Of the values in reviewed results; None without any."""
        looked_at = sum(each.reviewed + each.added for each in self.fields)
        return _share(sum(each.right for each in self.fields), looked_at)


@dataclass(frozen=True, slots=True)
class _Values:
    """So many values of one name and one bin of confidence (None: people added them)."""

    kind: str
    name: str
    bin: int | None
    count: int
    is_reviewed: bool
    is_right: bool


def insights(store: Store, owner: str, *, since: date) -> Insights:
    """Of the owner's documents alone. A result counts from the day on which it was made."""
    results = (
        select(ExtractionRow.id)
        .join(DocumentRow, DocumentRow.id == ExtractionRow.document_id)
        .where(
            DocumentRow.owner == owner,
            ExtractionRow.created_at >= datetime.combine(since, time(), UTC),
        )
    )
    with store.reading() as session:
        values = [*_untouched(session, results), *_touched(session, results)]
        reviewed = select(func.count()).select_from(results.where(_is_reviewed()).subquery())
        return Insights(
            since=since,
            days=_days(session, owner, since),
            work=tuple(work.of_owner(session, owner, since=since)),
            confidences=_confidences(values),
            fields=_fields(values),
            reviewed=session.scalar(reviewed) or 0,
        )


def _days(session: Session, owner: str, since: date) -> tuple[Day, ...]:
    def those(outcome: AttemptOutcome) -> Any:
        is_it = WorkDayRow.outcome == outcome.value
        return func.coalesce(func.sum(WorkDayRow.documents).filter(is_it), 0)

    wanted = (
        select(
            WorkDayRow.day,
            those(AttemptOutcome.DONE),
            func.sum(WorkDayRow.pages),
            those(AttemptOutcome.FAILED),
        )
        .where(WorkDayRow.owner == owner, WorkDayRow.day >= since)
        .group_by(WorkDayRow.day)
        .order_by(WorkDayRow.day)
    )
    return tuple(Day(day, *map(int, counts)) for day, *counts in session.execute(wanted))


def _is_reviewed() -> Any:
    corrected = select(CorrectionRow.id).where(
        CorrectionRow.extraction_id == ExtractionRow.id,
        CorrectionRow.undone_at.is_(None),
        CorrectionRow.kind.in_([FIELD, *LISTS]),  # a cell put right says nothing of the fields
    )
    stood_behind = select(ReviewRow.who).where(ReviewRow.extraction_id == ExtractionRow.id)
    return corrected.exists() | stood_behind.exists()


def _untouched(session: Session, results: Select[Any]) -> Iterator[_Values]:
    """What nobody changed; in results that somebody looked at it is right."""
    highest_first = range(BINS - 1, 0, -1)
    bin = case(*[(FieldRow.confidence >= each / BINS, each) for each in highest_first], else_=0)
    of = results.add_columns(_is_reviewed().label("is_reviewed")).subquery()
    by = (FieldRow.kind, FieldRow.name, bin.label("bin"), of.c.is_reviewed)
    wanted = (
        select(*by, func.count())
        .join(of, of.c.id == FieldRow.extraction_id)
        .where(FieldRow.kind.in_([FIELD, *LISTS]), FieldRow.corrected.is_(False))
        .group_by(*by)
    )
    for kind, name, bin_, was_reviewed, count in session.execute(wanted):
        yield _Values(kind, name, bin_, count, bool(was_reviewed), bool(was_reviewed))


def _touched(session: Session, results: Select[Any]) -> Iterator[_Values]:
    """What people changed, took away, added or confirmed: first as found, last as it is now."""
    place = (CorrectionRow.extraction_id, CorrectionRow.kind, CorrectionRow.row, CorrectionRow.name)
    wanted = (
        select(*place, CorrectionRow.old, CorrectionRow.new)
        .where(
            CorrectionRow.extraction_id.in_(results),
            CorrectionRow.undone_at.is_(None),
            CorrectionRow.kind.in_([FIELD, *LISTS]),
        )
        .order_by(*place, CorrectionRow.id)
    )
    for (_, kind, _, name), group in groupby(session.execute(wanted), key=lambda row: row[:4]):
        changes = list(group)
        found, now = changes[0].old, changes[-1].new
        if found is not None:
            is_right = now is not None and now["value"] == found["value"]
            yield _Values(kind, name, _bin(found["confidence"]), 1, True, is_right)
        elif now is not None:
            yield _Values(kind, name, None, 1, True, False)


def _bin(confidence: float) -> int:
    return min(int(confidence * BINS), BINS - 1)


def _confidences(values: list[_Values]) -> tuple[Confidences, ...]:
    found, reviewed, right = Counter[int](), Counter[int](), Counter[int]()
    for each in values:
        if each.bin is not None:
            found[each.bin] += each.count
            reviewed[each.bin] += each.count * each.is_reviewed
            right[each.bin] += each.count * each.is_right
    return tuple(
        Confidences(bin / BINS, (bin + 1) / BINS, found[bin], reviewed[bin], right[bin])
        for bin in range(BINS)
    )


def _fields(values: list[_Values]) -> tuple[FieldReview, ...]:
    names = sorted({(each.kind, each.name) for each in values})
    return tuple(_field(*name, [v for v in values if (v.kind, v.name) == name]) for name in names)


def _field(kind: str, name: str, values: list[_Values]) -> FieldReview:
    found = [each for each in values if each.bin is not None]
    return FieldReview(
        kind,
        name,
        values=sum(each.count for each in found),
        reviewed=sum(each.count for each in found if each.is_reviewed),
        right=sum(each.count for each in found if each.is_right),
        added=sum(each.count for each in values if each.bin is None),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
