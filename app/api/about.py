"""What this service is and can do."""

from __future__ import annotations

import os

from fastapi import APIRouter

from app.api.service import Caller
from app.api.shapes import AboutOut
from docai import __version__, doctor
from docai.options import from_environment
from docai.settings import Settings

router = APIRouter(prefix="/v1/about", tags=["about"])


@router.get("")
def about(caller: Caller) -> AboutOut:
    """Its version, how long it keeps documents, its engines and limits."""
    retention_days = from_environment(Settings, os.environ).retention_days
    return AboutOut(
        version=__version__, retention_days=retention_days, report=doctor.examine(os.environ)
    )
