"""What a worker does once it is woken: claim, work, write, until nothing is ready.

No Celery here: a bell calls `Worker.work`, and everything else is between this process and the
database.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from docai import serialize, tasks
from docai.document import Document
from docai.errors import DocaiError, LeaseLost, ParserTimeout, StoreError
from docai.ingest.limits import Limits
from docai.jobs import ANSWER, CUSTOM, Lane, Request
from docai.pipeline import ReadOptions, reading, seen_together
from docai.results import ModelInfo
from docai.settings import Settings
from docai.stages import Clock, Stage, stage, timed
from docai.store import claims
from docai.store.claims import Claim
from docai.store.database import Store
from worker.lease import Lease
from worker.progress import KeptPages, Stopped

log = logging.getLogger("docai.worker")

Json = dict[str, Any]
T = TypeVar("T")

CLAIM_S = 1.0  # of work taken at a time: as long may somebody who waits have to wait for bulk
OUTAGE_S = 60.0  # how long a finished result waits for a database that does not answer
UNRELIABLE = 70  # exit status of a process that gave up on itself
STORE_PAUSE_S = 5.0  # before a document whose file could not be fetched is tried again


class Worker:
    """One process's hands. `should_stop` is asked between pages and between documents."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        options: ReadOptions,
        limits: Limits,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store, self._settings, self._limits = store, settings, limits
        self._options = options  # threads and password are this machine's; the rest is a request's
        self._should_stop = should_stop
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._lease = Lease(
            store, settings.lease_s, limits.document_timeout_s, self._end_late_document
        )
        self._held: tuple[Claim, ...] = ()  # what is claimed and not begun
        self._document_s = CLAIM_S  # what one took lately; the first claim is a small one
        self._owed: list[Claim] = []
        self._clock = Clock()  # of the document in hand

    def work(self, lane: Lane, *, for_s: float) -> int:
        """Claims and works for about `for_s` seconds or until nothing is ready.

        Returns the number of documents that were ended. Raises StoreError where the database
        does not answer.
        """
        ended, end = 0, time.monotonic() + for_s
        self._settle()
        while time.monotonic() < end and not self._should_stop():
            most = max(1, min(self._settings.claim, round(CLAIM_S / self._document_s)))
            claimed = claims.claim(
                self._store, self._name, lane, most=most, lease_s=self._settings.lease_s
            )
            if not claimed:
                break
            started = time.monotonic()
            ended += self._work_on(claimed)
            self._document_s = max((time.monotonic() - started) / len(claimed), 0.001)
        return ended

    def _work_on(self, claimed: tuple[Claim, ...]) -> int:
        """In the order of the claim: the store blames the first unfinished one for a death."""
        ended, self._held = 0, claimed
        with self._lease.holding(claimed):
            while self._held and not self._should_stop():
                claim, self._held = self._held[0], self._held[1:]
                if not self._lease.is_wanted(claim):
                    self._give_back([claim])
                    continue
                with self._lease.in_hand(claim):
                    ended += self._end(claim)
            self._give_back(self._held)
        return ended

    def _end(self, claim: Claim) -> bool:
        """Whether the document was done or failed; it is out of our hands in any case."""
        ids = {"job": claim.job_id, "document": claim.document_id}
        log.debug("%s", claim.filename, extra=ids)
        try:
            with timed() as self._clock:
                self._do(claim)
            return True
        except (Stopped, StoreError) as reason:
            wait_s = STORE_PAUSE_S if isinstance(reason, StoreError) else 0.0
            self._give_back([claim], wait_s)
        except LeaseLost as error:
            log.warning("%s", error, extra=ids)
            self._give_back([claim])  # if we were taken for dead, the document is not to blame
        except DocaiError as error:
            return self._fail(claim, error)
        except Exception as error:  # a bug, or memory at its end: the document is blamed
            traceback.clear_frames(error.__traceback__)  # what ate the memory is let go of
            log.exception("%s", claim.filename, extra=ids)
            self._crash(claim, error)
            if isinstance(error, MemoryError):
                self._quit()
        return False

    def _do(self, claim: Claim) -> None:
        model = model_of(claim.request)
        if claim.was_asked and self._was_done(claim, model):
            return
        kept = KeptPages(self._store, claim, self._stops_at_a_page(claim))
        with stage(Stage.PARSE):
            document = self._read(claim, kept)
        with stage(Stage.TASK):
            result = answer_request(claim.request, document, model)
        page_count = kept.page_count or len(document.pages)
        with stage(Stage.WRITE):
            self._patiently(
                lambda: claims.finish(
                    self._store,
                    claim,
                    result,
                    kept.unsaved,
                    page_count=page_count,
                    clock=self._clock,
                )
            )

    def _was_done(self, claim: Claim, model: ModelInfo) -> bool:
        told = serialize.model_to_json(model)
        with stage(Stage.WRITE):
            return self._patiently(
                lambda: claims.finish_as_before(self._store, claim, told, clock=self._clock)
            )

    def _read(self, claim: Claim, kept: KeptPages) -> Document:
        """From what is kept where that is everything, else from the file."""
        if claim.page_count is not None and len(kept.known) == claim.page_count:
            kept.page_count = claim.page_count
            read = [kept.known[number] for number in sorted(kept.known)]
            caveats = tuple(caveat for _, noted in read for caveat in noted)
            return Document(claim.source, tuple(seen_together(page for page, _ in read)), caveats)
        here = self._options
        options = replace(claim.request.options, threads=here.threads, password=here.password)
        with (
            self._store.files.local(claim.source.sha256) as path,
            reading(path, options, limits=self._limits, memory=kept) as document,
        ):
            kept.page_count = document.page_count
            return replace(document.document(), source=claim.source)

    def _stops_at_a_page(self, claim: Claim) -> Callable[[], bool]:
        return lambda: self._should_stop() or not self._lease.is_wanted(claim)

    def _fail(self, claim: Claim, error: DocaiError) -> bool:
        ids = {"job": claim.job_id, "document": claim.document_id}
        log.warning("%s (%s)", error, error.code, extra=ids)
        most, backoff_s = self._settings.most_tries, self._settings.backoff_s
        try:
            self._patiently(
                lambda: claims.fail(
                    self._store,
                    claim,
                    error,
                    most_tries=most,
                    backoff_s=backoff_s,
                    clock=self._clock,
                )
            )
        except (LeaseLost, StoreError) as unwritten:
            log.warning("%s", unwritten, extra=ids)
            return False
        return True

    def _crash(self, claim: Claim, error: Exception) -> None:
        most = self._settings.most_deaths
        try:
            claims.crash(self._store, claim, error, most_deaths=most)
        except (LeaseLost, StoreError) as unwritten:
            log.warning("%s", unwritten)

    def _end_late_document(self, claim: Claim) -> None:
        """From the lease's thread: the other one hangs in code that nobody can interrupt."""
        limit = self._limits.document_timeout_s
        late = ParserTimeout(
            f"{claim.filename} was not done within {limit:g} s (DOCAI_DOCUMENT_TIMEOUT_S)"
        )
        self._fail(claim, late)
        self._quit()

    def _quit(self) -> None:
        """Ends a process that cannot be relied on any more; its parent starts a new one."""
        self._give_back(self._held)
        os._exit(UNRELIABLE)

    def _give_back(self, held: list[Claim] | tuple[Claim, ...], wait_s: float = 0.0) -> None:
        most = self._settings.most_deaths
        if not held:
            return
        try:
            claims.give_back(self._store, held, most_deaths=most, wait_s=wait_s)
        except StoreError:
            self._owed += held

    def _settle(self) -> None:
        """Gives back what could not be given back while the database did not answer."""
        if self._owed:
            claims.give_back(self._store, self._owed, most_deaths=self._settings.most_deaths)
            self._owed = []

    def _patiently(self, write: Callable[[], T]) -> T:
        """Tries again while the database does not answer: what was worked out is worth waiting."""
        end, wait_s = time.monotonic() + OUTAGE_S, 0.1
        while True:
            try:
                return write()
            except StoreError as error:
                if time.monotonic() + wait_s > end or self._should_stop():
                    raise
                log.warning("%s; trying again", error)
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, 5.0)


def model_of(request: Request) -> ModelInfo:
    """What will answer the request."""
    return tasks.answering() if request.task == ANSWER else tasks.geometric()


def answer_request(request: Request, document: Document, model: ModelInfo) -> Json:
    """The result as docs/json.md has it."""
    if request.task == ANSWER:
        found = [(q, tasks.answer(document, q, top=request.top)) for q in request.questions]
        return serialize.answers_to_json(document, model, found)
    is_custom = request.task == CUSTOM
    task = tasks.custom(request.fields) if is_custom else tasks.task(request.task)
    return serialize.extraction_to_json(task.extract(document), document)
