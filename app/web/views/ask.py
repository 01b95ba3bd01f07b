"""The same questions about several documents, and everything that was answered before."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from app.client import Client, Job
from app.web import jobs, parts
from app.web.session import docai, leave_for, told
from app.web.words import t

Json = dict[str, Any]

MOST = 200  # documents to choose from, the newest ones; and answers of the history
LOOK_EVERY_S = 2.0


def show() -> None:
    client = docai()
    found = client.find_documents(limit=MOST).documents
    if not found:
        st.info(t("inbox.empty"))
        return
    names = {str(document.id): document.filename for document in found}
    if (asked_of := st.session_state.pop("asked_of", None)) is not None:
        st.session_state["ask_documents"] = [id for id in asked_of if id in names]
    with st.form("ask", border=False):
        chosen = st.multiselect(
            t("ask.documents"),
            [*names],
            key="ask_documents",
            format_func=lambda id: names[id],
            placeholder=t("ask.choose"),
        )
        questions = st.text_area(t("ask.questions"), placeholder=t("ask.hint"), height=90)
        is_asked = st.form_submit_button(t("ask.ask"), type="primary")
    asked = [line.strip() for line in questions.splitlines() if line.strip()]
    if is_asked and chosen and asked:
        with told():
            client.submit(chosen, questions=asked)
            st.toast(t("ask.sent"))
    elif is_asked:
        st.warning(t("ask.incomplete"))
    _answers()


@st.fragment(run_every=LOOK_EVERY_S)
def _answers() -> None:
    """Fetched again and again: whoever leaves finds them here, and so does the next window."""
    with told():
        client = docai()
        _under_way(client)
        held = client.answers(MOST)
        if not held:
            st.info(t("ask.empty"))
            return
        _list(held)


def _under_way(client: Client) -> None:
    """Jobs of questions that are not over; and once, what became of those that just were."""
    open_now = [job for job in client.jobs() if job.task == "answer" and not job.is_over]
    with st.container():  # always there, so that what follows keeps its place and its state
        for job in open_now:
            progress = client.progress(job.id)
            done = jobs.done(progress)
            says = t("ask.under_way", done=done, count=progress.documents)
            st.progress(done / max(progress.documents, 1), says)
    _tell_failures(client, open_now)


def _tell_failures(client: Client, open_now: list[Job]) -> None:
    before: list[str] = st.session_state.get("asking", [])
    st.session_state["asking"] = [str(job.id) for job in open_now]
    for id in before:
        if id not in st.session_state["asking"] and (failed := len(client.progress(id).errors)):
            st.toast(t("ask.failed", count=failed), icon=":material/warning:")


def _list(held: list[Json]) -> None:
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
        st.session_state["document_tab"] = "ask"
        leave_for("document", document=held[int(opened)]["document"])
    with st.expander(t("ask.as_json")):
        shown = json.dumps(held, ensure_ascii=False, indent=1)
        parts.source(shown, t("ask.as_json"), key="all_answers_json")


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
