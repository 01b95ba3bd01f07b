"""docs/http.md keeps up with the API, and the tutorial's program with the client."""

import ast
import dataclasses
import re
from pathlib import Path

import pytest

from app.api.problems import CODES
from app.api.settings import ApiSettings
from app.client import AsyncClient, Client
from docai.webhooks import WebhookOptions

DOCS = Path(__file__).resolve().parents[2] / "docs"
HTTP = (DOCS / "http.md").read_text("utf-8")


def test_every_operation_is_documented_and_no_other(place):
    described = {
        f"{method.upper()} {path}"
        for path, calls in place.app.openapi()["paths"].items()
        for method in calls
    }
    assert set(re.findall(r"^\| ((?:GET|POST|PUT|PATCH|DELETE) /\S+) \|", HTTP, re.M)) == described


def test_every_code_is_documented():
    for status, code in CODES.items():
        assert re.search(rf"^\| {status} \| .*\b{code}\b", HTTP, re.M), code


@pytest.mark.parametrize("options", [ApiSettings, WebhookOptions])
def test_every_setting_is_documented_with_its_default(options):
    for field in dataclasses.fields(options):
        assert f"| {field.name} | {field.default} |".replace("|  |", "| |") in HTTP


def test_every_metric_is_documented(place, ann):
    ann.get("/v1/jobs")
    told = set(re.findall(r"^# TYPE (docai_\w+)", ann.get("/metrics").text, re.M))
    for name in told - {each for each in told if each.endswith("_created")}:
        assert f"`{name}`" in HTTP, name


def test_every_method_of_the_client_is_documented():
    for name in dir(Client):
        if not name.startswith("_") and name != "close":
            assert f"`{name}`" in HTTP, name


def test_the_tutorials_programs_call_what_there_is():
    tutorial = (DOCS / "tutorial.md").read_text("utf-8")
    programs = re.findall(r"```python\n(.*?)```", tutorial, re.S)
    assert len(programs) == 2
    for program in programs:
        client = AsyncClient if "await" in program else Client
        tree = ast.parse(f"async def _():\n{re.sub('^', '    ', program, flags=re.M)}")
        called = [
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "docai"
        ]
        assert called
        assert all(hasattr(client, name) for name in called)
