"""One document: its pages with everything that was found, and what can be done with it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.client import Client, Document, Extraction
from app.web import addable, corrections, parts, rows
from app.web.session import docai, in_words
from app.web.views import tabs
from app.web.views.inbox import export_links
from app.web.words import known, plain, t

Json = dict[str, Any]

TABS = ("fields", "form", "tables", "ask", "text", "json")
LOOK_EVERY_S = 1.0  # at work that is under way


def show() -> None:
    id = st.query_params.get("document")
    if id is None:
        st.info(t("document.none"))
        return
    client = docai()
    document = client.document(id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(plain(document.filename), width="stretch")
        if document.result is not None:
            parts.links(_downloads(id), key="downloads")
    if document.result is None:
        _without_result(client, document)
    else:
        _with_result(client, document, client.extraction(id, document.result["requested"]))


def _without_result(client: Client, document: Document) -> None:
    left, right = st.columns([3, 2])
    with right:
        if document.activity != "idle":
            _wait(str(document.id))
        else:
            if document.error:
                st.error(plain(in_words(document.error["code"], document.error["message"])))
            else:
                st.info(t("document.not_asked"))
            if st.button(t("document.extract"), type="primary"):
                client.submit([document.id])
                st.rerun()
    with left:
        if not document.error:
            parts.viewer(viewed(document, {}, []), key="viewer")


def _downloads(id: str) -> list[Json]:
    searchable = {
        "text": t("document.searchable"),
        "href": f"./docai/documents/{id}/searchable.pdf",
    }
    return [*export_links([id]), searchable]


@st.fragment(run_every=LOOK_EVERY_S)
def _wait(id: str) -> None:
    document = docai().document(id)
    if document.activity == "idle":
        st.rerun()
    st.info(t(f"document.{document.activity}"))


def _with_result(client: Client, document: Document, found: Extraction) -> None:
    left, right = st.columns([3, 2])
    tab_names = _tabs(found)
    with right:
        tab = st.segmented_control(
            t("document.show"),
            tab_names,
            format_func=lambda name: _tab(name, found),
            default=st.session_state.pop("document_tab", tab_names[0]),
            required=True,
            label_visibility="collapsed",
        )
        found, marks, selected = _shown(client, document, found, tab)
    with left:
        shown = viewed(document, found.result, marks, selected)
        parts.viewer({**shown, "layer": "tables" if tab == "tables" else "fields"}, key="viewer")
    with right:  # after the page, which need not wait for it
        if tab in ("fields", "form", "tables"):
            tabs.history(client, found)


def _shown(
    client: Client, document: Document, found: Extraction, tab: str
) -> tuple[Extraction, list[Json], str | None]:
    """Draws the tab: the result after what was done in it, the page's marks, the selected one."""
    marks, selected = rows.marks(found.result), None
    match tab:
        case "form":
            found = _pairs(client, found)
            marks = rows.marks(found.result)
        case "tables":
            found, marks = tabs.tables(client, found)
            selected = marks[0]["id"] if marks else None
        case "ask":
            marks = tabs.ask(client, document)
            selected = marks[0]["id"] if marks else None
        case "text":
            tabs.text(client, document)
        case "json":
            tabs.as_json(found)
        case _:
            found = _fields(client, found)
            marks = rows.marks(found.result)
    return found, marks, selected


def _tabs(found: Extraction) -> list[str]:
    """A form has pairs instead of fields."""
    has_fields = found.task != "form" or bool(found.result.get("fields"))
    return [name for name in TABS if name != "fields" or has_fields]


def _tab(name: str, found: Extraction) -> str:
    """No two are called the same: Streamlit tells them apart by what it shows."""
    if name != "fields":
        return t(f"document.tab_{name}")
    return t("document.field") if found.task == "form" else known("task", found.task)


def _fields(client: Client, found: Extraction) -> Extraction:
    found, _ = corrections.carry_out(client, found, "fields")
    with st.container():  # always there, so that what follows keeps its place and its state
        for message in rows.check_messages(found.result).get("", ()):
            st.warning(plain(message))
    listed = rows.field_rows(found.result)
    if not listed:
        st.info(t("document.no_fields"))
    about = {"missing": addable.choices(client, found), "is_form": False}
    _list(found, listed, about, "fields")
    return found


def _pairs(client: Client, found: Extraction) -> Extraction:
    found, _ = corrections.carry_out(client, found, "pairs")
    listed = rows.pair_rows(found.result)
    if listed:
        _list(found, listed, {"is_form": True}, "pairs")
    else:
        st.info(t("document.no_pairs"))
    return found


def _list(found: Extraction, listed: list[Json], about: Json, part: str) -> None:
    """Values to be changed."""
    data = {"result": str(found.id), "rows": listed, "mode": "look", "can_edit": True}
    parts.fields({**data, **about, **corrections.done_so_far(part)}, key=part)


def viewed(
    document: Document, result: Json, marks: list[Json], selected: str | None = None
) -> Json:
    """What the viewer needs. Its pictures are fetched anew when the page was read differently."""
    return {
        "document": str(document.id),
        "pages": document.pages or 1,
        "sizes": rows.sizes(result),
        "version": document.status,
        "marks": marks,
        "selected": selected,
    }
