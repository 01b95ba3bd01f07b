"""Documents: stored, listed, shown, removed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, UploadFile
from fastapi.responses import Response

from app.api.envelope import note
from app.api.service import Api, Caller, Service
from app.api.shapes import MOST_AT_A_TIME, NO_NUL, DocumentOut, DocumentsOut, PageOut
from app.api.uploads import store_upload
from docai import serialize
from docai.errors import NotFound
from docai.store import documents, outlook, pages
from docai.store.documents import StoredDocument
from docai.store.outlook import State

router = APIRouter(prefix="/v1/documents", tags=["documents"])

After = Annotated[UUID | None, Query(description="`next` of the page before")]
PageNumber = Annotated[int, Path(ge=1, le=1_000_000)]
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
    return _shown(api, stored)


@router.get("")
def list_documents(
    api: Api,
    caller: Caller,
    after: After = None,
    limit: Most = 50,
    state: State | None = None,
    type: Annotated[str, Query(max_length=100, pattern=NO_NUL, description="of result")] = "",
    search: Annotated[
        str, Query(max_length=200, pattern=NO_NUL, description="in the name, or in a value")
    ] = "",
    tables: Annotated[bool, Query(description="those alone that have some")] = False,
) -> DocumentsOut:
    """Newest first."""
    found = outlook.several(
        api.store,
        caller.owner,
        after=after,
        most=limit + 1,
        state=state,
        label=type,
        search=search,
        tables=tables,
    )
    return DocumentsOut.of(found, limit, outlook.of(api.store, [each.id for each in found]))


@router.get("/{document_id}")
def show_document(api: Api, caller: Caller, document_id: UUID) -> DocumentOut:
    return _shown(api, documents.get(api.store, caller.owner, document_id))


@router.delete("/{document_id}", status_code=204)
def delete_document(api: Api, caller: Caller, document_id: UUID) -> None:
    """Removes the file, its pictures and every result of it."""
    documents.remove(api.store, caller.owner, document_id)


@router.get(
    "/{document_id}/pages/{number}.png",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def show_picture(
    api: Api,
    caller: Caller,
    document_id: UUID,
    number: PageNumber,
    dpi: Annotated[int, Query(ge=30, le=300)] = 100,
) -> Response:
    """The page upright, as the boxes of the results lie on it: box times dpi / 72 is a pixel."""
    png = await api.painter.page(caller.owner, document_id, number, dpi)
    return Response(png, media_type="image/png")


@router.get(
    "/{document_id}/searchable.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def show_searchable(api: Api, caller: Caller, document_id: UUID) -> Response:
    """The file as a PDF whose scanned pages have an invisible text layer."""
    pdf = await api.painter.searchable(caller.owner, document_id)
    return Response(pdf, media_type="application/pdf")


@router.get("/{document_id}/pages/{number}")
def show_page(api: Api, caller: Caller, document_id: UUID, number: PageNumber) -> PageOut:
    """Its words, lines and blocks, once it was read."""
    documents.get(api.store, caller.owner, document_id)
    page = pages.one(api.store, document_id, number)
    if page is None:
        raise NotFound(f"page {number} was not read; ask for an extraction")
    return PageOut(**serialize.page_to_json(page))


def _shown(api: Service, stored: StoredDocument) -> DocumentOut:
    return DocumentOut.of(stored, outlook.of(api.store, [stored.id])[stored.id])
