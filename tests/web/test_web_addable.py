"""Which fields may be added to a result, and that an added one is stored."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("streamlit")

from streamlit.testing.v1 import AppTest

from app.web import addable


class Service:
    """What the page calls, and what it was told."""

    def __init__(self):
        self.corrected = []

    def correct(self, document, requested, changes):
        self.corrected.append((document, requested, changes))


def page(client, found):
    from app.web import addable as shown

    shown.show(client, found)


@pytest.fixture
def found():
    field = {"name": "invoice_id", "type": "string", "value": "INV-1", "text": "INV-1",
             "confidence": 0.9, "evidence": []}  # fmt: skip
    result = {"task": "invoice", "fields": [field], "items": [], "tax_details": []}
    return SimpleNamespace(document="d", requested="invoice", task="invoice", result=result)


def test_what_the_result_has_cannot_be_added(found):
    offered = addable.missing(found)
    assert "invoice_id" not in offered
    assert offered["due_date"] == "date"


def test_a_field_that_was_not_found_is_added(found):
    client = Service()
    shown = AppTest.from_function(page, args=(client, found), default_timeout=60).run()
    shown.selectbox[0].select("due_date")
    shown.text_input[0].input("11 April 2026")
    shown.button[0].click().run()
    ((document, requested, (change,)),) = client.corrected
    assert (document, requested) == ("d", "invoice")
    assert change == {"name": "due_date", "value": "2026-04-11", "type": "date"}


def test_a_value_that_does_not_fit_is_refused_in_words(found):
    client = Service()
    shown = AppTest.from_function(page, args=(client, found), default_timeout=60).run()
    shown.selectbox[0].select("due_date")
    shown.text_input[0].input("soon")
    shown.button[0].click().run()
    assert not client.corrected
    assert "Due date" in shown.toast[0].value
