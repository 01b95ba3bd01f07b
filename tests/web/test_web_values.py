"""Values as people write them, results as rows and marks, tables as files."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("streamlit")

from app.web.grids import as_csv, as_html, as_xlsx, grid, grid_cells
from app.web.rows import Place, check_messages, field_rows, marks, pair_rows, table_marks
from app.web.values import DoesNotFit, parsed, shown, tone


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("money", "1.234,50 €", {"amount": "1234.50", "currency": "EUR"}),
        ("money", "120.50", {"amount": "120.50", "currency": "GBP"}),  # as it was before
        ("money", "-3", {"amount": "-3", "currency": "GBP"}),
        ("date", "31. März 2026", "2026-03-31"),
        ("date", "2026-03-01", "2026-03-01"),
        ("number", "19 %", "19"),
        ("boolean", "✓", True),
        ("boolean", "☐", False),  # as it is picked on a page
        ("string", " INV-1 ", "INV-1"),
    ],
)
def test_what_people_type_is_understood(kind, text, value):
    assert parsed(kind, text, {"amount": "1", "currency": "GBP"}) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [("money", "a lot"), ("money", "1 or 2"), ("date", "soon"), ("number", ""), ("string", " ")],
)
def test_what_does_not_fit_is_refused(kind, text):
    with pytest.raises(DoesNotFit):
        parsed(kind, text)


@given(st.dates(min_value=date(1900, 1, 1)))
def test_a_date_that_is_shown_can_be_typed_again(day):
    assert parsed("date", shown("date", day.isoformat())) == day.isoformat()


def test_confidence_has_three_tones():
    assert [tone(each) for each in (None, 0.2, 0.7, 0.95)] == [
        "", "doubtful", "unsure", "sure-high",
    ]  # fmt: skip


def field(name, value, kind="string", page=1):
    spot = {"page": page, "box": [1, 2, 3, 4], "words": [0]}
    about = {"name": name, "type": kind, "value": value, "text": str(value)}
    return {**about, "confidence": 0.95, "evidence": [spot]}


RESULT = {
    "fields": [field("total", {"amount": "5.00", "currency": None}, "money"), field("total", "x")],
    "items": [{"fields": [field("quantity", "2", "number", page=3)]}],
    "tables": [{"page": 2, "box": [0, 0, 9, 9]}],
    "key_values": [{"key": {"text": "Name", "evidence": []}, "value": None, "confidence": 0.5}],
    "checks": [
        {"name": "items_sum", "passed": False, "detail": "2 ≠ 5", "fields": ["items", "total"]},
        {"name": "x_y", "passed": False, "detail": "d", "fields": ["items[0].quantity"]},
        {"name": "tax_sum", "passed": False, "detail": "e", "fields": ["tax_details"]},
        {"name": "total_sum", "passed": True, "detail": "", "fields": ["total"]},
    ],
}


def test_failed_checks_stand_beside_the_fields_they_concern(in_english):
    said = check_messages(RESULT)
    assert said["field/0/total"] == ["The items do not add up (2 ≠ 5)"]
    assert said["item/0/quantity"] == ["X y (d)"]
    assert said[""] == ["The taxes do not add up (e)"]  # no row of the list is meant


def test_a_field_is_one_row_and_each_place_a_mark(in_english):
    listed = field_rows(RESULT)
    assert [row["id"] for row in listed] == ["field/0/total", "item/0/quantity"]
    assert (listed[0]["value"], listed[0]["tone"]) == ("5.00", "doubtful")
    assert [(m["id"], m["page"]) for m in marks(RESULT)] == [
        ("field/0/total", 1), ("item/0/quantity", 3), ("table/0/", 2),
    ]  # fmt: skip


PAIRS = {
    "key_values": [
        {
            "key": {"text": "Date of birth", "evidence": [{"page": 1, "box": [0, 0, 9, 9]}]},
            "value": None,
            "confidence": 1.0,
            "corrected": True,
        },
        {
            "key": {"text": "Adult", "evidence": []},
            "value": {"text": "☒", "evidence": [{"page": 2, "box": [0, 0, 9, 9]}],
                      "type": "boolean", "value": True},
            "confidence": 0.5,
        },
    ]
}  # fmt: skip


def test_a_pair_is_a_row_with_a_mark_where_its_value_or_else_its_label_stands(in_english):
    birth, adult = pair_rows(PAIRS)
    assert (birth["label"], birth["value"], birth["looked_at"]) == ("Date of birth", "", True)
    assert (adult["edit"], adult["left_empty"], adult["looked_at"]) == ("✓", "✗", False)
    assert [(m["id"], m["page"]) for m in marks(PAIRS)] == [
        ("key_value/0/Date of birth", 1), ("key_value/1/Adult", 2),
    ]  # fmt: skip


@pytest.fixture
def in_english(monkeypatch):
    monkeypatch.setattr("app.web.words.language", lambda: "en")


def test_a_place_has_a_name_and_back():
    place = Place("item", 3, "odd/name")
    assert Place.of(place.id) == place


def test_a_table_becomes_a_file_and_stays_text():
    cell = {"row_span": 1, "column_span": 1, "kind": "content"}
    table = {
        "rows": 2,
        "columns": 2,
        "cells": [
            {"row": 0, "column": 0, "text": "<b>", **cell},
            {"row": 1, "column": 1, "text": "=1+1", **cell},
        ],
    }
    cells = grid(table)
    assert cells == [["<b>", ""], ["", "=1+1"]]
    assert "&lt;b&gt;" in as_html(table, "t").decode()
    assert b"\n=1+1" not in as_csv(cells) and b",=1+1" not in as_csv(cells)
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(cells, "Table 1"))).active
    assert sheet["B2"].data_type == "s"


MERGED = {
    "page": 2,
    "box": [0, 0, 90, 20],
    "rows": 2,
    "columns": 2,
    "cells": [
        {"row": 0, "column": 0, "row_span": 1, "column_span": 2, "kind": "header", "text": "Sums",
         "box": [0, 0, 90, 10]},
        {"row": 1, "column": 1, "row_span": 1, "column_span": 1, "kind": "content", "text": "5",
         "box": [45, 10, 90, 20], "page": 3, "corrected": True},
    ],
}  # fmt: skip


def test_a_grid_covers_every_place_once():
    told = [(c["row"], c["column"], c["column_span"], c["text"]) for c in grid_cells(MERGED)]
    assert told == [(0, 0, 2, "Sums"), (1, 0, 1, ""), (1, 1, 1, "5")]
    assert [(c["header"], c["corrected"]) for c in grid_cells(MERGED)] == [
        (True, False), (False, False), (False, True),
    ]  # fmt: skip


def test_merged_cells_stay_merged_in_html():
    assert '<tr><th colspan="2">Sums</th></tr>\n<tr><td></td><td>5</td></tr>' in (
        as_html(MERGED, "t").decode()
    )


def test_each_cell_has_its_place_on_its_page(in_english):
    assert [(m["id"], m["page"]) for m in table_marks(MERGED, 4)] == [
        ("table/4/", 2), ("cell/4/0/0", 2), ("cell/4/1/1", 3),
    ]  # fmt: skip
