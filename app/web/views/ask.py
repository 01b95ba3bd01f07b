"""The same questions about several documents."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from app.client import Answer, Client, Document
from app.web import parts
from app.web.session import docai, told
from app.web.words import t

Json = dict[str, Any]

MOST = 200  # documents to choose from, the newest ones
KEPT = 500  # answers of this window


def show() -> None:
    client = docai()
    found = client.find_documents(limit=MOST).documents
    if not found:
        st.info(t("inbox.empty"))
        return
    names = {str(document.id): document.filename for document in found}
    with st.form("ask", border=False):
        chosen = st.multiselect(
            t("ask.documents"),
            [*names],
            default=[id for id in st.session_state.pop("asked_of", ()) if id in names],
            format_func=lambda id: names[id],
            placeholder=t("ask.choose"),
        )
        questions = st.text_area(t("ask.questions"), placeholder=t("ask.hint"), height=90)
        is_asked = st.form_submit_button(t("ask.ask"), type="primary")
    asked = [line.strip() for line in questions.splitlines() if line.strip()]
    if is_asked and chosen and asked:
        _ask(client, [each for each in found if str(each.id) in chosen], asked)
    elif is_asked:
        st.warning(t("ask.incomplete"))
    _answers()


def _ask(client: Client, documents: list[Document], questions: list[str]) -> None:
    """One document after the other; what is answered stays, whatever happens to the next one."""
    held = st.session_state.setdefault("answers", [])
    bar = st.progress(0.0, t("ask.reading"))
    for number, document in enumerate(documents):
        bar.progress(number / len(documents), t("ask.reading"))
        with told():
            held[:0] = [_kept(document, each) for each in client.ask(document.id, questions)]
            del held[KEPT:]
    bar.empty()


def _kept(document: Document, answer: Answer) -> Json:
    return {
        "document": str(document.id),
        "filename": document.filename,
        "question": answer.question,
        "answer": answer.answer,
        "confidence": answer.confidence,
        "evidence": answer.evidence,
    }


def _answers() -> None:
    held: list[Json] = st.session_state.get("answers", [])
    if not held:
        st.info(t("ask.empty"))
        return
    columns = [
        {"label": t("inbox.name"), "kind": "open"},
        {"label": t("ask.question"), "kind": "text"},
        {"label": t("ask.answer"), "kind": "text"},
        {"label": t("viewer.page_number"), "kind": "number"},
        {"label": t("fields.confidence"), "kind": "sure"},
    ]
    listed = [_row(number, each) for number, each in enumerate(held)]
    data = {"columns": columns, "rows": listed, "label": t("ask.answers")}
    if opened := parts.listing(data, key="all_answers").get("opened"):
        st.session_state["open_document"] = held[int(opened)]["document"]
        st.session_state["document_tab"] = "ask"
        st.rerun()
    with st.expander(t("ask.as_json")):
        st.code(json.dumps(held, ensure_ascii=False, indent=1), language="json", height=300)


def _row(number: int, held: Json) -> Json:
    has_answer = held["answer"] is not None
    page = held["evidence"][0]["page"] if held["evidence"] else None
    cells = [
        held["filename"],
        held["question"],
        held["answer"] if has_answer else t("ask.no_answer"),
        page,
        held["confidence"] if has_answer else None,
    ]
    return {"id": str(number), "name": held["filename"], "cells": cells}
