"""The extractor on invoices that were invented at random, against their truth."""

import pytest
from synthetic import invoices

from docai.evaluation.invoice import InvoiceScores, judge_fields, judge_items
from docai.evaluation.metrics import Counts, calibration_error
from docai.tasks import task


@pytest.fixture(scope="module")
def scores():
    judged = InvoiceScores()
    for number, made in enumerate(invoices(80, seed=3)):
        found = task("invoice").extract(made.document)
        judge_fields(judged, str(number), made.document, made.fields, found)
        judge_items(judged, made.items, found.items)
    return judged


def test_most_fields_are_right(scores):
    assert sum(scores.fields.values(), Counts()).f1 > 0.93


def test_most_items_are_right(scores):
    assert scores.items.f1 > 0.93


def test_confidence_means_what_it_says(scores):
    assert calibration_error(scores.claims) < 0.05
