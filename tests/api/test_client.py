"""The client against the real API: the same story told to both of them."""

from __future__ import annotations

import asyncio
import json

import httpx
import openpyxl
import pytest
from calls import INVOICE, pdf

from app.client import ApiError, AsyncClient, Client, Document


class InThisProcess(httpx.BaseTransport):
    """Hands the calls of a `Client` to the application, with no network between."""

    def __init__(self, place):
        self._app = place.client()

    def handle_request(self, request):
        # Starlette's client has a response type of its own; what it says is the same.
        answer = self._app.request(
            request.method, str(request.url), content=request.read(), headers=dict(request.headers)
        )
        return httpx.Response(
            answer.status_code, headers=answer.headers.raw, content=answer.content
        )


class Once:
    """Both clients as a plain one, so that each story is told once."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        operation = getattr(self._client, name)
        if isinstance(self._client, Client):
            return operation
        return lambda *given, **named: self._loop.run_until_complete(operation(*given, **named))


@pytest.fixture(params=["Client", "AsyncClient"])
def docai(request, place):
    place.hire()
    if request.param == "Client":
        with Client("http://service", place.key(), transport=InThisProcess(place)) as client:
            yield Once(client)
        return
    with asyncio.Runner() as runner:
        transport = httpx.ASGITransport(place.app)
        client = AsyncClient("http://service", place.key(), transport=transport)
        once = Once(client)
        once._loop = runner.get_loop()
        yield once
        runner.run(client.close())


def test_a_file_is_uploaded_and_asked(docai, tmp_path):
    path = tmp_path / "invoice.pdf"
    path.write_bytes(pdf())
    document = docai.upload(path)
    assert isinstance(document, Document)
    assert (document.filename, document.bytes) == ("invoice.pdf", len(pdf()))
    [number, nothing] = docai.ask(document.id, ["What is the invoice number?", "Who sings?"])
    assert (number.answer, nothing.answer) == ("INV-17", None)
    assert docai.ask(path, ["What is the invoice number?"])[0].answer == "INV-17"
    assert docai.extract(document.id, "invoice").values["invoice_id"] == "INV-17"
    assert docai.document(document.id).pages == 1
    assert docai.page_picture(document.id, 1).startswith(b"\x89PNG")


def test_figures_over_all_documents(docai):
    docai.extract(docai.upload(("invoice.pdf", pdf())).id, "invoice")
    told = docai.insights(days=7)
    assert (told.documents, told.pages, told.reviewed, told.accuracy) == (1, 1, 0, None)
    assert {each["name"] for each in told.fields} >= {"invoice_id", "invoice_date"}


def test_a_bulk_job_is_watched_to_its_end_and_fetched(docai, tmp_path):
    ids = [docai.upload((f"{i}.pdf", pdf(*INVOICE, f"page {i}"))).id for i in range(4)]
    told = []
    job = docai.submit(ids, "invoice", idempotency_key="k")
    assert docai.submit(ids, "invoice", idempotency_key="k").id == job.id
    end = docai.wait(job.id, told.append, timeout_s=120)
    assert (end.state, end.counts["done"]) == ("finished", 4)
    assert told[-1] == end
    lines = docai.save_results(job.id, tmp_path / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["document"] for line in lines] == [str(id) for id in ids]
    book = docai.save_results(job.id, tmp_path / "results.xlsx", "xlsx")
    assert openpyxl.load_workbook(book)["documents"].max_row == 5
    assert not list(tmp_path.glob("*.part"))
    assert [each.id for each in docai.jobs()] == [job.id]


def test_a_correction_and_the_end_of_a_document(docai):
    document = docai.upload(("a.pdf", pdf()))
    docai.extract(document.id, "invoice")
    changed = docai.correct(document.id, "invoice", [{"name": "invoice_id", "value": "X"}])
    assert changed.values["invoice_id"] == "X"
    assert docai.extraction(document.id, "invoice") == changed
    assert [each.id for each in docai.documents()] == [document.id]
    docai.delete(document.id)
    with pytest.raises(ApiError, match="there is no document") as caught:
        docai.document(document.id)
    assert (caught.value.status, caught.value.code) == (404, "not_found")


def test_a_document_that_fails_raises_what_the_worker_said(docai):
    document = docai.upload(("a.pdf", b"%PDF-1.4 nothing"))
    with pytest.raises(ApiError) as caught:
        docai.extract(document.id)
    assert caught.value.code == "broken_document"


def test_both_clients_can_do_the_same():
    operations = {name for name in dir(Client) if not name.startswith("_")} - {"close"}
    assert operations == {name for name in dir(AsyncClient) if not name.startswith("_")} - {"close"}


# --- a service that is busy, or away ------------------------------------------------------


class Played(httpx.BaseTransport):
    """Gives the answers, or raises them, one after another."""

    def __init__(self, *answers):
        self.answers, self.calls = list(answers), []

    def handle_request(self, request):
        self.calls.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


BUSY = {"code": "rate_limited", "detail": "too many calls"}
DONE = {"jobs": [], "next": None}


@pytest.fixture
def pauses(monkeypatch):
    waited = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


def test_a_client_that_is_too_fast_waits_as_long_as_it_is_told(pauses):
    played = Played(
        httpx.Response(429, headers={"Retry-After": "7"}, json=BUSY), httpx.Response(200, json=DONE)
    )
    assert Client("http://x", "k", transport=played).jobs() == []
    assert pauses == [7]


def test_a_client_gives_up_in_the_end(pauses):
    played = Played(*(httpx.Response(503, text="<h1>proxy</h1>") for _ in range(6)))
    with pytest.raises(ApiError) as caught:
        Client("http://x", "k", transport=played).jobs()
    assert (caught.value.status, caught.value.code) == (503, "http")
    assert len(played.calls) == 6


def test_what_may_have_happened_is_done_again_only_where_twice_is_as_once(pauses):
    lost = httpx.ReadError("the connection broke")
    made = httpx.Response(200, json=DONE)
    assert Client("http://x", "k", transport=Played(lost, made)).jobs() == []
    with pytest.raises(httpx.ReadError):
        Client("http://x", "k", transport=Played(lost, made)).submit(["a"])
    refused = httpx.ConnectError("nobody is there")
    assert Client("http://x", "k", transport=Played(refused, made)).jobs() == []


def test_an_answer_that_takes_long_is_waited_for_under_one_key(pauses):
    later = httpx.Response(202, json={"id": "x"})
    done = {"id": "0" * 32, "document": "0" * 32, "requested": "answer", "task": "answer"}
    done |= {"created_at": "", "result": {"answers": []}}
    played = Played(later, later, httpx.Response(200, json=done))
    assert Client("http://x", "k", transport=played).ask("d", ["Total?"]) == []
    assert len({call.headers["Idempotency-Key"] for call in played.calls}) == 1


def test_what_the_web_app_asks(docai, tmp_path):
    invoice = docai.upload(("invoice.pdf", pdf(*INVOICE))).id
    docai.extract(invoice, "invoice")
    assert docai.find_documents(state="open").documents[0].result["task"] == "invoice"
    assert docai.page(invoice, 1)["number"] == 1
    docai.correct(invoice, "invoice", [{"name": "invoice_id", "value": "X"}])
    assert len(docai.corrections(invoice, "invoice")) == 1
    assert docai.undo(invoice, "invoice").values["invoice_id"] == "INV-17"
    docai.review(invoice, "invoice")
    assert docai.reviews().open == 0
    docai.reopen(invoice, "invoice")
    assert docai.reviews().open == 1
    assert [each.task for each in docai.extractions(invoice)] == ["invoice"]
    assert docai.save_results_of([invoice], tmp_path / "a.csv", "csv").stat().st_size
    assert docai.save_searchable(invoice, tmp_path / "a.pdf").stat().st_size
    text = docai.make_key("another", ["read"])
    (made,) = (key for key in docai.list_keys() if text.split("_")[1] == key["prefix"])
    docai.revoke_key(made["id"])
    assert all(key["revoked_at"] for key in docai.list_keys() if key["id"] == made["id"])
    docai.put_field_set("freight papers", [{"name": "ship"}])
    assert [each["name"] for each in docai.field_sets()] == ["freight papers"]
    docai.delete_field_set("freight papers")
    assert docai.field_sets() == []
    assert docai.about()["version"]


def test_a_file_goes_by_another_name(docai, tmp_path):
    (tmp_path / "file").write_bytes(pdf(*INVOICE))
    assert docai.upload(("bill.pdf", tmp_path / "file")).filename == "bill.pdf"
