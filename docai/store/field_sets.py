"""Fields of an owner's own: described once, asked for by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from docai.errors import NotFound
from docai.results import FieldType
from docai.store.database import Store
from docai.store.documents import ensure_owner
from docai.store.models import FieldSetRow
from docai.tasks.base import FieldSpec


@dataclass(frozen=True, slots=True)
class FieldSet:
    name: str
    fields: tuple[FieldSpec, ...]
    changed_at: datetime


def several(store: Store, owner: str) -> list[FieldSet]:
    """By name."""
    wanted = select(FieldSetRow).where(FieldSetRow.owner == owner).order_by(FieldSetRow.name)
    with store.reading() as session:
        return [_value(row) for row in session.scalars(wanted)]


def put(store: Store, owner: str, name: str, fields: Sequence[FieldSpec]) -> FieldSet:
    """Makes the set, or replaces the one of this name."""
    with store.writing() as session:
        ensure_owner(session, owner)
        row = session.get(FieldSetRow, (owner, name)) or FieldSetRow(owner=owner, name=name)
        row.fields, row.changed_at = [asdict(field) for field in fields], store.now()
        session.add(row)
        return _value(row)


def remove(store: Store, owner: str, name: str) -> None:
    """Raises NotFound."""
    with store.writing() as session:
        row = session.get(FieldSetRow, (owner, name))
        if row is None:
            raise NotFound(f"there are no fields called {name!r}")
        session.delete(row)


def _value(row: FieldSetRow) -> FieldSet:
    fields = [
        FieldSpec(**{**f, "type": FieldType(f["type"]), "labels": tuple(f["labels"])})
        for f in row.fields
    ]
    return FieldSet(row.name, tuple(fields), row.changed_at)
