"""INSERT ... ON CONFLICT DO NOTHING, which SQLite and PostgreSQL spell alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from docai.store.models import Base, table_of


def insert_new(session: Session, row: type[Base], values: dict[str, Any]) -> bool:
    """Inserts the row unless one with its unique key is there; whether it did."""
    keys = row.__mapper__.primary_key
    made = insert_of(session, row).values(**values).on_conflict_do_nothing().returning(*keys)
    return session.execute(made).first() is not None


def insert_of(session: Session, row: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the session's dialect, past the ORM."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return (sqlite.insert if is_sqlite else postgresql.insert)(table_of(row))
