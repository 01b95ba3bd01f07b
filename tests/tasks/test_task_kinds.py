import pytest
from test_task_invoice import AMERICAN, CHINESE, FRENCH, GERMAN, SPANISH
from test_task_receipt import TILL
from typed import document

from docai.tasks import classify, task

LETTER = """
Dear Mrs Miller,

thank you for your letter of last week, which we have read with great interest. We should be
glad to welcome you at our office on any day of the coming month, and will show you around the
new building together with our colleagues from the department of public affairs.

Yours sincerely
"""

FORM = """
APPLICATION FORM
Please print

Last name: ____________     First name: ____________
Date of birth: ________     Nationality: ___________
☐ single    ☒ married    ☐ widowed
Signature: _________________
"""

PAPER = """
Deep Reading of Documents
Jane Doe, John Roe

Abstract
We study how documents can be read by machines and show that the way they are laid out matters.
Keywords: documents, layout

1 Introduction
Related work has shown that layout matters for reading, as many experiments before us confirmed.
Methods and results are discussed in the following sections and compared with those of others.

References
"""


@pytest.mark.parametrize("text", [GERMAN, AMERICAN, FRENCH, SPANISH, CHINESE])
def test_invoices(text):
    assert classify(document(text)).name == "invoice"


@pytest.mark.parametrize(
    ("text", "kind"),
    [(TILL, "receipt"), (LETTER, "letter"), (FORM, "form"), (PAPER, "scientific paper")],
)
def test_other_kinds(text, kind):
    label = classify(document(text))
    assert label.name == kind
    assert 0.0 < label.confidence < 1.0


def test_text_about_nothing_in_particular_is_other():
    assert classify(document("Lorem ipsum\ndolor sit amet")).name == "other"


def test_a_document_without_a_word_has_no_kind():
    assert classify(document("")) is None


@pytest.mark.parametrize(
    ("text", "name"), [(AMERICAN, "invoice"), (TILL, "receipt"), (FORM, "form")]
)
def test_auto_takes_the_task_that_fits(text, name):
    found = task("auto").extract(document(text))
    assert found.task == name
    assert found.label.name == name


def test_auto_reads_labelled_values_of_anything_else():
    found = task("auto").extract(document("Blood group: AB positive"))
    assert [p.key.text for p in found.key_values] == ["Blood group"]


def test_an_unknown_task_is_refused_with_those_that_exist():
    from docai.errors import UsageError

    with pytest.raises(UsageError, match="auto, invoice, receipt, form, table"):
        task("poem")
