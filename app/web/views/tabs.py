"""What stands beside a document's pages: its tables, questions about it, its text, its JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import streamlit as st

from app.client import ApiError, Client, Document, Extraction
from app.web import corrections, grids, parts, rows
from app.web.session import told
from app.web.values import shown, tone
from app.web.words import known, t

Json = dict[str, Any]


def tables(client: Client, found: Extraction) -> tuple[Extraction, list[Json]]:
    """One table as a grid to be changed; the result after that, and the marks of its cells."""
    found, _ = corrections.carry_out(client, found, "grid")
    held = found.result.get("tables", [])
    if not held:
        st.info(t("tables.none"))
        return found, []
    number: int = st.selectbox(
        t("tables.which"),
        range(len(held)),
        format_func=lambda n: t("tables.name", number=n + 1, page=held[n]["page"]),
        key=f"table-{found.document}",
        label_visibility="collapsed" if len(held) == 1 else "visible",
    )
    table = held[number]
    about = {
        "result": str(found.id),
        "table": number,
        "label": t("document.table", number=number + 1),
    }
    size = {"rows": table["rows"], "columns": table["columns"]}
    shown = {**about, **size, "cells": grids.grid_cells(table)}
    parts.grid({**shown, **corrections.done_so_far("grid")}, key="grid")
    parts.links(_table_links(found, number), key="table_links")
    return found, rows.table_marks(table, number)


def _table_links(found: Extraction, number: int) -> list[Json]:
    name = quote(t("document.table", number=number + 1))
    about = f"task={quote(found.requested)}&name={name}"
    address = f"./docai/documents/{found.document}/tables/{number}"
    return [{"text": form.upper(), "href": f"{address}.{form}?{about}"} for form in grids.FORMS]


def ask(client: Client, document: Document) -> list[Json]:
    """Questions and their answers, the newest first; the marks of their evidence."""
    with st.form("question", clear_on_submit=True, border=False):
        question = st.text_input(t("ask.question"), placeholder=t("ask.hint"), max_chars=1000)
        is_asked = st.form_submit_button(t("ask.ask"), type="primary")
    if is_asked and question.strip():
        with st.spinner(t("ask.reading")), told():
            client.ask(document.id, [question.strip()])
    answers = asked(client, document)
    if not answers:
        st.info(t("ask.empty"))
        return []
    listed = [
        {
            "id": f"answer/{number}/",
            "label": answer["question"],
            "value": answer["answer"] or t("ask.no_answer"),
            "edit": "",
            "confidence": answer["confidence"] if answer["answer"] else None,
            "tone": tone(answer["confidence"]),
            "looked_at": False,
            "messages": [],
            "group": "",
        }
        for number, answer in enumerate(answers)
    ]
    first = "answer/0/" if is_asked else None
    data = {"result": f"answers-{document.id}-{len(answers)}", "rows": listed, "selected": first}
    parts.fields({**data, "mode": "look", "can_edit": False}, key="answers")
    with st.expander(t("ask.as_json")):
        shown = json.dumps(answers, ensure_ascii=False, indent=1)
        parts.source(shown, t("ask.as_json"), key="answers_json")
    return rows.answer_marks(answers)


def asked(client: Client, document: Document) -> list[Json]:
    """Every answer about the document, the newest first."""
    held = [each for each in client.extractions(document.id) if each.task == "answer"]
    return [answer for each in reversed(held) for answer in reversed(each.result["answers"])]


def text(client: Client, document: Document) -> None:
    """Of one page at a time: a long document is not fetched to show its first page."""
    number = 1
    if (document.pages or 1) > 1:
        number = int(
            st.number_input(t("viewer.page_number"), 1, document.pages or 1, 1, key="text_page")
        )
    try:
        page = client.page(document.id, number)
    except ApiError as error:
        if error.code != "not_found":
            raise
        st.info(t("document.page_not_read"))
        return
    lines = [" ".join(page["words"][index]["text"] for index in line) for line in page["lines"]]
    shown = "\n".join(lines) or t("document.no_text")
    parts.source(shown, t("document.tab_text"), key="text")


def as_json(found: Extraction) -> None:
    shown = json.dumps(found.result, ensure_ascii=False, indent=1)
    name = f"{found.document}.json"
    st.download_button(
        t("document.download_json"), shown, name, "application/json", on_click="ignore"
    )
    parts.source(shown, t("document.tab_json"), key="json")


def history(client: Client, found: Extraction) -> None:
    """Who changed what, and when."""
    made = client.corrections(found.document, found.requested)
    if not made:
        return
    with st.expander(t("document.history", count=len(made))):
        for each in reversed(made):
            st.text(_told(each))


def _told(correction: Json) -> str:
    old, new = (each and each["value"] for each in (correction["old"], correction["new"]))
    says = t(
        "document.correction",
        at=correction["at"][:16].replace("T", " "),
        who=correction["who"],
        name=_place(correction),
        old=_value(old),
        new=_value(new),
    )
    return says + (t("document.undone") if correction["undone_at"] else "")


def _place(correction: Json) -> str:
    kind, name, row = correction["kind"], correction["name"], correction["row"] + 1
    match kind:
        case "cell":
            table, column = (int(part) + 1 for part in name.split("."))
            return t("document.cell", table=table, row=row, column=column)
        case "table_row":
            return t("document.table_row", table=int(name) + 1, row=row)
        case "field":
            return known("field", name)
        case rows.PAIR:
            return str(name)
    return f"{t(f'document.{kind}', number=row)}, {known('field', name)}"


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return shown("boolean", value)
    if isinstance(value, list):
        return " | ".join(map(str, value))
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part)
    return str(value)
