"""Keys of the caller's own owner. Other owners get their first key on the command line."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from fastapi import APIRouter

from app.api.problems import Refused
from app.api.service import Api, Caller
from app.api.shapes import KeyIn, KeyOut, KeysOut, NewKeyOut
from docai.store import keys

router = APIRouter(prefix="/v1/keys", tags=["keys"])


@router.post("", status_code=201)
def make_key(api: Api, caller: Caller, body: KeyIn) -> NewKeyOut:
    """A further key with some of the scopes that the calling one has."""
    beyond = body.scopes - caller.scopes
    if beyond:
        raise Refused(403, "forbidden", f"your key has no scope {', '.join(sorted(beyond))}")
    expires_at = body.expires_at
    if expires_at is not None and expires_at.tzinfo is None:
        expires_at = expires_at.replace(tzinfo=UTC)
    made, text = keys.make(api.store, caller.owner, body.name, body.scopes, expires_at=expires_at)
    return NewKeyOut(**KeyOut.of(made).model_dump(), key=text)


@router.get("")
def list_keys(api: Api, caller: Caller) -> KeysOut:
    return KeysOut(keys=[KeyOut.of(each) for each in keys.several(api.store, caller.owner)])


@router.delete("/{key_id}", status_code=204)
def revoke_key(api: Api, caller: Caller, key_id: UUID) -> None:
    """It opens nothing from now on."""
    keys.revoke(api.store, key_id, owner=caller.owner)
