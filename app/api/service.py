"""What every call needs."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from app.api.pictures import Painter
from app.api.problems import Refused
from app.api.settings import ApiSettings
from app.api.watch import Watch
from docai.errors import QueueError
from docai.ingest.limits import Limits
from docai.jobs import MOST_BELLS, Doorbell, Lane
from docai.store.database import Store
from docai.store.keys import StoredKey
from docai.webhooks import WebhookOptions

log = logging.getLogger("docai.api")


@dataclass(frozen=True, slots=True)
class Service:
    """One process's share of the service."""

    store: Store
    bell: Doorbell
    settings: ApiSettings = field(default_factory=ApiSettings)
    limits: Limits = field(default_factory=Limits)
    webhooks: WebhookOptions = field(default_factory=WebhookOptions)
    password: str | None = None  # of encrypted PDFs, as the workers have it
    watch: Watch = field(init=False)
    painter: Painter = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "watch", Watch(self.store))
        painter = Painter(self.store, self.limits, self.settings.pictures, self.password)
        object.__setattr__(self, "painter", painter)

    def ring(self, lane: Lane, documents: int) -> None:
        """After the rows are written. A bell that cannot be rung is the sweep's to ring."""
        try:
            self.bell(lane, min(documents, MOST_BELLS))
        except QueueError as error:
            log.warning("%s; the work is safe and begins with the next sweep", error)


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def caller_of(request: Request) -> StoredKey:
    """Who calls; every route that shows or changes something takes its owner from here."""
    key: StoredKey | None = request.scope.get("docai.key")
    if key is None:  # the gate did not see this call: a door that should not exist stays shut
        raise Refused(401, "unauthorized", "this call needs a key")
    return key


Api = Annotated[Service, Depends(service_of)]
Caller = Annotated[StoredKey, Depends(caller_of)]
