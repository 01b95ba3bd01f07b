"""The Python client of the service: `Client` for plain code, `AsyncClient` for async code.

    with Client("http://127.0.0.1:8000", key) as docai:
        document = docai.upload("invoice.pdf")
        for answer in docai.ask(document.id, ["What is the total?"]):
            print(answer.question, answer.answer, answer.confidence)

Every operation is written once, as a generator: it yields calls and pauses, is sent the answers,
and returns the value. The two clients differ only in who carries them out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx

Json = dict[str, Any]
Id = UUID | str

P = ParamSpec("P")
T = TypeVar("T")

TIMEOUT_S = 90.0  # longer than the service lets anybody wait
MOST_TRIES = 6  # of a call that was refused for a while, or did not get through
LONGEST_PAUSE_S = 30.0
LOOK_EVERY_S = 1.0  # at a job that is waited for


class ApiError(Exception):
    """The service refused a call. `code` is the stable one of docs/http.md, `status` that of HTTP.

    `detail` says what is wrong; `request_id` finds the call in the service's log.
    """

    def __init__(self, status: int, code: str, detail: str, request_id: str) -> None:
        super().__init__(f"{detail} ({code}, request {request_id})")
        self.status, self.code = status, code
        self.detail, self.request_id = detail, request_id


# --- what the service says ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """`pages` is None until a worker opened it; `created_at` is in ISO 8601.

    `activity` is idle, queued or running; `result` sums up the newest one (docs/http.md).
    """

    id: UUID
    sha256: str
    filename: str
    media_type: str
    bytes: int
    pages: int | None
    status: str
    error: Json | None
    created_at: str
    activity: str = "idle"
    result: Json | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list of documents; `next` is the `after` of the next one."""

    documents: list[Document]
    next: str | None


@dataclass(frozen=True, slots=True)
class Queue:
    """The first documents that want a person, and how many nobody has reviewed."""

    documents: list[Document]
    open: int


@dataclass(frozen=True, slots=True)
class Extraction:
    """`result` is as docs/json.md has it, with every correction applied."""

    id: UUID
    document: UUID
    requested: str
    task: str
    created_at: str
    result: Json

    @property
    def values(self) -> Json:
        """The value of each field by its name."""
        return {each["name"]: each["value"] for each in reversed(self.result.get("fields", ()))}


@dataclass(frozen=True, slots=True)
class Answer:
    """`answer` is None where the document does not say."""

    question: str
    answer: str | None
    confidence: float
    evidence: list[Json]
    alternatives: list[Json]


@dataclass(frozen=True, slots=True)
class Job:
    id: UUID
    state: str
    task: str
    created_at: str
    finished_at: str | None

    @property
    def is_over(self) -> bool:
        return self.state in ("finished", "cancelled")


@dataclass(frozen=True, slots=True)
class Progress(Job):
    """`errors` are the first documents that could not be done, each with its story."""

    documents: int
    counts: dict[str, int]
    pages_done: int
    documents_per_s: float
    pages_per_s: float
    eta_s: float | None
    errors: list[Json]
    next_errors: int | None


@dataclass(frozen=True, slots=True)
class Insights:
    """Figures over all documents since a day (ISO 8601, UTC); docs/http.md says what they count."""

    since: str
    documents: int
    pages: int
    failed: int
    mean_wait_s: float | None
    days: list[Json]
    tasks: list[Json]
    errors: list[Json]
    stages: list[Json]
    reviewed: int
    accuracy: float | None
    confidences: list[Json]
    fields: list[Json]


@dataclass(frozen=True, slots=True)
class Webhook:
    """`secret` signs what is sent there (docai.webhooks.is_genuine); it is told this once."""

    id: UUID
    url: str
    secret: str
    created_at: str


# --- how it is asked ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call; with `to` the body of the answer goes into that file."""

    method: str
    path: str
    params: Json | None = None
    json: Any = None
    data: Json | None = None
    files: Sequence[tuple[str, Path | tuple[str, bytes | Path]]] = ()
    headers: dict[str, str] = field(default_factory=dict)
    to: Path | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


Flow = Generator[Call | Pause, Any, T]


class _operation(Generic[P, T]):  # noqa: N801  # it is used as a decorator
    """A generator method as a plain one of `Client` and an awaitable one of `AsyncClient`."""

    def __init__(self, flow: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        self._flow = flow
        self.__doc__ = flow.__doc__

    @overload
    def __get__(self, client: Client, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: type) -> Callable[P, Awaitable[T]]: ...
    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    def __get__(self, client: Any, owner: type) -> Any:
        if client is None:
            return self

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client._carry_out(self._flow(client, *args, **kwargs))

        call.__doc__ = self.__doc__
        return call


class _Operations:
    """What can be asked of the service. Each raises ApiError."""

    @_operation
    def upload(self, file: Path | str | tuple[str, bytes | Path]) -> Flow[Document]:
        """Stores a file, given by its path, or as (name, bytes) or (name, path)."""
        call = Call("POST", "/v1/documents", files=[("file", _file(file))])
        return Document(**_ids((yield from _answer(call)).json()))

    @_operation
    def document(self, id: Id) -> Flow[Document]:
        found = yield from _answer(Call("GET", f"/v1/documents/{id}"))
        return Document(**_ids(found.json()))

    @_operation
    def documents(self) -> Flow[list[Document]]:
        """All of them, newest first."""
        found: list[Document] = []
        after: Json = {}
        while True:
            call = Call("GET", "/v1/documents", {"limit": 200, **after})
            page = (yield from _answer(call)).json()
            found += [Document(**_ids(each)) for each in page["documents"]]
            if page["next"] is None:
                return found
            after = {"after": page["next"]}

    @_operation
    def find_documents(
        self,
        *,
        state: str | None = None,
        type: str = "",
        search: str = "",
        tables: bool = False,
        after: str | None = None,
        limit: int = 50,
    ) -> Flow[Found]:
        """One page of those that fit, newest first; the states are those of docs/http.md."""
        asked = {"state": state, "type": type, "search": search, "after": after, "limit": limit}
        asked["tables"] = tables
        params = {name: value for name, value in asked.items() if value}
        page = (yield from _answer(Call("GET", "/v1/documents", params))).json()
        return Found([Document(**_ids(each)) for each in page["documents"]], page["next"])

    @_operation
    def reviews(self, limit: int = 50) -> Flow[Queue]:
        """Documents that nobody has reviewed, those first that want a person most."""
        found = (yield from _answer(Call("GET", "/v1/reviews", {"limit": limit}))).json()
        return Queue([Document(**_ids(each)) for each in found["documents"]], found["open"])

    @_operation
    def delete(self, id: Id) -> Flow[None]:
        """Removes the document's file, its pictures and its results."""
        yield from _answer(Call("DELETE", f"/v1/documents/{id}"))

    @_operation
    def page_picture(self, id: Id, number: int, dpi: int = 100) -> Flow[bytes]:
        """The page as a PNG, upright as the boxes of results lie on it."""
        call = Call("GET", f"/v1/documents/{id}/pages/{number}.png", {"dpi": dpi})
        content: bytes = (yield from _answer(call)).content
        return content

    @_operation
    def page(self, id: Id, number: int) -> Flow[Json]:
        """The page's words, lines and blocks, as docs/json.md has them."""
        page: Json = (yield from _answer(Call("GET", f"/v1/documents/{id}/pages/{number}"))).json()
        return page

    @_operation
    def extract(
        self, id: Id, task: str = "auto", *, fields: Sequence[Json] | None = None
    ) -> Flow[Extraction]:
        """Waits until it is done; `fields` are your own, as docs/fields.md has them."""
        what = {"task": task} if fields is None else {"fields": list(fields)}
        return (yield from _result("POST", f"/v1/documents/{id}/extractions", json=what))

    @_operation
    def extraction(self, id: Id, task: str) -> Flow[Extraction]:
        """The newest result of the task."""
        found = yield from _answer(Call("GET", f"/v1/documents/{id}/extractions/{task}"))
        return Extraction(**_ids(found.json()))

    @_operation
    def extractions(self, id: Id) -> Flow[list[Extraction]]:
        """Every result of the document, answers too, oldest first."""
        found = (yield from _answer(Call("GET", f"/v1/documents/{id}/extractions"))).json()
        return [Extraction(**_ids(each)) for each in found["extractions"]]

    @_operation
    def corrections(self, id: Id, task: str) -> Flow[list[Json]]:
        """Who changed what in the newest result and when, oldest first."""
        path = f"/v1/documents/{id}/extractions/{task}/corrections"
        made: list[Json] = (yield from _answer(Call("GET", path))).json()["corrections"]
        return made

    @_operation
    def undo(self, id: Id, task: str) -> Flow[Extraction]:
        """Takes the newest correction back."""
        path = f"/v1/documents/{id}/extractions/{task}/corrections/undo"
        return Extraction(**_ids((yield from _answer(Call("POST", path))).json()))

    @_operation
    def review(self, id: Id, task: str) -> Flow[None]:
        """Says that a person stands behind the newest result."""
        yield from _answer(Call("PUT", f"/v1/documents/{id}/extractions/{task}/review"))

    @_operation
    def reopen(self, id: Id, task: str) -> Flow[None]:
        """Takes the review back."""
        yield from _answer(Call("DELETE", f"/v1/documents/{id}/extractions/{task}/review"))

    @_operation
    def correct(self, id: Id, task: str, changes: Sequence[Json]) -> Flow[Extraction]:
        """Each change is {"name", "value"}; None takes the field away (docs/http.md)."""
        body = {"changes": list(changes)}
        found = yield from _answer(
            Call("PATCH", f"/v1/documents/{id}/extractions/{task}", json=body)
        )
        return Extraction(**_ids(found.json()))

    @_operation
    def ask(
        self, document: Id | Path | tuple[str, bytes], questions: Sequence[str], *, top: int = 1
    ) -> Flow[list[Answer]]:
        """Of a document by its id, or of a file, which is stored."""
        about: Json = {"questions": list(questions), "top": top}
        if isinstance(document, Path | tuple):
            files = [("file", document)]
            found = yield from _result("POST", "/v1/answers", data=about, files=files)
        else:
            found = yield from _result("POST", f"/v1/documents/{document}/answers", json=about)
        return [Answer(**each) for each in found.result["answers"]]

    @_operation
    def answers(self, limit: int = 200) -> Flow[list[Json]]:
        """What was asked of all documents and answered, the newest first (docs/http.md)."""
        call = Call("GET", "/v1/answers", {"limit": limit})
        found: list[Json] = (yield from _answer(call)).json()["answers"]
        return found

    @_operation
    def submit(
        self,
        documents: Iterable[Id],
        task: str = "auto",
        *,
        fields: Sequence[Json] | None = None,
        questions: Sequence[str] | None = None,
        webhook: Id | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[Job]:
        """One task, or the same questions, over many documents.

        The same `idempotency_key` gives the same job.
        """
        body: Json = {"documents": [str(id) for id in documents]}
        if questions is not None:
            body["questions"] = list(questions)
        else:
            body |= {"task": task} if fields is None else {"fields": list(fields)}
        if webhook is not None:
            body["webhook"] = str(webhook)
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        made = (yield from _answer(Call("POST", "/v1/jobs", json=body, headers=headers))).json()
        return Job(**_ids({name: made[name] for name in Job.__slots__}))

    @_operation
    def jobs(self) -> Flow[list[Job]]:
        """The newest 200."""
        found = yield from _answer(Call("GET", "/v1/jobs", {"limit": 200}))
        return [Job(**_ids(each)) for each in found.json()["jobs"]]

    @_operation
    def progress(self, job: Id) -> Flow[Progress]:
        return (yield from _progress(job))

    @_operation
    def wait(
        self,
        job: Id,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        *,
        timeout_s: float | None = None,
    ) -> Flow[Progress]:
        """Until the job is finished or cancelled. Raises TimeoutError."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            progress = yield from _progress(job)
            on_progress(progress)
            if progress.is_over:
                return progress
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"job {job} was not over within {timeout_s:g} s")
            yield Pause(LOOK_EVERY_S)

    @_operation
    def pause(self, job: Id) -> Flow[Job]:
        return Job(**_ids((yield from _answer(Call("POST", f"/v1/jobs/{job}/pause"))).json()))

    @_operation
    def resume(self, job: Id) -> Flow[Job]:
        return Job(**_ids((yield from _answer(Call("POST", f"/v1/jobs/{job}/resume"))).json()))

    @_operation
    def cancel(self, job: Id) -> Flow[Job]:
        """What is done stays."""
        return Job(**_ids((yield from _answer(Call("DELETE", f"/v1/jobs/{job}"))).json()))

    @_operation
    def retry(self, job: Id) -> Flow[int]:
        """Tries the failed documents again; how many there are."""
        found = yield from _answer(Call("POST", f"/v1/jobs/{job}/retry"))
        count: int = found.json()["documents"]
        return count

    @_operation
    def save_results(
        self, job: Id, to: Path | str, format: str = "jsonl", *, rows: str = "documents"
    ) -> Flow[Path]:
        """Into a file: jsonl, csv, xlsx or parquet, with a row for each of documents or items."""
        target = Path(to)
        asked = {"format": format, "rows": rows}
        yield from _answer(Call("GET", f"/v1/jobs/{job}/results", asked, to=target))
        return target

    @_operation
    def insights(self, days: int = 30) -> Flow[Insights]:
        """Of the last so many days: how many documents, how sure, how right, how long."""
        return Insights(**(yield from _answer(Call("GET", "/v1/insights", {"days": days}))).json())

    @_operation
    def save_results_of(
        self,
        documents: Iterable[Id],
        to: Path | str,
        format: str = "jsonl",
        *,
        rows: str = "documents",
    ) -> Flow[Path]:
        """As `save_results`, of documents by their ids: the newest result of each."""
        target = Path(to)
        body = {"documents": [str(id) for id in documents], "format": format, "rows": rows}
        yield from _answer(Call("POST", "/v1/results", json=body, to=target))
        return target

    @_operation
    def save_searchable(self, id: Id, to: Path | str) -> Flow[Path]:
        """The document as a PDF with an invisible text layer over scanned pages."""
        target = Path(to)
        yield from _answer(Call("GET", f"/v1/documents/{id}/searchable.pdf", to=target))
        return target

    @_operation
    def save_searchable_of(
        self, to: Path | str, *, documents: Iterable[Id] = (), job: Id | None = None
    ) -> Flow[Path]:
        """Several documents as such PDFs in a ZIP: those of a job, or by their ids."""
        target = Path(to)
        if job is not None:
            yield from _answer(Call("GET", f"/v1/jobs/{job}/searchable.zip", to=target))
        else:
            body = {"documents": [str(id) for id in documents]}
            yield from _answer(Call("POST", "/v1/searchable", json=body, to=target))
        return target

    @_operation
    def about(self) -> Flow[Json]:
        """The service's version, retention, engines and limits."""
        told: Json = (yield from _answer(Call("GET", "/v1/about"))).json()
        return told

    @_operation
    def retention(self) -> Flow[Json]:
        """How long documents are kept: {"own_days", "service_days", "days"}; 0 keeps them."""
        told: Json = (yield from _answer(Call("GET", "/v1/retention"))).json()
        return told

    @_operation
    def keep_for(self, days: float | None) -> Flow[Json]:
        """Deletes documents so many days after their upload; None is as the service says."""
        told: Json = (yield from _answer(Call("PUT", "/v1/retention", json={"days": days}))).json()
        return told

    @_operation
    def field_sets(self) -> Flow[list[Json]]:
        """Fields of one's own, by name."""
        found: list[Json] = (yield from _answer(Call("GET", "/v1/field-sets"))).json()["field_sets"]
        return found

    @_operation
    def put_field_set(self, name: str, fields: Sequence[Json]) -> Flow[Json]:
        """Keeps the fields under the name, instead of those that it had."""
        path, body = f"/v1/field-sets/{quote(name, safe='')}", {"fields": list(fields)}
        kept: Json = (yield from _answer(Call("PUT", path, json=body))).json()
        return kept

    @_operation
    def delete_field_set(self, name: str) -> Flow[None]:
        yield from _answer(Call("DELETE", f"/v1/field-sets/{quote(name, safe='')}"))

    @_operation
    def list_keys(self) -> Flow[list[Json]]:
        """The owner's keys, without their text."""
        found: list[Json] = (yield from _answer(Call("GET", "/v1/keys"))).json()["keys"]
        return found

    @_operation
    def make_key(self, name: str, scopes: Sequence[str]) -> Flow[str]:
        """The text of a new key, which cannot be had again."""
        call = Call("POST", "/v1/keys", json={"name": name, "scopes": list(scopes)})
        text: str = (yield from _answer(call)).json()["key"]
        return text

    @_operation
    def revoke_key(self, id: Id) -> Flow[None]:
        """It opens nothing from now on."""
        yield from _answer(Call("DELETE", f"/v1/keys/{id}"))

    @_operation
    def add_webhook(self, url: str) -> Flow[Webhook]:
        """An address that is told when a job is finished."""
        return Webhook(
            **_ids((yield from _answer(Call("POST", "/v1/webhooks", json={"url": url}))).json())
        )


def _answer(call: Call) -> Flow[httpx.Response]:
    """The answer, after as many tries as it is worth. Raises ApiError."""
    for tried in range(1, MOST_TRIES + 1):
        response: httpx.Response | httpx.TransportError = yield call
        is_last = tried == MOST_TRIES
        if isinstance(response, httpx.TransportError):
            if is_last or not _is_harmless(call, response):
                raise response
            yield Pause(_pause_s(tried, None))
        elif response.status_code in (429, 503) and not is_last:
            yield Pause(_pause_s(tried, response.headers.get("Retry-After")))
        elif response.is_error:
            raise _error(response)
        else:
            break
    assert isinstance(response, httpx.Response)
    return response


def _is_harmless(call: Call, error: httpx.TransportError) -> bool:
    """Whether the call may be made again, although nobody knows what became of it."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return True
    return call.method == "GET" or call.path == "/v1/documents" or "Idempotency-Key" in call.headers


def _pause_s(tried: int, retry_after: str | None) -> float:
    wanted = float(retry_after) if retry_after and retry_after.isdecimal() else 0.2 * 2**tried
    return min(wanted, LONGEST_PAUSE_S)


def _result(method: str, path: str, **what: Any) -> Flow[Extraction]:
    """However long it takes: the key makes every call one about the same job."""
    headers = {"Prefer": "wait=60", "Idempotency-Key": uuid4().hex}
    call = Call(method, path, headers=headers, **what)
    response = yield from _answer(call)
    while response.status_code == 202:
        response = yield from _answer(call)
    return Extraction(**_ids(response.json()))


def _progress(job: Id) -> Flow[Progress]:
    return Progress(**_ids((yield from _answer(Call("GET", f"/v1/jobs/{job}"))).json()))


def _ids(body: Json) -> Json:
    names = ("id", "document")
    return body | {name: UUID(body[name]) for name in names if name in body}


def _file(given: Path | str | tuple[str, bytes | Path]) -> Path | tuple[str, bytes | Path]:
    return Path(given) if isinstance(given, str) else given


def _error(response: httpx.Response) -> ApiError:
    try:
        problem = response.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):  # not from the service: a proxy, perhaps
        code, detail = "http", response.reason_phrase
    request_id = response.headers.get("X-Request-ID", "unknown")
    return ApiError(response.status_code, code, detail, request_id)


def _arguments(call: Call, opened: ExitStack | AsyncExitStack) -> Json:
    def part(given: Path | tuple[str, bytes | Path]) -> tuple[str, IO[bytes] | bytes]:
        name, content = given if isinstance(given, tuple) else (given.name, given)
        if isinstance(content, Path):
            return name, opened.enter_context(content.open("rb"))
        return name, content

    return {
        "method": call.method,
        "url": call.path,
        "params": call.params,
        "json": call.json,
        "data": call.data,
        "files": [(name, part(given)) for name, given in call.files] or None,
        "headers": call.headers,
    }


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """The file appears under its name once all of it is there."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        yield file
    part.replace(path)


def _settings(url: str, key: str, timeout_s: float) -> Json:
    headers = {"Authorization": f"Bearer {key}"}
    return {"base_url": url.rstrip("/"), "headers": headers, "timeout": timeout_s}


# --- who asks it --------------------------------------------------------------------------


class Client(_Operations):
    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(**_settings(url, key, timeout_s), transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def _carry_out(self, flow: Flow[T]) -> T:
        step = _next(flow, None)
        while not isinstance(step, _Done):
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                step = _next(flow, None)
            else:
                step = _next(flow, self._answer_to(step))
        return step.value

    def _answer_to(self, call: Call) -> httpx.Response | httpx.TransportError:
        try:
            with ExitStack() as opened:
                request = self._http.build_request(**_arguments(call, opened))
                response = self._http.send(request, stream=True)
                opened.callback(response.close)
                if call.to is None or response.is_error:
                    response.read()
                    return response
                file = opened.enter_context(_whole(call.to))
                for chunk in response.iter_bytes():
                    file.write(chunk)
                return response
        except httpx.TransportError as error:
            return error


class AsyncClient(_Operations):
    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(**_settings(url, key, timeout_s), transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def _carry_out(self, flow: Flow[T]) -> T:
        step = _next(flow, None)
        while not isinstance(step, _Done):
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                step = _next(flow, None)
            else:
                step = _next(flow, await self._answer_to(step))
        return step.value

    async def _answer_to(self, call: Call) -> httpx.Response | httpx.TransportError:
        try:
            async with AsyncExitStack() as opened:
                request = self._http.build_request(**_arguments(call, opened))
                response = await self._http.send(request, stream=True)
                opened.push_async_callback(response.aclose)
                if call.to is None or response.is_error:
                    await response.aread()
                    return response
                file = opened.enter_context(_whole(call.to))
                async for chunk in response.aiter_bytes():
                    file.write(chunk)
                return response
        except httpx.TransportError as error:
            return error


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    value: T


def _next(flow: Flow[T], answer: object) -> Call | Pause | _Done[T]:
    try:
        return flow.send(answer)
    except StopIteration as end:
        return _Done(end.value)
