"""Questions about one document."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Form, Query, UploadFile
from fastapi import Request as Call
from fastapi.responses import Response

from app.api.asking import ANSWERS_WAIT_S, Asked, IdempotencyKey, Prefer, ask
from app.api.envelope import note
from app.api.service import Api, Caller
from app.api.shapes import (
    MOST_QUESTIONS,
    ExtractionOut,
    JobOut,
    Line,
    QuestionsIn,
    StoredAnswerOut,
    StoredAnswersOut,
)
from app.api.uploads import store_upload
from docai.store import asked as asked_before

router = APIRouter(prefix="/v1", tags=["answers"])

MOST_LISTED = 1000  # answers

LATER: dict[int | str, dict[str, Any]] = {
    202: {"model": JobOut, "description": "Not done yet: the job"}
}


@router.post("/documents/{document_id}/answers", response_model=ExtractionOut, responses=LATER)
async def answer(
    api: Api,
    caller: Caller,
    document_id: UUID,
    body: QuestionsIn,
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Each answer with its evidence, or null; waits up to 30 s unless `Prefer` says otherwise."""
    asked = Asked(document_id, body.request(), idempotency_key)
    return await ask(api, caller, asked, prefer, wait_s=ANSWERS_WAIT_S)


@router.get("/answers")
def list_answers(
    api: Api, caller: Caller, limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 200
) -> StoredAnswersOut:
    """What was asked of all documents and answered, the newest first."""
    found = asked_before.several(api.store, caller.owner, limit)
    return StoredAnswersOut(answers=[StoredAnswerOut.of(each) for each in found])


@router.post("/answers", response_model=ExtractionOut, responses=LATER)
async def upload_and_answer(
    api: Api,
    caller: Caller,
    call: Call,
    file: UploadFile,
    questions: Annotated[list[Line], Form(min_length=1, max_length=MOST_QUESTIONS)],
    top: Annotated[int, Form(ge=1, le=20)] = 1,
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The same in one call; the document is stored."""
    request = QuestionsIn(questions=questions, top=top).request()
    stored, _ = await to_thread.run_sync(store_upload, api, caller.owner, file)
    note(call.scope, document=stored.id)
    asked = Asked(stored.id, request, idempotency_key)
    return await ask(api, caller, asked, prefer, wait_s=ANSWERS_WAIT_S)
