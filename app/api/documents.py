"""Documents: stored, listed, shown, removed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, UploadFile
from fastapi.responses import Response

from app.api.envelope import note
from app.api.service import Api, Caller
from app.api.shapes import MOST_AT_A_TIME, DocumentOut, DocumentsOut
from app.api.uploads import store_upload
from docai.store import documents

router = APIRouter(prefix="/v1/documents", tags=["documents"])

After = Annotated[UUID | None, Query(description="`next` of the page before")]
Most = Annotated[int, Query(ge=1, le=MOST_AT_A_TIME)]


@router.post("", status_code=201, responses={200: {"model": DocumentOut}})
def upload(
    api: Api, caller: Caller, file: UploadFile, request: Request, response: Response
) -> DocumentOut:
    """Stores a PDF or an image. The same bytes give the same document, with status 200."""
    stored, is_new = store_upload(api, caller.owner, file)
    if is_new:
        request.app.state.metrics.uploaded(stored.bytes)
    note(request.scope, document=stored.id)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/documents/{stored.id}"
    return DocumentOut.of(stored)


@router.get("")
def list_documents(api: Api, caller: Caller, after: After = None, limit: Most = 50) -> DocumentsOut:
    """Newest first."""
    found = documents.several(api.store, caller.owner, after=after, most=limit + 1)
    return DocumentsOut.of(found, limit)


@router.get("/{document_id}")
def show_document(api: Api, caller: Caller, document_id: UUID) -> DocumentOut:
    return DocumentOut.of(documents.get(api.store, caller.owner, document_id))


@router.delete("/{document_id}", status_code=204)
def delete_document(api: Api, caller: Caller, document_id: UUID) -> None:
    """Removes the file, its pictures and every result of it."""
    documents.remove(api.store, caller.owner, document_id)


@router.get(
    "/{document_id}/pages/{number}.png",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def show_page(
    api: Api,
    caller: Caller,
    document_id: UUID,
    number: Annotated[int, Path(ge=1, le=1_000_000)],
    dpi: Annotated[int, Query(ge=30, le=300)] = 100,
) -> Response:
    """The page upright, as the boxes of the results lie on it: box times dpi / 72 is a pixel."""
    png = await api.painter.page(caller.owner, document_id, number, dpi)
    return Response(png, media_type="image/png")
