"""The real application on a real database, with a real worker in a thread of this process."""

from __future__ import annotations

import threading

from fastapi.testclient import TestClient

from app.api.main import make_app
from app.api.service import Service
from app.api.settings import ApiSettings
from docai.ingest.limits import Limits
from docai.jobs import Lane
from docai.pipeline import ReadOptions
from docai.settings import Settings
from docai.store import keys
from docai.store.database import Store
from docai.store.keys import Scope
from docai.webhooks import WebhookOptions
from worker.work import Worker

OFTEN = ApiSettings(rate_per_minute=1_000_000)


class Workplace:
    """A store, an API over it, and a worker that hears the API's bell (or not)."""

    def __init__(self, folder, database, settings=OFTEN, limits=None, webhooks=None):
        self.settings = Settings(data=str(folder), database=database).filled()
        self.store = Store.from_settings(self.settings)
        self.limits = limits or Limits()
        self._bell, self._closed = threading.Event(), False
        self._hand: threading.Thread | None = None
        webhooks = webhooks or WebhookOptions()
        service = Service(self.store, self._ring, settings, self.limits, webhooks)
        self.app = make_app(service)

    def _ring(self, lane: Lane, bells: int = 1) -> None:
        self._bell.set()

    def key(self, owner="ann", *scopes: Scope) -> str:
        return keys.make(self.store, owner, f"{owner}'s", scopes or tuple(Scope))[1]

    def client(self, owner="ann", *scopes: Scope, **options) -> TestClient:
        bearer = {"Authorization": f"Bearer {self.key(owner, *scopes)}"}
        return TestClient(self.app, headers=bearer, raise_server_exceptions=False, **options)

    def hire(self) -> None:
        """From now on what is asked for is done."""
        self._hand = threading.Thread(target=self._work, daemon=True)
        self._hand.start()
        self._bell.set()

    def work(self) -> int:
        """Does what is asked for so far, in the calling thread."""
        worker = Worker(self.store, self.settings, ReadOptions(), self.limits)
        return worker.work(for_s=60)

    def _work(self) -> None:
        worker = Worker(self.store, self.settings, ReadOptions(), self.limits)
        while not self._closed:
            self._bell.wait()
            self._bell.clear()
            worker.work(for_s=60)

    def close(self) -> None:
        self._closed = True
        self._bell.set()
        if self._hand is not None:
            self._hand.join(timeout=60)
        self.store.close()
