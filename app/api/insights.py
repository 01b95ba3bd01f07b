"""Figures over all of an owner's documents, and their shapes, which nothing else has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.service import Api, Caller
from docai.jobs import AttemptOutcome
from docai.stages import Stage
from docai.store.insights import Insights, insights
from docai.store.work import Work

router = APIRouter(prefix="/v1/insights", tags=["insights"])

Reviewed = Annotated[int, Field(description="of the values, those that people looked at")]
Right = Annotated[int, Field(description="of the reviewed ones, those left as they were")]


class OfStore(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class DayOut(OfStore):
    """`documents` were done, with their pages."""

    day: date
    documents: int
    pages: int
    failed: int


class StageOut(BaseModel):
    stage: Stage
    seconds: float


class CountOut(BaseModel):
    name: str
    documents: int


class ConfidencesOut(OfStore):
    """Values with a confidence from `low` to below `high`; 1.0 is in the last of these."""

    low: float
    high: float
    values: int
    reviewed: Reviewed
    right: Right


class FieldReviewOut(OfStore):
    kind: str
    name: str
    values: Annotated[int, Field(description="that were found")]
    reviewed: Reviewed
    right: Right
    added: Annotated[int, Field(description="by people, where none was found")]
    corrected: Annotated[int, Field(description="changed, taken away or added by people")]
    accuracy: Annotated[float | None, Field(description="right / (reviewed + added)")]


class InsightsOut(BaseModel):
    """A result is reviewed once a person stood behind it or corrected a value of it."""

    since: date
    documents: Annotated[int, Field(description="that were done")]
    pages: Annotated[int, Field(description="of these")]
    failed: Annotated[int, Field(description="documents that could not be done")]
    mean_wait_s: Annotated[
        float | None, Field(description="from when a document was ready until it was begun")
    ]
    days: Annotated[list[DayOut], Field(description="on which something ended, oldest first")]
    tasks: Annotated[list[CountOut], Field(description="what was asked of those that were done")]
    errors: Annotated[list[CountOut], Field(description="tries that failed, by code")]
    stages: Annotated[list[StageOut], Field(description="where the time of workers went")]
    reviewed: Annotated[int, Field(description="results")]
    accuracy: Annotated[float | None, Field(description="of the values in reviewed results")]
    confidences: list[ConfidencesOut]
    fields: list[FieldReviewOut]

    @classmethod
    def of(cls, found: Insights) -> InsightsOut:
        work = found.work
        done = (each for each in work if each.outcome is AttemptOutcome.DONE)
        return cls(
            since=found.since,
            documents=sum(day.documents for day in found.days),
            pages=sum(day.pages for day in found.days),
            failed=sum(day.failed for day in found.days),
            mean_wait_s=_mean_wait_s(work),
            days=[DayOut.model_validate(day) for day in found.days],
            tasks=_counts((each.task, each.documents) for each in done),
            errors=_counts((each.error_code, each.documents) for each in work if each.error_code),
            stages=[
                StageOut(stage=stage, seconds=round(sum(w.seconds[stage] for w in work), 3))
                for stage in Stage
            ],
            reviewed=found.reviewed,
            accuracy=found.accuracy,
            confidences=[ConfidencesOut.model_validate(each) for each in found.confidences],
            fields=[FieldReviewOut.model_validate(each) for each in found.fields],
        )


@router.get("")
def show_insights(
    api: Api,
    caller: Caller,
    days: Annotated[int, Query(ge=1, le=366, description="the last so many, with today")] = 30,
) -> InsightsOut:
    """How many documents, how sure, how right, and where the time went; days are in UTC."""
    since = api.store.now().date() - timedelta(days=days - 1)
    return InsightsOut.of(insights(api.store, caller.owner, since=since))


def _mean_wait_s(work: Iterable[Work]) -> float | None:
    """Of tries that a worker saw the end of."""
    ended = [each for each in work if each.outcome is not AttemptOutcome.LOST]
    tries = sum(each.documents for each in ended)
    return round(sum(each.waited_s for each in ended) / tries, 3) if tries else None


def _counts(named: Iterable[tuple[str, int]]) -> list[CountOut]:
    """The most frequent first."""
    counts = Counter[str]()
    for name, documents in named:
        counts[name] += documents
    return [CountOut(name=name, documents=n) for name, n in counts.most_common()]
