"""/docs: every call on one page, written from the OpenAPI description, with no script in it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

Json = dict[str, Any]

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1f2328; background: #fff }
h2 { margin: 2rem 0 .5rem; font-size: 1.3rem }
b { display: inline-block; width: 4.5rem }
td { padding: .1rem .8rem 0 0; vertical-align: top }
details { border: 1px solid #d0d7de; border-radius: 6px; margin: .4rem 0; padding: .4rem .8rem }
summary { cursor: pointer }
small { color: #59636e }
code { font: 14px ui-monospace, monospace }
pre { overflow: auto; white-space: pre-wrap }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117 }
  details { border-color: #3d444d }
  small { color: #9198a1 }
}
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def reference(request: Request) -> HTMLResponse:
    return HTMLResponse("".join(page(request.app.openapi())))


def page(api: Json) -> Iterator[str]:
    title = f"{api['info']['title']} {api['info']['version']}"
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
    yield '<meta name="viewport" content="width=device-width"><style>' + STYLE + "</style>"
    yield f"<h1>{escape(title)}</h1><p>{escape(api['info']['summary'])} "
    yield 'The same for machines: <a href="openapi.json">openapi.json</a>.</p>'
    shown = ""
    for path, calls in api["paths"].items():
        for method, call in calls.items():
            tag = call["tags"][0]
            if tag != shown:
                yield f"<h2>{escape(tag)}</h2>"
                shown = tag
            yield from _call(path, method, call, api)


def _call(path: str, method: str, call: Json, api: Json) -> Iterator[str]:
    yield f"<details><summary><b>{method.upper()}</b><code>{escape(path)}</code></summary>"
    yield f"<p>{escape(call.get('description') or call['summary'])}</p>"
    parameters = call.get("parameters", ())
    if parameters:
        yield "<table>"
        for each in parameters:
            about = each.get("description", each["schema"].get("description", ""))
            yield f"<tr><td><code>{escape(each['name'])}</code><td><small>{each['in']}</small>"
            yield f"<td><small>{escape(_kind(each['schema']))}</small><td>{escape(about)}"
        yield "</table>"
    for kind, body in call.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body, <code>{escape(kind)}</code>:</p>{_fields(body['schema'], api)}"
    for status, answer in call["responses"].items():
        if status.startswith("2"):
            for kind, body in answer.get("content", {}).items():
                yield f"<p>{status}, <code>{escape(kind)}</code>:</p>"
                yield _fields(body.get("schema", {}), api)
    yield "</details>"


def _fields(schema: Json, api: Json) -> str:
    """The properties of an object, one a line."""
    if "$ref" in schema:
        schema = api["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    required = schema.get("required", ())
    lines = [
        f"{name}: {_kind(each)}{'' if name in required else '  (may be left out)'}"
        for name, each in schema.get("properties", {}).items()
    ]
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


def _kind(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " | ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return str(schema.get("format", schema.get("type", "any")))
