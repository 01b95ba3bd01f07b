"""What was filled in on a form, put right over HTTP."""

from __future__ import annotations

import pytest
from calls import extract, pdf, refusal, upload

from docai.store.keys import Scope


@pytest.fixture
def document(place, ann):
    """The id of a form that was read."""
    place.hire()
    id = upload(
        ann, pdf("Full name: Marta Lindqvist", "Town: Oxfrod", "Street: Weir Street 12"), "form.pdf"
    )
    extract(ann, id, "form")
    return id


def path(document):
    return f"/v1/documents/{document}/extractions/form"


def change(client, document, **about):
    return client.patch(path(document), json={"changes": [{"kind": "key_value", **about}]})


def filled(extraction):
    pairs = extraction["result"]["key_values"]
    return {pair["key"]["text"]: pair["value"] and pair["value"]["text"] for pair in pairs}


FOUND = {"Full name": "Marta Lindqvist", "Town": "Oxfrod", "Street": "Weir Street 12"}


def test_a_pair_is_put_right_and_taken_back(ann, document):
    put_right = change(ann, document, name="Town", row=1, value="Oxford").json()
    assert filled(put_right) == {**FOUND, "Town": "Oxford"}
    assert ann.get(path(document)).json() == put_right
    (kept,) = ann.get(f"{path(document)}/corrections").json()["corrections"]
    assert (kept["kind"], kept["name"], kept["row"]) == ("key_value", "Town", 1)
    assert (kept["old"]["value"], kept["new"]["value"]) == ("Oxfrod", "Oxford")
    assert kept["who"].startswith("ann")
    assert filled(ann.post(f"{path(document)}/corrections/undo").json()) == FOUND


def test_a_pair_is_picked_on_the_page_or_left_empty(ann, document):
    spot = {"page": 1, "box": [1.0, 2.0, 3.0, 4.0], "words": [2]}
    about = {"name": "Full name", "row": 0}
    picked = change(ann, document, **about, value="Marta", text="Marta", evidence=[spot]).json()
    value = picked["result"]["key_values"][0]["value"]
    assert value == {"text": "Marta", "evidence": [spot]}
    assert filled(change(ann, document, **about, value=None).json())["Full name"] is None


def test_a_pair_that_is_not_there_is_refused_in_words(ann, document):
    said = refusal(change(ann, document, name="Town", row=7, value="x"), 422, "usage")
    assert "there is no key_value 7; the result has 3" in said["detail"]
    said = refusal(change(ann, document, name="Street", row=1, value="x"), 422, "usage")
    assert "the label of key_value 1 is 'Town', not 'Street'" in said["detail"]
    said = refusal(change(ann, document, name="Town", row=1, value={"amount": "1"}), 422, "usage")
    assert "what is filled in is text" in said["detail"]
    assert filled(ann.get(path(document)).json()) == FOUND


def test_nobody_changes_the_forms_of_others(place, ann, document):
    with place.client("bob") as bob:
        refusal(change(bob, document, name="Town", row=1, value="mine"), 404, "not_found")
    assert filled(ann.get(path(document)).json()) == FOUND


def test_a_key_that_may_only_read_changes_nothing(place, ann, document):
    with place.client("ann", Scope.READ) as reader:
        refusal(change(reader, document, name="Town", row=1, value="mine"), 403, "forbidden")
    assert filled(ann.get(path(document)).json()) == FOUND
