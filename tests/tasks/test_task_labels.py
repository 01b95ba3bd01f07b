import pytest
from typed import document, page

from docai.document import TextSource
from docai.tasks import labels
from docai.tasks.context import Context
from docai.tasks.lexicon import LANGUAGES, lexicon
from docai.tasks.places import Relation, places
from docai.tasks.sheet import rows_of, sheet
from docai.tasks.text import fold, key


def found(text, source=TextSource.EMBEDDED):
    return [
        (hit.phrase.concept, hit.run.text[hit.start : hit.stop])
        for hit in labels.find(lexicon().labels, sheet(0, page(text, source=source)))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Rechnungs-Nr.:", "RECHNUNGSNR", "Rechnung Nr.", "Rechnungsnummer", "Invoice No.",
        "INVOICE #", "Invoice number", "N° de facture :", "Numéro de facture", "Factura nº",
        "Número de factura:", "发票号码：",
    ],
)  # fmt: skip
def test_the_number_of_an_invoice_has_many_names(text):
    ((concept, _),) = found(text)
    assert concept == "invoice_id"


def test_the_longest_phrase_wins():
    assert found("Order date") == [("other", "Order date")]
    assert found("Amount due") == [("amount_due", "Amount due")]


def test_several_labels_of_a_line_are_all_found():
    assert [concept for concept, _ in found("Invoice no: 17   Due date: 1.3.2026")] == [
        "invoice_id",
        "due_date",
    ]


def test_a_piece_of_a_longer_label_is_known_as_such():
    (hit,) = labels.find(lexicon().labels, sheet(0, page("Versandbestätigungs-Datum: 1.3.2026")))
    assert hit.is_part
    (hit,) = labels.find(lexicon().labels, sheet(0, page("Datum: 1.3.2026")))
    assert not hit.is_part


def test_chinese_needs_no_spaces():
    assert found("开票日期：2026年3月1日")[0] == ("invoice_date", "开票日期")


def test_an_error_of_ocr_is_forgiven_in_long_labels_only():
    assert found("Rechmungsnumner: 17", TextSource.OCR) == []
    assert found("Rechnungsnumner: 17", TextSource.OCR) == [("invoice_id", "Rechnungsnumner")]
    assert found("Rechnungsnumner: 17") == []
    assert found("Tatal 12.00", TextSource.OCR) == []


def test_keys_ignore_case_accents_spaces_and_punctuation():
    assert key("Échéance :") == key("ECHEANCE") == "echeance"
    assert key("U.S.t.-Id Nr") == "ustidnr"
    text = "Größe ＡＢ № ﬁ"
    assert len(fold(text)) == len(text)


def test_every_language_names_every_concept():
    concepts = {p.concept for p in lexicon().labels}
    for language in LANGUAGES:
        own = {p.concept for p in lexicon().labels if p.language == language}
        assert concepts - own <= {"receipt_id"}, language


def test_values_stand_behind_right_and_below():
    text = """
Due date: 1.3.2026     Currency    EUR

Customer no   Order no
4711          B-12
"""
    context = Context(document(text))
    by_label = {hit.phrase.text: list(places(hit, context)) for hit in context.hits[0]}
    assert by_label["Due date"][0].text == "1.3.2026"
    assert by_label["Currency"][0].relation is Relation.RIGHT
    below = [p.text for p in by_label["Customer no"] if p.relation is Relation.BELOW]
    assert below[0] == "4711"


def test_another_label_ends_the_search_to_the_right():
    context = Context(document("Due date      Currency    EUR"))
    due = context.hits[0][0]
    assert [place.text for place in places(due, context)] == []


def test_a_minus_is_no_separator():
    context = Context(document("Total due: -12,00      Total tax   - 3"))
    texts = [next(places(hit, context)).text for hit in context.hits[0]]
    assert texts == ["-12,00", "3"]


def test_rows_hold_what_stands_at_one_height_in_order():
    written = page("b  d\na  c")
    shuffled = type(written)(number=1, width=400, height=400, words=tuple(reversed(written.words)))
    assert [[shuffled.words[i].text for i in row] for row in rows_of(shuffled)] == [
        ["b", "d"],
        ["a", "c"],
    ]
