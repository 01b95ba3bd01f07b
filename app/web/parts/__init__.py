"""Parts of pages that Streamlit has not: plain scripts in the page itself, no frames, no network.

Data goes in as JSON and is shown as text only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from app.web.words import group, t

Json = dict[str, Any]

FOLDER = Path(__file__).parent


def viewer(data: Json, *, key: str) -> None:
    """The pages of a document with marks on them; see viewer.js."""
    _part("viewer")(data={**data, "strings": group("viewer")}, key=key)


def fields(data: Json, *, key: str) -> None:
    """The list of fields; what a person did so far is kept as {"actions": {"run", "list"}}."""
    shown = {**data, "strings": group("fields")}
    _part("fields")(data=shown, key=key, on_actions_change=_nothing)


def grid(data: Json, *, key: str) -> None:
    """One table to be changed; what a person did is kept as that of a list of fields."""
    shown = {**data, "strings": group("grid")}
    _part("grid")(data=shown, key=key, on_actions_change=_nothing)


def source(text: str, label: str, *, key: str) -> None:
    """A long text as it is; unlike Streamlit's, it can be scrolled by keyboard."""
    _part("source")(data={"text": text, "label": label, "strings": group("source")}, key=key)


def upload(accept: Sequence[str], *, key: str) -> list[str]:
    """Ids of documents that have just arrived."""
    strings = {**group("upload"), "errors": group("error")}
    data = {"accept": ",".join(accept), "strings": strings}
    sent: list[str] | None = _part("upload")(data=data, key=key, on_sent_change=_nothing).get(
        "sent"
    )
    return sent or []


def listing(data: Json, *, key: str) -> Mapping[str, Any]:
    """`chosen` ids, the id that was `opened`, and {"act", "id"} that was `acted`."""
    shown = {"strings": group("listing"), "choose": False, "clear": 0, **data}
    calls = dict.fromkeys(("on_chosen_change", "on_opened_change", "on_acted_change"), _nothing)
    state: Mapping[str, Any] = _part("listing")(data=shown, key=key, **calls)
    return state


def links(found: list[Json], *, key: str) -> None:
    """Downloads, which go past Streamlit: nothing of them is kept in memory."""
    data = {"links": found, "label": t("links.label")}
    _part("links")(data=data, key=key, width="content")


def sign_in() -> None:
    strings = {**group("signin"), "errors": group("error")}
    _part("signin")(data={"strings": strings}, key="signin")


def sign_out() -> None:
    _part("signout")(data={"strings": group("signin")}, key="signout")


@cache
def _part(name: str) -> Any:
    html = FOLDER / f"{name}.html"
    return st.components.v2.component(
        f"docai_{name}",
        html=html.read_text("utf-8") if html.exists() else f'<div class="{name}"></div>',
        css=_text(f"{name}.css"),
        js=_text("element.js") + _text(f"{name}.js"),
    )


def _text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _nothing() -> None:
    """What a part says is read from its state; Streamlit wants a name for each of its values."""
