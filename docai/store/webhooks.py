"""Webhooks, and an outbox: an event is written with what it tells of, and delivered later."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from docai.errors import NotFound
from docai.store.database import Store
from docai.store.documents import ensure_owner
from docai.store.ids import new_id
from docai.store.models import DeliveryRow, WebhookRow

Json = dict[str, Any]


class DeliveryState(StrEnum):
    QUEUED = "queued"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Webhook:
    id: UUID
    owner: str
    url: str
    secret: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one address; `tries` were made before."""

    id: UUID
    url: str
    secret: str
    event: str
    payload: Json
    tries: int
    created_at: datetime


def add(store: Store, owner: str, url: str) -> Webhook:
    """A webhook with a secret of its own; that the URL may be called is the caller's to check."""
    with store.writing() as session:
        ensure_owner(session, owner)
        row = WebhookRow(
            id=new_id(),
            owner=owner,
            url=url,
            secret=secrets.token_urlsafe(32),
            created_at=store.now(),
        )
        session.add(row)
        session.flush()
        return _value(row)


def get(store: Store, owner: str, id: UUID) -> Webhook:
    """Raises NotFound."""
    with store.reading() as session:
        row = session.get(WebhookRow, id)
        if row is None or row.owner != owner:
            raise NotFound(f"there is no webhook {id}")
        return _value(row)


def several(store: Store, owner: str) -> list[Webhook]:
    """The owner's webhooks, oldest first."""
    wanted = select(WebhookRow).where(WebhookRow.owner == owner).order_by(WebhookRow.id)
    with store.reading() as session:
        return [_value(row) for row in session.scalars(wanted)]


def remove(store: Store, owner: str, id: UUID) -> None:
    """With every delivery that was still to come. Raises NotFound."""
    with store.writing() as session:
        row = session.get(WebhookRow, id)
        if row is None or row.owner != owner:
            raise NotFound(f"there is no webhook {id}")
        session.delete(row)


def enqueue(session: Session, webhook_id: UUID, event: str, payload: Json, now: datetime) -> None:
    """Part of the caller's transaction: the event exists exactly when what it tells of does."""
    row = DeliveryRow(webhook_id=webhook_id, event=event, payload=payload, created_at=now)
    row.state, row.not_before = DeliveryState.QUEUED, now
    session.add(row)


def take_due(store: Store, *, most: int, lease_s: float) -> list[Delivery]:
    """Deliveries to try now; nobody else gets them for `lease_s` seconds."""
    now = store.now()
    wanted = (
        select(DeliveryRow, WebhookRow)
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(DeliveryRow.state == DeliveryState.QUEUED, DeliveryRow.not_before <= now)
        .order_by(DeliveryRow.not_before)
        .limit(most)
    )
    with store.reading() as session:
        if session.execute(wanted.limit(1)).first() is None:
            return []
    with store.writing() as session:
        locked = wanted.with_for_update(skip_locked=True, of=DeliveryRow)
        found = session.execute(locked).all()
        for row, _ in found:
            row.not_before = now + timedelta(seconds=lease_s)
        return [
            Delivery(
                row.id, hook.url, hook.secret, row.event, row.payload, row.tries, row.created_at
            )
            for row, hook in found
        ]


def delivered(store: Store, id: UUID, status_code: int) -> None:
    with store.writing() as session:
        row = session.get(DeliveryRow, id)
        if row is not None:  # its owner may have removed the webhook meanwhile
            row.state, row.delivered_at = DeliveryState.DELIVERED, store.now()
            row.tries, row.status_code, row.error = row.tries + 1, status_code, None


def not_delivered(
    store: Store, id: UUID, error: str, status_code: int | None, *, again_in_s: float | None
) -> None:
    """Notes a try that failed; without `again_in_s` it was the last."""
    with store.writing() as session:
        row = session.get(DeliveryRow, id)
        if row is None:
            return
        row.tries, row.status_code, row.error = row.tries + 1, status_code, error
        if again_in_s is None:
            row.state = DeliveryState.FAILED
        else:
            row.not_before = store.now() + timedelta(seconds=again_in_s)


def _value(row: WebhookRow) -> Webhook:
    return Webhook(row.id, row.owner, row.url, row.secret, row.created_at)
