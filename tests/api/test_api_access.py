"""Who may do what, how often, and what nobody gets to see."""

import logging
import re
import subprocess
import sys

import pytest
from calls import extract, pdf, refusal, submit, upload
from fastapi.testclient import TestClient

from app.api.rates import BURST_S, Rates
from app.api.settings import ApiSettings, refuse_samples
from docai.errors import QueueError, StoreError, UsageError
from docai.settings import Settings
from docai.store import jobs
from docai.store.keys import Scope

FOR_MANY = ("/v1/jobs", "/v1/results", "/v1/searchable")
NOWHERE = "00000000-0000-7000-8000-000000000000"


# --- owners -------------------------------------------------------------------------------


@pytest.fixture
def anns(place, ann):
    """An id of everything that Ann has, by the name of the path's parameter."""
    place.hire()
    document = upload(ann)
    extract(ann, document)
    job = submit(ann, [document])
    ann.get(f"/v1/jobs/{job}/events")  # its end is waited for
    webhook = ann.post("/v1/webhooks", json={"url": "https://1.1.1.1/x"}).json()["id"]
    key = next(each["id"] for each in ann.get("/v1/keys").json()["keys"])
    ann.put("/v1/field-sets/mine", json={"fields": [{"name": "colour"}]})
    ids = {"document_id": document, "job_id": job, "webhook_id": webhook, "key_id": key}
    return {**ids, "task": "invoice", "number": "1", "name": "mine"}


def bodies(anns):
    """A body that would be accepted from Ann, by operation; None where there is none."""
    change = {"changes": [{"name": "invoice_id", "value": "stolen"}]}
    return {
        "POST /v1/documents/{document_id}/extractions": {"task": "form"},
        "POST /v1/documents/{document_id}/answers": {"questions": ["Total?"]},
        "PATCH /v1/documents/{document_id}/extractions/{task}": change,
        "POST /v1/jobs": {"documents": [anns["document_id"]]},
        "POST /v1/results": {"documents": [anns["document_id"]]},
        "POST /v1/searchable": {"documents": [anns["document_id"]]},
    }


def operations(app):
    return [
        f"{method.upper()} {path}"
        for path, calls in app.openapi()["paths"].items()
        for method in calls
    ]


def test_nobody_reaches_what_is_anothers(place, ann, anns):
    """Every route that there is: what is another's looks as if it did not exist."""
    everything = ann_sees(ann, anns)
    names_something = ("{", "POST /v1/jobs", "POST /v1/results", "POST /v1/searchable")
    names_ones_own = "PUT /v1/field-sets/{name}"  # makes it, whoever else has one of that name
    with place.client("bob") as bob:
        for operation in operations(place.app):
            if not any(part in operation for part in names_something):
                continue
            if operation == names_ones_own:
                continue
            method, path = operation.format(**anns).split(" ")
            response = bob.request(method, path, json=bodies(anns).get(operation))
            refusal(response, 404, "not_found")
            nowhere = operation.format(
                **dict.fromkeys(anns, NOWHERE) | {"task": "x", "number": 1, "name": "x"}
            )
            method, path = nowhere.split(" ")
            body = {"documents": [NOWHERE]} if path in FOR_MANY else bodies(anns).get(operation)
            problem = refusal(bob.request(method, path, json=body), 404, "not_found")
            said, unknown = response.json()["detail"], problem["detail"]
            assert shape(said) == shape(unknown), operation
        for collection in ("documents", "jobs", "webhooks"):
            assert bob.get(f"/v1/{collection}").json()[collection] == []
        assert len(bob.get("/v1/keys").json()["keys"]) == 1
    assert ann_sees(ann, anns) == everything


def ann_sees(ann, anns):
    paths = ("/v1/documents", "/v1/documents/{document_id}/extractions", "/v1/jobs/{job_id}")
    paths += (
        "/v1/webhooks",
        "/v1/field-sets",
        "/v1/reviews",
        "/v1/answers",
        "/v1/retention",
        "/v1/documents/{document_id}/extractions/invoice/corrections",
    )
    return [
        re.sub(r'"(documents|pages)_per_s":[\d.]+,', "", ann.get(path.format(**anns)).text)
        for path in paths
    ]


def shape(detail):
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|'\w+'", "…", detail)


def test_every_operation_is_one_of_those_that_name_something_or_list(place):
    """So that a new route has to be thought of in the test above."""
    lists_own = {
        "GET /v1/documents", "POST /v1/documents", "POST /v1/answers", "GET /v1/jobs",
        "POST /v1/jobs", "GET /v1/keys", "POST /v1/keys", "GET /v1/webhooks",
        "POST /v1/webhooks", "GET /v1/insights", "GET /v1/reviews", "POST /v1/results",
        "GET /v1/field-sets", "GET /v1/about", "GET /livez", "GET /readyz", "GET /metrics",
        "POST /v1/searchable", "GET /v1/answers", "GET /v1/retention", "PUT /v1/retention",
    }  # fmt: skip
    assert {each for each in operations(place.app) if "{" not in each} == lists_own


def test_the_same_bytes_of_two_owners_are_two_documents(place, ann):
    with place.client("bob") as bob:
        first, second = upload(ann), upload(bob)
        assert first != second
        assert bob.delete(f"/v1/documents/{second}").status_code == 204
    assert ann.get(f"/v1/documents/{first}/pages/1.png").status_code == 200


def test_one_idempotency_key_of_two_owners_is_two_jobs(place, ann):
    with place.client("bob") as bob:
        made = {
            each.post(
                "/v1/jobs", json={"documents": [upload(each)]}, headers={"Idempotency-Key": "1"}
            ).json()["id"]
            for each in (ann, bob)
        }
    assert len(made) == 2


def test_metrics_and_health_name_nobody(place, ann, anns):
    with TestClient(place.app) as stranger:
        for path in ("/metrics", "/livez", "/readyz", "/openapi.json", "/docs"):
            response = stranger.get(path)
            assert response.status_code == 200
            for secret in ("ann", "invoice.pdf", *list(anns.values())[:4]):
                assert not re.search(rf"\b{re.escape(secret)}\b", response.text), (path, secret)


# --- keys ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer docai_00000000_x", "Bearer ü", "x"]
)
def test_without_a_key_every_route_is_shut(place, header):
    with TestClient(place.app) as stranger:
        for operation in operations(place.app):
            if "/v1/" in operation:
                ids = dict.fromkeys(["document_id", "job_id", "webhook_id", "key_id"], NOWHERE)
                method, path = operation.format(**ids, task="x", number=1, name="x").split(" ")
                headers = {"Authorization": header.encode()}
                response = stranger.request(method, path, headers=headers)
                refusal(response, 401, "unauthorized")
                assert response.headers["www-authenticate"].startswith("Bearer")


def test_a_key_does_what_its_scopes_say(place):
    with place.client("ann", Scope.READ) as reader:
        assert reader.get("/v1/documents").status_code == 200
        upload_try = reader.post("/v1/documents", files={"file": ("a.pdf", pdf())})
        refusal(upload_try, 403, "forbidden")
        refusal(reader.get("/v1/keys"), 403, "forbidden")
    with place.client("ann", Scope.WRITE) as writer:
        upload(writer)
        refusal(writer.get("/v1/documents"), 403, "forbidden")
    with place.client("ann", Scope.ADMIN) as admin:
        assert admin.get("/v1/keys").status_code == 200
        more = admin.post("/v1/keys", json={"name": "more", "scopes": ["write"]})
        refusal(more, 403, "forbidden")


def test_a_key_is_made_used_and_revoked(place, ann):
    made = ann.post("/v1/keys", json={"name": "scanner", "scopes": ["write", "read"]}).json()
    with TestClient(place.app, headers={"Authorization": f"Bearer {made['key']}"}) as scanner:
        upload(scanner)
        assert ann.delete(f"/v1/keys/{made['id']}").status_code == 204
        refusal(scanner.get("/v1/documents"), 401, "unauthorized")
    listed = ann.get("/v1/keys").text
    assert made["prefix"] in listed
    assert made["key"] not in listed


def test_a_key_expires(place, ann):
    body = {"name": "old", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00"}
    key = ann.post("/v1/keys", json=body).json()["key"]
    refusal(ann.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"}), 401, "unauthorized")


# --- rates --------------------------------------------------------------------------------


def test_a_bucket_lets_a_burst_through_and_then_one_at_a_time():
    now = 0.0
    rates = Rates(60, lambda: now)
    assert [rates.take("a") for _ in range(int(BURST_S))] == [0] * int(BURST_S)
    assert rates.take("a") == pytest.approx(1)
    assert rates.take("b") == 0
    now = 1.0
    assert rates.take("a") == 0
    assert rates.take("a") > 0


def test_who_calls_too_often_is_told_when_to_come_back(workplaces):
    place = workplaces(settings=ApiSettings(rate_per_minute=30))
    with place.client() as ann, place.client("bob") as bob:
        answers = [ann.get("/v1/jobs") for _ in range(6)]
        assert [each.status_code for each in answers[:5]] == [200] * 5
        refusal(answers[5], 429, "rate_limited")
        assert 1 <= int(answers[5].headers["retry-after"]) <= 2
        assert bob.get("/v1/jobs").status_code == 200
        assert ann.get("/livez").status_code == 200


def test_who_tries_wrong_keys_is_slowed_down(workplaces):
    with TestClient(workplaces(settings=ApiSettings(rate_per_minute=60)).app) as stranger:
        codes = {stranger.get("/v1/jobs").status_code for _ in range(30)}
    assert codes == {401, 429}


# --- headers, errors, logs ----------------------------------------------------------------


def test_every_answer_is_dressed(ann):
    for response in (ann.get("/v1/jobs"), ann.get("/v1/jobs/x"), ann.get("/nowhere")):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"
        assert len(response.headers["x-request-id"]) == 32
    mine = ann.get("/v1/jobs", headers={"X-Request-ID": "mine-1"})
    assert mine.headers["x-request-id"] == "mine-1"
    forged = ann.get("/v1/jobs", headers={"X-Request-ID": 'x" level="error'})
    assert len(forged.headers["x-request-id"]) == 32


def test_other_web_pages_may_not_call_unless_they_are_named(place, workplaces):
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    with place.client() as client:
        answer = client.get("/v1/jobs", headers={"Origin": "https://a.example"})
        assert not any(name.startswith("access-control") for name in answer.headers)
    named = workplaces(settings=ApiSettings(cors_origins="https://a.example"))
    with TestClient(named.app) as page:
        allowed = page.options("/v1/jobs", headers=preflight)
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"
        other = page.options("/v1/jobs", headers=preflight | {"Origin": "https://b.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("PUT", "/v1/documents", 405, "method_not_allowed"),
        ("GET", "/v1/documents/17", 422, "invalid_request"),
        ("GET", "/v1/documents?limit=0", 422, "invalid_request"),
        ("POST", "/v1/documents", 422, "invalid_request"),
    ],
)
def test_errors_are_problem_documents(ann, method, path, status, code):
    problem = refusal(ann.request(method, path), status, code)
    assert problem["detail"]


def test_a_bug_is_told_by_its_request_and_nothing_else(place, ann, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("the secret plan")

    monkeypatch.setattr(jobs, "several", broken)
    logging.getLogger("docai").propagate = True
    response = ann.get("/v1/jobs", headers={"X-Request-ID": "r-1"})
    problem = refusal(response, 500, "internal")
    assert "r-1" in problem["detail"]
    assert "secret" not in response.text
    assert "the secret plan" in caplog.text


def test_a_database_that_is_away_is_a_503(place, ann, monkeypatch):
    def away(*_, **__):
        raise StoreError("the database does not answer")

    monkeypatch.setattr(jobs, "several", away)
    response = ann.get("/v1/jobs")
    refusal(response, 503, "store_unavailable")
    assert response.headers["retry-after"] == "5"
    monkeypatch.setattr(jobs, "over", away)
    assert ann.get("/readyz").status_code == 503
    assert ann.get("/livez").status_code == 200


def test_a_broker_that_is_away_loses_nothing(place, ann, monkeypatch):
    def deaf(*_):
        raise QueueError("the broker does not answer")

    monkeypatch.setattr(type(place.app.state.service), "bell", property(lambda _: deaf))
    job = submit(ann, [upload(ann)])
    assert place.work() == 1
    assert ann.get(f"/v1/jobs/{job}").json()["state"] == "finished"


def test_a_log_line_names_the_call_the_owner_and_what_it_is_about(ann, caplog):
    logging.getLogger("docai").propagate = True
    caplog.set_level(logging.INFO, logger="docai.api")
    document = upload(ann)
    ann.get(f"/v1/documents/{document}")
    first, second = caplog.records
    assert (first.owner, str(first.document)) == ("ann", document)
    assert str(second.document) == document
    assert first.request != second.request
    assert "invoice.pdf" not in caplog.text


def test_metrics_count_calls_and_the_queue(place, ann):
    document = upload(ann)
    submit(ann, [document])
    ann.get("/v1/jobs/nonsense")
    text = ann.get("/metrics").text
    upload_line = 'code="",method="POST",route="/v1/documents",status="201"} 1.0'
    assert "docai_http_requests_total{" + upload_line in text
    assert 'code="invalid_request",method="GET",route="/v1/jobs/{job_id}",status="422"} 1' in text
    assert 'docai_queue_documents{lane="cpu",priority="bulk",state="queued"} 1.0' in text
    assert f"docai_uploaded_bytes_total {len(pdf())}" in text
    place.work()
    assert 'state="queued"} 1.0' not in ann.get("/metrics").text


# --- the room -----------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["app.api.main", "app.client"])
def test_neither_torch_nor_an_engine_is_loaded(module):
    banned = ("torch", "onnxruntime", "rapidocr", "cv2", "numpy", "transformers", "worker")
    look = f"import sys, {module}; print([m for m in {banned} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "[]"


@pytest.mark.parametrize("password", ["change-me", "Password", "secret"])
def test_a_password_that_everybody_knows_is_refused(password):
    with pytest.raises(UsageError, match="DOCAI_DATABASE holds a sample password"):
        refuse_samples(Settings(database=f"postgresql://docai:{password}@db/docai").filled())
    refuse_samples(Settings(database="postgresql://docai:7f3c9e@db/docai").filled())
    refuse_samples(Settings().filled())


def test_tables_that_are_missing_are_said_at_the_start(tmp_path):
    environment = {"DOCAI_DATA": str(tmp_path), "PATH": ""}
    ended = subprocess.run(
        [sys.executable, "-m", "app.api"], env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert "docai migrate" in ended.stderr
    assert "Traceback" not in ended.stderr
