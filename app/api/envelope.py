"""Around every call: an id, a log line, metrics, headers, and a last resort for a bug."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

from opentelemetry.trace import get_current_span
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.metrics import Metrics
from app.api.problems import problem

log = logging.getLogger("docai.api")

REQUEST_ID = "X-Request-ID"
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # what a caller's own id may look like
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
QUIET = ("/livez", "/readyz", "/metrics")  # asked every few seconds by machines

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Nothing here is a web page that runs anything; /docs has its style inside.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}


class Envelope:
    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        id = _id(Headers(scope=scope))
        scope["docai.ids"] = {"request": id}

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _trace(scope)
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = id
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        with self._metrics.under_way.track_inprogress():
            try:
                await self._app(scope, receive, dressed)
            except Exception:
                log.exception("%s %s", scope["method"], scope["path"], extra=_ids(scope))
                if status:  # the answer is under way; only cutting it off can say that it is wrong
                    raise
                sorry = f"a bug; the log of the service tells more about request {id}"
                await problem(500, "internal", sorry)(scope, receive, dressed)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", None) or "(none)"
        self._metrics.answered(_method(scope), route, status, scope.get("docai.code", ""), seconds)
        level = logging.DEBUG if scope["path"] in QUIET else logging.INFO
        took = (scope["method"], scope["path"], status, scope.get("docai.code", ""))
        log.log(level, "%s %s %d %s %.0f ms", *took, 1000 * seconds, extra=_ids(scope))


def note(scope: MutableMapping[str, Any], **ids: object) -> None:
    """Ids of what a call made, for its log line."""
    scope["docai.ids"].update(ids)


def _trace(scope: Scope) -> None:
    """The same ids on FastAPI's span of the call, which ends with the last byte."""
    for name, value in _ids(scope).items():
        get_current_span().set_attribute(f"docai.{name}", str(value))


def _ids(scope: Scope) -> dict[str, Any]:
    """For the log line: the call, whose it is, and what it is about."""
    ids = dict(scope["docai.ids"])
    if key := scope.get("docai.key"):
        ids["owner"] = key.owner
    about = scope.get("path_params", {})
    ids |= {n: about[f"{n}_id"] for n in ("job", "document") if f"{n}_id" in about}
    return ids


def _method(scope: Scope) -> str:
    """One of few: a label that callers could choose freely would fill the memory."""
    method: str = scope["method"]
    return method if method in METHODS else "OTHER"


def _id(headers: Headers) -> str:
    given = headers.get(REQUEST_ID, "")
    return given if GIVEN_ID.fullmatch(given) else uuid4().hex
