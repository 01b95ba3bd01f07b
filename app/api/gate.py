"""Before a call under /v1 is looked at, even before its body is read: key, scope, rate, size."""

from __future__ import annotations

import math
import time

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import Refused, of_docai, of_refusal
from app.api.rates import Rates
from app.api.service import Service
from docai.errors import DocaiError
from docai.store import keys
from docai.store.keys import StoredKey

READING = ("GET", "HEAD", "OPTIONS")
GUARDED, KEYS, JOBS, RETENTION = "/v1/", "/v1/keys", "/v1/jobs", "/v1/retention"
JSON_BYTES = 8_000_000  # of a body that is no upload: the ids of two hundred thousand documents
FRAME_BYTES = 64_000  # what multipart adds to one file


class Gate:
    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service
        self._calls = Rates(service.settings.rate_per_minute, time.monotonic)
        # Wrong keys, by address. They cannot be guessed, but each costs a look-up.
        self._failures = Rates(service.settings.rate_per_minute, time.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(GUARDED):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            scope["docai.key"] = await self._admitted(scope, headers)
            sized = self._sized(scope["path"], headers, receive)
        except DocaiError as error:
            await of_docai(error)(scope, receive, send)
        except Refused as refusal:
            await of_refusal(refusal)(scope, receive, send)
        else:
            await self._app(scope, sized, send)

    async def _admitted(self, scope: Scope, headers: Headers) -> StoredKey:
        kind, _, text = headers.get("authorization", "").partition(" ")
        text = text.strip()
        key = None
        if kind.lower() == "bearer" and text:
            key = await to_thread.run_sync(keys.find, self._service.store, text)
        if key is None:
            self._pace(self._failures, (scope.get("client") or ("unknown",))[0])
            challenge = {"WWW-Authenticate": 'Bearer realm="docai"'}
            say = "send a key that is valid: Authorization: Bearer docai_…"
            raise Refused(401, "unauthorized", say, challenge)
        self._pace(self._calls, key.prefix)
        needed = _needed(scope["method"], scope["path"])
        if needed not in key.scopes:
            raise Refused(403, "forbidden", f"the key {key.prefix} has no scope {needed.value!r}")
        return key

    def _pace(self, rates: Rates, who: str) -> None:
        wait_s = math.ceil(rates.take(who))
        if wait_s:
            again = {"Retry-After": str(wait_s)}
            raise Refused(429, "rate_limited", f"too many calls; wait {wait_s} s", again)

    def _sized(self, path: str, headers: Headers, receive: Receive) -> Receive:
        """`receive`, refusing the body as soon as it is too large."""
        most = self._most_bytes(path, headers)
        said = headers.get("content-length", "0")
        if said.isdecimal() and int(said) > most:
            raise _too_large(most)
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > most:
                raise _too_large(most)
            return message

        return counted

    def _most_bytes(self, path: str, headers: Headers) -> int:
        if not headers.get("content-type", "").startswith("multipart/"):
            return JSON_BYTES
        if path == JOBS:
            return self._service.settings.max_batch_mb * 1_000_000
        return self._service.limits.max_bytes + FRAME_BYTES


def _needed(method: str, path: str) -> keys.Scope:
    if path == KEYS or path.startswith(KEYS + "/"):
        return keys.Scope.ADMIN
    if path == RETENTION and method not in READING:
        return keys.Scope.ADMIN  # it may delete everything there is
    return keys.Scope.READ if method in READING else keys.Scope.WRITE


def _too_large(most: int) -> Refused:
    return Refused(413, "limit_exceeded", f"the body is larger than {most:,} bytes")
