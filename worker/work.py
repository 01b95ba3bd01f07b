"""What a worker does once it is woken: claim, work, write, until nothing is ready.

No Celery here: a bell calls `Worker.work`, and everything else is between this process and the
database.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from docai import serialize, tasks
from docai.document import Document
from docai.errors import DocaiError, LeaseLost, ParserTimeout, StoreError
from docai.ingest.limits import Limits
from docai.jobs import ANSWER, CUSTOM, Lane, Request
from docai.pipeline import ReadOptions, ReadPage, reading, seen_together
from docai.results import ModelInfo
from docai.settings import Settings
from docai.stages import Clock, Stage, stage, timed
from docai.store import claims, jobs
from docai.store.claims import Claim
from docai.store.database import Store
from worker.answers import Answering
from worker.lease import Lease
from worker.progress import KeptPages, Stopped

if TYPE_CHECKING:
    from docai.models.reader import Reading

    Answers = Sequence[Sequence[Reading]]  # of each question of one document

log = logging.getLogger("docai.worker")

Json = dict[str, Any]
T = TypeVar("T")

CLAIM_S = 1.0  # of work taken at a time: as long may somebody who waits have to wait for bulk
OUTAGE_S = 60.0  # how long a finished result waits for a database that does not answer
UNRELIABLE = 70  # exit status of a process that gave up on itself
STORE_PAUSE_S = 5.0  # before a document whose file could not be fetched is tried again


@dataclass(frozen=True, slots=True)
class Begun:
    """A document that was read, and waits for the others of its claim; its pages are kept."""

    claim: Claim
    document: Document
    model: ModelInfo
    page_count: int
    clock: Clock


class Worker:
    """One process's hands. `should_stop` is asked between pages and between documents."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        options: ReadOptions,
        limits: Limits,
        should_stop: Callable[[], bool] = lambda: False,
        lanes: Collection[Lane] = tuple(Lane),
    ) -> None:
        self._store, self._settings, self._limits = store, settings, limits
        self._lanes = lanes
        self._answering = Answering(settings.device)
        self._options = options  # threads and password are this machine's; the rest is a request's
        self._should_stop = should_stop
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._lease = Lease(
            store, settings.lease_s, limits.document_timeout_s, self._end_late_document
        )
        self._held: tuple[Claim, ...] = ()  # what is claimed and not begun
        self._begun: list[Begun] = []
        self._is_together = False  # the model has all that is begun in its hands
        self._ended = 0  # documents of this shift
        self._document_s = CLAIM_S  # what one took lately; the first claim is a small one
        self._owed: list[Claim] = []
        self._clock = Clock()  # of the document in hand

    def work(self, *, for_s: float) -> int:
        """Claims and works for about `for_s` seconds or until nothing is ready.

        Returns the number of documents that were ended. Raises StoreError where the database
        does not answer.
        """
        end = time.monotonic() + for_s
        self._ended = 0
        self._settle()
        while time.monotonic() < end and not self._should_stop():
            most = max(1, min(self._settings.claim, round(CLAIM_S / self._document_s)))
            claimed = claims.claim(
                self._store, self._name, self._lanes, most=most, lease_s=self._settings.lease_s
            )
            if not claimed:
                break
            started = time.monotonic()
            self._work_on(claimed)
            self._document_s = max((time.monotonic() - started) / len(claimed), 0.001)
        return self._ended

    def _work_on(self, claimed: tuple[Claim, ...]) -> None:
        """In the order of the claim: the store blames the first unfinished one for a death."""
        self._held, self._begun = claimed, []
        with self._lease.holding(claimed):
            if len(claimed) > 1 and claimed[0].request.task == ANSWER and self._answering.is_used:
                self._answer_together(claimed)
            else:
                for claim in self._each_held():
                    self._take_in_hand(claim, Clock(), partial(self._do, claim))
            self._give_back(self._held)

    def _each_held(self) -> Iterator[Claim]:
        """What is still wanted, until we are to stop."""
        while self._held and not self._should_stop():
            claim, self._held = self._held[0], self._held[1:]
            if self._lease.is_wanted(claim):
                yield claim
            else:
                self._give_back([claim])

    def _answer_together(self, claimed: tuple[Claim, ...]) -> None:
        """Reads one after the other, asks the model about all, ends one after the other."""
        for claim in self._each_held():
            self._take_in_hand(claim, Clock(), partial(self._begin, claim))
        if self._should_stop():
            self._give_back([one.claim for one in self._begun])
            self._begun = []
        have_failed = len(self._begun) < len(claimed)
        found = self._asked_together()
        while self._begun:
            one = self._begun.pop(0)
            read = found.get(one.claim.item_id)
            if self._lease.is_wanted(one.claim):
                self._take_in_hand(one.claim, one.clock, partial(self._finish, one, (), read))
            else:
                self._give_back([one.claim])
        if have_failed:  # one of them may have been the last of its job, before the others
            with contextlib.suppress(StoreError):  # else the sweep closes it
                for job_id in {claim.job_id for claim in claimed}:
                    jobs.close_if_done(self._store, job_id)

    def _asked_together(self) -> dict[int, Answers]:
        """What the model found, by item; of none where one of the documents broke it."""
        if not self._begun:
            return {}
        first = self._begun[0]
        asked = [(one.document, one.claim.request.questions) for one in self._begun]
        self._is_together = True
        try:
            with self._lease.in_hand(first.claim), timed() as clock:
                found = self._answering.read(asked)
        except Exception as error:  # whose fault it is shows when each is asked about alone
            traceback.clear_frames(error.__traceback__)
            log.warning("%d documents together: %s; each alone now", len(asked), error)
            return {}
        finally:
            self._is_together = False
        first.clock.add(clock)
        return {one.claim.item_id: read for one, read in zip(self._begun, found, strict=True)}

    def _take_in_hand(self, claim: Claim, clock: Clock, step: Callable[[], None]) -> None:
        """The step, or what follows from what it raises."""
        with self._lease.in_hand(claim):
            self._try(claim, clock, step)

    def _try(self, claim: Claim, clock: Clock, step: Callable[[], None]) -> None:
        ids = {"job": claim.job_id, "document": claim.document_id}
        log.debug("%s", claim.filename, extra=ids)
        try:
            with timed(clock) as self._clock:
                step()
        except (Stopped, StoreError) as reason:
            wait_s = STORE_PAUSE_S if isinstance(reason, StoreError) else 0.0
            self._give_back([claim], wait_s)
        except LeaseLost as error:
            log.warning("%s", error, extra=ids)
            self._give_back([claim])  # if we were taken for dead, the document is not to blame
        except DocaiError as error:
            self._fail(claim, error)
        except Exception as error:  # a bug, or memory at its end: the document is blamed
            traceback.clear_frames(error.__traceback__)  # what ate the memory is let go of
            log.exception("%s", claim.filename, extra=ids)
            self._crash(claim, error)
            if isinstance(error, MemoryError):
                self._quit()

    def _do(self, claim: Claim) -> None:
        """From the file to the result."""
        if opened := self._opened(claim):
            self._finish(*opened)

    def _begin(self, claim: Claim) -> None:
        """From the file to the pages, which are kept; `_finish` goes on from there."""
        if opened := self._opened(claim):
            begun, unsaved = opened
            count = begun.page_count
            with stage(Stage.WRITE):
                self._patiently(
                    lambda: claims.keep_read(self._store, claim, unsaved, page_count=count)
                )
            self._begun.append(begun)

    def _opened(self, claim: Claim) -> tuple[Begun, list[ReadPage]] | None:
        """The document and its pages that are not kept yet; None where it was done before."""
        model = tasks.model_of(claim.request.task)
        if claim.was_asked and self._was_done(claim, model):
            return None
        kept = KeptPages(self._store, claim, self._stops_at_a_page(claim))
        with stage(Stage.PARSE):
            document = self._read(claim, kept)
        page_count = kept.page_count or len(document.pages)
        return Begun(claim, document, model, page_count, self._clock), kept.unsaved

    def _finish(
        self, begun: Begun, unsaved: Sequence[ReadPage] = (), read: Answers | None = None
    ) -> None:
        """From the pages to the result; `read` is what the model found, if it was asked."""
        claim, document = begun.claim, begun.document
        with stage(Stage.TASK):
            if read is None and claim.request.task == ANSWER and self._answering.is_used:
                [read] = self._answering.read([(document, claim.request.questions)])
            result = answer_request(claim.request, document, begun.model, read)
        with stage(Stage.WRITE):
            self._patiently(
                lambda: claims.finish(
                    self._store,
                    claim,
                    result,
                    unsaved,
                    page_count=begun.page_count,
                    clock=begun.clock,
                )
            )
        self._ended += 1

    def _was_done(self, claim: Claim, model: ModelInfo) -> bool:
        told = serialize.model_to_json(model)
        with stage(Stage.WRITE):
            was_done = self._patiently(
                lambda: claims.finish_as_before(self._store, claim, told, clock=self._clock)
            )
        self._ended += was_done
        return was_done

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

    def _fail(self, claim: Claim, error: DocaiError) -> None:
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
            return
        self._ended += 1

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
        if self._is_together:  # which of them it is shows once it is alone
            self._crash(claim, late)
        else:
            self._fail(claim, late)
        self._begun = [one for one in self._begun if one.claim is not claim]
        self._quit()

    def _quit(self) -> None:
        """Ends a process that cannot be relied on any more; its parent starts a new one."""
        self._give_back([*self._held, *(one.claim for one in self._begun)])
        os._exit(UNRELIABLE)

    def _give_back(self, held: Sequence[Claim], wait_s: float = 0.0) -> None:
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


def answer_request(
    request: Request, document: Document, model: ModelInfo, read: Answers | None = None
) -> Json:
    """The result as docs/json.md has it; `read` is what a model found of each question."""
    if request.task == ANSWER:
        known: Sequence[Sequence[Reading] | None] = read or [None] * len(request.questions)
        found = [
            (question, tasks.answer(document, question, top=request.top, read=each))
            for question, each in zip(request.questions, known, strict=True)
        ]
        return serialize.answers_to_json(document, model, found)
    is_custom = request.task == CUSTOM
    task = tasks.custom(request.fields) if is_custom else tasks.task(request.task)
    return serialize.extraction_to_json(task.extract(document), document)
