"""Synthetic documents: what is labelled is there, and adds up."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from itertools import islice, pairwise

import numpy as np
import pytest

from docai.cli import run
from docai.document import CellKind, Word, WordRef
from docai.errors import UsageError
from docai.pipeline import read
from docai.results import FieldType, Money
from docai.tasks.kinds import KINDS as DOCUMENT_TYPES
from docai.training.labelled import EntityLabel
from docai.training.labelled_json import labelled_from_json, labelled_to_json
from docai.training.synth import KINDS, LANGUAGES, documents, drafts
from docai.training.synth import faces as type_faces
from docai.training.synth.degrade import degraded, jpeg_bytes
from docai.training.synth.form import EMPTY, TICKED
from docai.training.synth.pdf import to_pdf
from docai.training.synth.stream import draft
from docai.training.synth.text import sentences_under
from docai.training.synth.wording import parts, vocabulary

EVERY = [(kind, LANGUAGES[number % len(LANGUAGES)]) for number, kind in enumerate(KINDS)]


def some(kind, language="en", count=20, seed=1):
    return list(islice(documents(kind, language, seed), count))


def is_at(word: Word, found: list[Word]) -> bool:
    """Reading joins what stands close together, so a word read may hold several of ours."""
    for other in found:
        shared = word.box.intersection(other.box)
        if word.text in other.text and shared and shared.area > 0.85 * word.box.area:
            return True
    return False


@pytest.mark.parametrize(("kind", "language"), [*EVERY, ("invoice", "zh"), ("form", "fr")])
def test_every_word_is_read_from_the_pdf_where_its_box_says(kind, language, tmp_path):
    one = draft(kind, language, 4, 2)
    path = tmp_path / "document.pdf"
    path.write_bytes(to_pdf(one.sheets))
    document = read(path)
    assert len(document.pages) == len(one.labelled.document.pages)
    for ours, theirs in zip(one.labelled.document.pages, document.pages, strict=True):
        written = [word for word in ours.words if word.text not in (EMPTY, TICKED)]
        lost = [word for word in written if not is_at(word, list(theirs.words))]
        assert lost == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_sums_of_invoices_add_up(language):
    for one in some("invoice", language, 30):
        said = {field.name: field.value for field in one.fields}
        net, tax, total = (said.get(n) for n in ("subtotal", "total_tax", "invoice_total"))
        off, freight = (
            said.get(n, Money(Decimal(0))).amount for n in ("total_discount", "shipping_cost")
        )
        if net and tax:
            before, after = net.amount + tax.amount, net.amount - off + freight + tax.amount
            assert total.amount in (before, after)
        if due := said.get("amount_due"):
            paid = said.get("amount_paid", Money(Decimal(0)))
            assert due.amount + paid.amount == total.amount
        goods = sum(item.get("amount").value.amount for item in one.items)
        taxes = sum(row.get("amount").value.amount for row in one.tax_details)
        if one.tax_details:
            assert goods - off + freight + taxes == total.amount
        for item in one.items:
            price, count = item.get("unit_price"), item.get("quantity")
            if price and count:  # a discount may make the amount smaller
                assert item.get("amount").value.amount <= price.value.amount * count.value + 1


@pytest.mark.parametrize("kind", ["invoice", "receipt"])
def test_the_text_of_an_amount_is_its_value(kind):
    for language in LANGUAGES:
        for one in some(kind, language, 10):
            rows = [field for item in (*one.items, *one.tax_details) for field in item.fields]
            for field in (*one.fields, *rows):
                assert field.text == field.text.strip() != ""
                if field.type is FieldType.MONEY:
                    digits = "".join(sign for sign in field.text if sign.isdigit())
                    assert digits == f"{field.value.amount:.2f}".replace(".", "").lstrip("-")


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    program = (
        "import hashlib;"
        "from docai.training.synth.stream import draft;"
        "from docai.training.synth.pdf import to_pdf;"
        "print([hashlib.sha256(to_pdf(draft(k, l, 3, 1).sheets)).hexdigest()"
        " for k, l in (('invoice', 'en'), ('form', 'de'), ('receipt', 'zh'))])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_the_same_seed_gives_the_same_picture():
    one = draft("receipt", "en", 2, 0)
    first, second = (degraded(one.labelled, to_pdf(one.sheets), 5) for _ in range(2))
    assert jpeg_bytes(first.images[0]) == jpeg_bytes(second.images[0])
    assert first.document == second.document


def test_a_document_does_not_depend_on_those_before_it():
    assert next(documents("form", "en", 1, start=3)) == some("form", count=4)[3]
    assert some("form", count=1, seed=1) != some("form", count=1, seed=2)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_words_lines_blocks_and_entities_fit_together(kind, language):
    for one in some(kind, language, 8):
        assert one.kind in DOCUMENT_TYPES
        assert any(page.words for page in one.document.pages)
        for page in one.document.pages:
            # In reading order: lines and blocks count through the words.
            assert [w for line in page.lines for w in line.words] == list(range(len(page.words)))
            in_blocks = [line for block in page.blocks for line in block.lines]
            assert in_blocks == list(range(len(page.lines)))
            for word in page.words:
                assert word.box.left >= -1 and word.box.right <= page.width + 1
        members = [word for entity in one.entities for word in entity.words]
        assert len(members) == len(set(members)) == len(list(one.document.refs()))
        for link in one.links:
            assert one.entities[link.question].label is EntityLabel.QUESTION
            assert one.entities[link.answer].label is EntityLabel.ANSWER


@pytest.mark.parametrize("language", LANGUAGES)
def test_cells_of_forms_answer_their_row_and_their_column(language):
    crossed = 0
    for one in some("form", language, 40):
        asked = defaultdict(list)
        for link in one.links:
            asked[link.answer].append(link.question)
        for answer, questions in asked.items():
            assert 1 <= len(questions) <= 2
            pages = {one.entities[entity].words[0].page for entity in (answer, *questions)}
            if len(questions) == 2 and len(pages) == 1:  # a table may go over pages
                row, column = (place(one, entity) for entity in questions)
                cell = place(one, answer)
                assert row.left < cell.left and column.top < cell.top
                assert row.overlap_y(cell) > 0
                crossed += 1
    assert crossed > 20


def place(one, entity):
    refs = one.entities[entity].words
    return one.document.pages[refs[0].page].box(ref.word for ref in refs)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_answers_stand_on_the_page(kind, language):
    for one in some(kind, language, 8):
        for question in one.questions:
            assert question.text and "<" not in question.text and "(|" not in question.text
            for answer in question.answers:
                words = "".join(one.document.word(ref).text for ref in answer.evidence)
                assert words == "".join(answer.text.split())


def test_tables_hold_their_words():
    cells = 0
    for one in some("table", count=10):
        for page in one.document.pages:
            for table in page.tables:
                assert table.rows * table.columns == sum(c.column_span for c in table.cells)
                for cell in table.cells:
                    cells += 1
                    for word in cell.words:
                        assert cell.box.contains_point(*page.words[word].box.centre)
    assert cells > 100


def test_a_long_item_table_continues_on_the_next_page_under_its_head():
    long = next(
        one
        for one in documents("invoice", "en", 1)
        if any(ref.page for item in one.items for f in item.fields for ref in f.evidence)
    )
    pages = [{r.page for f in item.fields for r in f.evidence} for item in long.items]
    assert pages[0] == {0} and {1} in pages
    assert pages == sorted(pages, key=min)
    tables = [page.tables[0] for page in long.document.pages[:2]]
    heads = [
        [page.text(c.words) for c in table.cells if c.row == 0]
        for page, table in zip(long.document.pages[:2], tables, strict=True)
    ]
    assert heads[0] == heads[1]
    assert all(c.kind is CellKind.HEADER for t in tables for c in t.cells if c.row == 0)


def test_what_stands_at_the_foot_of_every_page_stands_in_as_many_places():
    repeated = 0
    for labelled in some("invoice", count=60):
        for places in labelled.places.values():
            assert all(len({ref.page for ref in place}) == 1 for place in places)
            repeated += len({place[0].page for place in places}) > 1
    assert repeated


def test_labels_and_answers_of_forms_go_over_several_lines():
    forms = some("form", count=40)
    tall = dict.fromkeys((EntityLabel.QUESTION, EntityLabel.ANSWER), 0)
    for one in forms:
        for entity in one.entities:
            page = one.document.pages[entity.words[0].page]
            boxes = [page.words[ref.word].box for ref in entity.words]
            if entity.label in tall:
                tall[entity.label] += max(b.top for b in boxes) > min(b.bottom for b in boxes)
    assert min(tall.values()) > len(forms) / 4


def test_some_answers_have_room_within_as_typists_and_boxes_for_single_signs_leave_it():
    single, wide = 0, 0
    for seed in range(40):
        made = next(documents("form", "en", seed))
        for entity in made.entities or ():
            words = [made.document.word(ref) for ref in entity.words]
            if entity.label is not EntityLabel.ANSWER or len(words) < 2:
                continue
            single += len(words) > 3 and all(len(word.text) == 1 for word in words)
            gaps = [(b.box.left - a.box.right) / a.box.height for a, b in pairwise(words)]
            wide += len(words) < 5 and 1 < max(gaps) < 5
    assert single > 3 and wide > 10


def test_forms_have_handwriting_checkboxes_and_fields_left_empty():
    forms = some("form", count=30)
    by_hand = [one for one in forms if one.handwritten]
    assert 3 < len(by_hand) < 27
    for one in by_hand:
        labels = one.entity_of()
        assert {one.entities[labels[word]].label for word in one.handwritten} == {
            EntityLabel.ANSWER
        }
    pairs = [pair for one in forms for pair in one.key_values]
    assert {pair.checked for pair in pairs} == {None, True, False}
    assert any(pair.value is None for pair in pairs)


def test_bio_tags_follow_the_entities():
    one = some("form", count=1)[0]
    tags = one.bio_tags()
    for entity in one.entities:
        first = "O" if entity.label is EntityLabel.OTHER else f"B-{entity.label.name}"
        assert tags[entity.words[0]] == first


def darkness(pixels, box, dpi):
    """How much darker than the paper around it the darkest twentieth within the box is."""
    left, top, right, bottom = (
        int(edge * dpi / 72) for edge in (box.left, box.top, box.right, box.bottom)
    )
    area = pixels[max(0, top) : bottom + 1, max(0, left) : right + 1].astype(np.int16)
    return float(np.percentile(area, 85) - np.percentile(area, 5)) if area.size else 0.0


@pytest.mark.parametrize("seed", range(8))  # office scan, fax, copy, photo ... as seeds fall
def test_boxes_still_cover_the_ink_of_a_degraded_picture(seed):
    one = draft(("invoice", "form", "receipt")[seed % 3], "en", 6, seed)
    taken = degraded(one.labelled, to_pdf(one.sheets), seed)
    page, image = taken.document.pages[0], taken.images[0]
    assert (page.width, page.height) == pytest.approx((image.width, image.height))
    gray = image.pixels.mean(axis=2)
    words = [word for word in page.words if len(word.text) > 1]
    inked = [darkness(gray, word.box, image.dpi) > 25 for word in words]
    assert np.mean(inked) > 0.93
    # Beside the words there is less: the boxes are not just anywhere.
    aside = [
        dataclasses.replace(w.box, left=w.box.left + 37, right=w.box.right + 37) for w in words
    ]
    assert np.mean([darkness(gray, box, image.dpi) > 25 for box in aside]) < np.mean(inked)


@pytest.mark.parametrize(("kind", "language"), [("invoice", "de"), ("form", "zh")])
def test_json_says_everything(kind, language):
    one = some(kind, language, 1)[0]
    back = labelled_from_json(labelled_to_json(one))
    for field in dataclasses.fields(one):
        if field.name != "document":
            assert getattr(back, field.name) == getattr(one, field.name), field.name
    refs = list(one.document.refs())
    assert back.document.text(refs) == one.document.text(refs)
    assert back.document.word(WordRef(0, 0)).box.left == pytest.approx(
        one.document.word(WordRef(0, 0)).box.left, abs=0.01
    )


def test_documents_are_written_with_the_font_that_travels_where_no_other_is(monkeypatch, tmp_path):
    monkeypatch.setattr(type_faces, "_font_files", lambda folders: {})
    type_faces.faces.cache_clear()
    try:
        assert "fonts-liberation2" in type_faces.faces().missing
        for language in ("de", "zh"):
            one = draft("receipt", language, 1, 1)
            path = tmp_path / f"{language}.pdf"
            path.write_bytes(to_pdf(one.sheets))
            found = list(read(path).pages[0].words)
            assert all(is_at(word, found) for word in one.labelled.document.pages[0].words)
    finally:
        type_faces.faces.cache_clear()


def test_every_vocabulary_has_the_same_shape():
    def shape(words, depth=2):
        # What lies deeper differs: trades and shops are each country's own.
        own = ("trades", "shops")
        return {
            key: shape(value, depth - 1) if isinstance(value, dict) and depth > 1 else None
            for key, value in words.items()
            if key not in own
        }

    english = shape(vocabulary("en"))
    for language in LANGUAGES:
        assert shape(vocabulary(language)) == english, language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_article_has_a_unit_and_prices(language):
    words = vocabulary(language)
    for trade in words["trades"].values():
        for rule in trade["goods"]:
            _, unit, low, high = parts(str(rule))
            assert unit and float(low) < float(high)
    for shop in words["shops"].values():
        for rule in shop["goods"]:
            _, low, high = parts(str(rule))
            assert float(low) < float(high)


def test_running_text_may_come_from_a_folder(tmp_path):
    (tmp_path / "a.html").write_text(
        "<html><style>p {}</style><p>The kettle boiled over on the stove. It was late.</p></html>"
    )
    sentences = sentences_under(tmp_path)
    assert sentences == ("The kettle boiled over on the stove.",)
    letters = islice(documents("letter", "en", 1, sentences=sentences), 6)
    said = " ".join(one.document.text(one.document.refs()) for one in letters)
    assert "kettle boiled" in said
    with pytest.raises(UsageError, match="no sentences"):
        sentences_under(tmp_path / "nowhere")


def test_the_command_writes_documents_and_labels(tmp_path):
    assert run(["synth", "--kind", "receipt,form", "--language", "en", "--count", "4",
                "--seed", "5", "-o", str(tmp_path), "-q"]) == 0  # fmt: skip
    labels = sorted(path.stem for path in tmp_path.glob("*.json"))
    assert labels == [
        "form-en-5-000001", "form-en-5-000003", "receipt-en-5-000000", "receipt-en-5-000002",
    ]  # fmt: skip
    for stem in labels:
        assert (tmp_path / f"{stem}.pdf").exists() or list(tmp_path.glob(f"{stem}*.jpg"))


@pytest.mark.parametrize("wrong", [["--kind", "novel"], ["--language", "xx"], ["--count", "0"]])
def test_what_is_not_there_is_wrong_usage(wrong, tmp_path):
    assert run(["synth", *wrong, "-o", str(tmp_path), "-q"]) == 2


def test_drafts_are_drawn_in_hundreds_of_ways():
    """No two of a hundred invoices put their first ten words into the same places."""
    layouts = {
        tuple(round(w.x) for w in one.sheets[0].words[:10])
        for one in islice(drafts("invoice", "en", 9), 100)
    }
    assert len(layouts) > 95
