"""What people do with results: review, correct, take back; and what lists say of it."""

from __future__ import annotations

import csv
import io
import zipfile

import pikepdf
import pytest
from calls import INVOICE, extract, pdf, refusal, upload, wait


@pytest.fixture
def invoice(place, ann):
    """The id of a document that was read."""
    place.hire()
    document = upload(ann)
    extract(ann, document)
    return document


def change(ann, document, **about):
    path = f"/v1/documents/{document}/extractions/invoice"
    response = ann.patch(path, json={"changes": [about]})
    assert response.status_code == 200, response.text
    return {field["name"]: field for field in response.json()["result"]["fields"]}


def summary(ann, document):
    return ann.get(f"/v1/documents/{document}").json()["result"]


def test_a_list_shows_what_came_of_each_document(ann, invoice):
    new = upload(ann, pdf("a letter"), "letter.pdf")
    listed = {each["id"]: each for each in ann.get("/v1/documents").json()["documents"]}
    assert (listed[new]["activity"], listed[new]["result"]) == ("idle", None)
    result = listed[invoice]["result"]
    assert (result["task"], result["failed_checks"], result["reviewed_at"]) == ("invoice", 0, None)
    assert 0 < result["lowest_confidence"] <= 1


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        ({"state": "new"}, ["letter.pdf"]),
        ({"state": "done"}, ["invoice.pdf"]),
        ({"state": "open"}, ["invoice.pdf"]),
        ({"state": "reviewed"}, []),
        ({"state": "failed"}, []),
        ({"state": "working"}, []),
        ({"type": "invoice"}, ["invoice.pdf"]),
        ({"type": "receipt"}, []),
        ({"search": "LETT"}, ["letter.pdf"]),
        ({"search": "inv-17"}, ["invoice.pdf"]),  # a value, whatever its case
        ({"search": "inv-17 letter"}, []),
        ({"search": "%"}, []),
    ],
)
def test_a_list_is_narrowed(ann, invoice, narrowed, names):
    upload(ann, pdf("a letter"), "letter.pdf")
    found = ann.get("/v1/documents", params=narrowed).json()["documents"]
    assert [each["filename"] for each in found] == names


def test_a_page_is_told_once_it_was_read(ann, invoice):
    page = ann.get(f"/v1/documents/{invoice}/pages/1").json()
    assert (page["number"], page["width"], page["text_source"]) == (1, 420, "embedded")
    assert "INV-17" in [word["text"] for word in page["words"]]
    new = upload(ann, pdf("a letter"))
    refusal(ann.get(f"/v1/documents/{new}/pages/1"), 404, "not_found")
    refusal(ann.get(f"/v1/documents/{invoice}/pages/2"), 404, "not_found")


def test_a_correction_says_where_it_was_read(ann, invoice):
    spot = {"page": 1, "box": [1, 2, 30, 40], "words": [3]}
    about = {"name": "invoice_id", "value": "X-1", "text": "No. X-1", "evidence": [spot]}
    field = change(ann, invoice, **about)["invoice_id"]
    assert (field["value"], field["text"], field["evidence"]) == ("X-1", "No. X-1", [spot])


def test_corrections_are_taken_back_the_newest_first(ann, invoice):
    path = f"/v1/documents/{invoice}/extractions/invoice"
    before = ann.get(path).json()["result"]
    change(ann, invoice, name="invoice_id", value="first")
    change(ann, invoice, name="invoice_id", value=None)
    undone = ann.post(f"{path}/corrections/undo").json()["result"]
    assert {f["name"]: f["value"] for f in undone["fields"]}["invoice_id"] == "first"
    assert ann.post(f"{path}/corrections/undo").json()["result"] == before
    refusal(ann.post(f"{path}/corrections/undo"), 409, "conflict")
    held = ann.get(f"{path}/corrections").json()["corrections"]
    assert [bool(each["undone_by"] and each["undone_at"]) for each in held] == [True, True]


def test_sums_are_added_up_again(place, ann):
    place.hire()
    lines = (*INVOICE[:-1], "Subtotal: 100.00 EUR", "VAT 20 %: 20.00 EUR", "Total: 120.00 EUR")
    document = upload(ann, pdf(*lines))
    checks = extract(ann, document)["result"]["checks"]
    assert [c["passed"] for c in checks if c["name"] == "total_sum"] == [True]
    wrong = {"amount": "121.00", "currency": "EUR"}
    change(ann, document, name="invoice_total", value=wrong)
    assert summary(ann, document)["failed_checks"] == 1
    ann.post(f"/v1/documents/{document}/extractions/invoice/corrections/undo")
    assert summary(ann, document)["failed_checks"] == 0


def test_the_queue_has_what_wants_a_person_most_first(place, ann, invoice):
    sure = upload(ann, pdf(*INVOICE, "Thank you"), "sure.pdf")
    extract(ann, sure)
    fields = ann.get(f"/v1/documents/{sure}/extractions/invoice").json()["result"]["fields"]
    for field in fields:  # a value that is sent as it was is one that somebody looked at
        change(ann, sure, name=field["name"], value=field["value"])
    assert summary(ann, sure)["lowest_confidence"] == 1
    queue = ann.get("/v1/reviews").json()
    assert ([each["id"] for each in queue["documents"]], queue["open"]) == ([invoice, sure], 2)

    review = f"/v1/documents/{invoice}/extractions/invoice/review"
    assert ann.put(review).status_code == 204
    assert ann.put(review).status_code == 204  # twice is as once
    assert summary(ann, invoice)["reviewed_by"].startswith("ann's")
    assert ann.get("/v1/reviews").json()["open"] == 1
    assert ann.delete(review).status_code == 204
    assert ann.get("/v1/reviews").json()["open"] == 2
    refusal(ann.delete(review), 404, "not_found")


def test_chosen_documents_are_exported_together(ann, invoice):
    change(ann, invoice, name="invoice_id", value="X-1")
    new = upload(ann, pdf("a letter"), "letter.pdf")
    body = {"documents": [new, invoice], "format": "csv"}
    text = ann.post("/v1/results", json=body).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["file"] for row in rows] == ["letter.pdf", "invoice.pdf"]
    assert [row["invoice_id"] for row in rows] == ["", "X-1"]
    for form in ("jsonl", "xlsx", "parquet"):
        assert ann.post("/v1/results", json={**body, "format": form}).content


def test_a_document_as_a_searchable_pdf(ann, invoice):
    got = ann.get(f"/v1/documents/{invoice}/searchable.pdf")
    assert got.headers["content-type"] == "application/pdf"
    assert len(pikepdf.open(io.BytesIO(got.content)).pages) == 1
    refusal(ann.get(f"/v1/documents/{upload(ann, pdf('x'))}/searchable.pdf"), 404, "not_found")


def test_fields_of_ones_own_are_kept_under_a_name(ann):
    fields = [{"name": "ship", "labels": ["Vessel"], "type": "string"}]
    for more in ([], [{"name": "port"}]):
        path = "/v1/field-sets/freight%20papers"
        assert ann.put(path, json={"fields": [*fields, *more]}).status_code == 200
    (kept,) = ann.get("/v1/field-sets").json()["field_sets"]
    assert kept["name"] == "freight papers"
    assert [field["name"] for field in kept["fields"]] == ["ship", "port"]
    twice = {"fields": [{"name": "a"}, {"name": "a"}]}
    refusal(ann.put("/v1/field-sets/x", json=twice), 422, "usage")
    assert ann.delete(path).status_code == 204
    refusal(ann.delete(path), 404, "not_found")


def test_the_service_says_what_it_is(ann):
    about = ann.get("/v1/about").json()
    assert about["retention_days"] == 0
    assert {"engines", "limits", "docai"} <= set(about["report"])
    assert "password" not in about["report"]["options"]


def test_documents_as_searchable_pdfs_in_one_zip(ann, invoice):
    same_name = upload(ann, pdf("another invoice"), "invoice.pdf")
    unread = upload(ann, pdf("x"), "../never read.pdf")
    extract(ann, same_name)
    body = {"documents": [invoice, same_name, unread]}
    archive = zipfile.ZipFile(io.BytesIO(ann.post("/v1/searchable", json=body).content))
    assert archive.namelist() == ["invoice.pdf", "invoice (2).pdf", "not-included.txt"]
    for name in archive.namelist()[:2]:
        assert len(pikepdf.open(io.BytesIO(archive.read(name))).pages) == 1
    assert "was not read" in archive.read("not-included.txt").decode()
    job = ann.get("/v1/jobs").json()["jobs"][-1]  # the oldest one
    of_job = ann.get(f"/v1/jobs/{job['id']}/searchable.zip")
    assert zipfile.ZipFile(io.BytesIO(of_job.content)).namelist() == ["invoice.pdf"]


def test_nobody_gets_the_pdfs_of_others(place, ann, invoice):
    (job,) = ann.get("/v1/jobs").json()["jobs"]
    with place.client("bob") as bob:
        refusal(bob.post("/v1/searchable", json={"documents": [invoice]}), 404, "not_found")
        refusal(bob.get(f"/v1/jobs/{job['id']}/searchable.zip"), 404, "not_found")
        assert bob.get("/v1/answers").json() == {"answers": []}


def test_questions_about_many_documents_are_a_job_and_stay(ann, invoice):
    other = upload(ann, pdf("INVOICE", "Invoice number: B-2"), "other.pdf")
    asked = ["What is the invoice number?", "Who is the captain of the ship?"]
    body = {"documents": [invoice, other], "questions": asked}
    job = ann.post("/v1/jobs", json=body).json()["id"]
    wait(ann, job)
    held = ann.get("/v1/answers").json()["answers"]
    assert [each["question"] for each in held] == asked * 2
    told = {each["filename"]: each["answer"] for each in held if each["question"] == asked[0]}
    assert told == {"invoice.pdf": "INV-17", "other.pdf": "B-2"}
    assert [each["answer"] for each in held if each["question"] == asked[1]] == [None, None]
    assert len(ann.get("/v1/answers", params={"limit": 1}).json()["answers"]) == 1
    refusal(ann.post("/v1/jobs", json={**body, "task": "invoice"}), 422, "usage")
