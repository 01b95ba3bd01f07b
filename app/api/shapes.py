"""Bodies that come in and go out, as pydantic and OpenAPI want them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from docai.errors import UsageError
from docai.jobs import ANSWER, CUSTOM, ItemState, JobState, Request
from docai.options import parse
from docai.pipeline import ReadOptions
from docai.results import FieldType
from docai.store.asked import StoredAnswer
from docai.store.documents import DocumentStatus, StoredDocument
from docai.store.field_sets import FieldSet
from docai.store.jobs import Failure, Progress, StoredJob
from docai.store.keys import Scope, StoredKey
from docai.store.outlook import Activity, Outlook
from docai.store.results import Change, Correction, StoredResult
from docai.store.retention import Retention
from docai.store.tables import Form, Rows
from docai.store.webhooks import Webhook
from docai.tasks import TASK_NAMES
from docai.tasks.base import FieldSpec
from docai.webhooks import LONGEST_URL

Json = dict[str, Any]

MOST_DOCUMENTS = 200_000  # of one job
MOST_QUESTIONS, MOST_FIELDS = 100, 200
MOST_CHOSEN = 10_000  # documents of one export
MOST_AT_A_TIME = 200  # rows of a list


def _plain(text: str) -> str:
    """PostgreSQL keeps no NUL in a text, and UTF-8 has no half of a surrogate pair."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds a character that no text holds")
    return text


NO_NUL = r"^[^\x00]*$"  # says in the description what can be said of `_plain`
Text = Annotated[str, Field(pattern=NO_NUL), AfterValidator(_plain)]
Name = Annotated[Text, Field(min_length=1, max_length=100)]
Line = Annotated[Text, Field(min_length=1, max_length=1000)]


class Incoming(BaseModel):
    """A key that is misspelt is an error, not a default."""

    model_config = ConfigDict(extra="forbid")


# --- what is asked ------------------------------------------------------------------------


class FieldIn(Incoming):
    """A field of the caller's own, described in words (docs/fields.md)."""

    name: Name
    type: FieldType = FieldType.STRING
    description: Annotated[Text, Field(max_length=1000)] = ""
    labels: Annotated[list[Line], Field(max_length=50)] = []
    example: Annotated[Text, Field(max_length=1000)] = ""


def _reading_schema() -> Json:
    """How a document is read: the options of `docai read`, but for those of the machine."""
    shown: Json = {}
    for field in dataclasses.fields(ReadOptions):
        if field.name not in OF_THE_MACHINE:
            kind = "number" if isinstance(field.default, float) else "string"
            shown[field.name] = {"type": kind, "default": field.default}
            shown[field.name]["description"] = field.metadata["help"]
            if kind == "string":
                shown[field.name] |= {"pattern": NO_NUL, "maxLength": 1000}
            if field.metadata["choices"]:
                shown[field.name]["enum"] = list(field.metadata["choices"])
            if kind == "number":
                limits = {"minimum": "at_least", "maximum": "at_most"}
                shown[field.name] |= {to: field.metadata[of] for to, of in limits.items()}
    return {"type": "object", "properties": shown, "additionalProperties": False}


OF_THE_MACHINE = ("threads", "password")
OptionText = Annotated[Text, Field(max_length=1000)]  # may be empty, as some defaults are
Reading = Annotated[dict[str, OptionText | float], WithJsonSchema(_reading_schema())]


class TaskIn(Incoming):
    """A task by its name (default: auto), or fields of one's own."""

    task: Annotated[Name, WithJsonSchema({"enum": list(TASK_NAMES)})] | None = None
    fields: Annotated[list[FieldIn], Field(min_length=1, max_length=MOST_FIELDS)] | None = None
    options: Reading = {}

    def request(self) -> Request:
        """Raises UsageError."""
        if self.task is not None and self.fields is not None:
            raise UsageError("give task or fields, not both")
        options = _read_options(self.options)
        if self.fields is None:
            return Request(self.task or "auto", options=options)
        return Request(CUSTOM, fields=_specs(self.fields), options=options)


class FieldSetIn(Incoming):
    """Fields of one's own under a name."""

    fields: Annotated[list[FieldIn], Field(min_length=1, max_length=MOST_FIELDS)]

    def specs(self) -> tuple[FieldSpec, ...]:
        """Raises UsageError."""
        return _specs(self.fields)


def _specs(fields: Sequence[FieldIn]) -> tuple[FieldSpec, ...]:
    specs = [FieldSpec(**dict(field) | {"labels": tuple(field.labels)}) for field in fields]
    if len({spec.name for spec in specs}) < len(specs):
        raise UsageError("two fields have the same name")
    return tuple(specs)


class ChosenIn(Incoming):
    """Documents whose results are wanted together."""

    documents: Annotated[list[UUID], Field(min_length=1, max_length=MOST_CHOSEN)]
    format: Form = Form.JSONL
    rows: Annotated[Rows, Field(description="of CSV and Parquet: one for what?")] = Rows.DOCUMENTS


class QuestionsIn(Incoming):
    questions: Annotated[list[Line], Field(min_length=1, max_length=MOST_QUESTIONS)]
    top: Annotated[int, Field(ge=1, le=20, description="answers to each question")] = 1
    options: Reading = {}

    def request(self) -> Request:
        """Raises UsageError."""
        questions = tuple(self.questions)
        return Request(ANSWER, (), questions, self.top, _read_options(self.options))


class JobIn(TaskIn):
    documents: Annotated[list[UUID], Field(min_length=1, max_length=MOST_DOCUMENTS)]
    questions: Annotated[
        list[Line] | None,
        Field(min_length=1, max_length=MOST_QUESTIONS, description="instead of a task"),
    ] = None
    webhook: Annotated[UUID | None, Field(description="an id of POST /v1/webhooks")] = None

    def request(self) -> Request:
        """Raises UsageError."""
        if self.questions is None:
            return super().request()
        if self.task is not None or self.fields is not None:
            raise UsageError("give questions, or a task or fields, not both")
        return Request(ANSWER, (), tuple(self.questions), 1, _read_options(self.options))


class BatchIn(TaskIn):
    """The part `job` of an upload of many files: a JobIn without documents."""

    webhook: UUID | None = None


class ChangeIn(Incoming):
    """What a value is; null takes the field away. Its form is that of docs/json.md.

    A `cell` is named TABLE.COLUMN, a `table_row` TABLE, all from 0; a row can be taken away only.
    A `key_value` is named by its label, whose first 100 characters are enough; null was left empty.
    """

    name: Name
    value: Annotated[Text, Field(max_length=10_000)] | bool | MoneyIn | None
    kind: Annotated[
        Name, Field(description="field, item, tax_detail, key_value, cell or table_row")
    ] = "field"
    row: Annotated[
        int, Field(ge=0, le=100_000, description="of the item, pair or table, from 0")
    ] = 0
    type: Annotated[FieldType | None, Field(description="of a field that is new")] = None
    text: Annotated[
        Text | None, Field(max_length=10_000, description="what the page says, where it says it")
    ] = None
    evidence: Annotated[
        list[EvidenceIn] | None, Field(max_length=100, description="where it stands on the page")
    ] = None

    def change(self) -> Change:
        value = self.value.model_dump() if isinstance(self.value, MoneyIn) else self.value
        given = self.evidence
        evidence = None if given is None else tuple(each.model_dump() for each in given)
        about = (self.kind, self.row, self.type, self.text, evidence)
        return Change(self.name, value, *about)


class EvidenceIn(Incoming):
    """A place as results have it; `box` in points from the top left of the upright page."""

    page: Annotated[int, Field(ge=1, le=1_000_000)]
    box: Annotated[
        list[Annotated[float, Field(ge=-1e6, le=1e6)]], Field(min_length=4, max_length=4)
    ]
    words: Annotated[list[Annotated[int, Field(ge=0, le=10_000_000)]], Field(max_length=1000)] = []


class MoneyIn(Incoming):
    amount: Annotated[Text, Field(max_length=60)]
    currency: Annotated[Text, Field(min_length=3, max_length=3)] | None = None


class CorrectionsIn(Incoming):
    changes: Annotated[list[ChangeIn], Field(min_length=1, max_length=500)]


class KeyIn(Incoming):
    name: Name
    scopes: Annotated[set[Scope], Field(min_length=1)]
    expires_at: datetime | None = None


class RetentionIn(Incoming):
    """`days` after the upload a document is deleted; null is as the service says."""

    days: Annotated[float | None, Field(ge=1, le=36_500)]


class WebhookIn(Incoming):
    url: Annotated[Text, Field(max_length=LONGEST_URL, pattern="^https?://")]


def _read_options(given: dict[str, str | float]) -> ReadOptions:
    """Raises UsageError for an option that does not exist, or a value that does not fit."""
    fields = {f.name: f for f in dataclasses.fields(ReadOptions) if f.name not in OF_THE_MACHINE}
    for name in given:
        if name not in fields:
            raise UsageError(f"no option is called {name!r}; there are {', '.join(fields)}")
    return ReadOptions(**{n: parse(fields[n], str(v), f"options.{n}") for n, v in given.items()})


# --- what is answered ---------------------------------------------------------------------


class ErrorOut(BaseModel):
    code: str
    message: str


class SummaryOut(BaseModel):
    """Of the newest result that is no answer."""

    id: UUID
    requested: str
    task: str
    label: str | None
    lowest_confidence: Annotated[float | None, Field(description="of its fields as they are now")]
    failed_checks: int
    tables: Annotated[int, Field(description="how many it has")]
    created_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None


class DocumentOut(BaseModel):
    id: UUID
    sha256: str
    filename: str
    media_type: str
    bytes: int
    pages: Annotated[int | None, Field(description="null until a worker opened it")]
    status: DocumentStatus
    error: ErrorOut | None
    created_at: datetime
    activity: Annotated[Activity, Field(description="whether work on it waits or is under way")]
    result: SummaryOut | None

    @classmethod
    def of(cls, stored: StoredDocument, outlook: Outlook) -> DocumentOut:
        error = None
        if stored.error_code is not None:
            error = ErrorOut(code=stored.error_code, message=stored.error_message or "")
        return cls(
            id=stored.id,
            sha256=stored.sha256,
            filename=stored.filename,
            media_type=stored.media_type,
            bytes=stored.bytes,
            pages=stored.page_count,
            status=stored.status,
            error=error,
            created_at=stored.created_at,
            activity=outlook.activity,
            result=SummaryOut(**dataclasses.asdict(outlook.result)) if outlook.result else None,
        )


class DocumentsOut(BaseModel):
    documents: list[DocumentOut]
    next: Annotated[UUID | None, Field(description="`after` of the next page; null at the end")]

    @classmethod
    def of(
        cls, found: Sequence[StoredDocument], most: int, outlooks: Mapping[UUID, Outlook]
    ) -> DocumentsOut:
        """`found` may be one longer than the page, which says that there is a next one."""
        shown = found[:most]
        after = shown[-1].id if len(found) > most else None
        return cls(documents=[DocumentOut.of(d, outlooks[d.id]) for d in shown], next=after)


class PageOut(BaseModel):
    """A page as docs/json.md has it."""

    number: int
    width: float
    height: float
    dpi: float | None
    rotation: int
    skew: float
    text_source: str
    words: list[Json]
    lines: list[list[int]]
    blocks: list[Json]


class QueueOut(BaseModel):
    """`open` counts every document that nobody has reviewed; `documents` are the first ones."""

    documents: list[DocumentOut]
    open: int


class ExtractionOut(BaseModel):
    """`result` is as docs/json.md has it, with every correction applied."""

    id: UUID
    document: UUID
    requested: str
    task: str
    created_at: datetime
    result: Json

    @classmethod
    def of(cls, stored: StoredResult) -> ExtractionOut:
        return cls(
            id=stored.id,
            document=stored.document_id,
            requested=stored.requested,
            task=stored.task,
            created_at=stored.created_at,
            result=stored.result,
        )


class ExtractionsOut(BaseModel):
    extractions: list[ExtractionOut]


class StoredAnswerOut(BaseModel):
    document: UUID
    filename: str
    at: datetime
    question: str
    answer: Annotated[str | None, Field(description="null: the document does not say")]
    confidence: float
    evidence: list[Json]
    alternatives: list[Json]

    @classmethod
    def of(cls, held: StoredAnswer) -> StoredAnswerOut:
        values = dataclasses.asdict(held)
        return cls(document=values.pop("document_id"), **values)


class StoredAnswersOut(BaseModel):
    answers: list[StoredAnswerOut]


class CorrectionOut(BaseModel):
    kind: str
    row: int
    name: str
    old: Json | None
    new: Json | None
    who: str
    at: datetime
    undone_by: Annotated[str | None, Field(description="who took it back")]
    undone_at: datetime | None

    @classmethod
    def of(cls, made: Correction) -> CorrectionOut:
        return cls(**dataclasses.asdict(made))


class CorrectionsOut(BaseModel):
    corrections: list[CorrectionOut]


class JobOut(BaseModel):
    id: UUID
    state: JobState
    task: str
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, stored: StoredJob) -> JobOut:
        return cls(**_of_job(stored))


class JobsOut(BaseModel):
    jobs: list[JobOut]
    next: Annotated[UUID | None, Field(description="`after` of the next page; null at the end")]

    @classmethod
    def of(cls, found: Sequence[StoredJob], most: int) -> JobsOut:
        """`found` may be one longer than the page, which says that there is a next one."""
        shown = found[:most]
        after = shown[-1].id if len(found) > most else None
        return cls(jobs=[JobOut.of(each) for each in shown], next=after)


class FailureOut(BaseModel):
    position: int
    document: UUID | None
    filename: str
    state: ItemState
    code: str
    message: str
    retryable: bool
    story: list[str]

    @classmethod
    def of(cls, failure: Failure) -> FailureOut:
        values = {f.name: getattr(failure, f.name) for f in dataclasses.fields(failure)}
        return cls(**values | {"document": values.pop("document_id")})


class ProgressOut(BaseModel):
    state: JobState
    documents: int
    counts: dict[ItemState, int]
    pages_done: int
    documents_per_s: float
    pages_per_s: float
    eta_s: float | None

    @classmethod
    def of(cls, progress: Progress) -> ProgressOut:
        return cls(**_of_progress(progress))


class JobStatusOut(ProgressOut):
    id: UUID
    task: str
    created_at: datetime
    finished_at: datetime | None
    errors: Annotated[list[FailureOut], Field(description="documents that could not be done")]
    next_errors: Annotated[
        int | None, Field(description="`errors_after` of the next ones; null at the end")
    ]

    @classmethod
    def of_job(
        cls, stored: StoredJob, progress: Progress, failures: Sequence[Failure], most: int
    ) -> JobStatusOut:
        shown = failures[:most]
        return cls(
            **_of_job(stored) | _of_progress(progress),
            errors=[FailureOut.of(each) for each in shown],
            next_errors=shown[-1].position if len(failures) > most else None,
        )


class RefusedOut(BaseModel):
    """A file of an upload that did not become a document."""

    filename: str
    error: ErrorOut


class SubmittedOut(JobOut):
    """`refused` are the files of an upload that no job can be made of."""

    documents: list[UUID]
    refused: list[RefusedOut] = []


class RetriedOut(BaseModel):
    documents: Annotated[int, Field(description="how many are tried again")]


class KeyOut(BaseModel):
    id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, key: StoredKey) -> KeyOut:
        values = {name: getattr(key, name) for name in KeyOut.model_fields}
        return cls(**values | {"scopes": sorted(key.scopes)})


class NewKeyOut(KeyOut):
    key: Annotated[str, Field(description="shown this once")]


class KeysOut(BaseModel):
    keys: list[KeyOut]


class WebhookOut(BaseModel):
    id: UUID
    url: str
    created_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> WebhookOut:
        return cls(id=webhook.id, url=webhook.url, created_at=webhook.created_at)


class NewWebhookOut(WebhookOut):
    secret: Annotated[str, Field(description="signs the deliveries; shown this once")]


class WebhooksOut(BaseModel):
    webhooks: list[WebhookOut]


class FieldSetOut(BaseModel):
    name: str
    fields: list[FieldIn]
    changed_at: datetime

    @classmethod
    def of(cls, kept: FieldSet) -> FieldSetOut:
        fields = [FieldIn(**dataclasses.asdict(field)) for field in kept.fields]
        return cls(name=kept.name, fields=fields, changed_at=kept.changed_at)


class FieldSetsOut(BaseModel):
    field_sets: list[FieldSetOut]


class RetentionOut(BaseModel):
    """Days after the upload, as the owner and as the service says; the shorter time holds."""

    own_days: Annotated[float | None, Field(description="null: nothing was said")]
    service_days: Annotated[float, Field(description="0: nothing was said")]
    days: Annotated[float, Field(description="0 keeps documents until they are deleted")]

    @classmethod
    def of(cls, held: Retention) -> RetentionOut:
        return cls(own_days=held.own_days, service_days=held.service_days, days=held.days)


class AboutOut(BaseModel):
    """`report` is what `docai doctor` says of the machine that serves the API."""

    version: str
    retention_days: Annotated[float, Field(description="0 keeps documents until they are deleted")]
    report: Json


class HealthOut(BaseModel):
    status: str


class ProblemOut(BaseModel):
    """An error (RFC 9457). Programs hold on to `code`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[Json] = []


def _of_job(stored: StoredJob) -> Json:
    return {
        "id": stored.id,
        "state": stored.state,
        "task": stored.request.task,
        "created_at": stored.created_at,
        "finished_at": stored.finished_at,
    }


def _of_progress(progress: Progress) -> Json:
    return {
        "state": progress.state,
        "documents": progress.total,
        "counts": progress.counts,
        "pages_done": progress.pages_done,
        "documents_per_s": round(progress.documents_per_s, 3),
        "pages_per_s": round(progress.pages_per_s, 3),
        "eta_s": progress.eta_s if progress.eta_s is None else round(progress.eta_s, 1),
    }
