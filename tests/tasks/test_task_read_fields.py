"""Fields by rules and model together: the model is a fake that points at words."""

from dataclasses import replace

import pytest

pytest.importorskip("torch")

from typed import document

from docai.document import WordRef
from docai.models.reader import Reading
from docai.results import FieldType, KeyValue, Span
from docai.tasks import FieldSpec, read_fields, read_form
from docai.tasks.auto import BY_NAME
from docai.tasks.own_fields import CustomTask
from docai.tasks.read_fields import ModelledCustomTask, ModelledTask
from docai.tasks.spelled import places_of
from docai.tasks.together import Opinions, Said

TILL = """
GARDEN CAFE
12, JALAN TAMPOI 7/4
Date: 19/10/2018

SUBTOTAL   63.90
GST 6%      3.83
TOTAL      67.73
PAID       70.00
Waiter:  Zoe
"""
# Odds are believed as they are, rules as they say, both together more.
PLAIN = Opinions((0.0, 1.0, 0.0, 0.0), (1.0, 1.0, 0.0, 0.0, 1.0), (0.0, 1.0))


@pytest.fixture
def model(monkeypatch):
    """`model(prompt=text, ...)`: what is read for the fields whose prompts begin so."""
    monkeypatch.setattr(read_fields, "TYPED", PLAIN)
    monkeypatch.setattr(read_fields, "OWN", PLAIN)

    def reads(odds=4.0, **texts):
        def read_values(made, prompts):
            return [
                [
                    Reading(place, odds)
                    for start, text in texts.items()
                    if prompt.startswith(start.replace("_", " "))
                    for place in places_of(text, made)[:1]
                ]
                for prompt in prompts
            ]

        monkeypatch.setattr(read_fields, "read_values", read_values)

    return reads


def extracted(made):
    return ModelledTask(BY_NAME["receipt"]).extract(made)


def test_a_value_that_both_find_is_surer_than_either_finds_it(model):
    made = document(TILL)
    model()
    alone = extracted(made).get("transaction_date").confidence
    model(transaction_date="Date: 19/10/2018")
    assert extracted(made).get("transaction_date").confidence > alone


def test_what_rules_miss_the_model_finds_and_only_the_value_is_taken(model):
    made = document(TILL)
    model(payment_method="Waiter: Zoe", tip="70.00")
    tip = extracted(made).get("tip")
    assert tip.type is FieldType.MONEY and made.text(tip.evidence) == "70.00" == tip.text


def test_words_that_hold_no_value_of_the_type_are_nothing(model):
    model(tip="Waiter: Zoe")
    assert extracted(document(TILL)).get("tip") is None


def test_what_is_unlikely_is_not_told(model):
    model(odds=-2.0, tip="70.00")
    assert extracted(document(TILL)).get("tip") is None


def test_sums_are_proved_again_when_a_value_changes(model):
    made = document(TILL)
    model()
    assert {c.name: c.passed for c in extracted(made).checks} == {"total_sum": True}
    model(odds=9.0, total="70.00")
    found = extracted(made)
    assert str(found.get("total").value.amount) == "70.00"
    assert {c.name: c.passed for c in found.checks} == {"total_sum": False}


def test_fields_stay_in_the_order_of_the_task(model):
    model(tip="70.00", payment_method="Zoe")
    names = [field.name for field in extracted(document(TILL)).fields]
    assert names == sorted(names, key=read_fields.ORDERS["receipt"].index)


def test_other_tasks_are_left_to_rules(model):
    model(total="70.00")
    made, table = document(TILL), BY_NAME["table"]
    found = ModelledTask(table).extract(made)
    assert replace(found, model=table.extract(made).model) == table.extract(made)


def test_a_field_of_ones_own_is_found_by_what_it_means(model):
    specs = (FieldSpec("server", description="who brought the food"),)
    model(server="Zoe")
    found = ModelledCustomTask(CustomTask(specs)).extract(document(TILL))
    assert found.get("server").value == "Zoe"
    assert found.model.name == "docai-small"


def test_a_field_of_ones_own_stands_beside_a_label_that_the_model_alone_sees(model, monkeypatch):
    model()
    made = document("Jones\n\n\n\nHauler")
    value, label = (Span(word.text, (WordRef(0, i),)) for i, word in enumerate(made.pages[0].words))
    rules = CustomTask((FieldSpec("hauler"),))
    assert rules.extract(made).get("hauler") is None

    def found(confidence):
        pair = KeyValue(label, value, confidence)
        monkeypatch.setattr(read_form, "pairs", lambda _: (pair,))
        return ModelledCustomTask(rules).extract(made).get("hauler")

    assert found(0.9).value == "Jones" and found(0.9).confidence > found(0.5).confidence
    assert found(0.05) is None


def test_boxes_to_tick_are_left_to_rules(model):
    specs = (FieldSpec("member", FieldType.BOOLEAN, labels=("Member",)),)
    model(member="Zoe")
    made = document("Member ☒    Guest ☐")
    assert ModelledCustomTask(CustomTask(specs)).extract(made).get("member").value is True


def test_both_agreeing_are_surer_than_one():
    both = Said(2.0, 1.0, 0.8)
    for alone in (replace(both, odds=None, lead=0.0), replace(both, rules=None)):
        assert read_fields.TYPED.probability(both) > read_fields.TYPED.probability(alone)
        assert read_fields.OWN.probability(both) > read_fields.OWN.probability(alone)


def test_evidence_is_the_words_that_hold_the_value():
    made = document("INVOICE DATE: 3 May 2026 ok")
    wanted = read_fields.known(["invoice_date"])[0]
    whole = Reading(tuple(WordRef(0, w) for w in range(6)), 1.0)
    from docai.tasks.context import Context

    field = read_fields.typed(wanted, whole, Context(made))
    assert field.text == "3 May 2026" and made.text(field.evidence) == "3 May 2026"
