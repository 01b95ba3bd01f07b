import hashlib
from dataclasses import replace

import numpy as np
import pikepdf
import pytest
from pages import A5, picture, scan, text

from docai.document import Page, TextSource, Word
from docai.errors import BrokenDocument
from docai.geometry import Box
from docai.ingest.raw import open_document

WIDTH, HEIGHT = A5
WORDS = (
    Word("Rechnung", Box(50, 60, 120, 74)),
    Word("Nr.", Box(130, 60, 150, 74)),
    Word("发票123", Box(50, 300, 110, 312)),
)
PAGE = Page(1, WIDTH, HEIGHT, WORDS, text_source=TextSource.OCR)


def searchable(path, *pages):
    with open_document(path) as document:
        return document.searchable(pages)


def read_back(path, pdf):
    path.write_bytes(pdf)
    with open_document(path) as document:
        return document.page(1), document.image(1, dpi=72).pixels


def test_the_words_are_found_where_they_were_read_and_nothing_is_seen_of_them(pdf, tmp_path):
    path = pdf(scan(picture("Rechnung")))
    with open_document(path) as document:
        before = document.image(1, dpi=72).pixels
    page, after = read_back(tmp_path / "out.pdf", searchable(path, PAGE))
    assert [word.text for word in page.words] == [word.text for word in WORDS]
    for found, given in zip(page.words, WORDS, strict=True):
        assert found.box.left == pytest.approx(given.box.left, abs=0.5)
        assert found.box.right == pytest.approx(given.box.right, abs=2.5)  # Han advance widths
        assert found.box.top == pytest.approx(given.box.top, abs=0.5)
        assert found.box.bottom == pytest.approx(given.box.bottom, abs=0.5)
    assert page.invisible_share == 1.0
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_scanned_lying_down_opens_upright_with_its_words_in_place(pdf, tmp_path, rotation):
    path = pdf(scan(picture("Rechnung")))
    upright = (HEIGHT, WIDTH) if rotation in (90, 270) else (WIDTH, HEIGHT)
    lying = replace(PAGE, rotation=rotation, width=upright[0], height=upright[1])
    page, _ = read_back(tmp_path / "out.pdf", searchable(path, lying))
    assert page.rotation == rotation
    assert (page.width, page.height) == upright
    found = {word.text: word.box for word in page.words}
    for word in WORDS:
        assert found[word.text].left == pytest.approx(word.box.left, abs=1)
        assert found[word.text].top == pytest.approx(word.box.top, abs=1)


def test_the_layer_of_a_crooked_page_is_crooked_with_it(pdf, tmp_path):
    """Turned by 5 degrees clockwise to be straight: on the page, its line's end is higher."""
    path = pdf(scan(picture("Rechnung")))
    line = (Word("begin", Box(50, 290, 80, 302)), Word("end", Box(340, 290, 370, 302)))
    crooked = replace(PAGE, words=line, skew=5.0)
    page, _ = read_back(tmp_path / "out.pdf", searchable(path, crooked))
    begin, end = (word.box for word in page.words)
    rise = begin.centre[1] - end.centre[1]
    assert rise == pytest.approx(290 * np.sin(np.radians(5)), abs=3)


def test_a_pdfs_own_streams_and_a_jpegs_bytes_are_not_touched(pdf, tmp_path):
    path = pdf(scan(picture("Rechnung")))
    with pikepdf.open(path) as document:
        stream = next(iter(document.pages[0].Resources.XObject.values())).read_raw_bytes()
    (tmp_path / "out.pdf").write_bytes(searchable(path, PAGE))
    with pikepdf.open(tmp_path / "out.pdf") as document:
        assert next(iter(document.pages[0].Resources.XObject.values())).read_raw_bytes() == stream
    photo = tmp_path / "photo.jpg"
    picture("Rechnung").save(photo, quality=70)
    (tmp_path / "out.pdf").write_bytes(searchable(photo, PAGE))
    with pikepdf.open(tmp_path / "out.pdf") as document:
        embedded = next(iter(document.pages[0].Resources.XObject.values())).read_raw_bytes()
    assert hashlib.sha256(embedded).digest() == hashlib.sha256(photo.read_bytes()).digest()


def test_other_pictures_keep_their_pixels(tmp_path):
    path = tmp_path / "fax.tif"
    first, second = picture("one").convert("1"), picture("two").convert("1")
    first.save(path, save_all=True, append_images=[second], dpi=(144, 144))
    with open_document(path) as document:
        before = [document.image(number, dpi=144).pixels for number in (1, 2)]
    (tmp_path / "out.pdf").write_bytes(searchable(path, PAGE, replace(PAGE, number=2)))
    with open_document(tmp_path / "out.pdf") as document:
        after = [document.image(number, dpi=144).pixels for number in (1, 2)]
        assert document.page(2).words[0].text == "Rechnung"
    for one, other in zip(before, after, strict=True):
        assert one.shape == other.shape
        assert (np.abs(one.astype(int) - other.astype(int)) > 60).mean() < 0.01


def test_a_page_with_a_text_layer_keeps_its_own(pdf, tmp_path):
    path = pdf(text("digital"))
    embedded = replace(PAGE, text_source=TextSource.EMBEDDED)
    page, _ = read_back(tmp_path / "out.pdf", searchable(path, embedded))
    assert [word.text for word in page.words] == ["digital"]


def test_an_encrypted_pdf_is_rewritten_with_its_password(pdf, tmp_path):
    path = pdf(scan(picture("Rechnung")))
    with pikepdf.open(path, allow_overwriting_input=True) as plain:
        plain.save(path, encryption=pikepdf.Encryption(user="opensesame", owner="root"))
    with open_document(path, password="opensesame") as document:
        (tmp_path / "out.pdf").write_bytes(document.searchable([PAGE]))
    with open_document(tmp_path / "out.pdf") as document:
        assert document.page(1).words[0].text == "Rechnung"


def test_a_page_that_is_not_there_is_an_error(pdf):
    with pytest.raises(BrokenDocument):
        searchable(pdf(text("one")), replace(PAGE, number=7))
