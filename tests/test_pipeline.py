"""The road from a file to a document, with a reader that says what it was given."""

from concurrent.futures import ThreadPoolExecutor

import pikepdf
import pytest
from pages import A5, picture, scan, text
from reportlab.pdfgen.canvas import Canvas

from docai.document import TextSource, Word
from docai.errors import EngineError, ParserTimeout
from docai.geometry import Box
from docai.ingest.limits import Limits
from docai.ocr.fake import FakeReader
from docai.pipeline import ReadOptions, read, reading

LETTER = (
    "Dear members, the boats return to the water",
    "on the first Sunday of April. Please bring",
    "warm clothes and something for the table.",
)
WORDS = " ".join(LETTER).split()


def word(written, left=100.0, top=100.0):
    return Word(written, Box(left, top, left + 6 * len(written), top + 12), 0.8)


def texts(page):
    return [word.text for word in page.words]


def codes(document):
    return [(caveat.code, caveat.page) for caveat in document.caveats]


def hidden(*lines):
    """A scan with someone's OCR under it: text that is there and not shown."""

    def draw(canvas: Canvas) -> None:
        scan(picture(*lines))(canvas)
        layer = canvas.beginText(50, A5[1] - 55)
        layer.setTextRenderMode(3)
        for line in lines:
            layer.textLine(line)
        canvas.drawText(layer)

    return draw


def with_field(value):
    """A scanned form with one text field typed into: its value stands at (100, 300)."""

    def draw(canvas: Canvas) -> None:
        scan(picture("Name:"))(canvas)
        canvas.acroForm.textfield(
            name="name", value=value, x=100, y=A5[1] - 320, width=200, height=20, borderWidth=0
        )

    return draw


def damaged(path, number):
    """The page's object says that it is none."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.Root.Pages.Kids[number - 1].Type = pikepdf.Name.Nonsense
        pdf.save(path)
    return path


def test_a_digital_page_is_not_sent_to_ocr(pdf):
    reader = FakeReader()
    [page] = read(pdf(text(*LETTER)), reader=reader).pages
    assert reader.images == []
    assert page.text_source is TextSource.EMBEDDED
    assert page.dpi is None
    assert texts(page) == WORDS


def test_a_scanned_page_is_sent_to_ocr(pdf):
    reader = FakeReader([word("boats", top=130), word("Dear")])
    document = read(pdf(scan(picture(*LETTER))), reader=reader)
    [page] = document.pages
    [image] = reader.images
    assert page.text_source is TextSource.OCR
    assert page.dpi == image.dpi
    assert (image.width, image.height) == pytest.approx(A5, abs=1)
    assert texts(page) == ["Dear", "boats"]  # in reading order, not as they were read
    assert document.caveats == ()


def test_each_page_is_decided_by_itself(pdf):
    reader = FakeReader([word("second")], [word("fourth")])
    path = pdf(text(*LETTER), scan(picture("a")), text(*LETTER), scan(picture("b")))
    pages = read(path, reader=reader).pages
    assert [page.text_source.value for page in pages] == ["embedded", "ocr", "embedded", "ocr"]
    assert [texts(page)[0] for page in pages] == ["Dear", "second", "Dear", "fourth"]


def test_ocr_is_done_where_it_is_asked_for(pdf):
    reader = FakeReader([word("read")])
    document = read(pdf(text(*LETTER)), ReadOptions(text="ocr"), reader=reader)
    assert texts(document.pages[0]) == ["read"]
    assert document.caveats == ()  # it was the caller's own wish


def test_the_text_layer_is_believed_where_it_is_asked_for(pdf):
    reader = FakeReader()
    document = read(pdf(hidden(*LETTER)), ReadOptions(text="embedded"), reader=reader)
    assert reader.images == []
    assert texts(document.pages[0]) == WORDS


def test_a_hidden_text_layer_is_overruled_and_the_user_told(pdf):
    document = read(pdf(hidden(*LETTER * 3)), reader=FakeReader([word("seen")]))
    assert texts(document.pages[0]) == ["seen"]
    [caveat] = document.caveats
    assert (caveat.code, caveat.page) == ("text_layer_ignored", 1)
    assert "invisible" in caveat.message


def test_what_was_typed_into_a_form_replaces_what_ocr_read_there(pdf):
    """OCR reads the field as well, and worse."""
    misread, label = word("Mana", left=110, top=302), word("Name:", left=50, top=40)
    reader = FakeReader([label, misread])
    [page] = read(pdf(with_field("Marta")), reader=reader).pages
    assert len(reader.images) == 1
    assert texts(page) == ["Name:", "Marta"]


def test_one_damaged_page_of_three_costs_that_page_alone(pdf):
    path = damaged(pdf(text("first page"), text("second page"), text("third page")), 2)
    document = read(path, reader=FakeReader())
    assert [page.number for page in document.pages] == [1, 3]
    [caveat] = document.caveats
    assert caveat.page == 2
    assert "the page could not be read" in caveat.message


def test_a_document_without_a_readable_page_raises(pdf):
    """Here each page takes longer than what is left of the document's time."""
    path = pdf(text("first page"), text("second page"))
    with pytest.raises(ParserTimeout, match=r"document\.pdf, page 2"):
        read(path, limits=Limits(document_timeout_s=0.0), reader=FakeReader())


def test_a_file_whose_pages_time_out_one_after_the_other_is_given_up(pdf):
    """Not each page of a thousand may cost its whole time limit."""
    path = pdf(*[text("page")] * 9)
    with pytest.raises(ParserTimeout, match=r"document\.pdf, page 4"):
        read(path, limits=Limits(document_timeout_s=0.0), reader=FakeReader())


def test_a_failing_engine_is_not_a_damaged_page(pdf):
    """It may do better on the next try, so nobody must take the rest for the whole document."""
    path = pdf(scan(picture("a")), scan(picture("b")))
    with pytest.raises(EngineError):
        read(path, reader=FakeReader([word("a")]))


def test_pages_are_read_one_at_a_time(pdf):
    """A thousand scans must not lie in memory."""
    reader = FakeReader(*([word(str(i))] for i in range(1, 6)))
    with reading(pdf(*[scan(picture("a"))] * 5), reader=reader) as document:
        pages = document.pages()
        assert texts(next(pages)) == ["1"]
        assert len(reader.images) <= 3  # some are held back to find what repeats on them
        assert [texts(page) for page in pages] == [["2"], ["3"], ["4"], ["5"]]


def test_a_single_page_can_be_had(pdf):
    with reading(pdf(text("first"), text("second")), reader=FakeReader()) as document:
        assert document.page_count == 2
        assert texts(document.page(2)) == ["second"]


def test_languages_reach_the_engine(pdf):
    class Listening(FakeReader):
        heard = ()

        def read(self, image, *, languages=()):
            self.heard = languages
            return super().read(image, languages=languages)

    reader = Listening([word("Rechnung")])
    read(pdf(scan(picture("x"))), ReadOptions(languages="de, en"), reader=reader)
    assert reader.heard == ("de", "en")


def test_documents_read_at_once_do_not_mix(pdf):
    paths = [
        pdf(text(f"Letter number {i}"), scan(picture(f"{i}")), name=f"{i}.pdf") for i in range(8)
    ]

    def words(i):
        document = read(paths[i], reader=FakeReader([word(f"scan-{i}")]))
        return document.source.filename, [texts(page) for page in document.pages]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(words, range(8)))
    assert found == [(f"{i}.pdf", [["Letter", "number", str(i)], [f"scan-{i}"]]) for i in range(8)]


@pytest.mark.slow
def test_scans_read_at_once_by_the_default_engine_do_not_mix(pdf):
    """Each thread has an engine of its own."""
    paths = [pdf(scan(picture(f"Order {7919 * i}")), name=f"{i}.pdf") for i in range(1, 5)]
    with ThreadPoolExecutor(2) as pool:
        documents = pool.map(lambda path: read(path, ReadOptions(threads=1)), paths)
    found = [texts(document.pages[0]) for document in documents]
    assert found == [["Order", str(7919 * i)] for i in range(1, 5)]


def test_the_page_is_shown_as_its_boxes_lie(tmp_path):
    """A sheet scanned on its side: the picture for the user is turned as its words were."""
    path = tmp_path / "side.png"
    lines = [line for _ in range(6) for line in LETTER]
    upright = picture(*lines)
    upright.rotate(-90, expand=True).save(path, dpi=(144, 144))
    with reading(path, ReadOptions(dpi=144), reader=FakeReader([word("Dear")])) as document:
        [page] = document.pages()
        image = document.image(page, dpi=144)
    assert page.rotation == 270
    assert (page.width, page.height) == pytest.approx(A5, abs=1)
    assert image.pixels.shape[:2] == (upright.height, upright.width)
