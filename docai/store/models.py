"""The tables. Rows stay in this room: its functions give and take values.

owners ─< documents ─< pages            what was read, page by page
               └─< extractions ─< items, fields, tables ─< cells
               └─< answers              └─< corrections, reviews
owners ─< jobs ─< job_items ─< attempts
owners ─< api_keys, field_sets, webhooks ─< deliveries
owners ─< work_days                     what workers did, added up
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from docai.store.ids import new_id


class Utc(TypeDecorator[datetime]):
    """A moment. SQLite forgets the time zone; here it is always UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Amount(TypeDecorator[Decimal]):
    """A number that SQL can add up: exact on PostgreSQL, a double on SQLite."""

    impl = Numeric(24, 6)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Numeric(24, 6, asdecimal=False))
        return dialect.type_descriptor(Numeric(24, 6))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return float(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(str(value))


Serial = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts by itself there


class Base(DeclarativeBase):
    # Named constraints, so that a migration can drop what an earlier one created.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # as SQLAlchemy wants it
        datetime: Utc,
        date: Date,
        Decimal: Amount,
        str: Text,
        float: Double,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class OwnerRow(Base):
    """`served_at` is when a worker last took something of this owner's: whose turn it is."""

    __tablename__ = "owners"

    name: Mapped[str] = mapped_column(primary_key=True)
    served_at: Mapped[datetime | None]
    retention_days: Mapped[float | None]  # None: as the service says


class DocumentRow(Base):
    """A stored file: the same bytes of the same owner are the same document."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("owner", "sha256"),
        Index("ix_documents_owner_id", "owner", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(ForeignKey("owners.name"))
    sha256: Mapped[str] = mapped_column(index=True)
    filename: Mapped[str]
    media_type: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    page_count: Mapped[int | None]  # None until it was opened
    status: Mapped[str]  # DocumentStatus
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


class PageRow(Base):
    """One page as it was read. `content` is for docai.store.pages alone."""

    __tablename__ = "pages"

    document_id: Mapped[UUID] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    reading: Mapped[str] = mapped_column(primary_key=True)  # docai.jobs.Request.reading
    number: Mapped[int] = mapped_column(primary_key=True)  # from 1
    width: Mapped[float]  # points
    height: Mapped[float]
    text_source: Mapped[str]
    words: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ModelVersionRow(Base):
    __tablename__ = "model_versions"
    __table_args__ = (UniqueConstraint("name", "version", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[str]
    sha256: Mapped[str]
    created_at: Mapped[datetime]


class ExtractionRow(Base):
    """One result. The unique key makes writing it twice the same as once."""

    __tablename__ = "extractions"
    __table_args__ = (UniqueConstraint("document_id", "fingerprint", "model_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    fingerprint: Mapped[str]  # docai.jobs.Request.fingerprint
    model_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    requested: Mapped[str]  # the task that was asked for: auto, invoice, custom, read, answer ...
    task: Mapped[str]  # the task that was done
    label: Mapped[str | None]
    label_confidence: Mapped[float | None]
    lowest_confidence: Mapped[float | None]
    failed_checks: Mapped[int]
    result: Mapped[dict[str, Any]]  # as docs/json.md has it, before any correction
    created_at: Mapped[datetime]


class ItemRow(Base):
    """A line item (`kind` "item") or a tax rate's sums ("tax_detail"); rows count from 0."""

    __tablename__ = "items"

    extraction_id: Mapped[UUID] = mapped_column(
        ForeignKey("extractions.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)


class FieldRow(Base):
    """One value. `kind` is "field", "item", "tax_detail" or "key_value"; see `row`.

    `value` is the typed value as text; the column of its type holds it once more for SQL.
    """

    __tablename__ = "fields"
    __table_args__ = (
        Index("ix_fields_extraction_id_kind_row_name", "extraction_id", "kind", "row", "name"),
        Index("ix_fields_name_value_date", "name", "value_date"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    extraction_id: Mapped[UUID] = mapped_column(ForeignKey("extractions.id", ondelete="CASCADE"))
    kind: Mapped[str]
    row: Mapped[int]  # of its item, from 0; 0 for a field of the document
    name: Mapped[str]
    type: Mapped[str]
    value: Mapped[str | None]
    value_date: Mapped[date | None]
    value_number: Mapped[Decimal | None]
    value_boolean: Mapped[bool | None]
    currency: Mapped[str | None]
    text: Mapped[str | None]  # what the page says; None where a human added the field
    confidence: Mapped[float]
    page: Mapped[int | None]
    evidence: Mapped[list[Any]]
    corrected: Mapped[bool] = mapped_column(default=False)


class TableRow(Base):
    __tablename__ = "tables"

    extraction_id: Mapped[UUID] = mapped_column(
        ForeignKey("extractions.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)  # from 0, in the document's order
    page: Mapped[int]  # its first
    caption: Mapped[str | None]
    rows: Mapped[int]
    columns: Mapped[int]
    confidence: Mapped[float]
    box: Mapped[list[Any]]


class CellRow(Base):
    __tablename__ = "cells"
    __table_args__ = (
        ForeignKeyConstraint(
            ["extraction_id", "table_number"],
            ["tables.extraction_id", "tables.number"],
            ondelete="CASCADE",
        ),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    extraction_id: Mapped[UUID] = mapped_column(index=True)
    table_number: Mapped[int]
    row: Mapped[int]
    column: Mapped[int]
    row_span: Mapped[int]
    column_span: Mapped[int]
    kind: Mapped[str]
    role: Mapped[str | None]
    text: Mapped[str]
    page: Mapped[int]
    box: Mapped[list[Any]]


class AnswerRow(Base):
    """One question of an extraction whose task is "answer"; `answer` is None where none fits."""

    __tablename__ = "answers"

    extraction_id: Mapped[UUID] = mapped_column(
        ForeignKey("extractions.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)  # from 0, as asked
    question: Mapped[str]
    answer: Mapped[str | None]
    confidence: Mapped[float]
    evidence: Mapped[list[Any]]
    alternatives: Mapped[list[Any]]


class CorrectionRow(Base):
    """A human's word on one value; `old` and `new` are field objects of docs/json.md, or None."""

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    extraction_id: Mapped[UUID] = mapped_column(
        ForeignKey("extractions.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str]
    row: Mapped[int]
    name: Mapped[str]
    old: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    new: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    who: Mapped[str]
    at: Mapped[datetime]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]


class ReviewRow(Base):
    """A person has looked at the whole result and stands behind it."""

    __tablename__ = "reviews"

    extraction_id: Mapped[UUID] = mapped_column(
        ForeignKey("extractions.id", ondelete="CASCADE"), primary_key=True
    )
    who: Mapped[str]
    at: Mapped[datetime]


class FieldSetRow(Base):
    """Fields of an owner's own, described once and asked for by name (docs/fields.md)."""

    __tablename__ = "field_sets"

    owner: Mapped[str] = mapped_column(ForeignKey("owners.name"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    fields: Mapped[list[Any]]
    changed_at: Mapped[datetime]


class JobRow(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("owner", "idempotency_key"),
        Index("ix_jobs_owner_id", "owner", "id"),
        Index("ix_jobs_state_priority", "state", "priority"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(ForeignKey("owners.name"))
    request: Mapped[dict[str, Any]]  # docai.jobs.Request.to_json
    fingerprint: Mapped[str]
    lane: Mapped[str]
    priority: Mapped[int]
    state: Mapped[str]
    webhook_id: Mapped[UUID | None] = mapped_column(ForeignKey("webhooks.id", ondelete="SET NULL"))
    idempotency_key: Mapped[str | None]
    idempotency_hash: Mapped[str | None]  # of the call that used the key first
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class JobItemRow(Base):
    """One document of a job. Whoever holds the `token` of its lease may write its result."""

    __tablename__ = "job_items"
    __table_args__ = (
        UniqueConstraint("job_id", "position"),
        Index("ix_job_items_job_id_state_position", "job_id", "state", "position"),
        Index("ix_job_items_state_lease_until", "state", "lease_until"),
        Index("ix_job_items_document_id", "document_id"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    position: Mapped[int]  # from 0, in the order of submission
    document_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("documents.id", ondelete="SET NULL")
    )
    filename: Mapped[str]  # as it was submitted
    state: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)  # that ended in an error of an engine
    deaths: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    token: Mapped[str | None]
    place: Mapped[int] = mapped_column(default=0)  # in its claim, whose items are done in order
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    pages_total: Mapped[int | None]
    pages_done: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    error_retryable: Mapped[bool | None]
    extraction_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("extractions.id", ondelete="SET NULL"), index=True
    )


class AttemptRow(Base):
    """A try that ended: how, why, where and when."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("job_items.id", ondelete="CASCADE"), index=True)
    token: Mapped[str]
    worker: Mapped[str]
    claimed_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    outcome: Mapped[str]  # docai.jobs.AttemptOutcome
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    pages_done: Mapped[int]


class WorkDayRow(Base):
    """What workers did for an owner on one day (UTC): sums, which outlive jobs and documents.

    A row for each way in which tries of a task ended. Seconds are those of docai.stages.Stage.
    """

    __tablename__ = "work_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(ForeignKey("owners.name"), primary_key=True)
    task: Mapped[str] = mapped_column(primary_key=True)  # as it was asked for
    outcome: Mapped[str] = mapped_column(primary_key=True)  # docai.jobs.AttemptOutcome
    error_code: Mapped[str] = mapped_column(primary_key=True)  # empty where there was none
    documents: Mapped[int]
    pages: Mapped[int]  # of documents that were done
    waited_s: Mapped[float]  # from when they could have begun until a worker took them
    parse_s: Mapped[float]
    render_s: Mapped[float]
    ocr_s: Mapped[float]
    layout_s: Mapped[float]
    model_s: Mapped[float]
    task_s: Mapped[float]
    write_s: Mapped[float]
    batches: Mapped[int]  # of a trained model …
    windows: Mapped[int]  # … and what went through it in them


class ApiKeyRow(Base):
    """The key itself is shown once and never kept; `digest` is its SHA-256."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(ForeignKey("owners.name"), index=True)
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]
    scopes: Mapped[str]  # words of read, write, admin
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class WebhookRow(Base):
    """`secret` signs the deliveries, so it has to be kept as it is."""

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(ForeignKey("owners.name"), index=True)
    url: Mapped[str]
    secret: Mapped[str]
    created_at: Mapped[datetime]


class DeliveryRow(Base):
    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_state_not_before", "state", "not_before"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    webhook_id: Mapped[UUID] = mapped_column(
        ForeignKey("webhooks.id", ondelete="CASCADE"), index=True
    )
    event: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str]  # docai.store.webhooks.DeliveryState
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    status_code: Mapped[int | None]  # of the last try; None where nobody answered
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


def table_of(row: type[Base]) -> Table:
    """For statements past the ORM, which are worth it where every document makes some."""
    return cast(Table, row.__table__)
