"""From a question to its answer: waiting, jobs, progress, results, corrections."""

import csv
import io
import json
import threading
import time

import openpyxl
import pyarrow.parquet
import pytest
from calls import extract, pdf, refusal, submit, upload


def test_fields_come_with_their_place_and_confidence(place, ann):
    place.hire()
    found = extract(ann, upload(ann))
    fields = {field["name"]: field for field in found["result"]["fields"]}
    assert fields["invoice_id"]["value"] == "INV-17"
    assert fields["invoice_total"]["value"] == {"amount": "120.50", "currency": "EUR"}
    assert fields["invoice_id"]["evidence"][0]["page"] == 1
    assert 0 < fields["invoice_id"]["confidence"] <= 1


def test_who_does_not_wait_gets_a_job(place, ann):
    document = upload(ann)
    asked = ann.post(f"/v1/documents/{document}/extractions", json={"task": "invoice"})
    assert asked.status_code == 202
    job = asked.json()["id"]
    assert asked.headers["location"] == f"/v1/jobs/{job}"
    refusal(ann.get(f"/v1/documents/{document}/extractions/invoice"), 404, "not_found")
    assert place.work() == 1
    assert ann.get(f"/v1/jobs/{job}").json()["counts"]["done"] == 1
    found = ann.get(f"/v1/documents/{document}/extractions/invoice").json()
    assert found["result"]["task"] == "invoice"


def test_who_waits_too_short_gets_a_job_as_well(ann):
    headers = {"Prefer": "respond-async, wait=1"}
    document = upload(ann)
    asked = ann.post(f"/v1/documents/{document}/extractions", json={}, headers=headers)
    assert asked.status_code == 202
    assert asked.headers["preference-applied"] == "wait=1"


def test_fields_of_ones_own(place, ann):
    place.hire()
    body = {"fields": [{"name": "number", "labels": ["Invoice number"]}]}
    asked = ann.post(
        f"/v1/documents/{upload(ann)}/extractions", json=body, headers={"Prefer": "wait=30"}
    )
    [field] = asked.json()["result"]["fields"]
    assert (field["name"], field["value"]) == ("number", "INV-17")


@pytest.mark.parametrize(
    "body",
    [
        {"task": "cookery"},
        {"task": "invoice", "fields": [{"name": "a"}]},
        {"fields": [{"name": "a"}, {"name": "a"}]},
        {"options": {"dpi": 1}},
        {"options": {"password": "x"}},
        {"options": {"layout": "guess"}},
    ],
)
def test_a_task_that_makes_no_sense_is_refused_before_anything_is_queued(ann, body):
    document = upload(ann)
    refusal(ann.post(f"/v1/documents/{document}/extractions", json=body), 422, "usage")
    assert ann.get("/v1/jobs").json()["jobs"] == []


def test_a_misspelt_key_is_named(ann):
    problem = refusal(
        ann.post(f"/v1/documents/{upload(ann)}/extractions", json={"taks": "invoice"}),
        422,
        "invalid_request",
    )
    assert problem["errors"][0]["where"] == "body.taks"


def test_a_question_and_one_without_an_answer(place, ann):
    place.hire()
    body = {"questions": ["What is the invoice number?", "Who painted the Mona Lisa?"]}
    found = ann.post(f"/v1/documents/{upload(ann)}/answers", json=body).json()
    first, second = found["result"]["answers"]
    assert first["answer"] == "INV-17"
    assert first["evidence"][0]["box"]
    assert second["answer"] is None


def test_a_file_and_its_questions_in_one_call(place, ann):
    place.hire()
    response = ann.post(
        "/v1/answers",
        files={"file": ("a.pdf", pdf())},
        data={"questions": ["What is the invoice number?", "What is the total?"]},
    )
    assert [each["answer"] for each in response.json()["result"]["answers"]] == [
        "INV-17",
        "120.50 EUR",
    ]
    assert response.json()["document"] == ann.get("/v1/documents").json()["documents"][0]["id"]


def test_two_sets_of_questions_are_two_results(place, ann):
    """The newest result of a task need not be the one that was just asked for."""
    place.hire()
    document = upload(ann)
    for question in ("What is the invoice number?", "What is the total?") * 2:
        found = ann.post(f"/v1/documents/{document}/answers", json={"questions": [question]})
        assert [each["question"] for each in found.json()["result"]["answers"]] == [question]


def test_what_a_worker_says_of_a_document_is_what_the_caller_hears(place, ann):
    place.hire()
    document = upload(ann, b"%PDF-1.4 broken beyond repair")
    headers = {"Prefer": "wait=30"}
    asked = ann.post(f"/v1/documents/{document}/extractions", json={}, headers=headers)
    refusal(asked, 422, "broken_document")


# --- jobs ---------------------------------------------------------------------------------


def test_a_job_names_the_documents_that_failed(place, ann):
    good = [upload(ann, pdf(f"Invoice number: {i}")) for i in range(3)]
    bad = [upload(ann, b"%PDF-1.4 nothing " + bytes([65 + i])) for i in range(3)]
    job = submit(ann, [good[0], bad[0], good[1], bad[1], bad[2], good[2]])
    assert ann.get(f"/v1/jobs/{job}").json()["counts"]["queued"] == 6
    place.work()
    shown = ann.get(f"/v1/jobs/{job}", params={"errors": 2}).json()
    assert (shown["state"], shown["counts"]["done"], shown["counts"]["failed"]) == (
        "finished",
        3,
        3,
    )
    assert shown["pages_done"] == 3
    assert shown["eta_s"] == 0
    assert [each["position"] for each in shown["errors"]] == [1, 3]
    assert shown["errors"][0]["story"]
    more = ann.get(f"/v1/jobs/{job}", params={"errors_after": shown["next_errors"]}).json()
    assert [each["document"] for each in more["errors"]] == [bad[2]]
    assert more["next_errors"] is None


def test_an_upload_of_many_files_is_a_job_without_the_bad_ones(place, ann):
    files = [
        ("file", ("a.pdf", pdf("a"))),
        ("file", ("b.docx", b"PK\x03\x04")),
        ("file", ("c.pdf", pdf("c"))),
    ]
    made = ann.post("/v1/jobs", files=files, data={"job": json.dumps({"task": "form"})})
    assert made.status_code == 202
    assert [each["filename"] for each in made.json()["refused"]] == ["b.docx"]
    assert len(made.json()["documents"]) == 2
    assert place.work() == 2
    only_bad = ann.post("/v1/jobs", files=files[1:2])
    refusal(only_bad, 415, "unsupported_format")
    malformed = ann.post("/v1/jobs", files=files[:1], data={"job": "{"})
    refusal(malformed, 422, "invalid_request")
    refusal(ann.post("/v1/jobs", data={"job": "{}"}, files=[("x", ("y", b"z"))]), 422, "usage")


def test_the_same_idempotency_key_is_the_same_job(ann):
    documents = [upload(ann, pdf("a")), upload(ann, pdf("b"))]
    body, key = {"documents": documents, "task": "invoice"}, {"Idempotency-Key": "march-17"}
    first = ann.post("/v1/jobs", json=body, headers=key).json()
    assert ann.post("/v1/jobs", json=body, headers=key).json()["id"] == first["id"]
    other = body | {"documents": documents[::-1]}
    refusal(ann.post("/v1/jobs", json=other, headers=key), 409, "conflict")
    assert len(ann.get("/v1/jobs").json()["jobs"]) == 1


def test_a_hundred_calls_with_one_key_at_the_same_time_are_one_job(place, ann):
    body = {"documents": [upload(ann)], "task": "invoice"}
    made = set()

    def call():
        with place.client() as client:
            made.add(
                client.post("/v1/jobs", json=body, headers={"Idempotency-Key": "k"}).json()["id"]
            )

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_job_is_paused_resumed_cancelled_and_tried_again(place, ann):
    bad = upload(ann, b"%PDF-1.4 nothing")
    job = submit(ann, [upload(ann), bad])
    assert ann.post(f"/v1/jobs/{job}/pause").json()["state"] == "paused"
    assert place.work() == 0
    assert ann.post(f"/v1/jobs/{job}/resume").json()["state"] == "active"
    assert place.work() == 2
    refusal(ann.post(f"/v1/jobs/{job}/pause"), 409, "conflict")
    assert ann.post(f"/v1/jobs/{job}/retry").json() == {"documents": 1}
    assert ann.delete(f"/v1/jobs/{job}").json()["state"] == "cancelled"
    counts = ann.get(f"/v1/jobs/{job}").json()["counts"]
    assert (counts["done"], counts["cancelled"]) == (1, 1)
    refusal(ann.post(f"/v1/jobs/{job}/resume"), 409, "conflict")


def test_progress_is_told_until_the_end(place, ann):
    job = submit(ann, [upload(ann, pdf(f"number {i}")) for i in range(3)])
    timer = threading.Timer(1.5, place.hire)
    timer.start()
    with ann.stream("GET", f"/v1/jobs/{job}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    timer.join()
    events = [line.removeprefix("event: ") for line in lines if line.startswith("event")]
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data")]
    assert events[0] == "progress"
    assert events[-1] == "end"
    assert told[0]["counts"]["queued"] == 3
    assert told[-1]["counts"]["done"] == 3
    assert told[-1]["state"] == "finished"


def test_jobs_are_listed_newest_first_page_by_page(ann):
    document = upload(ann)
    made = [submit(ann, [document], task) for task in ("invoice", "receipt", "form")]
    first = ann.get("/v1/jobs", params={"limit": 2}).json()
    submit(ann, [document], "table")
    second = ann.get("/v1/jobs", params={"limit": 2, "after": first["next"]}).json()
    assert [each["id"] for each in first["jobs"] + second["jobs"]] == made[::-1]
    assert second["next"] is None


# --- results ------------------------------------------------------------------------------


@pytest.fixture
def job(place, ann):
    """Two invoices, between them a file that cannot be read."""
    documents = [
        upload(ann, pdf("Invoice number: A-1", "Total: 10.00 EUR"), "a.pdf"),
        upload(ann, b"%PDF-1.4 nothing", "=bad.pdf"),
        upload(ann, pdf("Invoice number: B-2", "Invoice date: 2026-03-01"), "b.pdf"),
    ]
    job = submit(ann, documents)
    place.work()
    return job


def test_results_as_json_lines(ann, job):
    lines = ann.get(f"/v1/jobs/{job}/results").text.splitlines()
    first, bad, last = map(json.loads, lines)
    assert first["state"] == "done"
    assert first["fields"][0]["evidence"]
    assert bad["state"] == "failed"
    assert bad["error"]["code"] == "broken_document"
    assert last["source"]["filename"] == "b.pdf"


def test_results_as_csv_where_no_cell_is_a_formula(ann, job):
    text = ann.get(f"/v1/jobs/{job}/results", params={"format": "csv"}).text
    first, bad, last = csv.DictReader(io.StringIO(text))
    assert (first["invoice_id"], first["invoice_total"]) == ("A-1", "10.00")
    assert first["invoice_total currency"] == "EUR"
    assert bad["file"] == "'=bad.pdf"
    assert bad["error"].startswith("broken_document: ")
    assert last["invoice_date"] == "2026-03-01"


def test_results_as_a_workbook_with_real_numbers(ann, job):
    content = ann.get(f"/v1/jobs/{job}/results", params={"format": "xlsx"}).content
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["documents", "items"]
    head, first, *_ = book["documents"].iter_rows(values_only=True)
    assert first[head.index("invoice_total")] == 10


def test_results_as_parquet_with_types(ann, job):
    content = ann.get(f"/v1/jobs/{job}/results", params={"format": "parquet"}).content
    table = pyarrow.parquet.read_table(io.BytesIO(content))
    assert str(table.schema.field("invoice_date").type) == "date32[day]"
    assert table.column("invoice_id").to_pylist() == ["A-1", None, "B-2"]
    assert str(table.column("invoice_total").to_pylist()[0]) == "10.000000"


def test_results_of_a_job_that_is_not_done_name_what_is_open(ann):
    job = submit(ann, [upload(ann)])
    [line] = ann.get(f"/v1/jobs/{job}/results").text.splitlines()
    assert json.loads(line)["state"] == "queued"


# --- corrections --------------------------------------------------------------------------


def correct(client, document, *changes):
    return client.patch(f"/v1/documents/{document}/extractions/invoice", json={"changes": changes})


def test_a_correction_keeps_who_when_and_what_was_there(place, ann):
    place.hire()
    document = upload(ann)
    extract(ann, document)
    made = correct(
        ann,
        document,
        {"name": "invoice_id", "value": "INV-71"},
        {"name": "invoice_total", "value": {"amount": "12.05", "currency": "EUR"}},
        {"name": "purchase_order", "value": "PO-1", "type": "string"},
        {"name": "description", "value": "Tea", "kind": "item", "type": "string"},
    )
    assert made.status_code == 200, made.text
    assert correct(ann, document, {"name": "invoice_id", "value": None}).status_code == 200
    result = ann.get(f"/v1/documents/{document}/extractions/invoice").json()["result"]
    values = {field["name"]: field["value"] for field in result["fields"]}
    assert "invoice_id" not in values
    assert values["invoice_total"]["amount"] == "12.05"
    assert result["items"][0]["fields"][0]["value"] == "Tea"
    told = ann.get(f"/v1/documents/{document}/extractions/invoice/corrections").json()
    first, *_, last = told["corrections"]
    assert (first["old"]["value"], first["new"]["value"]) == ("INV-17", "INV-71")
    assert (last["old"]["value"], last["new"]) == ("INV-71", None)
    assert first["who"].startswith("ann's (")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "invoice_total", "value": "twelve"},
        {"name": "invoice_total", "value": {"amount": "1e999999999", "currency": "EUR"}},
        {"name": "invoice_date", "value": "yesterday"},
        {"name": "new", "value": "needs a type"},
        {"name": "new", "value": "x", "type": "string", "kind": "item", "row": 7},
        {"name": "new", "value": "x", "type": "string", "kind": "key_value"},
    ],
)
def test_a_correction_that_does_not_fit_changes_nothing(place, ann, change):
    place.hire()
    document = upload(ann)
    before = extract(ann, document)
    first = {"name": "invoice_id", "value": "changed"}
    refusal(correct(ann, document, first, change), 422, "usage")
    assert ann.get(f"/v1/documents/{document}/extractions/invoice").json() == before


def test_answers_are_not_corrected(place, ann):
    place.hire()
    document = upload(ann)
    ann.post(f"/v1/documents/{document}/answers", json={"questions": ["Total?"]})
    body = {"changes": [{"name": "x", "value": "y", "type": "string"}]}
    response = ann.patch(f"/v1/documents/{document}/extractions/answer", json=body)
    refusal(response, 422, "usage")


def test_waiting_costs_one_question_at_a_time(place, ann):
    """Callers who wait for different jobs share one look at the database."""
    documents = [upload(ann, pdf(f"number {i}")) for i in range(12)]
    looks = []
    from docai.store import jobs

    seen = jobs.over

    def counted(store, ids):
        looks.append(len(ids))
        return seen(store, ids)

    codes = []

    def ask(document):
        path = f"/v1/documents/{document}/extractions"
        codes.append(ann.post(path, json={}, headers={"Prefer": "wait=60"}).status_code)

    jobs.over = counted
    try:
        threads = [threading.Thread(target=ask, args=(each,)) for each in documents]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 30
        while 12 not in looks and time.monotonic() < end:
            time.sleep(0.05)
        place.hire()
        for thread in threads:
            thread.join()
    finally:
        jobs.over = seen
    assert codes == [200] * 12
    assert max(looks) == 12
