"""Every text a person sees, by its key: one catalogue a language, strings/LANGUAGE.json.

German would be a file de.json with the same keys; nothing else has to change.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).with_name("strings")
DEFAULT = "en"


def languages() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def catalogue(language: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return texts


def language() -> str:
    """As it was chosen, else as the browser prefers, else English."""
    chosen = st.session_state.get("language") or st.query_params.get("lang")
    if chosen not in languages():
        chosen = (st.context.locale or DEFAULT).split("-")[0]
    return chosen if chosen in languages() else DEFAULT


def t(key: str, **values: object) -> str:
    """The text, with its {places} filled. A value is a text of its own: its braces stay."""
    text = catalogue(language())[key]
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def group(prefix: str) -> dict[str, str]:
    """The texts of one part of a page, for its script."""
    start = prefix + "."
    texts = catalogue(language())
    return {key.removeprefix(start): text for key, text in texts.items() if key.startswith(start)}


def known(prefix: str, name: str) -> str:
    """The text of a name of ours; a name of somebody else's is made readable."""
    return catalogue(language()).get(f"{prefix}.{name}") or name.replace("_", " ").capitalize()


def plain(text: str) -> str:
    """For places where Streamlit reads Markdown: every sign of it shown as itself."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|~$:&" else sign for sign in text)
