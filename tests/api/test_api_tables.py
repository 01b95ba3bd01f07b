"""Tables of a result: which documents have some, and their texts put right."""

from __future__ import annotations

import io

import pytest
from calls import extract, pdf, refusal, upload
from reportlab.lib.pagesizes import A5
from reportlab.platypus import SimpleDocTemplate, Table

ROWS = [["Item", "Price"], ["Tea", "2.50"], ["Cup", "4.00"], ["Pot", "9.00"]]


def ruled_table() -> bytes:
    file = io.BytesIO()
    lines = [("GRID", (0, 0), (-1, -1), 1, "black")]
    SimpleDocTemplate(file, pagesize=A5, invariant=True).build([Table(ROWS, style=lines)])
    return file.getvalue()


@pytest.fixture
def document(place, ann):
    """The id of one that has a table and was read."""
    place.hire()
    id = upload(ann, ruled_table(), "prices.pdf")
    extract(ann, id, "table")
    return id


def change(ann, document, **about):
    path = f"/v1/documents/{document}/extractions/table"
    return ann.patch(path, json={"changes": [about]})


def texts(extraction):
    (table,) = extraction["result"]["tables"]
    found = [[""] * table["columns"] for _ in range(table["rows"])]
    for cell in table["cells"]:
        found[cell["row"]][cell["column"]] = cell["text"]
    return found


def test_documents_with_tables_are_listed_alone(ann, document):
    upload(ann, pdf("a letter"), "letter.pdf")
    (found,) = ann.get("/v1/documents", params={"tables": True}).json()["documents"]
    assert (found["id"], found["result"]["tables"]) == (document, 1)
    assert len(ann.get("/v1/documents").json()["documents"]) == 2


def test_a_cell_is_put_right_and_taken_back(ann, document):
    put_right = change(ann, document, kind="cell", name="0.1", row=1, value="2.60")
    assert texts(put_right.json()) == [ROWS[0], ["Tea", "2.60"], *ROWS[2:]]
    path = f"/v1/documents/{document}/extractions/table"
    assert ann.get(path).json() == put_right.json()
    (kept,) = ann.get(f"{path}/corrections").json()["corrections"]
    assert (kept["kind"], kept["name"], kept["row"]) == ("cell", "0.1", 1)
    assert (kept["old"], kept["new"]) == ({"value": "2.50"}, {"value": "2.60"})
    assert kept["who"].startswith("ann")
    assert texts(ann.post(f"{path}/corrections/undo").json()) == ROWS


def test_rows_come_and_go(ann, document):
    added = change(ann, document, kind="cell", name="0.0", row=4, value="Jug").json()
    assert texts(added) == [*ROWS, ["Jug", ""]]
    gone = change(ann, document, kind="table_row", name="0", row=2, value=None).json()
    assert texts(gone) == [*ROWS[:2], ROWS[3], ["Jug", ""]]


def test_a_place_that_no_table_has_is_refused(ann, document):
    refusal(change(ann, document, kind="cell", name="7.0", row=0, value="x"), 422, "usage")
    refusal(change(ann, document, kind="cell", name="first", row=0, value="x"), 422, "usage")


def test_nobody_changes_the_tables_of_others(place, document):
    with place.client("bob") as bob:
        refused = change(bob, document, kind="cell", name="0.1", row=1, value="mine")
        refusal(refused, 404, "not_found")
