"""A form's pairs as people change them: stored, undone, in SQL, in the JSON, in exports."""

import json

import pytest
from sqlalchemy import text
from stored import finish, result, submit, take

from docai.errors import NotFound, UsageError
from docai.results import FieldType
from docai.store import insights, pairs, results, tables
from docai.store.results import Change
from docai.store.tables import Form, Rows

WHO = "ann@example.org"
SPOT = {"page": 1, "box": [1, 2, 3, 4], "words": [1]}
TICKED, EMPTY = 0, 1  # the pairs of the example: "Adult" ☒, and "Name" with nothing filled in


@pytest.fixture
def job(store):
    made = submit(store)
    (claim,) = take(store)
    finish(store, claim)
    return made


@pytest.fixture
def document_id(store, job):
    (item,) = results.of_job(store, "ann", job.id)
    return item.document_id


def name(value, **about):
    return Change("Name", value, kind="key_value", row=EMPTY, **about)


def tick(value, **about):
    return Change("Adult", value, kind="key_value", row=TICKED, **about)


def correct(store, document_id, *changes):
    return results.correct(store, "ann", document_id, "invoice", changes, WHO)


def undo(store, document_id):
    return results.undo(store, "ann", document_id, "invoice", WHO)


def pair(stored, row):
    return stored.result["key_values"][row]


def in_sql(store):
    wanted = "SELECT name, type, value, corrected FROM fields WHERE kind = 'key_value' ORDER BY row"
    with store.reading() as session:
        return [(*row[:3], bool(row[3])) for row in session.execute(text(wanted))]


FOUND = [("Adult", "boolean", "true", False), ("Name", "string", None, False)]


def test_what_was_filled_in_is_put_right_and_kept_with_who_and_when(store, document_id, clock):
    corrected = correct(store, document_id, name("Ann", evidence=(SPOT,)))
    before = result()["key_values"][EMPTY]
    assert pair(corrected, EMPTY) == {
        "key": before["key"],
        "value": {"text": "Ann", "evidence": [SPOT]},
        "confidence": 1.0,
        "corrected": True,
    }
    assert pair(corrected, TICKED) == result()["key_values"][TICKED]
    assert results.latest(store, "ann", document_id, "invoice") == corrected
    assert in_sql(store) == [FOUND[0], ("Name", "string", "Ann", True)]
    (kept,) = results.corrections(store, "ann", corrected.id)
    assert (kept.old["value"], kept.old["confidence"], kept.new["value"]) == (None, 0.5, "Ann")
    assert (kept.who, kept.at) == (WHO, clock())
    assert undo(store, document_id).result == result()
    assert in_sql(store) == FOUND


def test_a_tick_is_taken_away_and_its_mark_stays_what_the_page_says(store, document_id):
    before = result()["key_values"][TICKED]
    corrected = correct(store, document_id, tick(False))
    assert pair(corrected, TICKED)["value"] == {**before["value"], "value": False}
    assert in_sql(store)[0] == ("Adult", "boolean", "false", True)
    assert undo(store, document_id).result == result()


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_was_filled_in(store, document_id, nothing):
    corrected = correct(store, document_id, tick(nothing))
    assert pair(corrected, TICKED)["value"] is None
    assert in_sql(store)[0] == ("Adult", "string", None, True)
    again = correct(store, document_id, tick(True, text="☑"))
    assert pair(again, TICKED)["value"] == {
        "text": "☑", "evidence": [], "type": "boolean", "value": True,
    }  # fmt: skip
    undo(store, document_id)
    assert undo(store, document_id).result == result()


def test_a_text_that_is_typed_stands_where_the_old_one_stood(store, document_id):
    correct(store, document_id, name("Ann", evidence=(SPOT,)))
    assert pair(correct(store, document_id, name("Anne")), EMPTY)["value"] == {
        "text": "Anne", "evidence": [SPOT],
    }  # fmt: skip
    assert pair(undo(store, document_id), EMPTY)["value"]["text"] == "Ann"
    assert in_sql(store)[EMPTY] == ("Name", "string", "Ann", True)


def test_a_value_sent_as_it_was_is_one_that_was_looked_at(store, document_id):
    accepted = correct(store, document_id, tick(True), name(None))
    for row in (TICKED, EMPTY):
        before = result()["key_values"][row]
        assert pair(accepted, row) == {**before, "confidence": 1.0, "corrected": True}


def test_a_job_is_exported_as_it_is_now(store, job, document_id):
    correct(store, document_id, name("Ann"))
    (line,) = tables.stream(store, "ann", job.id, Form.JSONL, Rows.DOCUMENTS)
    assert json.loads(line)["key_values"][EMPTY]["value"]["text"] == "Ann"


def test_sums_and_what_is_told_of_fields_stay_as_they_were(store, document_id, clock):
    corrected = correct(store, document_id, name("Ann"))
    assert corrected.result["checks"] == result()["checks"]
    assert insights.insights(store, "ann", since=clock().date()).accuracy is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Change("Name", "x", kind="key_value", row=2), "there is no key_value 2; the result has 2"),
        (Change("Name", "x", kind="key_value", row=-1), "there is no key_value -1"),
        (Change("Adult", "x", kind="key_value", row=EMPTY), "is 'Name', not 'Adult'"),
        (tick("yes"), "Adult: 'yes' does not fit; what is filled in is true or false"),
        (name({"amount": "1", "currency": None}), "does not fit; what is filled in is text"),
        (name("1", type=FieldType.NUMBER), "what is filled in is text or true or false"),
    ],
)
def test_a_pair_that_is_not_there_or_a_value_that_does_not_fit_is_refused(
    store, document_id, change, says
):
    with pytest.raises(UsageError) as refused:
        correct(store, document_id, name("Ann"), change)
    assert says in str(refused.value)
    assert results.latest(store, "ann", document_id, "invoice").result == result()


def test_of_a_long_label_the_first_hundred_characters_are_enough():
    label = "I agree that " * 20
    long = {
        "key_values": [{"key": {"text": label, "evidence": []}, "value": None, "confidence": 1}]
    }
    assert pairs.find(long, 0, label[: pairs.NAMED]) == pairs.find(long, 0, label)
    with pytest.raises(UsageError):
        pairs.find(long, 0, label[: pairs.NAMED - 1])


def test_nobody_changes_the_forms_of_others(store, document_id):
    with pytest.raises(NotFound):
        results.correct(store, "bob", document_id, "invoice", [name("mine")], "bob")
    assert in_sql(store) == FOUND
