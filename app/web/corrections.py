"""What a person did in a list of fields or a grid, carried out in the order it was done."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.client import ApiError, Client, Extraction
from app.web import addable
from app.web.rows import PAIR, Place, left_empty, values_of
from app.web.session import told, warn
from app.web.values import DoesNotFit, parsed, shown
from app.web.words import known, t

Json = dict[str, Any]


LEAVING = ("confirm", "skip", "back")
MOST_CHANGES = 500  # of one call
TOGETHER = ("accept", "absent", "set", "cell")  # one call, where they come faster than it answers


def carry_out(docai: Client, found: Extraction, part: str) -> tuple[Extraction, str]:
    """The result after everything new that was said in this part, and what the page is to do then.

    That is "confirm", "skip" or "back", or "" to stay. Each action has a number; those up to the
    last one that was carried out are known, and so are those of another document.
    """
    said = st.session_state.get(part, {}).get("actions")
    if said is None:
        return found, ""
    last = done_so_far(part)
    known_up_to = last["done"] if last["run"] == said["run"] else 0
    new = [a for a in said["list"] if a["n"] > known_up_to and a["result"] == str(found.id)]
    for some in _batches(new):
        st.session_state[f"{part}_done"] = {"run": said["run"], "done": some[-1]["n"]}
        if some[0]["op"] in LEAVING:
            return found, some[0]["op"]
        found = _undone(docai, found) if some[0]["op"] == "undo" else _do(docai, found, some)
    return found, ""


def _batches(actions: Sequence[Json]) -> list[list[Json]]:
    """In their order; those of different places that may be sent together are."""
    batches: list[list[Json]] = []
    for action in actions:
        before = batches[-1] if batches else []
        are_together = all(each["op"] in TOGETHER for each in (*before, action))
        if before and are_together and _place(action) not in map(_place, before):
            before.append(action)
        else:
            batches.append([action])
    return batches


def _place(action: Json) -> Json:
    return {key: action.get(key) for key in ("id", "table", "row", "column")}


def confirm(docai: Client, found: Extraction) -> None:
    """Everything that nobody has looked at is right as it is."""
    left = [
        _change(place, field["value"])
        for place, field in values_of(found.result)
        if not field.get("corrected")
    ]
    for start in range(0, len(left), MOST_CHANGES):
        docai.correct(found.document, found.requested, left[start : start + MOST_CHANGES])
    docai.review(found.document, found.requested)


def done_so_far(part: str) -> Json:
    """For a list of fields or a grid: which of its actions it need not show any more."""
    held: Json = st.session_state.get(f"{part}_done", {"run": "", "done": 0})
    return held


def _undone(docai: Client, found: Extraction) -> Extraction:
    with told():
        try:
            return docai.undo(found.document, found.requested)
        except ApiError as error:
            if error.code != "conflict":
                raise
            st.toast(t("fields.nothing_to_undo"))
    return found


def _do(docai: Client, found: Extraction, actions: Sequence[Json]) -> Extraction:
    """What the service refuses of several does not hold up the others."""
    changes = [c for action in actions if (c := _fitting(docai, found, action)) is not None]
    if len(changes) > 1:
        with contextlib.suppress(ApiError):
            return docai.correct(found.document, found.requested, changes)
    for change in changes:
        with told():
            found = docai.correct(found.document, found.requested, [change])
    return found


def _fitting(docai: Client, found: Extraction, action: Json) -> Json | None:
    """The change that the action wants; None where there is nothing to change, or it cannot be."""
    try:
        match action["op"]:
            case "add":
                return _added(action, addable.missing(docai, found))
            case "cell":
                name = f"{action['table']}.{action['column']}"
                return _change(Place("cell", action["row"], name), action["text"])
            case "drop_row":
                return _change(Place("table_row", action["row"], str(action["table"])), None)
            case _:
                return _of_field(found, action)
    except DoesNotFit as error:
        warn(t("fields.does_not_fit", name=_name(action), type=t(f"type.{error}")))
        return None


def _name(action: Json) -> str:
    """Of what was to be changed, as the list has it."""
    if "id" not in action:
        return known("field", action["name"])
    place = Place.of(action["id"])
    return place.name if place.kind == PAIR else known("field", place.name)


def _added(action: Json, kinds: dict[str, str]) -> Json | None:
    """A field that was missed; None where it is there by now."""
    kind = kinds.get(action["name"])
    if kind is None:
        return None
    value = parsed(kind, action["text"])
    change = {**_change(Place("field", 0, action["name"]), value), "type": kind}
    return change | _place_of(action)


def _of_field(found: Extraction, action: Json) -> Json | None:
    """None where it was marked as absent a moment ago."""
    fields = dict(values_of(found.result))
    place = Place.of(action["id"])
    field = fields.get(place)
    if field is None:
        return None
    change = _change(place, field["value"])
    if action["op"] == "absent":
        change["value"] = left_empty(field) if place.kind == PAIR else None
    elif action["op"] == "set" and action["text"] != shown(field["type"], field["value"]):
        if place.kind == PAIR and not action["text"].strip():
            change["value"] = left_empty(field)
        else:
            change["value"] = parsed(field["type"], action["text"], field["value"])
        change |= _place_of(action)
    return change


def _place_of(action: Json) -> Json:
    """Where a value was picked on the page; one that was typed stands where it stood."""
    if not action.get("evidence"):
        return {}
    return {"text": action["page_text"], "evidence": action["evidence"]}


def _change(place: Place, value: Any) -> Json:
    return {"name": place.name, "kind": place.kind, "row": place.row, "value": value}
