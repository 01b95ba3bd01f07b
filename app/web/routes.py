"""What a page fetches by itself: pictures and words when they are looked at, files up and down.

They pass through to the API and nothing of them stays here. A browser is known by its cookie; a
page of another site gets nothing, whatever cookies come with its calls (see Guard).
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from anyio import to_thread
from starlette.background import BackgroundTask
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.client import ApiError
from app.web import grids
from app.web.settings import LOOPBACK
from app.web.visitors import SIGNED_OUT, Visitor, visitors
from docai.ingest.limits import Limits

YEAR_S = 365 * 24 * 3600
KEEP_S = 3600  # a picture is drawn anew only when its address changes

Answer = Callable[[Request, Visitor], Awaitable[Response]]


def _known(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """`answer` for whoever is signed in; what the API refuses is passed on."""

    async def route(request: Request) -> Response:
        visitor = visitors().of(request.cookies.get(visitors().cookie))
        if visitor is None:
            return _problem(401, "unauthorized", "sign in first")
        try:
            return await answer(request, visitor)
        except (KeyError, ValueError) as error:  # of an address that no page of ours makes
            return _problem(422, "invalid_request", f"missing or of the wrong form: {error}")
        except ApiError as error:
            return _problem(error.status, error.code, error.detail)
        except httpx.TransportError as error:
            return _problem(503, "unreachable", str(error))

    return route


async def _picture(request: Request, visitor: Visitor) -> Response:
    about = request.path_params
    dpi = int(request.query_params.get("dpi", "100"))
    png = await visitor.stream.page_picture(about["document"], about["number"], dpi)
    return Response(png, media_type="image/png", headers=_kept())


async def _page(request: Request, visitor: Visitor) -> Response:
    about = request.path_params
    page = await visitor.stream.page(about["document"], about["number"])
    return JSONResponse(page, headers=_kept())


def _kept() -> dict[str, str]:
    """In this browser alone, and not for another who signs in there."""
    return {"Cache-Control": f"private, max-age={KEEP_S}", "Vary": "Cookie"}


async def _upload(request: Request, visitor: Visitor) -> Response:
    """The body is the file. What breaks off is no document."""
    most, arrived = Limits().max_bytes, 0
    with tempfile.TemporaryDirectory(prefix="docai-upload-") as folder:
        path = Path(folder) / "file"
        try:
            with path.open("wb") as file:
                async for chunk in request.stream():
                    arrived += len(chunk)
                    if arrived > most:
                        return _problem(413, "limit_exceeded", f"larger than {most:,} bytes")
                    await to_thread.run_sync(file.write, chunk)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        stored = await visitor.stream.upload((request.query_params.get("name", ""), path))
    return JSONResponse({"id": str(stored.id), "filename": stored.filename})


async def _table(request: Request, visitor: Visitor) -> Response:
    """One table of the newest result of a task, with what people changed in it."""
    about = request.path_params
    form, name = about["form"], request.query_params.get("name", "")[:100] or "table"
    found = await visitor.stream.extraction(about["document"], request.query_params["task"])
    tables = found.result.get("tables", [])
    if about["number"] >= len(tables):
        return _problem(404, "not_found", f"there is no table {about['number']}")
    content = await to_thread.run_sync(grids.as_file, tables[about["number"]], name, form)
    file = f'attachment; filename="table-{about["number"] + 1}.{form}"'
    headers = {"Content-Disposition": file}
    return Response(content, media_type=grids.FORMS[form], headers=headers)


async def _results(request: Request, visitor: Visitor) -> Response:
    """Of a job."""
    job, form, rows = request.path_params["job"], *_wanted(request)

    async def save(path: Path) -> None:
        await visitor.stream.save_results(job, path, form, rows=rows)

    return await _file(save, f"{job}.{form}")


async def _chosen(request: Request, visitor: Visitor) -> Response:
    """Of documents."""
    form, rows = _wanted(request)
    documents = request.query_params["documents"].split(",")

    async def save(path: Path) -> None:
        await visitor.stream.save_results_of(documents, path, form, rows=rows)

    return await _file(save, f"results.{form}")


def _wanted(request: Request) -> tuple[str, str]:
    return request.query_params["format"], request.query_params.get("rows", "documents")


async def _searchable(request: Request, visitor: Visitor) -> Response:
    document: UUID = request.path_params["document"]

    async def save(path: Path) -> None:
        await visitor.stream.save_searchable(document, path)

    return await _file(save, f"{document}.pdf")


async def _searchables(request: Request, visitor: Visitor) -> Response:
    """Of a job, or of documents."""
    job = request.path_params.get("job")
    documents = [] if job else request.query_params["documents"].split(",")

    async def save(path: Path) -> None:
        await visitor.stream.save_searchable_of(path, documents=documents, job=job)

    return await _file(save, "searchable.zip")


async def _file(save: Callable[[Path], Awaitable[object]], name: str) -> Response:
    """What `save` writes, sent from the disk."""
    with contextlib.ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="docai-download-")
        stack.callback(folder.cleanup)
        path = Path(folder.name) / "file"
        await save(path)
        stack.pop_all()
    return FileResponse(path, filename=name, background=BackgroundTask(folder.cleanup))


async def _sign_in(request: Request) -> Response:
    key = (await request.body())[:1000].decode(errors="replace").strip()
    try:
        cookie = await to_thread.run_sync(visitors().sign_in, key)
    except ApiError as error:
        return _problem(error.status, error.code, error.detail)
    except httpx.TransportError as error:
        return _problem(503, "unreachable", str(error))
    return _with_cookie(request, cookie)


async def _sign_out(request: Request) -> Response:
    visitors().sign_out(request.cookies.get(visitors().cookie))
    return _with_cookie(request, SIGNED_OUT)


def _with_cookie(request: Request, value: str) -> Response:
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    is_secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
    response.set_cookie(
        visitors().cookie, value, max_age=YEAR_S, httponly=True, samesite="strict", secure=is_secure
    )
    return response


def _problem(status: int, code: str, detail: str) -> Response:
    return JSONResponse({"code": code, "detail": detail}, status)


ROUTES = [
    Route("/docai/session", _sign_in, methods=["POST"]),
    Route("/docai/session", _sign_out, methods=["DELETE"]),
    Route("/docai/upload", _known(_upload), methods=["PUT"]),
    Route("/docai/documents/{document:uuid}/pages/{number:int}.png", _known(_picture)),
    Route("/docai/documents/{document:uuid}/pages/{number:int}.json", _known(_page)),
    Route("/docai/documents/{document:uuid}/searchable.pdf", _known(_searchable)),
    Route("/docai/documents/{document:uuid}/tables/{number:int}.{form}", _known(_table)),
    Route("/docai/results", _known(_chosen)),
    Route("/docai/searchable.zip", _known(_searchables)),
    Route("/docai/jobs/{job:uuid}/results", _known(_results)),
    Route("/docai/jobs/{job:uuid}/searchable.zip", _known(_searchables)),
]


class Guard:
    """Before everything: no call from another site, and nothing from outside in any answer.

    Where nobody needs to sign in, the name by which this machine was called must be its own: a
    stranger's name that leads here (DNS rebinding) would make his page one of ours.
    """

    HEADERS = (
        # Streamlit's own page has its scripts and styles inside and evaluates charts.
        (
            "Content-Security-Policy",
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:;"
            " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
            " font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:;"
            " frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'",
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    )

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if not _is_ours(Headers(scope=scope)):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                refusal = _problem(403, "forbidden", "calls from other sites are refused")
                await refusal(scope, receive, send)
            return
        await self._app(scope, receive, self._dressed(send))

    def _dressed(self, send: Send) -> Send:
        async def dressed(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))  # type: ignore[call-overload]  # ASGI
                headers += [(n.lower().encode(), v.encode()) for n, v in self.HEADERS]
                message = {**message, "headers": headers}
            await send(message)

        return dressed  # type: ignore[return-value]  # a message is a mutable mapping


def _is_ours(headers: Headers) -> bool:
    host = headers.get("host", "")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return False
    is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if is_foreign and headers.get("sec-fetch-mode") != "navigate":
        return False
    return not visitors().settings.open_key or urlsplit(f"//{host}").hostname in LOOPBACK
