"""Several documents as searchable PDFs, in one ZIP that is sent while it is made."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from anyio import sleep
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import Field

from app.api.problems import Refused
from app.api.service import Api, Caller, Service
from app.api.shapes import MOST_CHOSEN, Incoming
from docai.errors import DocaiError
from docai.store import documents, jobs, results

router = APIRouter(prefix="/v1", tags=["results"])

Named = tuple[UUID, str]  # a document, and what it is called

ZIP = "application/zip"
MISSING = "not-included.txt"  # names every document that is not in the ZIP, and why
TRIES = 20  # for a turn of the parser, a second apart
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}
}


class SearchableIn(Incoming):
    documents: Annotated[list[UUID], Field(min_length=1, max_length=MOST_CHOSEN)]


@router.post("/searchable", response_class=StreamingResponse, responses=ANSWER)
def fetch_chosen_searchable(api: Api, caller: Caller, body: SearchableIn) -> StreamingResponse:
    """These documents, each as a PDF whose scanned pages have an invisible text layer."""
    chosen = results.chosen(api.store, caller.owner, body.documents)
    return _zipped(api, caller.owner, [(each.document_id, each.filename) for each in chosen])


@router.get("/jobs/{job_id}/searchable.zip", response_class=StreamingResponse, responses=ANSWER)
def fetch_job_searchable(api: Api, caller: Caller, job_id: UUID) -> StreamingResponse:
    """The documents of a job, as POST /v1/searchable has them."""
    jobs.get(api.store, caller.owner, job_id)
    return _zipped(api, caller.owner, documents.of_job(api.store, caller.owner, job_id))


def _zipped(api: Service, owner: str, found: Sequence[Named]) -> StreamingResponse:
    name = 'attachment; filename="searchable.zip"'
    content = _content(api, owner, found)
    return StreamingResponse(content, media_type=ZIP, headers={"Content-Disposition": name})


async def _content(api: Service, owner: str, found: Sequence[Named]) -> AsyncIterator[bytes]:
    sink, missing, names = _Sink(), [], _Names()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:  # PDFs are packed already
        for id, filename in found:
            try:
                pdf = await _searchable(api, owner, id)
            except (DocaiError, Refused) as error:
                missing.append(f"{filename}: {error}")
            else:
                archive.writestr(names.of(filename), pdf)
                yield sink.taken()
        if missing:
            archive.writestr(MISSING, "\n".join(missing) + "\n")
    yield sink.taken()


async def _searchable(api: Service, owner: str, id: UUID) -> bytes:
    """One document; others may have the parser's turns for a while."""
    for _ in range(TRIES):
        try:
            return await api.painter.searchable(owner, id)
        except Refused as error:
            refused = error
            await sleep(1)
    raise refused


class _Names:
    """Names of the files in the ZIP: none leads out of its folder, and none comes twice."""

    def __init__(self) -> None:
        self._taken: set[str] = {MISSING}

    def of(self, filename: str) -> str:
        stem = re.sub(r'[\x00-\x1f/\\:*?"<>|]', "_", filename.removesuffix(".pdf")).strip(". ")
        name, number = f"{stem or 'document'}.pdf", 1
        while name.lower() in self._taken:
            number += 1
            name = f"{stem or 'document'} ({number}).pdf"
        self._taken.add(name.lower())
        return name


class _Sink(io.RawIOBase):
    """What was written and not yet sent; it cannot go back, so nothing needs to be kept."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]  # a buffer, whatever its type
        self._parts.append(part)
        return len(part)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
