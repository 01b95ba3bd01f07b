"""Every page: for whom it can be used, how wide it is, and what it says where there is nothing."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from steps import PATIENT_S, SAMPLES, cell

pytestmark = pytest.mark.slow

expect.set_options(timeout=1000 * PATIENT_S)

TABS = ("Form", "Tables", "Ask", "Text", "JSON")
SIZES = {"tablet upright": (820, 1180), "tablet": (1024, 768), "desk": (1280, 800)}
EMPTY = {
    "": "Nothing here yet",
    "review": "Nothing waits for you",
    "ask": "Nothing here yet",
    "tables": "No document with tables yet",
    "insights": "Nothing has been read in these days",
    "document": "Choose a document in the inbox",
}


@pytest.fixture
def document(client) -> str:
    """The id of an invoice that was read and asked."""
    id = client.upload(SAMPLES / "invoice.pdf").id
    client.extract(id, "invoice")
    client.ask(id, ["What is the invoice number?"])
    return str(id)


def pages(document: str) -> list[tuple[str, str]]:
    """The address of each page, and what is there once it is drawn."""
    return [
        ("", ".listing tr[data-id]"),
        (f"document?document={document}", ".viewer[data-drawn]"),
        ("review", ".viewer[data-drawn]"),
        ("ask", ".listing tr[data-id]"),
        (f"tables?document={document}", ".viewer[data-drawn]"),
        ("insights", "[data-testid=stVegaLiteChart]"),
        ("settings", ".listing tr[data-id]"),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(visit, service, owner, document, scheme):
    """No serious finding of axe-core, in whichever light."""
    page = visit(owner, color_scheme=scheme)
    found = {}
    for path, ready in pages(document):
        page.goto(f"{service.web}/{path}")
        expect(page.locator(ready).first).to_be_visible()
        found[path] = serious(page)
    page.goto(f"{service.web}/document?document={document}")
    for tab in TABS:
        page.get_by_role("radio", name=tab).click(force=True)
        expect(page.get_by_role("radio", name=tab)).to_be_checked()
        found[tab] = serious(page)
    assert not {where: what for where, what in found.items() if what}


def test_what_opens_while_one_works_is_accessible(visit, service, owner, document):
    page = visit(owner, at="review")
    expect(page.locator(".fields .row.selected")).to_be_visible()
    found = {}
    for what, key in (("editing", "e"), ("picking", "p"), ("adding", "a")):
        page.keyboard.press(key)
        expect(page.locator(".fields .editor")).to_be_visible()
        found[what] = serious(page)
        page.keyboard.press("Escape")
        expect(page.locator(".fields .editor")).to_be_hidden()
    page.goto(f"{service.web}/tables?document={document}")
    cell(page, 1, 1).dblclick()
    expect(page.locator(".grid input")).to_be_focused()
    found["a cell"] = serious(page)
    assert not {where: what for where, what in found.items() if what}


def test_sign_in_and_empty_pages_say_what_to_do_and_are_accessible(visit, service, owner):
    page, found = visit(owner), {}
    for path, says in EMPTY.items():
        page.goto(f"{service.web}/{path}")
        expect(page.get_by_text(says)).to_be_visible()
        found[path] = serious(page)
    page.request.delete(f"{service.web}/docai/session")
    page.goto(f"{service.web}/")
    expect(page.get_by_label("Key", exact=True)).to_be_visible()
    found["sign in"] = serious(page)
    assert not {where: what for where, what in found.items() if what}


def serious(page: Page) -> list[tuple[str, list[str]]]:
    return [
        (violation["id"], [node["target"] for node in violation["nodes"]][:3])
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("size", SIZES)
def test_nothing_stands_beyond_the_edge(visit, service, owner, document, size):
    """What is wider than its place scrolls within it; the page itself never does."""
    width, height = SIZES[size]
    page = visit(owner)
    page.set_viewport_size({"width": width, "height": height})
    found = {}
    for path, ready in pages(document):
        page.goto(f"{service.web}/{path}")
        expect(page.locator(ready).first).to_be_visible()
        found[path] = beyond_the_edge(page)
    assert not {where: what for where, what in found.items() if what}


def beyond_the_edge(page: Page) -> list[str]:
    """Whatever a person can press there, and every part of a page that scrolls sideways."""
    found: list[str] = page.evaluate(BEYOND)
    return found


BEYOND = """() => {
  const found = [];
  const look = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.shadowRoot) look(each.shadowRoot);
      const { width, height, right } = each.getBoundingClientRect();
      const isSeen = width && height && getComputedStyle(each).visibility !== "hidden";
      const isPressed = each.matches("button, a, input, select, textarea");
      if (isSeen && isPressed && right > innerWidth + 1) {
        found.push(`${each.tagName} ${each.textContent} ends at ${Math.round(right)}`);
      }
    }
  };
  look(document);
  const main = document.querySelector("[data-testid=stMain]");
  for (const each of [document.documentElement, main]) {
    const { scrollWidth, clientWidth, tagName } = each;
    if (scrollWidth > clientWidth + 1) found.push(`${tagName} is ${scrollWidth} wide`);
  }
  return found;
}"""
