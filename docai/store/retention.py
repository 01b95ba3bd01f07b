"""How long documents are kept: as the service says, or for less time where their owner says so."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from docai.store.database import Store
from docai.store.documents import ensure_owner
from docai.store.models import OwnerRow


@dataclass(frozen=True, slots=True)
class Retention:
    """Days from a document's upload until it is deleted.

    `own_days` None is as the service says, whose 0 means until somebody deletes it.
    """

    own_days: float | None
    service_days: float

    @property
    def days(self) -> float:
        """That hold; 0 keeps documents. No owner keeps for longer than the service promises."""
        said = [days for days in (self.own_days, self.service_days) if days]
        return min(said, default=0.0)


def of(store: Store, owner: str, service_days: float) -> Retention:
    with store.reading() as session:
        row = session.get(OwnerRow, owner)
        return Retention(row.retention_days if row else None, service_days)


def put(store: Store, owner: str, days: float | None) -> None:
    """`days` more than 0; None goes back to what the service says."""
    with store.writing() as session:
        ensure_owner(session, owner)
        row = session.get_one(OwnerRow, owner)
        row.retention_days = days


def owners(store: Store) -> dict[str, float]:
    """The days of those owners that chose some, by name."""
    wanted = select(OwnerRow.name, OwnerRow.retention_days)
    with store.reading() as session:
        found = session.execute(wanted.where(OwnerRow.retention_days.is_not(None)))
        return {name: days for name, days in found if days}
