"""How long the caller's documents are kept."""

from __future__ import annotations

import os

from fastapi import APIRouter

from app.api.service import Api, Caller, Service
from app.api.shapes import RetentionIn, RetentionOut
from docai.options import from_environment
from docai.settings import Settings
from docai.store import retention

router = APIRouter(prefix="/v1/retention", tags=["retention"])


@router.get("")
def show_retention(api: Api, caller: Caller) -> RetentionOut:
    """Days after their upload, as the service and as the owner says; the shorter time holds."""
    return _shown(api, caller.owner)


@router.put("")
def set_retention(api: Api, caller: Caller, body: RetentionIn) -> RetentionOut:
    """Of all of the owner's documents, those too that are there. Needs the scope admin."""
    retention.put(api.store, caller.owner, body.days)
    return _shown(api, caller.owner)


def _shown(api: Service, owner: str) -> RetentionOut:
    service_days = from_environment(Settings, os.environ).retention_days
    return RetentionOut.of(retention.of(api.store, owner, service_days))
