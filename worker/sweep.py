"""The clock of the service: takes back what the dead held, rings for what lies ready, tells.

Any number of sweeps may run at the same time; each change is made under a condition.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from docai.errors import DocaiError
from docai.jobs import MOST_BELLS, Doorbell, Lane
from docai.settings import Settings
from docai.store import claims, documents, jobs, retention
from docai.store.database import Store
from docai.webhooks import WebhookOptions
from worker.deliver import deliver_due

log = logging.getLogger("docai.sweep")

TIDY_EVERY_S = 3600.0  # retention, and files that a crash left behind


def sweep(store: Store, ring: Doorbell, settings: Settings) -> None:
    """One look at everything that may have been left lying."""
    swept = claims.sweep(store, most_deaths=settings.most_deaths)
    if swept.returned or swept.poisoned:
        log.warning("%d documents taken back, %d set aside", swept.returned, swept.poisoned)
    jobs.close_all(store)
    for lane in Lane:
        ready = claims.ready(store, lane, most=MOST_BELLS)
        if ready:
            ring(lane, ready)


def tidy(store: Store, settings: Settings) -> None:
    """What is too old, and what nobody knows."""
    _expire(store, settings.retention_days)
    for owner, days in retention.owners(store).items():
        _expire(store, days, owner)
    documents.collect_files(store)


def _expire(store: Store, days: float, owner: str | None = None) -> None:
    before = store.now() - timedelta(days=days)
    while days and documents.expire(store, before=before, owner=owner):
        pass


def run(store: Store, ring: Doorbell, settings: Settings, hooks: WebhookOptions) -> None:
    """Until the process is asked to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_deliver, args=(store, settings, hooks, stop), daemon=True).start()
    tidied = -TIDY_EVERY_S
    while not stop.is_set():
        _safely(lambda: sweep(store, ring, settings))
        if time.monotonic() - tidied > TIDY_EVERY_S:
            _safely(lambda: tidy(store, settings))
            tidied = time.monotonic()
        stop.wait(settings.sweep_s)


def _deliver(
    store: Store, settings: Settings, hooks: WebhookOptions, stop: threading.Event
) -> None:
    """In a thread of its own: receivers that are slow keep the clock from nothing."""
    while not stop.is_set():
        _safely(lambda: deliver_due(store, hooks))
        stop.wait(settings.sweep_s)


def _safely(step: Callable[[], object]) -> None:
    """A database or a broker that is away comes back; the clock goes on."""
    try:
        step()
    except DocaiError as error:
        log.error("%s", error)
