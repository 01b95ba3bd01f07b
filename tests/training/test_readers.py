"""Labelled sets of others and corrections of one's own become the same kind of document."""

import json

import pytest
from tiny_forms import write_funsd

pytest.importorskip("torch")

from docai.document import WordRef
from docai.errors import UsageError
from docai.results import Span
from docai.training.readers import pictures, places_of, read, text_page


def texts(document, refs):
    return document.document.text(refs)


def test_funsd_entities_keep_their_words_labels_and_links(tmp_path):
    form = read(write_funsd(tmp_path, count=1))[0]
    assert texts(form, form.entities[0].words) == "INVOICE FORM"
    assert form.entities[0].label == "header"
    for link in form.links:
        question, answer = form.entities[link.question], form.entities[link.answer]
        assert (question.label, answer.label) == ("question", "answer")
        boxes = [form.document.pages[0].box([r.word for r in e.words]) for e in (question, answer)]
        assert boxes[0].overlap_y(boxes[1]) > 0  # the rows were made so


def test_words_are_in_our_reading_order_whatever_the_annotators_was(tmp_path):
    folder = write_funsd(tmp_path, count=1)
    before = read(folder)[0]
    path = next(folder.glob("annotations/*.json"))
    values = json.loads(path.read_text())
    values["form"].reverse()
    path.write_text(json.dumps(values))
    assert read(folder)[0].document.pages[0].words == before.document.pages[0].words


def test_an_entity_without_letters_takes_its_links_with_it(tmp_path):
    folder = write_funsd(tmp_path, count=1)
    path = next(folder.glob("annotations/*.json"))
    values = json.loads(path.read_text())
    links = len(read(folder)[0].links)
    emptied = next(e for e in values["form"] if e["label"] == "answer")
    for word in emptied["words"]:
        word["text"] = " "
    path.write_text(json.dumps(values))
    assert len(read(folder)[0].links) == links - 1


def test_xfund_is_read_with_its_language(tmp_path):
    entity = {
        "id": 3, "label": "question", "linking": [], "text": "Datum",
        "box": [100, 100, 300, 140], "words": [{"text": "Datum", "box": [100, 100, 300, 140]}],
    }  # fmt: skip
    image = {"fname": "a.jpg", "width": 2480, "height": 3508}
    documents = [{"id": "a", "document": [entity], "img": image}]
    (tmp_path / "de.json").write_text(json.dumps({"lang": "de", "documents": documents}))
    form = read(tmp_path)[0]
    assert (form.language, texts(form, form.entities[0].words)) == ("de", "Datum")
    assert form.document.pages[0].width == pytest.approx(2480 * 72 / 300)


def test_sroie_places_a_value_on_every_run_of_words_that_spells_it(tmp_path):
    row = {
        "image": "a.jpg", "width": 400, "height": 300,
        "entities": {"company": "ABC MART", "date": "01/02/2019", "address": "", "total": "9.00"},
        "words": ["ABC MART", "DATE: 01/02/2019", "APPLE 9.00", "TOTAL RM 9.00"],
        "bboxes": [[100, y, 300, y + 20] for y in (10, 50, 90, 130)],
    }  # fmt: skip
    (tmp_path / "train.jsonl").write_text(json.dumps(row))
    receipt = read(tmp_path)[0]
    assert {f.name: f.text for f in receipt.fields} == {
        "merchant_name": "ABC MART", "transaction_date": "01/02/2019", "total": "9.00",
    }  # fmt: skip
    assert [texts(receipt, place) for place in receipt.places["total"]] == ["9.00", "9.00"]
    assert "merchant_address" in receipt.sought  # looked for, and not there


def test_an_address_whose_lines_were_cut_is_what_is_left_of_it(tmp_path):
    row = {
        "image": "a.jpg", "width": 400, "height": 300,
        "entities": {"company": "ABC MART", "date": "", "total": "7.00",
                     "address": "27, JALAN DEDAP 13, TAMAN JAYA, 81100 JOHOR BAHRU, JOHOR."},
        "words": ["ABC MART", "27", "TAMAN JAYA", "81100 JOHOR BAHRU", "TEL 07-3507405"],
        "bboxes": [[100, y, 300, y + 20] for y in (10, 40, 70, 100, 130)],
    }  # fmt: skip
    (tmp_path / "train.jsonl").write_text(json.dumps(row))
    receipt = read(tmp_path)[0]
    found = {f.name: f.text for f in receipt.fields}
    assert found["merchant_address"] == "27 TAMAN JAYA 81100 JOHOR BAHRU"
    assert "total" not in receipt.sought  # it has one, though not among the words


def test_wildreceipt_gathers_the_boxes_of_a_class(tmp_path):
    (tmp_path / "class_list.txt").write_text("Ignore\nStore_name_value\nTotal_value\n")
    boxes = [
        ("HAPPY", 1, 10), ("STORE", 1, 40), ("12.50", 2, 90), ("junk", 0, 130), ("12.50", 2, 160)
    ]  # fmt: skip
    row = {
        "file_name": "a.jpg", "width": 300, "height": 300,
        "annotations": [
            {"text": text, "label": label, "box": [50, y, 150, y, 150, y + 20, 50, y + 20]}
            for text, label, y in boxes
        ],
    }  # fmt: skip
    (tmp_path / "labels.jsonl").write_text(json.dumps(row))
    (one,) = read(tmp_path)
    fields = {f.name: f.text for f in one.fields}
    assert fields == {"merchant_name": "HAPPY STORE", "total": "12.50"}
    # Parts of one name; one total that stands on the receipt twice.
    assert (len(one.places["merchant_name"]), len(one.places["total"])) == (1, 2)


def test_a_squad_answer_is_the_words_it_touches(tmp_path):
    context = "The tower, built in 1889, is 330 metres tall."
    asked = {"question": "When?", "answers": [{"text": "1889", "answer_start": 20}]}
    article = {"title": "Tower", "paragraphs": [{"context": context, "qas": [asked]}]}
    (tmp_path / "dev.json").write_text(json.dumps({"data": [article]}))
    page = read(tmp_path)[0]
    (question,) = page.questions
    assert texts(page, question.answers[0].evidence) == "1889,"


def test_bio_tags_of_a_form_are_entities_and_others_are_fields(tmp_path):
    (tmp_path / "a.bio").write_text(
        "Name B-QUESTION\nSmith B-ANSWER\nJr I-ANSWER\n\nPay O\n12.50 B-SUM\nEUR I-SUM\n"
    )
    form, bill = read(tmp_path)
    assert [(e.label.name, texts(form, e.words)) for e in form.entities] == [
        ("QUESTION", "Name"),
        ("ANSWER", "Smith Jr"),
    ]
    assert [(f.name, f.text) for f in bill.fields] == [("sum", "12.50 EUR")]


def test_corrections_without_a_place_are_looked_for_among_the_words(tmp_path):
    words = [
        {"text": t, "box": [x, 10, x + 40, 20], "confidence": 1.0}
        for t, x in (("Customer", 10), ("No.", 60), ("K-4711", 110))
    ]
    page = {
        "number": 1, "width": 200, "height": 100, "dpi": None, "rotation": 0, "skew": 0.0,
        "text_source": "embedded", "words": words, "lines": [[0, 1, 2]], "blocks": [],
    }  # fmt: skip
    line = {
        "format_version": 1, "pages": [page], "label": {"name": "order", "confidence": 1.0},
        "source": {"filename": "a.pdf", "sha256": "", "media_type": "x/y", "bytes": 1},
        "fields": [{"name": "customer_id", "type": "string", "value": "K4711", "text": ""}],
    }  # fmt: skip
    (tmp_path / "a.jsonl").write_text(json.dumps(line) + "\n")
    (document,) = read(tmp_path)
    assert document.kind == "order"
    assert document.fields[0].evidence == (WordRef(0, 2),)


def test_places_of_finds_a_value_across_words_and_not_inside_one():
    document, _ = text_page("Total 1 234.50 and 1234.50 not 91234.50", "a")
    assert [document.text(p) for p in places_of("1234.50", document)] == ["1 234.50", "1234.50"]


@pytest.mark.parametrize("name, content", [("a.bio", "word NOT-A-TAG"), ("b.jsonl", "{broken")])
def test_what_cannot_be_read_is_named(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=name):
        read(tmp_path)


def test_a_folder_of_nothing_known_says_what_is_known(tmp_path):
    with pytest.raises(UsageError, match="FUNSD"):
        read(tmp_path)


def test_pictures_are_found_beside_the_annotations(tmp_path):
    from PIL import Image

    folder = write_funsd(tmp_path, count=2)
    (folder / "images").mkdir()
    Image.new("L", (800, 600), 255).save(folder / "images" / "form-0.png")
    with_picture, without = read(folder, images=True)
    assert with_picture.images[0].pixels.shape == (600, 800, 3)
    assert with_picture.document.pages[0].width == 576  # points, at 100 dpi
    assert without.images == ()
    assert pictures([folder], ["form-0", "form-1"]).keys() == {"form-0"}


def test_squad_in_tokens(tmp_path):
    part = tmp_path / "part"
    part.mkdir()
    (part / "a.context").write_text("The tower is 12 m high .\n" * 2 + "\n")
    (part / "a.question").write_text("How high ?\nWhat is high ?\n\n")
    (part / "a.span").write_text("3 4\n0 1\n\n")
    (document,) = read(tmp_path)
    answers = [question.answers[0].text for question in document.questions]
    assert answers == ["12 m", "The tower"]


def test_squad_in_tokens_with_a_line_missing(tmp_path):
    (tmp_path / "a.context").write_text("The tower .\n")
    (tmp_path / "a.question").write_text("What ?\n")
    (tmp_path / "a.span").write_text("")
    with pytest.raises(UsageError, match="not as many"):
        read(tmp_path)


def test_texts_of_pages_have_answers_without_a_place(tmp_path):
    entry = {"context": "a tower", "qas": [{"question": "what?", "answers": [{"text": "tower"}]}]}
    (tmp_path / "questions.json").write_text(json.dumps([entry]))
    (document,) = read(tmp_path)
    assert document.questions[0].answers == (Span("tower", ()),)


def test_texts_of_pages_that_are_something_else(tmp_path):
    (tmp_path / "questions.json").write_text(json.dumps([{"title": "?"}]))
    with pytest.raises(UsageError, match="entry 1: no 'context'"):
        read(tmp_path)
