import json
from datetime import date
from decimal import Decimal

import pytest
from PIL import Image

from docai.document import Document, Page, Source, Word
from docai.errors import UsageError
from docai.evaluation import form, invoice, receipt
from docai.evaluation.metrics import Counts
from docai.evaluation.report import MISSED, WRONG
from docai.geometry import Box
from docai.results import Field, FieldType, Item, Money


def of(name, value):
    return Field(name, FieldType.STRING, value, str(value), 0.9, ())


def item(**values):
    return Item(tuple(of(name, value) for name, value in values.items()))


def typed(lines):
    """A page of words, 6 points a character, 14 a line."""
    words = []
    for row, line in enumerate(lines):
        column = 0
        for part in line.split(" "):
            if part:
                left, top = column * 6.0, row * 14.0
                words.append(Word(part, Box(left, top, left + 6 * len(part), top + 10)))
            column += len(part) + 1
    return Document(Source("x.pdf", "", "application/pdf", 0), (Page(1, 400, 400, tuple(words)),))


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("10.00", Money(Decimal("10.0"), "EUR")),
        ("10", Decimal("10.00")),
        ("2026-03-01", date(2026, 3, 1)),
        ("DE88 2008", "DE882008"),
        ("LE CLIENT", "Le client"),
    ],
)
def test_values_are_equal_by_what_they_mean(expected, value):
    assert invoice.is_same(expected, value)


def test_other_values_are_not():
    assert not invoice.is_same("10.01", Decimal("10.00"))
    assert not invoice.is_same("n/a", Decimal("10.00"))
    assert not invoice.is_same("2026-03-02", date(2026, 3, 1))


def test_items_are_paired_in_order_with_as_many_right_as_possible():
    expected = [{"description": "A", "amount": "1.00"}, {"description": "B", "amount": "2.00"}]
    found = [
        item(description="Noise", amount=Decimal(9)),
        item(description="A with extras", amount=Decimal(1)),
        item(description="B", amount=Decimal(3)),
    ]
    scores = invoice.InvoiceScores()
    invoice.judge_items(scores, expected, found)
    assert scores.items == Counts(right=1, claimed=3, expected=2)
    assert scores.strict_items == Counts(right=0, claimed=3, expected=2)
    assert scores.item_fields["description"] == Counts(2, 3, 2)
    assert scores.item_fields["amount"] == Counts(1, 3, 2)


def test_invoices_are_read_and_judged(tmp_path):
    row = {"file": "a.pdf", "fields": {"invoice_id": "17", "iban": "DE1"}, "items": []}
    (tmp_path / "expected.jsonl").write_text(json.dumps(row), encoding="utf-8")
    scores = invoice.evaluate(tmp_path, lambda path: typed(["Invoice no: 17"]))
    assert dict(scores.fields) == {"invoice_id": Counts(1, 1, 1), "iban": Counts(0, 0, 1)}
    fields = scores.report().json()["tables"][0]["rows"]
    assert fields[-1]["name"] == "all (micro)"
    assert fields[-1]["F1"] == pytest.approx(2 / 3)


def test_a_wrong_invoice_is_drawn_with_what_is_wrong_in_words(tmp_path):
    row = {"file": "a.pdf", "fields": {"invoice_id": "18", "iban": "DE1"}, "items": []}
    (tmp_path / "expected.jsonl").write_text(json.dumps(row), encoding="utf-8")
    document = typed(["Invoice no: 17", "DE 1"])
    (drawing,) = invoice.evaluate(tmp_path, lambda path: document).report().drawings
    assert drawing.title == "a.pdf: 2 of 2 wrong"
    assert drawing.notes == (
        "invoice_id: expected '18', found '17'",
        "iban: expected 'DE1', found nothing",
    )
    words = document.pages[0].words
    assert [(mark.kind, mark.box) for mark in drawing.marks] == [
        (WRONG, words[2].box),
        (MISSED, Box.enclosing(word.box for word in words[3:])),
    ]


def test_receipts_are_judged_from_their_lines(tmp_path):
    row = {
        "image": "a.jpg",
        "width": 400,
        "height": 400,
        "entities": {
            "company": "CORNER SHOP",
            "date": "01/03/2026",
            "total": "RM9.00",
            "address": "",
        },
        "words": ["CORNER SHOP", "01/03/2026", "TOTAL", "9.00"],
        "bboxes": [[10, 10, 210, 30], [10, 40, 200, 60], [10, 70, 100, 90], [300, 70, 380, 90]],
    }
    (tmp_path / "train.jsonl").write_text(json.dumps(row), encoding="utf-8")
    scores = receipt.evaluate(tmp_path)
    assert {name: counts.right for name, counts in scores.fields.items()} == {
        "company": 1,
        "date": 1,
        "total": 1,
    }
    assert scores.whole == 1
    assert scores.drawings() == ()
    assert "every field right: 1 of 1" in scores.tables("labelled words")[0].note


def test_the_words_of_a_line_share_its_box():
    first, second = receipt.split_line("AB CDE", (0, 0, 60, 10))
    assert (first.text, second.text) == ("AB", "CDE")
    assert first.box.right < second.box.left
    assert second.box.right == pytest.approx(60 * 72 / receipt.ASSUMED_DPI)


def entity(number, label, text, box, links=()):
    words = [{"text": text, "box": box}]
    return {
        "id": number,
        "label": label,
        "text": text,
        "box": box,
        "words": words,
        "linking": links,
    }


def test_forms_are_judged_by_their_pairs(tmp_path):
    entities = [
        entity(0, "question", "Name:", [10, 10, 60, 30], [[0, 1]]),
        entity(1, "answer", "Doe", [70, 10, 110, 30], [[0, 1]]),
        entity(2, "question", "City:", [10, 100, 60, 120]),
    ]
    (tmp_path / "annotations").mkdir()
    path = tmp_path / "annotations" / "a.json"
    path.write_text(json.dumps({"form": entities}), encoding="utf-8")
    scores = form.evaluate(tmp_path)
    assert scores.strict == Counts(1, 1, 1)
    assert scores.lenient == Counts(1, 1, 1)
    assert scores.report().drawings == ()


def test_the_worst_form_is_drawn_with_its_pairs(tmp_path):
    entities = [
        entity(0, "question", "Name:", [10, 10, 60, 30], [[0, 1]]),
        entity(1, "answer", "Doe", [300, 300, 350, 320], [[0, 1]]),
    ]
    for folder in ("annotations", "images"):
        (tmp_path / folder).mkdir()
    path = tmp_path / "annotations" / "a.json"
    path.write_text(json.dumps({"form": entities}), encoding="utf-8")
    Image.new("RGB", (400, 500), "white").save(tmp_path / "images" / "a.png")
    (drawing,) = form.evaluate(tmp_path).report().drawings
    assert [(mark.kind, mark.note) for mark in drawing.marks] == [
        (MISSED, "Name:"),
        (MISSED, "Doe"),
    ]
    assert drawing.arrows == ((drawing.marks[0].box, drawing.marks[1].box, MISSED),)
    assert (drawing.page.width, drawing.page.height) == (288, 360)  # of the picture, at 100 dpi


@pytest.mark.parametrize("module", [form, receipt])
def test_a_folder_without_labels_is_explained(tmp_path, module):
    with pytest.raises(UsageError, match="holds n"):
        module.evaluate(tmp_path)


def test_a_folder_without_expected_invoices_is_explained(tmp_path):
    with pytest.raises(UsageError, match=r"expected\.jsonl"):
        invoice.evaluate(tmp_path, lambda path: typed([]))
