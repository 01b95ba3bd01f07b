"""Figures over all documents: for their owner as one call, for Prometheus as sums."""

import re

import pytest
from calls import extract, pdf, refusal, submit, upload


def metric(client, name, **labels):
    """The value of the metric's line that has these labels."""
    wanted = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
    line = f"{name}{{{wanted}}}" if labels else name
    found = re.search(rf"^{re.escape(line)} (\S+)$", client.get("/metrics").text, re.M)
    return float(found[1]) if found else None


def test_an_owner_sees_how_many_how_sure_how_right_and_how_long(place, ann):
    place.hire()
    document = upload(ann)
    extract(ann, document)
    changes = {"changes": [{"name": "invoice_id", "value": "INV-18"}]}
    ann.patch(f"/v1/documents/{document}/extractions/invoice", json=changes)
    told = ann.get("/v1/insights").json()
    assert (told["documents"], told["pages"], told["failed"]) == (1, 1, 0)
    assert [day["documents"] for day in told["days"]] == [1]
    assert told["tasks"] == [{"name": "invoice", "documents": 1}]
    assert told["mean_wait_s"] >= 0
    seconds = {each["stage"]: each["seconds"] for each in told["stages"]}
    assert seconds["parse"] > 0 < seconds["task"]
    assert (seconds["ocr"], seconds["model"]) == (0, 0)
    fields = {each["name"]: each for each in told["fields"]}
    assert (fields["invoice_id"]["corrected"], fields["invoice_id"]["accuracy"]) == (1, 0.0)
    assert (fields["invoice_date"]["corrected"], fields["invoice_date"]["accuracy"]) == (0, 1.0)
    assert told["reviewed"] == 1
    assert told["accuracy"] == pytest.approx(1 - 1 / sum(f["values"] for f in told["fields"]))
    bins = told["confidences"]
    assert [each["low"] for each in bins] == [n / 10 for n in range(10)]
    assert sum(each["values"] for each in bins) == sum(f["values"] for f in told["fields"])


def test_nobody_sees_anybody_elses(place, ann):
    place.hire()
    extract(ann, upload(ann))
    with place.client("bob") as bob:
        told = bob.get("/v1/insights").json()
    assert (told["documents"], told["days"], told["fields"], told["tasks"]) == (0, [], [], [])
    assert sum(each["values"] for each in told["confidences"]) == 0
    assert sum(each["seconds"] for each in told["stages"]) == 0


@pytest.mark.parametrize("days", ["0", "367", "many"])
def test_the_number_of_days_is_checked(ann, days):
    refusal(ann.get("/v1/insights", params={"days": days}), 422, "invalid_request")


def test_prometheus_hears_what_workers_did_for_everybody(place, ann):
    submit(ann, [upload(ann), upload(ann, pdf("Another"), "b.pdf")])
    with place.client("bob") as bob:
        submit(bob, [upload(bob, b"%PDF-1.4 nothing else", "broken.pdf")], "receipt")
    assert place.work() == 3
    documents = "docai_work_documents_total"
    assert metric(ann, documents, task="invoice", outcome="done", code="") == 2
    assert metric(ann, documents, task="receipt", outcome="failed", code="broken_document") == 1
    assert metric(ann, "docai_work_pages_total", task="invoice") == 2
    assert metric(ann, "docai_work_stage_seconds_total", stage="parse") > 0
    assert metric(ann, "docai_work_stage_seconds_total", stage="ocr") == 0
    assert metric(ann, "docai_work_wait_seconds_total") > 0
    assert metric(ann, "docai_model_batches_total") == 0
