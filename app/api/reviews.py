"""The documents that want a person most."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.service import Api, Caller
from app.api.shapes import MOST_AT_A_TIME, DocumentOut, QueueOut
from docai.store import outlook

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])


@router.get("")
def list_reviews(
    api: Api, caller: Caller, limit: Annotated[int, Query(ge=1, le=MOST_AT_A_TIME)] = 50
) -> QueueOut:
    """Nobody has reviewed these yet: failed checks first, then the lowest confidence."""
    found, count = outlook.queue(api.store, caller.owner, limit)
    outlooks = outlook.of(api.store, [each.id for each in found])
    return QueueOut(documents=[DocumentOut.of(d, outlooks[d.id]) for d in found], open=count)
