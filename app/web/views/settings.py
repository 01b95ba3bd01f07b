"""Language, keys, the reader's own fields, and what the service is."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app.client import ApiError, Client
from app.web import parts
from app.web.session import docai, told
from app.web.words import known, language, languages, t

Json = dict[str, Any]

TYPES = ("string", "date", "number", "money", "address", "boolean")
SCOPES = ("read", "write", "admin")
MOST_DAYS = 36_500
COLUMNS = ("name", "type", "description", "labels", "example")


def show() -> None:
    client = docai()
    left, right = st.columns(2)
    with left:
        _language()
        _fields(client)
    with right:
        _keys(client)
        _retention(client)
        _about(client)


def _language() -> None:
    held = languages()
    st.selectbox(
        t("settings.language"),
        held,
        index=held.index(language()),
        format_func=lambda name: t(f"language.{name}"),
        key="language_choice",
        on_change=lambda: st.session_state.update(language=st.session_state["language_choice"]),
    )


def _fields(client: Client) -> None:
    """Sets of fields; a set can be chosen in the inbox as what documents are read as."""
    st.header(t("settings.fields"))
    held = {each["name"]: each["fields"] for each in client.field_sets()}
    chosen = st.selectbox(
        t("settings.field_set"), ["", *held], format_func=lambda name: name or t("settings.new_set")
    )
    name = chosen or st.text_input(t("settings.set_name"), max_chars=100)
    rows = [{**each, "labels": ", ".join(each["labels"])} for each in held.get(chosen, ())]
    edited = st.data_editor(
        pd.DataFrame(rows, columns=list(COLUMNS), dtype="str"),
        key=f"fields-{chosen}",
        num_rows="dynamic",
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn(t("settings.field_name"), required=True),
            "type": st.column_config.SelectboxColumn(
                t("settings.field_type"), options=list(TYPES), default=TYPES[0], required=True
            ),
            "description": st.column_config.TextColumn(t("settings.field_description")),
            "labels": st.column_config.TextColumn(t("settings.field_labels")),
            "example": st.column_config.TextColumn(t("settings.field_example")),
        },
    )
    with st.container(horizontal=True):
        if st.button(t("settings.save_fields"), type="primary"):
            with told():
                _save(client, name, edited)
        if chosen and st.button(t("settings.delete_fields")):
            with told():
                client.delete_field_set(chosen)
                st.rerun()


def _save(client: Client, name: str, edited: pd.DataFrame) -> None:
    fields = [_field(row) for row in edited.fillna("").to_dict("records") if row["name"]]
    if not name.strip() or not fields:
        st.warning(t("settings.fields_incomplete"))
        return
    client.put_field_set(name.strip(), fields)
    st.toast(t("settings.fields_saved"))


def _field(row: Json) -> Json:
    labels = [each.strip() for each in str(row["labels"]).split(",") if each.strip()]
    texts = {column: str(row[column]) for column in COLUMNS if column != "labels"}
    return {**texts, "type": texts["type"] or TYPES[0], "labels": labels}


def _keys(client: Client) -> None:
    st.header(t("settings.keys"))
    parts.sign_out()
    try:
        held = [key for key in client.list_keys() if not key["revoked_at"]]
    except ApiError as error:
        if error.code != "forbidden":
            raise
        st.info(t("settings.no_admin"))
        return
    columns = [
        {"label": t("settings.key_name"), "kind": "text"},
        {"label": t("settings.key_prefix"), "kind": "text"},
        {"label": t("settings.scopes"), "kind": "text"},
        {"label": t("settings.used"), "kind": "when"},
        {"label": "", "kind": "acts"},
    ]
    listed = [_key_row(key) for key in held]
    data = {"columns": columns, "rows": listed, "label": t("settings.keys")}
    if act := parts.listing(data, key="keys").get("acted"):
        client.revoke_key(act["id"])
        st.rerun()
    with st.form("key", border=False):
        name = st.text_input(t("settings.key_name"), max_chars=100)
        scopes = st.multiselect(
            t("settings.scopes"),
            SCOPES,
            default=SCOPES[:2],
            format_func=lambda s: known("scope", s),
        )
        is_wanted = st.form_submit_button(t("settings.make_key"))
    if is_wanted and name.strip() and scopes:
        with told():
            made = client.make_key(name.strip(), scopes)
            st.warning(t("settings.key_once"))
            st.code(made, language=None)


def _key_row(key: Json) -> Json:
    used = (key["used_at"] or "")[:10] or t("settings.never")
    scopes = ", ".join(known("scope", scope) for scope in key["scopes"])
    acts = [{"act": "revoke", "text": t("settings.revoke")}]
    return {
        "id": key["id"],
        "name": key["name"],
        "cells": [key["name"], key["prefix"], scopes, used, acts],
    }


def _retention(client: Client) -> None:
    """How long documents are kept; whoever may manage keys may change it."""
    st.header(t("settings.retention"))
    held = client.retention()
    kept = t("settings.kept_days", days=f"{held['days']:g}")
    st.text(kept if held["days"] else t("settings.kept_for_ever"))
    longest = int(held["service_days"]) or MOST_DAYS
    with st.form("retention", border=False):
        days = st.number_input(
            t("settings.delete_after"),
            min_value=0,
            max_value=longest,
            value=min(int(held["own_days"] or 0), longest),
            help=t("settings.delete_after_help"),
        )
        st.text(t("settings.delete_warning"))
        is_wanted = st.form_submit_button(t("settings.save_retention"))
    if is_wanted:
        with told():
            client.keep_for(days or None)
            st.rerun()


def _about(client: Client) -> None:
    st.header(t("settings.about"))
    about = client.about()
    st.text(t("settings.version", version=about["version"]))
    columns = [
        {"label": t("settings.engine"), "kind": "text"},
        {"label": t("settings.engine_version"), "kind": "text"},
        {"label": t("inbox.state"), "kind": "state"},
    ]
    listed = [_engine_row(engine) for engine in about["report"]["engines"]]
    parts.listing(
        {"columns": columns, "rows": listed, "label": t("settings.engines")}, key="engines"
    )
    with st.expander(t("settings.limits")):
        report = about["report"]
        pairs = {**report["limits"], **report["options"]}
        st.text("\n".join(f"{name}: {value}" for name, value in pairs.items()))


def _engine_row(engine: Json) -> Json:
    state = "ready" if engine["available"] else "missing"
    tone = "good" if engine["available"] else "wanted"
    cells = [engine["name"], engine["version"], {"text": t(f"settings.{state}"), "tone": tone}]
    return {"id": engine["name"], "name": engine["name"], "cells": cells}
