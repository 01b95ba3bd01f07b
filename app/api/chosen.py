"""Results of documents that a person chose, together."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.api.service import Api, Caller
from app.api.shapes import ChosenIn
from docai.store.tables import Form, stream_documents

router = APIRouter(prefix="/v1/results", tags=["results"])


@router.post(
    "",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The results",
            "content": {form.media_type: {"schema": {"type": "string"}} for form in Form},
        }
    },
)
def fetch_chosen(api: Api, caller: Caller, body: ChosenIn) -> StreamingResponse:
    """The newest result of each document, as GET /v1/jobs/{job_id}/results has those of a job."""
    found = stream_documents(api.store, caller.owner, body.documents, body.format, body.rows)
    name = f'attachment; filename="results.{body.format.value}"'
    return StreamingResponse(
        found, media_type=body.format.media_type, headers={"Content-Disposition": name}
    )
