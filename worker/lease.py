"""The sign of life: a thread that renews what this process holds, and watches the clock."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from docai.errors import StoreError
from docai.store import claims
from docai.store.claims import Claim
from docai.store.database import Store

log = logging.getLogger("docai.worker")

RENEWALS = 4  # within one lease: several may fail before it is lost


class Lease:
    """Renews one claim at a time, from a thread of its own; most claims end before the first.

    `on_late` is called in that thread with a document that takes longer than `document_s`.
    """

    def __init__(
        self, store: Store, lease_s: float, document_s: float, on_late: Callable[[Claim], None]
    ) -> None:
        self._store, self._lease_s = store, lease_s
        self._document_s, self._on_late = document_s, on_late
        self._unwanted: set[int] = set()
        self._in_hand: tuple[Claim, float] | None = None  # the document, and when it must be done

    @contextlib.contextmanager
    def holding(self, claimed: Sequence[Claim]) -> Iterator[None]:
        ended = threading.Event()
        renewals = threading.Thread(target=self._renew, args=(claimed, ended), daemon=True)
        renewals.start()
        try:
            yield
        finally:
            ended.set()
            renewals.join()

    @contextlib.contextmanager
    def in_hand(self, claim: Claim) -> Iterator[None]:
        """While this one of the held documents is worked on."""
        self._in_hand = claim, time.monotonic() + self._document_s
        try:
            yield
        finally:
            self._in_hand = None

    def is_wanted(self, claim: Claim) -> bool:
        """False once its job was paused or cancelled, or another worker has it."""
        return claim.item_id not in self._unwanted

    def _renew(self, claimed: Sequence[Claim], ended: threading.Event) -> None:
        held = {claim.item_id for claim in claimed}
        self._unwanted = set()
        while not ended.wait(min(self._lease_s, self._document_s) / RENEWALS):
            in_hand = self._in_hand
            if in_hand is not None and time.monotonic() > in_hand[1]:
                self._on_late(in_hand[0])
            try:
                wanted = claims.renew(self._store, claimed[0].token, lease_s=self._lease_s)
            except StoreError as error:
                log.warning("the lease could not be renewed: %s", error)
                continue
            self._unwanted = held - wanted
