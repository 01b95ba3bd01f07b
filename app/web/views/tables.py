"""Tables of documents, one at a time: a grid to be changed beside its picture."""

from __future__ import annotations

import streamlit as st

from app.client import ApiError, Client, Document
from app.web import parts
from app.web.session import docai
from app.web.views import tabs
from app.web.views.document import viewed
from app.web.words import plain, t

MOST = 200  # documents to choose from, the newest ones


def show() -> None:
    client = docai()
    found = _with_tables(client)
    if not found:
        st.title(t("nav.tables"))
        st.info(t("tables.empty"))
        return
    left, right = st.columns(2)
    with right:
        document = _chosen(found)
        result = client.extraction(document.id, (document.result or {})["requested"])
        result, marks = tabs.tables(client, result)
    with left:
        shown = viewed(document, result.result, marks, marks[0]["id"] if marks else None)
        parts.viewer({**shown, "layer": "tables"}, key="table_viewer")
    with right:
        tabs.history(client, result)


def _with_tables(client: Client) -> list[Document]:
    """The newest ones, and the one that the address names, however old it is."""
    found = client.find_documents(tables=True, limit=MOST).documents
    wanted = st.query_params.get("document")
    if wanted and wanted not in {str(each.id) for each in found}:
        try:
            named = client.document(wanted)
        except ApiError as error:
            st.error(plain(error.detail))
            return found
        if named.result and named.result["tables"]:
            return [named, *found]
    return found


def _chosen(found: list[Document]) -> Document:
    by_id = {str(each.id): each for each in found}
    wanted = st.query_params.get("document")
    id = st.selectbox(
        t("tables.document"),
        by_id,
        index=[*by_id].index(wanted) if wanted in by_id else 0,
        format_func=lambda id: _named(by_id[id]),
    )
    st.query_params["document"] = id
    return by_id[id]


def _named(document: Document) -> str:
    count = (document.result or {}).get("tables", 0)
    return t("tables.of_document", name=document.filename, count=count)
