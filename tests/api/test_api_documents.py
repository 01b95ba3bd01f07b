"""Uploads, lists, pictures, deletion."""

import io
import itertools

import pytest
from calls import extract, pdf, refusal, upload
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from docai.ingest.limits import Limits


def test_the_same_bytes_are_the_same_document(ann):
    first = ann.post("/v1/documents", files={"file": ("a.pdf", pdf())})
    again = ann.post("/v1/documents", files={"file": ("b.pdf", pdf())})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.headers["location"] == f"/v1/documents/{first.json()['id']}"


def test_the_content_says_what_it_is_and_not_the_name(ann):
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    files = {"file": ("invoice.pdf", picture.getvalue(), "application/pdf")}
    assert ann.post("/v1/documents", files=files).json()["media_type"] == "image/png"
    office = {"file": ("invoice.pdf", b"PK\x03\x04 and so on", "application/pdf")}
    refusal(ann.post("/v1/documents", files=office), 415, "unsupported_format")
    nothing = {"file": ("invoice.pdf", b"", "application/pdf")}
    refusal(ann.post("/v1/documents", files=nothing), 422, "empty_file")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\bill.pdf", "bill.pdf"),
        ("line\x01feed.pdf", "linefeed.pdf"),
        ("Rechnung März.pdf", "Rechnung März.pdf"),
        ("x" * 500, "x" * 200),
        ("..", ".."),
    ],
)
def test_a_name_is_fit_to_be_shown(ann, given_name, kept):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="'
        + given_name.replace("\\", "\\\\").encode()
        + b'"\r\n\r\n'
        + pdf()
        + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert ann.post("/v1/documents", content=body, headers=headers).json()["filename"] == kept


def test_a_body_is_refused_while_it_arrives(workplaces):
    """Without a length that says so before: ten times the limit would follow."""
    place = workplaces(limits=Limits(max_mb=1))
    sent = itertools.count()

    def endless():
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        yield b"%PDF-1.4"
        for _ in range(100):
            next(sent)
            yield b"0" * 100_000
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with place.client() as client:
        response = client.post("/v1/documents", content=endless(), headers=headers)
    refusal(response, 413, "limit_exceeded")


def test_a_body_that_says_how_large_it_is_is_not_even_read(workplaces):
    with workplaces(limits=Limits(max_mb=1)).client() as client:
        files = {"file": ("a.pdf", b"%PDF-1.4" + b"0" * 1_200_000)}
        refusal(client.post("/v1/documents", files=files), 413, "limit_exceeded")
        huge = client.post("/v1/jobs", content=b" " * 9_000_000)
        refusal(huge, 413, "limit_exceeded")


def test_a_page_of_the_list_stays_where_it_is_while_documents_arrive(ann):
    ids = [upload(ann, pdf(f"number {i}")) for i in range(5)]
    first = ann.get("/v1/documents", params={"limit": 2}).json()
    upload(ann, pdf("newer"))
    second = ann.get("/v1/documents", params={"limit": 2, "after": first["next"]}).json()
    third = ann.get("/v1/documents", params={"limit": 2, "after": second["next"]}).json()
    shown = [each["id"] for page in (first, second, third) for each in page["documents"]]
    assert shown == ids[::-1]
    assert third["next"] is None


def test_a_deleted_document_leaves_nothing_behind(place, ann):
    place.hire()
    document = upload(ann)
    extract(ann, document)
    assert ann.get(f"/v1/documents/{document}/pages/1.png").status_code == 200
    folder = place.settings.files
    assert len(files_under(folder)) == 2
    assert ann.delete(f"/v1/documents/{document}").status_code == 204
    assert files_under(folder) == []
    for path in ("", "/extractions", "/extractions/invoice", "/pages/1.png"):
        refusal(ann.get(f"/v1/documents/{document}{path}"), 404, "not_found")


def test_a_page_is_drawn_at_the_size_that_was_asked_for(place, ann):
    document = upload(ann, pdf(pages=2))
    drawn = ann.get(f"/v1/documents/{document}/pages/2.png", params={"dpi": 72})
    assert drawn.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(drawn.content))
    assert image.size == (420, 595)
    assert image.convert("L").getextrema()[0] < 100, "there is ink on it"
    refusal(ann.get(f"/v1/documents/{document}/pages/3.png"), 404, "not_found")
    kept = ann.get(f"/v1/documents/{document}/pages/2.png", params={"dpi": 72})
    assert kept.content == drawn.content


def test_a_page_that_cannot_be_drawn_is_the_documents_fault(ann):
    document = upload(ann, b"%PDF-1.4 and nothing that a PDF has")
    refusal(ann.get(f"/v1/documents/{document}/pages/1.png"), 422, "broken_document")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400), st.sampled_from([b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"BM"]))
def test_no_bytes_are_too_strange(ann, content, start):
    response = ann.post("/v1/documents", files={"file": ("a", start + content)})
    assert response.status_code in (200, 201, 415, 422)
    if response.is_success:
        shown = ann.get(f"/v1/documents/{response.json()['id']}")
        assert shown.json()["bytes"] == len(start + content)


# The parser leaves the file of a part that never ended to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_multipart_body_is_too_strange(ann, data):
    """A true one that is cut off, or in which bytes were changed."""
    whole = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n%PDF-1.4 words\r\n--b--\r\n"
    )
    body = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 3))):
        if body:
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    boundary = data.draw(st.sampled_from(["b", "c", ""]))
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    response = ann.post("/v1/documents", content=bytes(body), headers=headers)
    assert response.status_code in (200, 201, 400, 415, 422)


@pytest.mark.parametrize("cut", [1, 9, 100, 400, 700, -200, -30, -1])
def test_a_cut_off_pdf_is_done_or_fails_with_a_reason(place, ann, cut):
    document = upload(ann, pdf()[:cut] if cut != 1 else b"%PDF-")
    asked = ann.post(f"/v1/documents/{document}/extractions", json={}, headers={"Prefer": "wait=0"})
    assert asked.status_code == 202
    place.work()
    job = ann.get(f"/v1/jobs/{asked.json()['id']}").json()
    assert job["state"] == "finished"
    reasons = [failure["code"] for failure in job["errors"]]
    assert job["counts"]["done"] == 1 or reasons, job
    status = ann.get(f"/v1/documents/{document}").json()
    assert status["status"] == ("failed" if reasons else "read")


def files_under(folder):
    from pathlib import Path

    return [path for path in Path(folder).rglob("*") if path.is_file()]
