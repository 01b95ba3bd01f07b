"""Short words for what tests of the API do over and over."""

from __future__ import annotations

import io
import time

from reportlab.pdfgen.canvas import Canvas

INVOICE = (
    "Harrow & Finch Ltd",
    "INVOICE",
    "Invoice number: INV-17",
    "Invoice date: 2026-03-01",
    "Total: 120.50 EUR",
)


def pdf(*lines: str, pages: int = 1) -> bytes:
    """Words on A5; the same lines give the same bytes."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(420, 595), invariant=True)
    for _ in range(pages):
        for i, line in enumerate(lines or INVOICE):
            canvas.drawString(50, 540 - 20 * i, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def upload(client, content=None, name="invoice.pdf"):
    """The id of the document."""
    response = client.post("/v1/documents", files={"file": (name, content or pdf())})
    assert response.status_code in (200, 201), response.text
    return response.json()["id"]


def extract(client, document, task="invoice", wait_s=30):
    """The extraction, once it is done."""
    response = client.post(
        f"/v1/documents/{document}/extractions",
        json={"task": task},
        headers={"Prefer": f"wait={wait_s}"},
    )
    assert response.status_code == 200, response.text
    return response.json()


def submit(client, documents, task="invoice", **more):
    response = client.post("/v1/jobs", json={"documents": documents, "task": task, **more})
    assert response.status_code == 202, response.text
    return response.json()["id"]


def wait(client, job, for_s=90):
    """Until the job is over."""
    end = time.monotonic() + for_s
    while client.get(f"/v1/jobs/{job}").json()["state"] not in ("finished", "cancelled"):
        assert time.monotonic() < end
        time.sleep(0.05)


def refusal(response, status, code):
    """The problem document of a refused call."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == code, problem
    assert problem["status"] == status
    return problem
