"""Addresses that are told when a job is finished; the workers' side delivers."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app.api.service import Api, Caller
from app.api.shapes import NewWebhookOut, WebhookIn, WebhookOut, WebhooksOut
from docai.errors import UsageError
from docai.store import webhooks
from docai.webhooks import target

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.post("", status_code=201)
def add_webhook(api: Api, caller: Caller, body: WebhookIn) -> NewWebhookOut:
    """An address on the public internet, and the secret that signs what it is sent."""
    try:
        target(body.url, api.webhooks)
    except OSError as error:
        raise UsageError(f"the webhook's host is not known: {error}") from error
    made = webhooks.add(api.store, caller.owner, body.url)
    return NewWebhookOut(**WebhookOut.of(made).model_dump(), secret=made.secret)


@router.get("")
def list_webhooks(api: Api, caller: Caller) -> WebhooksOut:
    found = webhooks.several(api.store, caller.owner)
    return WebhooksOut(webhooks=[WebhookOut.of(each) for each in found])


@router.delete("/{webhook_id}", status_code=204)
def remove_webhook(api: Api, caller: Caller, webhook_id: UUID) -> None:
    """What was still to be delivered to it is not."""
    webhooks.remove(api.store, caller.owner, webhook_id)
