"""Fields, items and tables of one document: asked for, shown, corrected."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import Response

from app.api.asking import Asked, IdempotencyKey, Prefer, ask
from app.api.service import Api, Caller
from app.api.shapes import (
    CorrectionOut,
    CorrectionsIn,
    CorrectionsOut,
    ExtractionOut,
    ExtractionsOut,
    JobOut,
    TaskIn,
)
from docai.store import documents, outlook, results
from docai.store.keys import StoredKey

router = APIRouter(prefix="/v1/documents/{document_id}/extractions", tags=["extractions"])

Task = Annotated[str, Path(min_length=1, max_length=50, pattern=r"^[a-z_]+$")]


@router.post(
    "",
    response_model=ExtractionOut,
    responses={202: {"model": JobOut, "description": "Not done yet: the job"}},
)
async def extract(
    api: Api,
    caller: Caller,
    document_id: UUID,
    body: TaskIn,
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A job, or with `Prefer: wait=N` the result when it is there within N seconds."""
    return await ask(api, caller, Asked(document_id, body.request(), idempotency_key), prefer)


@router.get("")
def list_extractions(api: Api, caller: Caller, document_id: UUID) -> ExtractionsOut:
    """Every result of the document, oldest first."""
    documents.get(api.store, caller.owner, document_id)
    found = results.of_document(api.store, caller.owner, document_id)
    return ExtractionsOut(extractions=[ExtractionOut.of(each) for each in found])


@router.get("/{task}")
def show_extraction(api: Api, caller: Caller, document_id: UUID, task: Task) -> ExtractionOut:
    """The newest result that was asked for as this task, or came out as it."""
    return ExtractionOut.of(results.latest(api.store, caller.owner, document_id, task))


@router.patch("/{task}")
def correct(
    api: Api, caller: Caller, document_id: UUID, task: Task, body: CorrectionsIn
) -> ExtractionOut:
    """A person's word on values of the newest result; what they were before is kept."""
    changes = [each.change() for each in body.changes]
    who = _person(caller)
    return ExtractionOut.of(
        results.correct(api.store, caller.owner, document_id, task, changes, who)
    )


@router.get("/{task}/corrections")
def list_corrections(api: Api, caller: Caller, document_id: UUID, task: Task) -> CorrectionsOut:
    """Who changed what in the newest result, oldest first."""
    result = results.latest(api.store, caller.owner, document_id, task)
    made = results.corrections(api.store, caller.owner, result.id)
    return CorrectionsOut(corrections=[CorrectionOut.of(each) for each in made])


@router.post("/{task}/corrections/undo")
def undo_correction(api: Api, caller: Caller, document_id: UUID, task: Task) -> ExtractionOut:
    """Takes back the newest correction that still holds; it stays in the list."""
    who = _person(caller)
    return ExtractionOut.of(results.undo(api.store, caller.owner, document_id, task, who))


@router.put("/{task}/review", status_code=204)
def review(api: Api, caller: Caller, document_id: UUID, task: Task) -> None:
    """A person stands behind the newest result; it leaves the queue of GET /v1/reviews."""
    outlook.review(api.store, caller.owner, document_id, task, _person(caller))


@router.delete("/{task}/review", status_code=204)
def reopen(api: Api, caller: Caller, document_id: UUID, task: Task) -> None:
    """Takes the review back."""
    outlook.reopen(api.store, caller.owner, document_id, task)


def _person(caller: StoredKey) -> str:
    return f"{caller.name} ({caller.prefix})"
