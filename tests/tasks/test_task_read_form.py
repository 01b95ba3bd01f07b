"""Pairs of forms by rules and model together: the model is a fake that points at words."""

from itertools import islice

import pytest

pytest.importorskip("torch")

from typed import document

from docai.models import forms
from docai.results import KeyValue
from docai.tasks import read_form, task
from docai.tasks.form import FormTask
from docai.tasks.text import key
from docai.tasks.together import Opinions
from docai.training.form_scores import expected_pairs
from docai.training.rearranged import rearranged
from docai.training.synth import documents

# Odds are believed as they are, rules as they say, both together more.
PLAIN = Opinions((0.0, 1.0, 0.0, 0.0), (1.0, 1.0, 0.0, 0.0, 1.0), (0.0, 1.0))
FORM = """
Applicant: Jane Doe
Street

No. of pages   12
[x] new member
Remarks: ______
"""


@pytest.fixture
def extracted(monkeypatch):
    """`extracted((label, value, probability), ...)`: the pairs when the model says these."""
    monkeypatch.setattr(read_form, "OPINIONS", PLAIN)

    def extract(*read, text=FORM):
        made = document(text)

        words = [word.text for word in made.pages[0].words]

        def place(said):
            wanted = said.split()
            starts = range(len(words) - len(wanted) + 1)
            first = next(i for i in starts if words[i : i + len(wanted)] == wanted)
            return frozenset(range(first, first + len(wanted)))

        def find(*_):
            labels = [("question", place(label)) for label, _, _ in read]
            values = [("answer", place(value)) for _, value, _ in read]
            entities = list(dict.fromkeys([*labels, *values]))
            links = tuple(
                (entities.index(label), entities.index(value), p)
                for label, value, (_, _, p) in zip(labels, values, read, strict=True)
            )
            return forms.Found(entities, links)

        monkeypatch.setattr(forms, "find", find)
        found = read_form.with_model(FormTask().extract(made), made)
        return {pair.key.text: pair for pair in found.key_values}

    return extract


def test_a_pair_that_both_find_is_surer_than_either_finds_it(extracted):
    alone = extracted()["Applicant"].confidence
    both = extracted(("Applicant:", "Jane Doe", 0.8))["Applicant"]
    assert both.value.text == "Jane Doe"
    assert both.confidence > max(alone, 0.8)


def test_a_pair_that_the_model_alone_finds_is_told_where_it_is_likely(extracted):
    assert "Street" not in extracted()
    assert extracted(("Street", "12", 0.9))["Street"].value.text == "12"
    assert "Street" not in extracted(("Street", "12", 0.2))


def test_what_rules_think_unlikely_is_told_only_where_the_model_agrees(extracted):
    text = "Carrier     Post\n\nApplicant: Jane Doe"
    ruled = FormTask().extract(document(text)).key_values
    assert [pair.key.text for pair in ruled] == ["Carrier", "Applicant"]
    assert list(extracted(text=text)) == ["Applicant"]
    agreed = extracted(("Carrier", "Post", 0.6), text=text)
    assert agreed["Carrier"].value.text == "Post"


def test_running_text_is_not_read_for_labels(monkeypatch):
    monkeypatch.setattr(forms, "find", lambda *_: pytest.fail("read"))
    assert read_form.pairs(document("The museum opened in 1911 and closed again.")) == ()


def test_no_word_is_told_twice(extracted):
    found = extracted(("Applicant:", "Jane", 0.99), ("Street", "Doe", 0.98))
    assert (found["Applicant"].value.text, found["Street"].value.text) == ("Jane", "Doe")
    found = extracted(("Applicant:", "Jane", 0.35))
    assert found["Applicant"].value.text == "Jane Doe"  # the rules are surer


TABLE = """
        Length  Weight

Rod     12.1    7.5

Bolt    4.3     0.8
"""


def test_a_cell_of_a_table_is_told_for_its_row_and_for_its_column(extracted):
    cells = [("Rod", "12.1"), ("Rod", "7.5"), ("Bolt", "4.3"), ("Bolt", "0.8")]
    columns = [("Length", "4.3"), ("Length", "12.1"), ("Weight", "7.5"), ("Weight", "0.8")]
    found = extracted(*((label, cell, 0.9) for label, cell in cells + columns), text=TABLE)
    values = {label: pair.value.text for label, pair in found.items()}
    assert values["Rod"] == "12.1 7.5" and values["Bolt"] == "4.3 0.8"
    assert values["Length"] == "12.1 4.3" and values["Weight"] == "7.5 0.8"


def test_boxes_to_tick_and_labels_left_empty_stay(extracted):
    found = extracted(("Remarks:", "12", 0.1), ("new", "[x]", 0.99))
    assert found["new member"].checked is True
    assert found["Remarks"].value is None
    assert extracted(("Remarks:", "12", 0.9))["Remarks"].value.text == "12"


def test_what_a_form_says_twice_is_told_twice(monkeypatch):
    made = document("Name: Jane\n\nAge: 5\n\nName: Jane")
    monkeypatch.setattr(read_form, "OPINIONS", PLAIN)
    monkeypatch.setattr(read_form, "_read", lambda _: iter(()))
    found = read_form.with_model(FormTask().extract(made), made)
    assert [pair.key.text for pair in found.key_values] == ["Name", "Age", "Name"]


def test_a_line_to_write_on_is_no_value(extracted):
    assert extracted(("Remarks:", "______", 0.99))["Remarks"].value is None


@pytest.fixture
def with_model(monkeypatch):
    monkeypatch.delenv("DOCAI_MODEL")


def test_forms_are_read_better_with_docai_small_than_by_rules_alone(with_model):
    made = [rearranged(one) for one in islice(documents("form", "en", 77), 8)]
    true = [expected_pairs(one) for one in made]

    def f1(extractor):
        claimed = [
            {said(p) for p in extractor.extract(one.document).key_values if is_filled(p)}
            for one in made
        ]
        right = sum(len(a & b) for a, b in zip(true, claimed, strict=True))
        return 2 * right / (sum(map(len, true)) + sum(map(len, claimed)))

    assert f1(task("form")) > f1(FormTask()) + 0.1


def is_filled(pair: KeyValue):
    return pair.value is not None and pair.checked is None


def said(pair: KeyValue):
    return key(pair.key.text), key(pair.value.text)


def test_pages_of_a_long_document_are_read_one_by_one(with_model):
    one = rearranged(next(documents("form", "en", 5)))
    two = type(one.document)(one.document.source, one.document.pages[:1] * 2)
    pairs = task("form").extract(two).key_values
    by_page = [
        [(p.key.text, p.value and p.value.text) for p in pairs if p.key.evidence[0].page == n]
        for n in range(2)
    ]
    assert by_page[0] == by_page[1] != []
