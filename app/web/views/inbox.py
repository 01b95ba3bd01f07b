"""Files in, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from app.client import Client, Document
from app.web import jobs, parts
from app.web.session import docai, in_words, leave_for, told
from app.web.words import known, plain, t

Json = dict[str, Any]

TASKS = ("auto", "invoice", "receipt", "form", "table")
STATES = ("new", "working", "done", "failed", "open", "reviewed")
TYPES = ("invoice", "receipt", "form", "table", "letter", "other")
ACCEPT = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".heic", ".bmp", ".gif")
LOOK_EVERY_S = 2.0
A_PAGE = 50  # documents
MOST_WAITING = 200
STILL_ARRIVING = timedelta(seconds=10)  # the upload that a document belongs to may go on
OWN = "own:"  # before the name of a set of fields, which may be called like a task


@dataclass(frozen=True, slots=True)
class Asked:
    """What documents are read as: a task, or fields of one's own."""

    task: str
    fields: list[Json] | None

    def submit(self, client: Client, documents: Sequence[str]) -> None:
        if self.fields is None:
            client.submit(documents, self.task)
        else:
            client.submit(documents, fields=self.fields)


def show() -> None:
    client = docai()
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with right:
        sets = {f"{OWN}{each['name']}": each["fields"] for each in client.field_sets()}
        task = st.selectbox(t("inbox.task"), [*TASKS, *sets], format_func=_named)
        asked = Asked(task, sets.get(task))
    with left:
        sent = parts.upload(ACCEPT, key="upload")
    if sent:
        with told():
            asked.submit(client, sent)
            st.toast(t("inbox.sent", count=len(sent)))
    search, state, kind = st.columns([3, 1, 1])
    with search:
        text = st.text_input(t("inbox.search"), placeholder=t("inbox.search_hint"))
    with state:
        wanted = st.selectbox(
            t("inbox.state"), ["", *STATES], format_func=lambda name: _or_all("state", name)
        )
    with kind:
        label = st.selectbox(
            t("inbox.type"), ["", *TYPES], format_func=lambda name: _or_all("task", name)
        )
    _lists({"search": text, "state": wanted or None, "type": label}, asked)


@st.fragment(run_every=LOOK_EVERY_S)
def _lists(narrowed: Json, asked: Asked) -> None:
    """Fetched again and again: results appear by themselves."""
    _open((st.session_state.get("documents") or {}).get("opened"))  # before anything is fetched
    with told():
        client = docai()
        _broken_off(client, asked)
        jobs.show(client, only_open=True)
        if st.session_state.get("inbox_narrowed") != narrowed:  # another list has its own pages
            st.session_state.update(inbox_narrowed=narrowed, inbox_after=[])
        after = st.session_state["inbox_after"]
        page = client.find_documents(**narrowed, after=after[-1] if after else None, limit=A_PAGE)
        if page.documents:
            _documents(client, page.documents, asked)
        elif any(narrowed.values()):
            st.info(t("inbox.none_fits"))
        else:
            st.info(t("inbox.empty"))
        _turn(after, page.next)


def _broken_off(client: Client, asked: Asked) -> None:
    """Documents whose upload ended before anything was asked of them, by a reload for example."""
    found = client.find_documents(state="new", limit=MOST_WAITING).documents
    before = datetime.now(UTC) - STILL_ARRIVING
    waiting = [each for each in found if datetime.fromisoformat(each.created_at) < before]
    with st.container(horizontal=True, vertical_alignment="center"):
        if waiting:
            st.text(t("inbox.waiting", count=len(waiting)))
            if st.button(t("inbox.read_them")):
                asked.submit(client, [str(document.id) for document in waiting])
                st.rerun(scope="fragment")


def _documents(client: Client, found: list[Document], asked: Asked) -> None:
    columns = [
        {"label": t("inbox.name"), "kind": "open"},
        {"label": t("inbox.type"), "kind": "text"},
        {"label": t("inbox.pages"), "kind": "number"},
        {"label": t("inbox.state"), "kind": "state"},
        {"label": t("inbox.confidence"), "kind": "sure"},
        {"label": t("inbox.arrived"), "kind": "when"},
    ]
    data = {"columns": columns, "rows": [_row(d) for d in found], "choose": True}
    data |= {"label": t("inbox.documents"), "clear": st.session_state.get("inbox_clear", 0)}
    said = parts.listing(data, key="documents")
    _open(said.get("opened"))
    _act(client, said.get("chosen") or [], asked)


def _open(id: str | None) -> None:
    if id:
        leave_for("document", document=id)


def _act(client: Client, chosen: list[str], asked: Asked) -> None:
    if not chosen:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(t("inbox.chosen", count=len(chosen)))
        if st.button(t("inbox.extract", task=plain(_named(asked.task)))):
            asked.submit(client, chosen)
            _clear()
        if st.button(t("inbox.ask")):
            st.session_state["asked_of"] = chosen
            leave_for("ask")
        pdfs = f"./docai/searchable.zip?documents={','.join(chosen)}"
        searchable = {"text": t("document.searchable"), "href": pdfs}
        parts.links([*export_links(chosen), searchable], key="exports")
        if st.button(t("inbox.delete")):
            for id in chosen:
                client.delete(id)
            _clear()


def export_links(ids: list[str]) -> list[Json]:
    """The results of these documents in every form."""
    address = f"./docai/results?documents={','.join(ids)}&format="
    return [{"text": form.upper(), "href": address + form} for form in jobs.FORMS]


def _clear() -> None:
    st.session_state["inbox_clear"] = st.session_state.get("inbox_clear", 0) + 1
    st.rerun(scope="fragment")


def _row(document: Document) -> Json:
    result = document.result or {}
    error = document.error if not result else None
    return {
        "id": str(document.id),
        "name": document.filename,
        "note": in_words(error["code"], error["message"]) if error else None,
        "picture": {"document": str(document.id), "page": 1, "version": document.status}
        if document.pages
        else None,
        "cells": [
            document.filename,
            known("task", result.get("label") or result["task"]) if result else None,
            document.pages,
            _state(document),
            result.get("lowest_confidence"),
            jobs.when(document.created_at),
        ],
    }


def _state(document: Document) -> Json:
    if document.activity != "idle":
        return {"text": t(f"state.{document.activity}"), "tone": "busy"}
    if result := document.result:
        if result["reviewed_at"]:
            return {"text": t("state.reviewed"), "tone": "good"}
        if result["failed_checks"]:
            return {"text": t("state.failed_checks"), "tone": "bad"}
        return {"text": t("state.done"), "tone": "wanted"}
    if document.status == "failed":
        return {"text": t("state.failed"), "tone": "bad"}
    return {"text": t("state.new"), "tone": ""}


def _turn(after: list[str], following: str | None) -> None:
    """Back and forth through the pages of a long list."""
    if not after and following is None:
        return
    with st.container(horizontal=True):
        if st.button(t("inbox.newer"), disabled=not after):
            st.session_state["inbox_after"] = after[:-1]
            st.rerun(scope="fragment")
        if st.button(t("inbox.older"), disabled=following is None):
            st.session_state["inbox_after"] = [*after, following]
            st.rerun(scope="fragment")


def _named(task: str) -> str:
    return (
        t("inbox.own", name=task.removeprefix(OWN)) if task.startswith(OWN) else known("task", task)
    )


def _or_all(prefix: str, name: str) -> str:
    return known(prefix, name) if name else t("inbox.all")
