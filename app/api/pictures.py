"""Pages drawn: by the sandboxed parser, a few at a time, and kept beside the file."""

from __future__ import annotations

import io
from collections.abc import Callable
from uuid import UUID

from anyio import CapacityLimiter, fail_after, to_thread

from app.api.problems import RETRY_AFTER_S, Refused
from docai.document import Page
from docai.errors import NotFound
from docai.image import PageImage
from docai.ingest.limits import Limits
from docai.ingest.raw import open_document
from docai.pipeline import Reading, ReadOptions
from docai.store import documents, pages
from docai.store.database import Store

LONGEST_QUEUE_S = 30.0  # for the turn of a picture


class Painter:
    """Of one process. `at_once` bounds how many parsers run for it."""

    def __init__(self, store: Store, limits: Limits, at_once: int, password: str | None) -> None:
        self._store, self._limits, self._password = store, limits, password
        self._at_once = at_once
        self._turns: CapacityLimiter | None = None  # it belongs to the event loop of the calls

    async def page(self, owner: str, document_id: UUID, number: int, dpi: int) -> bytes:
        """The page as a PNG. Raises NotFound, or InputError where it cannot be drawn."""
        kept, sha256, page = await to_thread.run_sync(self._kept, owner, document_id, number, dpi)
        if kept is not None:
            return kept
        return await self._in_turn(self._draw, sha256, number, dpi, page)

    async def searchable(self, owner: str, document_id: UUID) -> bytes:
        """The file as a PDF with a text layer. Raises NotFound where it was not read yet."""
        return await self._in_turn(self._write, owner, document_id)

    async def _in_turn(self, work: Callable[..., bytes], *about: object) -> bytes:
        self._turns = self._turns or CapacityLimiter(self._at_once)
        turn = object()
        try:
            with fail_after(LONGEST_QUEUE_S):
                await self._turns.acquire_on_behalf_of(turn)
        except TimeoutError:
            again = {"Retry-After": str(RETRY_AFTER_S)}
            raise Refused(503, "busy", "too many pictures are wanted now", again) from None
        try:
            return await to_thread.run_sync(work, *about)
        finally:
            self._turns.release_on_behalf_of(turn)

    def _kept(
        self, owner: str, document_id: UUID, number: int, dpi: int
    ) -> tuple[bytes | None, str, Page | None]:
        """The picture if it was drawn before, the file's hash, and the page if it was read."""
        document = documents.get(self._store, owner, document_id)
        if document.page_count is not None and number > document.page_count:
            raise _no_page(number, document.page_count)
        page = pages.one(self._store, document_id, number)
        kept = self._store.files.picture(document.sha256, _name(number, dpi, page))
        return kept, document.sha256, page

    def _draw(self, sha256: str, number: int, dpi: int, page: Page | None) -> bytes:
        with (
            self._store.files.local(sha256) as path,
            open_document(path, password=self._password, limits=self._limits) as raw,
        ):
            if number > raw.page_count:
                raise _no_page(number, raw.page_count)
            if page is None:
                image = raw.image(number, dpi=dpi)
            else:
                image = Reading(raw, ReadOptions(), None).image(page, dpi=dpi)
        png = _png(image)
        self._store.files.put_picture(sha256, _name(number, dpi, page), png)
        return png

    def _write(self, owner: str, document_id: UUID) -> bytes:
        document = documents.get(self._store, owner, document_id)
        count = document.page_count or 1
        read = [pages.one(self._store, document_id, number) for number in range(1, count + 1)]
        known = [page for page in read if page is not None]
        if not known:
            raise NotFound(f"document {document_id} was not read; ask for an extraction")
        with (
            self._store.files.local(document.sha256) as path,
            open_document(path, password=self._password, limits=self._limits) as raw,
        ):
            return raw.searchable(known)


def _name(number: int, dpi: int, page: Page | None) -> str:
    """A page that was read may have been turned upright and straight; then it looks different."""
    turned = f"-{page.rotation}-{page.skew:.3f}" if page else ""
    return f"{number}-{dpi}{turned}.png"


def _no_page(number: int, count: int) -> NotFound:
    return NotFound(f"there is no page {number}; the document has {count}")


def _png(image: PageImage) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image.pixels).save(file, "PNG", compress_level=3)
    return file.getvalue()
