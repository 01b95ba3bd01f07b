"""Errors as problem documents (RFC 9457), each with a stable `code`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from docai import errors
from docai.errors import DocaiError

Json = dict[str, Any]

MEDIA_TYPE = "application/problem+json"

# The status of an error is that of its class, or of the nearest class above it.
STATUS: dict[type[DocaiError], int] = {
    errors.UsageError: 422,
    errors.InputError: 422,
    errors.UnsupportedFormat: 415,
    errors.LimitExceeded: 413,
    errors.EngineError: 503,
    errors.ModelError: 503,
    errors.StoreError: 503,
    errors.QueueError: 503,
    errors.NotFound: 404,
    errors.Conflict: 409,
    DocaiError: 500,
}
BY_CODE = {
    error.code: error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, DocaiError)
}
# Of errors that have no class of ours, by status.
CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "limit_exceeded",
    422: "invalid_request",
    429: "rate_limited",
    503: "busy",
}
RETRY_AFTER_S = 5  # seconds that a database or an engine is given to come back


class Refused(HTTPException):
    """A call that is answered with a problem; `headers` go with it."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code


def status_of(kind: type[DocaiError]) -> int:
    return next(STATUS[base] for base in kind.__mro__ if base in STATUS)


def failed(code: str, message: str) -> Refused:
    """What a worker said of a document, as an answer to the one who waits for it."""
    kind = BY_CODE.get(code, DocaiError)
    return Refused(status_of(kind), code, message, _when_again(kind))


class Problem(JSONResponse):
    """Leaves its code in the scope, for the log line and the metrics of the call."""

    media_type = MEDIA_TYPE
    code = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["docai.code"] = self.code
        await super().__call__(scope, receive, send)


def problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body |= {"code": code, "detail": detail, **more}
    response = Problem(body, status, dict(headers or {}))
    response.code = code
    return response


def of_refusal(error: HTTPException) -> JSONResponse:
    code = getattr(error, "code", CODES.get(error.status_code, "http"))
    return problem(error.status_code, code, str(error.detail), error.headers)


def of_docai(error: DocaiError) -> JSONResponse:
    kind = type(error)
    return problem(status_of(kind), error.code, str(error), _when_again(kind))


def of_validation(error: RequestValidationError) -> JSONResponse:
    """Says where and what, never what was sent: that may be large, or not text at all."""
    wrong = [
        {"where": ".".join(map(str, each["loc"])), "what": each["msg"]} for each in error.errors()
    ]
    first = f"{wrong[0]['where']}: {wrong[0]['what']}" if wrong else "the request is malformed"
    return problem(422, CODES[422], first, errors=wrong)


def install(app: FastAPI) -> None:
    @app.exception_handler(DocaiError)
    async def on_docai(request: Request, error: DocaiError) -> JSONResponse:
        return of_docai(error)

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> JSONResponse:
        return of_validation(error)

    @app.exception_handler(HTTPException)
    async def on_refusal(request: Request, error: HTTPException) -> JSONResponse:
        return of_refusal(error)


def _when_again(kind: type[DocaiError]) -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_S)} if status_of(kind) == 503 else {}
