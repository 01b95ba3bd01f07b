"""A form's labels and what was filled in, as people change it. Pure.

Pairs are the `key_values` of docs/json.md. A correction names one by its row among them, from 0,
and by its label (kind "key_value"), of which the first NAMED characters are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docai.errors import UsageError
from docai.results import FieldType

Json = dict[str, Any]

KEY_VALUE = "key_value"
NAMED = 100  # characters of a label that a correction names
KINDS: dict[FieldType | None, str] = {FieldType.STRING: "text", FieldType.BOOLEAN: "true or false"}


def find(result: Json, row: int, name: str) -> Json:
    """The pair as a field, its value None where nothing was filled in. Raises UsageError."""
    pairs = result.get("key_values", [])
    if not 0 <= row < len(pairs):
        raise UsageError(f"there is no key_value {row}; the result has {len(pairs)}")
    found = as_field(pairs[row])
    if found["name"][:NAMED] != name[:NAMED]:
        raise UsageError(f"the label of key_value {row} is {found['name']!r}, not {name!r}")
    return found


def as_field(pair: Json) -> Json:
    filled = pair["value"] or {}
    return {
        "name": pair["key"]["text"],
        "type": filled.get("type", FieldType.STRING.value),
        "value": filled.get("value", filled.get("text")),
        "text": filled.get("text"),
        "confidence": pair["confidence"],
        "evidence": filled.get("evidence") or pair["key"]["evidence"],
        "corrected": pair.get("corrected", False),
    }


def changed(
    result: Json,
    old: Json,
    row: int,
    value: Any,
    *,
    kind: FieldType | None,
    text: str | None,
    evidence: Sequence[Json] | None,
) -> Json:
    """The pair as a field after the change; a `value` of None, or "", was not filled in.

    A text is what the page says, so it is `text` too; of a tick that is its mark. Where nothing
    was filled in, either of both may have been missed. Raises UsageError.
    """
    filled = result["key_values"][row]["value"]
    about = {"name": old["name"], "confidence": 1.0, "corrected": True}
    if value is None or value == "":
        left_empty = {"type": FieldType.STRING.value, "value": None, "text": None}
        return {**about, **left_empty, "evidence": result["key_values"][row]["key"]["evidence"]}
    known = FieldType(old["type"]) if filled else _type_of(value)
    type = kind or known
    if type is None or type not in KINDS or type is not _type_of(value):
        says = KINDS[type] if type in KINDS else " or ".join(KINDS.values())
        raise UsageError(f"{old['name']}: {value!r} does not fit; what is filled in is {says}")
    seen = text if text is not None else old["text"] or ""
    where = [] if filled is None else filled["evidence"]
    return {
        **about,
        "type": type.value,
        "value": value,
        "text": seen if type is FieldType.BOOLEAN else value,
        "evidence": where if evidence is None else list(evidence),
    }


def with_value(result: Json, row: int, field: Json) -> Json:
    """A new result in which the pair is as this field says."""
    pair = result["key_values"][row]
    filled = None
    if field["value"] is not None:
        filled = {"text": field["text"], "evidence": field["evidence"]}
        if field["type"] == FieldType.BOOLEAN:
            filled |= {"type": field["type"], "value": field["value"]}
    new = {**pair, "value": filled, "confidence": field["confidence"], "corrected": True}
    pairs = [new if n == row else each for n, each in enumerate(result["key_values"])]
    return {**result, "key_values": pairs}


def _type_of(value: Any) -> FieldType | None:
    if isinstance(value, bool):
        return FieldType.BOOLEAN
    return FieldType.STRING if isinstance(value, str) else None
