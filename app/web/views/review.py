"""The documents that want a person most, one after the other, by keyboard."""

from __future__ import annotations

import streamlit as st

from app.client import Client, Document, Extraction
from app.web import addable, corrections, parts, rows
from app.web.session import docai, told
from app.web.views.document import viewed
from app.web.words import known, plain, t

MOST_SEEN = 100  # documents one can go back to


def show() -> None:
    client = docai()
    document = _current(client)
    if document is None or document.result is None:
        st.title(t("review.title"))
        st.success(t("review.nothing"))
        return
    found = client.extraction(document.id, document.result["requested"])
    found, then = corrections.carry_out(client, found, "review")
    if then:
        with told():
            _leave(client, document, found, then)
        st.rerun()
    left, right = st.columns([3, 2])
    with right:
        _side(client, document, found)
    with left:
        marks = rows.marks(found.result)
        parts.viewer(viewed(document, found.result, marks), key="review_viewer")


def _side(client: Client, document: Document, found: Extraction) -> None:
    open_now = st.session_state["review_open"]
    st.text(
        t("review.left", count=open_now, name=document.filename, type=known("task", found.task))
    )
    with st.container():  # always there, so that what follows keeps its place and its state
        for message in rows.check_messages(found.result).get("", ()):
            st.warning(plain(message))
    listed = rows.field_rows(found.result) + rows.pair_rows(found.result)
    data = {"result": str(found.id), "rows": listed, "can_edit": True}
    data |= {"missing": addable.choices(client, found), "mode": "review"}
    data |= {"is_form": found.task == "form"}
    parts.fields({**data, **corrections.done_so_far("review")}, key="review")


def _current(client: Client) -> Document | None:
    """The one that was gone back to, else the first of the queue that was not put off."""
    queue = client.reviews(200)
    st.session_state["review_open"] = queue.open
    if (id := st.session_state.get("review_document")) is not None:
        with told():
            return client.document(id)
    skipped = st.session_state.setdefault("review_skipped", [])
    waiting = [document for document in queue.documents if str(document.id) not in skipped]
    if not waiting and queue.documents:  # all were put off: round again
        skipped.clear()
        waiting = queue.documents
    if not waiting:
        return None
    # It stays the current one, though others may come to stand before it.
    st.session_state["review_document"] = str(waiting[0].id)
    return waiting[0]


def _leave(client: Client, document: Document, found: Extraction, then: str) -> None:
    seen = st.session_state.setdefault("review_seen", [])
    if then == "back":
        if not seen:
            st.toast(t("review.no_way_back"))
            return
        st.session_state["review_document"] = seen.pop()
        return
    if then == "confirm":
        corrections.confirm(client, found)
    else:
        st.session_state.setdefault("review_skipped", []).append(str(document.id))
    seen.append(str(document.id))
    del seen[:-MOST_SEEN]
    st.session_state["review_document"] = None
