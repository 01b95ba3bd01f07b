"""What a person did in the list of fields, carried out in the order it was done."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.client import ApiError, Client, Extraction
from app.web.rows import Place, fields_of
from app.web.session import told, warn
from app.web.values import DoesNotFit, parsed, shown
from app.web.words import known, t

Json = dict[str, Any]


def carry_out(docai: Client, found: Extraction, said: Json | None) -> tuple[Extraction, str]:
    """The result after everything new that was said, and what the page is to do then.

    That is "confirm", "skip" or "back", or "" to stay. Each action has a number; those up to the
    last one that was carried out are known, and so are those of another document.
    """
    last = st.session_state.get("actions_done", ("", 0))
    if said is None:
        return found, ""
    known_up_to = last[1] if last[0] == said["run"] else 0
    for action in said["list"]:
        if action["n"] <= known_up_to or action["result"] != str(found.id):
            continue
        st.session_state["actions_done"] = (said["run"], action["n"])
        if action["op"] in ("confirm", "skip", "back"):
            return found, action["op"]
        with told():
            try:
                found = _do(docai, found, action)
            except DoesNotFit as error:
                kind = t(f"type.{error}")
                name = known("field", Place.of(action["id"]).name)
                warn(t("fields.does_not_fit", name=name, type=kind))
            except ApiError as error:
                if (action["op"], error.code) != ("undo", "conflict"):
                    raise
                st.toast(t("fields.nothing_to_undo"))
    return found, ""


def confirm(docai: Client, found: Extraction) -> None:
    """Everything that nobody has looked at is right as it is."""
    left = [
        _change(place, field, field["value"])
        for place, field in fields_of(found.result)
        if not field.get("corrected")
    ]
    if left:
        docai.correct(found.document, found.requested, left)
    docai.review(found.document, found.requested)


def done_so_far() -> Json:
    """For the list of fields: which of its actions it need not show any more."""
    run, number = st.session_state.get("actions_done", ("", 0))
    return {"run": run, "done": number}


def _do(docai: Client, found: Extraction, action: Json) -> Extraction:
    """Raises DoesNotFit and ApiError."""
    if action["op"] == "undo":
        return docai.undo(found.document, found.requested)
    fields = dict(fields_of(found.result))
    place = Place.of(action["id"])
    field = fields.get(place)
    if field is None:  # it was marked as absent a moment ago
        return found
    change = _change(place, field, field["value"])
    if action["op"] == "absent":
        change["value"] = None
    elif action["op"] == "set" and action["text"] != shown(field["type"], field["value"]):
        change["value"] = parsed(field["type"], action["text"], field["value"])
        if action.get("evidence"):  # it was picked on the page; else it stands where it stood
            change |= {"text": action["page_text"], "evidence": action["evidence"]}
    return docai.correct(found.document, found.requested, [change])


def _change(place: Place, field: Json, value: Any) -> Json:
    return {"name": place.name, "kind": place.kind, "row": place.row, "value": value}
