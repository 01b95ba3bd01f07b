"""Tables in the browser: put right by keyboard, stored, taken back, exported."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import Page, expect
from steps import PATIENT_S, SAMPLES, cell, mark

pytestmark = pytest.mark.slow

expect.set_options(timeout=1000 * PATIENT_S)

CHAIR = ["2", "Office chair Nordlys, grey", "4", "189.50", "758.00"]


@pytest.fixture
def page(visit, owner, client) -> Page:
    """The page of tables, with the table of an invoice."""
    document = client.upload(SAMPLES / "invoice.pdf")
    client.extract(document.id, "invoice")
    shown = visit(owner, at="tables")
    expect(cell(shown, 2, 1)).to_have_text(CHAIR[1])
    return shown


def is_stored(page: Page) -> None:
    expect(page.locator(".grid[data-waiting='0']")).to_be_visible()


def rows(path) -> list[list[str]]:
    return list(csv.reader(path.read_text("utf-8-sig").splitlines()))


def saved(page: Page, form: str, path):
    with page.expect_download() as download:
        page.get_by_role("link", name=form).click()
    download.value.save_as(path)
    return path


def test_a_cell_is_put_right_by_keyboard_and_is_there_again(page, client, tmp_path):
    cell(page, 2, 2).click()
    expect(mark(page, "cell/0/2/2")).to_have_class(re.compile("selected"))
    page.keyboard.type("5")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("947.50")
    page.keyboard.press("Enter")
    is_stored(page)
    (document,) = client.documents()
    made = client.corrections(document.id, "invoice")
    assert [(each["row"], each["name"], each["old"]["value"]) for each in made] == [
        (2, "0.2", "4"),
        (2, "0.4", "758.00"),
    ]
    page.reload()
    expect(cell(page, 2, 4)).to_have_text("947.50")
    assert rows(saved(page, "CSV", tmp_path / "t.csv"))[2] == [*CHAIR[:2], "5", "189.50", "947.50"]
    assert saved(page, "XLSX", tmp_path / "t.xlsx").read_bytes().startswith(b"PK")
    assert "<td>947.50</td>" in saved(page, "HTML", tmp_path / "t.html").read_text()


def test_what_was_done_is_told_and_taken_back(page, client):
    cell(page, 2, 1).dblclick()
    page.locator(".grid input").fill("Stool")
    page.keyboard.press("Enter")
    is_stored(page)
    page.get_by_text("Corrections (1)").click()
    expect(page.get_by_text(re.compile(r"table 1, row 3, column 2: .*→ Stool"))).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(cell(page, 2, 1)).to_have_text(CHAIR[1])
    cell(page, 2, 1).dblclick()
    page.locator(".grid input").fill("Bench")
    page.keyboard.press("Escape")
    expect(cell(page, 2, 1)).to_have_text(CHAIR[1])
    is_stored(page)
    (document,) = client.documents()
    assert [bool(each["undone_at"]) for each in client.corrections(document.id, "invoice")] == [
        True
    ]


def test_a_text_is_kept_by_clicking_elsewhere(page, client):
    cell(page, 2, 1).dblclick()
    page.locator(".grid input").fill("Stool")
    cell(page, 3, 1).click()
    expect(cell(page, 3, 1)).to_have_attribute("aria-selected", "true")
    expect(cell(page, 2, 1)).to_have_text("Stool")
    cell(page, 3, 1).dblclick()
    page.locator(".grid input").fill("Lamp")
    page.locator(".viewer .desk").click(position={"x": 3, "y": 3})
    expect(cell(page, 3, 1)).to_have_text("Lamp")
    is_stored(page)
    (document,) = client.documents()
    (table,) = client.extraction(document.id, "invoice").result["tables"]
    assert {"Stool", "Lamp"} <= {each["text"] for each in table["cells"]}


def test_rows_are_added_and_taken_away(page, client):
    page.get_by_role("button", name="Add a row").click()
    expect(cell(page, 5, 0)).to_be_visible()
    cell(page, 5, 1).click()
    page.keyboard.type("Footrest")
    page.keyboard.press("Enter")
    is_stored(page)
    cell(page, 1, 0).click()
    page.get_by_role("button", name="Take the row away").click()
    expect(cell(page, 1, 1)).to_have_text(CHAIR[1])
    is_stored(page)
    (document,) = client.documents()
    (table,) = client.extraction(document.id, "invoice").result["tables"]
    assert table["rows"] == 5
    assert [c["text"] for c in table["cells"] if c["column"] == 1][-1] == "Footrest"


def test_a_box_on_the_page_selects_its_cell(page):
    mark(page, "cell/0/3/1").click()
    expect(cell(page, 3, 1)).to_have_attribute("aria-selected", "true")
