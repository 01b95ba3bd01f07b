"""API keys: `docai_PREFIX_SECRET`. Shown once; kept as a hash, which is enough to check them.

A secret of 256 random bits cannot be guessed from its SHA-256, so no slow hash is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, update

from docai.errors import NotFound
from docai.store.database import Store
from docai.store.documents import ensure_owner
from docai.store.ids import new_id
from docai.store.models import ApiKeyRow

USE_NOTED_EVERY = timedelta(minutes=1)  # or each call would be a write


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """Who calls, and what they may do. `prefix` names the key without giving it away."""

    id: UUID
    owner: str
    name: str
    prefix: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


def make(
    store: Store,
    owner: str,
    name: str,
    scopes: Iterable[Scope],
    *,
    expires_at: datetime | None = None,
) -> tuple[StoredKey, str]:
    """A new key, and its text, which cannot be had again."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    text = f"docai_{prefix}_{secret}"
    with store.writing() as session:
        ensure_owner(session, owner)
        row = ApiKeyRow(
            id=new_id(),
            owner=owner,
            name=name,
            prefix=prefix,
            digest=_digest(text),
            scopes=" ".join(sorted(scopes)),
            created_at=store.now(),
            expires_at=expires_at,
        )
        session.add(row)
        session.flush()
        return _value(row), text


def find(store: Store, text: str) -> StoredKey | None:
    """The key of this text, unless it is unknown, revoked or expired."""
    prefix = text.split("_")[1] if text.startswith("docai_") else ""
    with store.reading() as session:
        row = session.scalars(select(ApiKeyRow).where(ApiKeyRow.prefix == prefix)).one_or_none()
        # An unknown prefix costs the same comparison as a known one.
        is_right = hmac.compare_digest(row.digest if row else "", _digest(text))
        if row is None or not is_right:
            return None
        key = _value(row)
    now = store.now()
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return None
    if key.used_at is None or now - key.used_at > USE_NOTED_EVERY:
        with store.writing() as session:
            session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key.id).values(used_at=now))
    return key


def several(store: Store, owner: str | None = None) -> list[StoredKey]:
    """The keys of one owner, or of all."""
    wanted = select(ApiKeyRow).order_by(ApiKeyRow.id)
    if owner is not None:
        wanted = wanted.where(ApiKeyRow.owner == owner)
    with store.reading() as session:
        return [_value(row) for row in session.scalars(wanted)]


def revoke(store: Store, id: UUID, *, owner: str | None = None) -> None:
    """Raises NotFound; `owner` None revokes anybody's."""
    with store.writing() as session:
        row = session.get(ApiKeyRow, id)
        if row is None or owner not in (None, row.owner):
            raise NotFound(f"there is no key {id}")
        row.revoked_at = row.revoked_at or store.now()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _value(row: ApiKeyRow) -> StoredKey:
    return StoredKey(
        id=row.id,
        owner=row.owner,
        name=row.name,
        prefix=row.prefix,
        scopes=frozenset(map(Scope, row.scopes.split())),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )
