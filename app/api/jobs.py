"""Bulk jobs: submitted, watched, paused, resumed, cancelled, tried again, fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, TypeVar
from uuid import UUID

from anyio import sleep, to_thread
from fastapi import APIRouter, Depends, Query
from fastapi import Request as Call
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from app.api.asking import IdempotencyKey, submit
from app.api.envelope import note
from app.api.service import Api, Caller, Service
from app.api.shapes import (
    MOST_AT_A_TIME,
    BatchIn,
    ErrorOut,
    JobIn,
    JobOut,
    JobsOut,
    JobStatusOut,
    ProgressOut,
    RefusedOut,
    RetriedOut,
    SubmittedOut,
)
from app.api.uploads import filename, store_upload
from docai.errors import InputError, UsageError
from docai.jobs import JobState
from docai.store import jobs, webhooks
from docai.store.keys import StoredKey
from docai.store.tables import Form, Rows, stream

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

MOST_FILES = 1000  # of one upload; a larger job names documents that were uploaded before
LOOK_EVERY_S = 1.0  # at the progress that somebody watches

TWO_BODIES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/JobIn"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                        },
                        "job": {"type": "string", "description": "a BatchIn as JSON"},
                    },
                }
            },
        },
    }
}


@router.post("", status_code=202, openapi_extra=TWO_BODIES)
async def submit_job(
    api: Api, caller: Caller, call: Call, idempotency_key: IdempotencyKey = None
) -> SubmittedOut:
    """One task over many documents, named by their ids or uploaded with this call.

    A file that is no document does not stop the others; it is named in `refused`.
    """
    if call.headers.get("content-type", "").startswith("multipart/"):
        async with call.form(max_files=MOST_FILES, max_fields=10) as form:
            batch = _checked(BatchIn, form.get("job", "{}"))
            files = [each for each in form.getlist("file") if isinstance(each, UploadFile)]
            ids, refused = await to_thread.run_sync(_store, api, caller, files)
        body = JobIn(documents=ids, **dict(batch))
    else:
        body, refused = _checked(JobIn, await call.body()), []
    made = await to_thread.run_sync(_submit, api, caller, body, idempotency_key)
    note(call.scope, job=made.id)
    return made.model_copy(update={"refused": refused})


@router.get("")
def list_jobs(
    api: Api,
    caller: Caller,
    after: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_AT_A_TIME)] = 50,
) -> JobsOut:
    """Newest first."""
    found = jobs.several(api.store, caller.owner, after=after, most=limit + 1)
    return JobsOut.of(found, limit)


@router.get("/{job_id}")
def show_job(
    api: Api,
    caller: Caller,
    job_id: UUID,
    errors_after: Annotated[int, Query(ge=-1, le=1_000_000_000)] = -1,
    errors: Annotated[int, Query(ge=1, le=MOST_AT_A_TIME)] = 50,
) -> JobStatusOut:
    """State, counts, pages done, what is left in seconds, and the documents that failed."""
    found = api.store, caller.owner, job_id
    failures = jobs.failures(*found, after=errors_after, most=errors + 1)
    return JobStatusOut.of_job(jobs.get(*found), jobs.progress(*found), failures, errors)


@router.delete("/{job_id}")
def cancel_job(api: Api, caller: Caller, job_id: UUID) -> JobOut:
    """What is done stays."""
    jobs.cancel(api.store, caller.owner, job_id)
    return JobOut.of(jobs.get(api.store, caller.owner, job_id))


@router.post("/{job_id}/pause")
def pause_job(api: Api, caller: Caller, job_id: UUID) -> JobOut:
    jobs.pause(api.store, caller.owner, job_id)
    return JobOut.of(jobs.get(api.store, caller.owner, job_id))


@router.post("/{job_id}/resume")
def resume_job(api: Api, caller: Caller, job_id: UUID) -> JobOut:
    jobs.resume(api.store, caller.owner, job_id)
    job = jobs.get(api.store, caller.owner, job_id)
    api.ring(job.request.lane, jobs.progress(api.store, caller.owner, job_id).total)
    return JobOut.of(job)


@router.post("/{job_id}/retry")
def retry_job(api: Api, caller: Caller, job_id: UUID) -> RetriedOut:
    """Puts documents back that failed, or that were set aside."""
    count = jobs.retry(api.store, caller.owner, job_id)
    if count:
        api.ring(jobs.get(api.store, caller.owner, job_id).request.lane, count)
    return RetriedOut(documents=count)


def own_job(api: Api, caller: Caller, job_id: UUID) -> UUID:
    """Before a stream begins: later it would be too late for a 404."""
    return jobs.get(api.store, caller.owner, job_id).id


OwnJob = Annotated[UUID, Depends(own_job)]


@router.get("/{job_id}/events", response_class=EventSourceResponse)
async def watch_job(api: Api, caller: Caller, job: OwnJob) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `progress` whenever something is done, `end` once nothing will be."""
    told = None
    while True:
        found = await to_thread.run_sync(jobs.progress, api.store, caller.owner, job)
        is_over = found.state in (JobState.FINISHED, JobState.CANCELLED)
        news = found.state, found.counts, found.pages_done  # rates and ETA change all the time
        if is_over or news != told:
            event = "end" if is_over else "progress"
            yield ServerSentEvent(data=ProgressOut.of(found), event=event)
        if is_over:
            return
        told = news
        await sleep(LOOK_EVERY_S)


@router.get(
    "/{job_id}/results",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The results",
            "content": {form.media_type: {"schema": {"type": "string"}} for form in Form},
        }
    },
)
def fetch_results(
    api: Api,
    caller: Caller,
    job: OwnJob,
    form: Annotated[Form, Query(alias="format")] = Form.JSONL,
    rows: Annotated[Rows, Query(description="of CSV and Parquet: one for what?")] = Rows.DOCUMENTS,
) -> StreamingResponse:
    """In the order of submission; documents that are not done yet are named as well."""
    name = f'attachment; filename="{job}.{form.value}"'
    return StreamingResponse(
        stream(api.store, caller.owner, job, form, rows),
        media_type=form.media_type,
        headers={"Content-Disposition": name},
    )


def _submit(
    api: Service, caller: StoredKey, body: JobIn, idempotency_key: str | None
) -> SubmittedOut:
    if body.webhook is not None:
        webhooks.get(api.store, caller.owner, body.webhook)
    request, ids = body.request(), body.documents
    job = submit(api, caller, request, ids, idempotency_key, webhook=body.webhook)
    return SubmittedOut(**JobOut.of(job).model_dump(), documents=ids)


def _store(
    api: Service, caller: StoredKey, files: list[UploadFile]
) -> tuple[list[UUID], list[RefusedOut]]:
    """Raises the error of the first file where none of them is a document."""
    ids, errors = [], []
    for file in files:
        try:
            ids.append(store_upload(api, caller.owner, file)[0].id)
        except InputError as error:
            errors.append((filename(file.filename or ""), error))
    if errors and not ids:
        raise errors[0][1]
    if not ids:
        raise UsageError("the upload holds no part named `file`")
    return ids, [
        RefusedOut(filename=name, error=ErrorOut(code=error.code, message=str(error)))
        for name, error in errors
    ]


Shape = TypeVar("Shape", bound=BaseModel)


def _checked(shape: type[Shape], text: object) -> Shape:
    """As FastAPI does it for a route with one kind of body."""
    try:
        if isinstance(text, str | bytes):
            return shape.model_validate_json(text)
        raise UsageError("the part `job` is a text, not a file")
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in wrong]) from error
