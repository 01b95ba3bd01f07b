"""The application, put together: `uvicorn app.api.main:from_environment --factory`."""

from __future__ import annotations

import logging
import os
from typing import Any

from fastapi import FastAPI, Security
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPBearer

from app.api import (
    about,
    answers,
    chosen,
    documents,
    extractions,
    field_sets,
    health,
    insights,
    jobs,
    keys,
    problems,
    reference,
    retention,
    reviews,
    searchable,
    webhooks,
)
from app.api.envelope import REQUEST_ID, Envelope
from app.api.gate import Gate
from app.api.metrics import Metrics
from app.api.service import Service
from app.api.settings import ApiSettings, refuse_samples
from app.api.shapes import JobIn, ProblemOut
from docai import __version__
from docai.ingest.limits import Limits
from docai.log import set_up_logging
from docai.options import from_environment as options
from docai.pipeline import ReadOptions
from docai.settings import Settings
from docai.store import migrate
from docai.store.database import Store
from docai.webhooks import WebhookOptions

KEYED = (
    documents,
    extractions,
    reviews,
    answers,
    jobs,
    insights,
    keys,
    webhooks,
    chosen,
    searchable,
    field_sets,
    retention,
    about,
)

# What every route may answer besides what it says itself.
PROBLEM = {"model": ProblemOut, "content": {problems.MEDIA_TYPE: {}}}
EVERYWHERE: dict[int | str, dict[str, Any]] = {
    status: {**PROBLEM, "description": text}
    for status, text in {
        400: "The body cannot be parsed",
        401: "No key, or not a valid one",
        403: "The key has not this scope",
        404: "No such thing of this owner",
        409: "The state does not allow it",
        413: "Larger than the limits allow",
        415: "A kind of file that docai does not read",
        422: "The request makes no sense, or the document cannot be read",
        429: "Too many calls; Retry-After says when to go on",
        503: "Something does not answer; Retry-After says when to try again",
    }.items()
}


class Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """With the body that one route looks at by itself, because it takes either of two."""
        described = super().openapi()
        shape = JobIn.model_json_schema(ref_template="#/components/schemas/{model}")
        shape.pop("$defs")  # they are there already, of TaskIn
        described["components"]["schemas"].setdefault("JobIn", shape)
        return described


def make_app(service: Service) -> FastAPI:
    app = Application(
        title="docai",
        summary="Documents in, checked data out.",
        version=__version__,
        root_path=service.settings.root_path,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"auto_configure": True, "metrics": False, "logs": False},
    )
    app.state.service, app.state.metrics = service, Metrics(service.store)
    bearer = HTTPBearer(auto_error=False, description="A key: docai_…")
    for room in KEYED:
        app.include_router(room.router, dependencies=[Security(bearer)], responses=EVERYWHERE)
    app.include_router(health.router)
    app.include_router(reference.router)
    problems.install(app)
    _wrap(app, service)
    return app


def _wrap(app: FastAPI, service: Service) -> None:
    """From the inside out."""
    app.add_middleware(Gate, service=service)
    origins = [o.strip() for o in service.settings.cors_origins.split(",") if o.strip()]
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Prefer"],
            expose_headers=["Location", "Retry-After", "Preference-Applied", REQUEST_ID],
        )
    app.add_middleware(Envelope, metrics=app.state.metrics)


def from_environment() -> FastAPI:
    """As DOCAI_* variables say. Raises UsageError, and StoreError where tables are missing."""
    from app.api.doorbell import doorbell

    settings = options(Settings, os.environ).filled()
    refuse_samples(settings)
    set_up_logging(as_json=settings.log == "json", prefix="api: ")
    # It has a line for every odd byte of a body, and bodies are strangers'.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    store = Store.from_settings(settings)
    migrate.require_current(store.engine)
    service = Service(
        store,
        doorbell(settings.broker),
        options(ApiSettings, os.environ),
        options(Limits, os.environ),
        options(WebhookOptions, os.environ),
        options(ReadOptions, os.environ).password,
    )
    return make_app(service)
