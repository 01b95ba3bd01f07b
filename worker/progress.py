"""Pages of a long document, kept as they are read, so that a new worker goes on where one died."""

from __future__ import annotations

import time
from collections.abc import Callable

from docai.pipeline import ReadPage
from docai.stages import Stage, stage
from docai.store import claims, pages
from docai.store.claims import Claim
from docai.store.database import Store

PAGES_AT_ONCE = 20  # a short document needs no write before its last
KEEP_EVERY_S = 5.0


class Stopped(Exception):
    """The worker shuts down, or nobody wants the document any more. What was read is kept."""


class KeptPages:
    """The memory of one reading (docai.pipeline.PageMemory).

    `known` are the pages of earlier readings, `unsaved` those read since the last write;
    `page_count` is the reader's to set.
    """

    def __init__(self, store: Store, claim: Claim, should_stop: Callable[[], bool]) -> None:
        self._store, self._claim, self._should_stop = store, claim, should_stop
        self.known: dict[int, ReadPage] = (
            pages.known(store, claim.document_id, claim.request.reading) if claim.was_read else {}
        )
        self.unsaved: list[ReadPage] = []
        self.page_count = 0
        self._saved = len(self.known)
        self._saved_at = time.monotonic()

    def recall(self, number: int) -> ReadPage | None:
        return self.known.get(number)

    def keep(self, read: ReadPage) -> None:
        """Raises Stopped between two pages, LeaseLost where the document was given on."""
        self.unsaved.append(read)
        is_late = time.monotonic() - self._saved_at > KEEP_EVERY_S
        stops = self._should_stop()
        if stops or is_late or len(self.unsaved) >= PAGES_AT_ONCE:
            self._save()
        if stops:
            raise Stopped

    def _save(self) -> None:
        done = self._saved + len(self.unsaved)
        with stage(Stage.WRITE):
            total = self.page_count
            claims.keep_pages(self._store, self._claim, self.unsaved, done=done, total=total)
        self._saved, self._saved_at, self.unsaved = done, time.monotonic(), []
