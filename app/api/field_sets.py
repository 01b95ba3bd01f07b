"""Fields of the caller's own, kept under a name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from app.api.service import Api, Caller
from app.api.shapes import NO_NUL, FieldSetIn, FieldSetOut, FieldSetsOut
from docai.store import field_sets

router = APIRouter(prefix="/v1/field-sets", tags=["field sets"])

SetName = Annotated[str, Path(min_length=1, max_length=100, pattern=NO_NUL)]


@router.get("")
def list_field_sets(api: Api, caller: Caller) -> FieldSetsOut:
    """By name."""
    found = field_sets.several(api.store, caller.owner)
    return FieldSetsOut(field_sets=[FieldSetOut.of(each) for each in found])


@router.put("/{name}")
def put_field_set(api: Api, caller: Caller, name: SetName, body: FieldSetIn) -> FieldSetOut:
    """Makes the set, or replaces the one of this name."""
    return FieldSetOut.of(field_sets.put(api.store, caller.owner, name, body.specs()))


@router.delete("/{name}", status_code=204)
def delete_field_set(api: Api, caller: Caller, name: SetName) -> None:
    """What was found with it stays."""
    field_sets.remove(api.store, caller.owner, name)
