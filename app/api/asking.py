"""Work asked for, and waited for as long as the caller prefers (RFC 7240)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from anyio import to_thread
from fastapi import Header
from fastapi.responses import JSONResponse
from starlette.responses import Response

from app.api.problems import failed
from app.api.service import Service
from app.api.shapes import ExtractionOut, JobOut
from docai.errors import NotFound
from docai.jobs import ItemState, Priority, Request
from docai.store import jobs, results
from docai.store.jobs import StoredJob
from docai.store.keys import StoredKey

LONGEST_WAIT_S = 60  # proxies between us and the caller wait no longer either
ANSWERS_WAIT_S = 30
LONGEST_KEY = 200

Prefer = Annotated[str | None, Header(description="wait=SECONDS: answer when it is done, if soon")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=LONGEST_KEY,
        pattern=r"^[\x21-\x7e]+$",
        description="the same key gives the same job, however often the call is repeated",
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """One document, and what somebody who waits wants of it."""

    document_id: UUID
    request: Request
    idempotency_key: str | None = None


def submit(
    service: Service,
    caller: StoredKey,
    request: Request,
    documents: Sequence[UUID],
    idempotency_key: str | None,
    *,
    priority: Priority = Priority.BULK,
    webhook: UUID | None = None,
) -> StoredJob:
    """The job, new or the one that the same call made before; its bell is rung."""
    job, is_new = jobs.submit(
        service.store,
        caller.owner,
        request,
        documents,
        priority=priority,
        webhook_id=webhook,
        idempotency_key=idempotency_key,
        idempotency_hash=_hash(request, documents, priority, webhook) if idempotency_key else None,
    )
    if is_new:
        service.ring(request.lane, len(documents))
    return job


async def ask(
    service: Service, caller: StoredKey, asked: Asked, prefer: str | None, *, wait_s: float = 0
) -> Response:
    """200 and the result where it is there in time, else 202 and the job.

    `wait_s` is for callers who prefer nothing. Raises what became of a document that failed.
    """
    preferred = _seconds(prefer)
    wait_s = wait_s if preferred is None else preferred
    job = await to_thread.run_sync(_submit_one, service, caller, asked)
    headers = {"Location": f"/v1/jobs/{job.id}"}
    if preferred is not None:
        headers["Preference-Applied"] = f"wait={preferred:g}"
    if not wait_s or not await service.watch.is_over(job.id, wait_s):
        body = JobOut.of(job).model_dump(mode="json")
        return JSONResponse(body, 202, headers | {"Retry-After": "1"})
    found = await to_thread.run_sync(_result, service, caller, job.id)
    return JSONResponse(found.model_dump(mode="json"), 200, headers)


def _submit_one(service: Service, caller: StoredKey, asked: Asked) -> StoredJob:
    return submit(
        service,
        caller,
        asked.request,
        [asked.document_id],
        asked.idempotency_key,
        priority=Priority.INTERACTIVE,
    )


def _result(service: Service, caller: StoredKey, job_id: UUID) -> ExtractionOut:
    """Of a job of one document that is over."""
    item = next(results.of_job(service.store, caller.owner, job_id))
    if item.extraction_id is not None:
        return ExtractionOut.of(results.get(service.store, caller.owner, item.extraction_id))
    if item.error is not None:
        raise failed(item.error["code"], item.error["message"])
    if item.state is ItemState.CANCELLED:
        raise failed("conflict", f"job {job_id} was cancelled")
    raise NotFound("the document was deleted")


def _seconds(prefer: str | None) -> float | None:
    """What the header says of waiting; other preferences are ignored, as the RFC wants."""
    wish = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})", prefer or "")
    return None if wish is None else float(min(int(wish[1]), LONGEST_WAIT_S))


def _hash(*call: Any) -> str:
    """Of everything that makes two calls the same."""
    request, documents, *rest = call
    said = [request.to_json(), list(map(str, documents)), *map(str, rest)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
