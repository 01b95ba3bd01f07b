"""Cells, rows and texts of tables as people change them: stored, undone, in SQL and in the JSON."""

import pytest
from sqlalchemy import text
from stored import finish, result, submit, take

from docai.errors import Conflict, UsageError
from docai.store import cells, insights, results
from docai.store.results import Change

WHO = "ann@example.org"


@pytest.fixture
def document_id(store):
    submit(store)
    (claim,) = take(store)
    finish(store, claim)
    return claim.document_id


def cell(row, column, text):
    return Change(f"0.{column}", text, kind="cell", row=row)


def correct(store, document_id, *changes):
    return results.correct(store, "ann", document_id, "invoice", changes, WHO)


def texts(stored):
    (table,) = stored.result["tables"]
    return [cells.row_texts(table, row) for row in range(table["rows"])]


def texts_in_sql(store):
    wanted = 'SELECT text FROM cells ORDER BY "row", "column"'
    with store.reading() as session:
        return session.execute(text(wanted)).scalars().all()


def test_a_cell_put_right_is_kept_with_who_and_when_and_can_be_taken_back(
    store, document_id, clock
):
    corrected = correct(store, document_id, cell(1, 1, "2.60"))
    assert texts(corrected) == [["Item", "Price"], ["Tea", "2.60"]]
    assert results.latest(store, "ann", document_id, "invoice") == corrected
    assert texts_in_sql(store) == ["Item", "Price", "Tea", "2.60"]
    (kept,) = results.corrections(store, "ann", corrected.id)
    assert (kept.old, kept.new) == ({"value": "2.50"}, {"value": "2.60"})
    assert (kept.who, kept.at, kept.undone_at) == (WHO, clock(), None)
    undone = results.undo(store, "ann", document_id, "invoice", WHO)
    assert undone.result == result()
    assert texts_in_sql(store) == ["Item", "Price", "Tea", "2.50"]
    with pytest.raises(Conflict):
        results.undo(store, "ann", document_id, "invoice", WHO)


def test_only_the_cell_that_was_changed_is_marked(store, document_id):
    (table,) = correct(store, document_id, cell(1, 1, "2.60")).result["tables"]
    assert [each.get("corrected", False) for each in table["cells"]] == [False, False, False, True]


def test_a_row_is_added_and_taken_away_and_both_taken_back(store, document_id):
    correct(store, document_id, cell(2, 0, "Cup"), cell(2, 1, "4.00"))
    shorter = correct(store, document_id, Change("0", None, kind="table_row", row=1))
    assert texts(shorter) == [["Item", "Price"], ["Cup", "4.00"]]
    assert texts_in_sql(store) == ["Item", "Price", "Cup", "4.00"]
    again = results.undo(store, "ann", document_id, "invoice", WHO)
    assert texts(again) == [["Item", "Price"], ["Tea", "2.50"], ["Cup", "4.00"]]
    results.undo(store, "ann", document_id, "invoice", WHO)
    assert results.undo(store, "ann", document_id, "invoice", WHO).result == result()


@pytest.mark.parametrize(
    "change",
    [
        Change("1.0", "no such table", kind="cell"),
        Change("0.2", "no such column", kind="cell"),
        Change("0.0", "a row beyond the next one", kind="cell", row=3),
        Change("0.-1", "no number", kind="cell"),
        Change("0", "no column", kind="cell"),
        Change("0.0", None, kind="cell"),
        Change("0.0", True, kind="cell"),
        Change("0", None, kind="table_row", row=2),
        Change("0", "not taken away", kind="table_row", row=1),
    ],
)
def test_a_place_that_is_not_there_is_refused_and_nothing_changes(store, document_id, change):
    with pytest.raises(UsageError):
        correct(store, document_id, cell(1, 1, "2.60"), change)
    assert results.latest(store, "ann", document_id, "invoice").result == result()


def test_a_cell_put_right_says_nothing_of_how_right_fields_were(store, document_id, clock):
    correct(store, document_id, cell(1, 1, "2.60"))
    told = insights.insights(store, "ann", since=clock().date())
    assert (told.reviewed, told.accuracy) == (0, None)
    assert {field.kind for field in told.fields} == {"field", "item"}


def table(rows, *spans):
    """Cells (row, column, row_span, column_span), two columns."""
    found = [
        {"row": r, "column": c, "row_span": rs, "column_span": cs, "kind": "content",
         "text": f"{r}{c}", "box": [50 * c, 10 * r, 50 * (c + cs), 10 * (r + rs)], "words": []}
        for r, c, rs, cs in spans
    ]  # fmt: skip
    return {"page": 1, "box": [0, 0, 100, 10 * rows], "rows": rows, "columns": 2, "cells": found}


def changed(table, kind, row, name, value):
    (after,) = cells.changed({"tables": [table]}, kind, row, name, value)[0]["tables"]
    return after


def test_a_merged_cell_is_changed_at_any_place_it_covers():
    after = changed(table(2, (0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1)), "cell", 0, "0.1", "all")
    assert cells.row_texts(after, 0) == ["all", "all"]
    assert len(after["cells"]) == 3


def test_a_cell_over_two_rows_gets_shorter_with_the_row():
    before = table(3, (0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1), (2, 0, 1, 2))
    after = changed(before, "table_row", 1, "0", None)
    assert [(c["row"], c["row_span"], c["text"]) for c in after["cells"]] == [
        (0, 1, "00"),
        (0, 1, "01"),
        (1, 1, "20"),
    ]
    assert after["rows"] == 2


def test_a_cell_where_none_was_stands_between_its_neighbours():
    before = table(2, (0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1))
    after = changed(before, "cell", 1, "0.1", "new")
    assert after["cells"][-1]["box"] == [50, 10, 100, 20]


def test_rows_of_a_table_over_two_pages_are_counted_on_theirs():
    before = table(3, (0, 0, 1, 2), (1, 0, 1, 2), (2, 0, 1, 2))
    before["parts"] = [{"page": 1, "rows": 2}, {"page": 2, "rows": 1}]
    before["cells"][2]["page"] = 2
    longer = changed(before, "cell", 3, "0.0", "new")
    assert [part["rows"] for part in longer["parts"]] == [2, 2]
    assert longer["cells"][-1]["page"] == 2
    shorter = changed(before, "table_row", 0, "0", None)
    assert [part["rows"] for part in shorter["parts"]] == [1, 1]
