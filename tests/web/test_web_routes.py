"""The routes beside the pages: who gets an answer, and what another site gets."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

pytest.importorskip("streamlit")

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.web import routes
from app.web.settings import WebSettings
from app.web.visitors import SIGNED_OUT, Visitors

PICTURE = "/docai/documents/00000000-0000-7000-8000-000000000000/pages/1.png"


DOCS = Path(__file__).resolve().parents[2] / "docs" / "web.md"


def test_every_setting_is_documented_with_its_default():
    for field in dataclasses.fields(WebSettings):
        row = f"| {field.name} | {field.default} | {field.metadata['help']} |"
        assert row.replace("|  |", "| |") in DOCS.read_text("utf-8")


@pytest.fixture
def browser(monkeypatch):
    """`browser(web_key=…)` calls an app that has these settings and no API behind it."""

    def open_app(**settings):
        held = Visitors(WebSettings(web_api="http://127.0.0.1:9", **settings))
        monkeypatch.setattr(routes, "visitors", lambda: held)
        app = Starlette(routes=routes.ROUTES, middleware=[Middleware(routes.Guard)])
        return TestClient(app, base_url="http://localhost:8501")

    return open_app


def test_without_a_cookie_or_a_key_of_the_machine_every_route_is_shut(browser):
    with browser() as stranger:
        for path in (PICTURE, PICTURE.replace(".png", ".json"), "/docai/results?format=csv"):
            assert stranger.get(path).status_code == 401
        assert stranger.put("/docai/upload?name=a", content=b"%PDF").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Host": "evil.example:8501"},  # a name that was made to lead here
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_another_site_gets_nothing_of_an_open_app(browser, headers):
    with browser(web_key="docai_x_y") as victim:
        assert victim.get(PICTURE, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/docai/results", f"{PICTURE}?dpi=many"])
def test_an_address_that_makes_no_sense_is_refused_in_words(browser, path):
    with browser(web_key="docai_x_y") as visitor:
        answer = visitor.get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_every_answer_forbids_what_is_not_from_here(browser):
    with browser() as stranger:
        policy = stranger.get(PICTURE).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_the_key_of_the_machine_is_for_the_machine_alone():
    assert Visitors(WebSettings(web_key="docai_a_b")).of(None) is not None
    assert Visitors(WebSettings(web_key="docai_a_b", web_host="0.0.0.0")).of(None) is None


def test_who_signed_out_is_not_signed_in_by_the_machine():
    held = Visitors(WebSettings(web_key="docai_a_b"))
    assert held.of(SIGNED_OUT) is None
    assert held.of("of an earlier process") is not None
