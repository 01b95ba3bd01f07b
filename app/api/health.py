"""For those who keep the service running; no key is needed, and no owner is named."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from app.api.service import Api
from app.api.shapes import HealthOut
from docai.store import jobs

router = APIRouter(tags=["health"])


@router.get("/livez")
async def live() -> HealthOut:
    """The process answers."""
    return HealthOut(status="ok")


@router.get("/readyz")
def ready(api: Api) -> HealthOut:
    """The database answers as well; 503 where it does not."""
    jobs.over(api.store, [])
    return HealthOut(status="ok")


@router.get("/metrics", response_class=Response)
def metrics(request: Request) -> Response:
    """For Prometheus."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)
