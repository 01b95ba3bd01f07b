"""Which fields may be added to a result, and what is stored of what a person does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("streamlit")

from streamlit.testing.v1 import AppTest

from app.client import ApiError
from app.web import addable

SPOT = {"page": 1, "box": [1, 2, 3, 4], "words": [7]}


class Service:
    """What the page calls, and what it was told."""

    def __init__(self, refused="nothing"):
        self.corrected, self.refused = [], refused

    def correct(self, document, requested, changes):
        if any(change["value"] == self.refused for change in changes):
            raise ApiError(422, "usage", "no such place", "1")
        self.corrected.append((document, requested, changes))
        return result("invoice")

    def field_sets(self):
        of_ships = [{"name": "ship", "type": "string"}, {"name": "loaded", "type": "date"}]
        return [{"name": "freight", "fields": of_ships}]


def page(client, found, said):
    import streamlit as st

    from app.web import corrections

    st.session_state["fields"] = {"actions": said}
    st.session_state["after"] = corrections.carry_out(client, found, "fields")


def result(task, name="invoice_id"):
    field = {"name": name, "type": "string", "value": "INV-1", "text": "INV-1",
             "confidence": 0.9, "evidence": []}  # fmt: skip
    values = {"task": task, "fields": [field], "items": [], "tax_details": []}
    return SimpleNamespace(id="r", document="d", requested="auto", task=task, result=values)


def do(client, *actions, found=None, **action):
    done = actions or [action]
    said = {"run": "1", "list": [{"n": n, "result": "r", **a} for n, a in enumerate(done, 1)]}
    args = (client, found or result("invoice"), said)
    return AppTest.from_function(page, args=args, default_timeout=60).run()


def test_what_the_result_has_cannot_be_added():
    offered = addable.missing(Service(), result("invoice"))
    assert "invoice_id" not in offered
    assert offered["due_date"] == "date"


def test_fields_of_ones_own_can_be_added_too():
    assert addable.missing(Service(), result("custom", "ship")) == {"loaded": "date"}


def test_fields_are_offered_by_the_name_people_know(monkeypatch):
    monkeypatch.setattr("app.web.words.language", lambda: "en")
    labels = [each["label"] for each in addable.choices(Service(), result("receipt"))]
    assert "Merchant's address" in labels
    assert labels == sorted(labels, key=str.casefold)


def test_a_field_that_was_missed_is_added_as_it_was_typed():
    client = Service()
    do(client, op="add", name="due_date", text="11 April 2026", evidence=None)
    change = {"name": "due_date", "kind": "field", "row": 0, "value": "2026-04-11", "type": "date"}
    assert client.corrected == [("d", "auto", [change])]


def test_a_field_that_was_picked_keeps_its_place_on_the_page():
    client = Service()
    picked = {"text": "1.250,00 €", "page_text": "1.250,00 €", "evidence": [SPOT]}
    do(client, op="add", name="invoice_total", **picked)
    ((_, _, (change,)),) = client.corrected
    assert change["value"] == {"amount": "1250.00", "currency": "EUR"}
    assert (change["text"], change["evidence"]) == ("1.250,00 €", [SPOT])


def test_a_value_that_does_not_fit_is_refused_in_words():
    client = Service()
    shown = do(client, op="add", name="due_date", text="soon", evidence=None)
    assert not client.corrected
    assert "Due date" in shown.toast[0].value


def test_a_field_that_is_there_by_now_is_not_added_twice():
    client = Service()
    do(client, op="add", name="invoice_id", text="INV-2", evidence=None)
    assert not client.corrected


def test_cells_and_rows_of_tables_are_named_as_the_api_names_them():
    client = Service()
    do(client, op="cell", table=2, row=5, column=1, text="12.50")
    do(client, op="drop_row", table=2, row=5)
    (cell,), (row,) = (changes for _, _, changes in client.corrected)
    assert cell == {"name": "2.1", "kind": "cell", "row": 5, "value": "12.50"}
    assert row == {"name": "2", "kind": "table_row", "row": 5, "value": None}


def cell(column, text):
    return {"op": "cell", "table": 0, "row": 0, "column": column, "text": text}


def texts(client):
    """Of each call."""
    return [[change["value"] for change in changes] for _, _, changes in client.corrected]


def test_what_is_typed_faster_than_the_service_answers_is_one_call():
    client = Service()
    do(client, cell(0, "a"), cell(1, "b"), {"op": "accept", "id": "field/0/invoice_id"})
    assert texts(client) == [["a", "b", "INV-1"]]


def test_the_same_place_twice_is_two_calls_in_their_order():
    client = Service()
    do(client, cell(0, "a"), cell(1, "b"), cell(0, "c"))
    assert texts(client) == [["a", "b"], ["c"]]


def test_one_that_is_refused_does_not_hold_up_the_others():
    client = Service(refused="b")
    shown = do(client, cell(0, "a"), cell(1, "b"), cell(2, "c"))
    assert texts(client) == [["a"], ["c"]]
    assert len(shown.toast) == 1


def form():
    """A label with a text, a checkbox, and a label that nothing is filled in beside."""
    tick = {"text": "☒", "evidence": [SPOT], "type": "boolean", "value": True}
    values = {"Town": {"text": "Oxfrod", "evidence": [SPOT]}, "Adult": tick, "Name": None}
    pairs = [
        {"key": {"text": label, "evidence": []}, "value": value, "confidence": 0.6}
        for label, value in values.items()
    ]
    found = result("form")
    found.result = {"task": "form", "fields": [], "key_values": pairs}
    return found


def of_pair(row, name, value):
    return {"name": name, "kind": "key_value", "row": row, "value": value}


def test_pairs_of_a_form_are_named_as_the_api_names_them():
    client = Service()
    town, adult, name = ("key_value/0/Town", "key_value/1/Adult", "key_value/2/Name")
    do(
        client,
        {"op": "set", "id": town, "text": "Oxford", "evidence": None},
        {"op": "absent", "id": adult},
        {"op": "accept", "id": name},
        found=form(),
    )
    ((_, _, made),) = client.corrected
    assert made == [
        of_pair(0, "Town", "Oxford"), of_pair(1, "Adult", False), of_pair(2, "Name", None),
    ]  # fmt: skip


def test_a_pair_that_is_emptied_was_not_filled_in_and_one_that_is_picked_has_its_place():
    client = Service()
    picked = {"text": "Ann", "page_text": "Ann", "evidence": [SPOT]}
    do(
        client,
        {"op": "set", "id": "key_value/0/Town", "text": " ", "evidence": None},
        {"op": "set", "id": "key_value/2/Name", **picked},
        found=form(),
    )
    ((_, _, (town, name)),) = client.corrected
    assert town == of_pair(0, "Town", None)
    assert name == {**of_pair(2, "Name", "Ann"), "text": "Ann", "evidence": [SPOT]}


def test_a_tick_that_is_no_yes_or_no_is_refused_by_the_name_of_its_label():
    client = Service()
    change = {"op": "set", "id": "key_value/1/Adult", "text": "perhaps", "evidence": None}
    shown = do(client, change, found=form())
    assert not client.corrected
    assert shown.toast[0].value.startswith("Adult was not changed")
