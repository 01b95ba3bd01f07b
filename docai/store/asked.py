"""What was asked of an owner's documents, and answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from docai.store.database import Store
from docai.store.models import AnswerRow, DocumentRow, ExtractionRow

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """`answer` is None where the document does not say."""

    document_id: UUID
    filename: str
    at: datetime
    question: str
    answer: str | None
    confidence: float
    evidence: list[Json]
    alternatives: list[Json]


def several(store: Store, owner: str, most: int) -> list[StoredAnswer]:
    """Of all documents, the newest first; questions that were asked together as they were asked."""
    wanted = (
        select(
            DocumentRow.id,
            DocumentRow.filename,
            ExtractionRow.created_at,
            AnswerRow.question,
            AnswerRow.answer,
            AnswerRow.confidence,
            AnswerRow.evidence,
            AnswerRow.alternatives,
        )
        .join(ExtractionRow, ExtractionRow.document_id == DocumentRow.id)
        .join(AnswerRow, AnswerRow.extraction_id == ExtractionRow.id)
        .where(DocumentRow.owner == owner)
        .order_by(ExtractionRow.id.desc(), AnswerRow.number)
        .limit(most)
    )
    with store.reading() as session:
        return [StoredAnswer(*row) for row in session.execute(wanted)]
