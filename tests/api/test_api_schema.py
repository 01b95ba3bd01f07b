"""The API against its own description: many calls, sensible ones and others."""

from __future__ import annotations

import pytest
import schemathesis
from calls import extract, submit, upload
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)
from workplace import Workplace

from app.api.main import make_app
from app.api.service import Service
from docai.store.database import Store

OPERATIONS = [
    (path, method)
    for path, calls in make_app(
        Service(Store("sqlite://", "memory://"), lambda lane, bells=1: None)
    )
    .openapi()["paths"]
    .items()
    for method in calls
]
FEW = settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def known(tmp_path_factory, new_database):
    """A place with a document, a result and a job, and how to call for them."""
    place = Workplace(tmp_path_factory.mktemp("schema"), new_database())
    place.hire()
    with place.client() as ann:
        document = upload(ann)
        extract(ann, document)
        place.ids = {"document_id": document, "job_id": submit(ann, [document]), "task": "invoice"}
    place.headers = {"Authorization": f"Bearer {place.key()}"}
    place.description = schemathesis.openapi.from_asgi("/openapi.json", place.app)
    yield place
    place.close()


# What no description can say: that a file is a readable one, that a host is a public one,
# that of task and fields only one is given.
SUBTLE = (
    "/v1/documents", "/v1/answers", "/v1/jobs", "/v1/webhooks",
    "/v1/documents/{document_id}/extractions",
)  # fmt: skip


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_answers_are_as_described(known, path, method):
    excluded = [positive_data_acceptance] if method == "post" and path in SUBTLE else []

    @FEW
    @given(known.description[path][method].as_strategy())
    def call(case):
        case.call_and_validate(headers=known.headers, excluded_checks=excluded)

    call()


@pytest.mark.parametrize(
    ("path", "method"), [each for each in OPERATIONS if "{" in each[0] and each[1] != "delete"]
)
def test_answers_about_what_is_there_are_as_described(known, path, method):
    """With ids that exist, so that calls get past the first look-up."""
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]

    @FEW
    @given(known.description[path][method].as_strategy())
    def call(case):
        ids = case.path_parameters or {}
        case.path_parameters = {name: known.ids.get(name, ids[name]) for name in ids}
        case.call_and_validate(headers=known.headers, checks=checks)

    call()
