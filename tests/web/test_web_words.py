"""Every visible text is in the catalogues, and nothing of a document is ever taken for markup."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

pytest.importorskip("streamlit")

import app.web
from app.web.words import catalogue, languages, plain

FOLDER = Path(app.web.__file__).parent
PYTHON = sorted(FOLDER.rglob("*.py"))
SCRIPTS = sorted((FOLDER / "parts").glob("*.js"))
SHOWING = {
    "text", "info", "warning", "error", "success", "title", "header", "button", "toast",
    "selectbox", "text_input", "text_area", "multiselect", "expander", "form_submit_button",
    "metric", "spinner", "caption", "number_input", "checkbox",
}  # fmt: skip


def test_every_language_has_the_same_texts_with_the_same_places():
    assert {"en", "zh"} <= set(languages())
    english = catalogue("en")
    for language in languages():
        assert set(catalogue(language)) == set(english)
        for key, text in catalogue(language).items():
            assert text.strip(), key
            assert places(text) == places(english[key]), key


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.name)
def test_no_page_has_a_text_of_its_own(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            shown = [each for each in node.args if isinstance(each, ast.Constant | ast.JoinedStr)]
            is_shown = node.func.attr in SHOWING and ast.unparse(node.func).startswith("st.")
            literals = [ast.unparse(each) for each in shown[:1] if node.args[0] is each]
            assert not (is_shown and any(re.search(r"[A-Za-z]{3}", x) for x in literals)), literals


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.name)
def test_every_text_that_is_asked_for_is_there(path):
    for key in re.findall(r"\bt\(\"([a-z_.]+)\"", path.read_text("utf-8")):
        assert key in catalogue("en"), key


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_take_texts_from_the_catalogue_and_show_them_as_texts(path):
    script = path.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", script)
    part = path.stem if path.stem in ("viewer", "fields", "upload", "grid") else None
    for name in re.findall(r"this\.text\.(\w+)", script) if part else ():
        assert name == "errors" or f"{part}.{name}" in catalogue("en"), name


def test_markdown_is_shown_as_it_was_written():
    assert plain("**a** <b> [x](y) $1$ :red[z]") == (r"\*\*a\*\* \<b\> \[x\]\(y\) \$1\$ \:red\[z\]")
