"""Waiting for jobs: however many callers wait, the database is asked one question at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from uuid import UUID

from anyio import to_thread

from docai.errors import StoreError
from docai.store import jobs
from docai.store.database import Store

log = logging.getLogger("docai.api")

LOOK_EVERY_S = 0.1


class Watch:
    """A loop that runs while somebody waits, in the event loop of those who do."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: Counter[UUID] = Counter()
        self._over: dict[UUID, asyncio.Event] = {}
        self._loop: asyncio.Task[None] | None = None

    async def is_over(self, id: UUID, within_s: float) -> bool:
        """Whether the job was finished or cancelled in time."""
        event = self._over.setdefault(id, asyncio.Event())
        self._waiting[id] += 1
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._look())
        try:
            await asyncio.wait_for(event.wait(), within_s)
            return True
        except TimeoutError:
            return False
        finally:
            self._waiting[id] -= 1
            if not self._waiting[id]:
                del self._waiting[id], self._over[id]

    async def _look(self) -> None:
        while self._over:
            try:
                over = await to_thread.run_sync(jobs.over, self._store, list(self._over))
            except StoreError as error:
                log.warning("%s; looking again", error)
                over = set()
            for id in over & self._over.keys():
                self._over[id].set()
            await asyncio.sleep(LOOK_EVERY_S)
