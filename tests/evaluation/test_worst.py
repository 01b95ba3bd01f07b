"""Of a document that came out badly, the page where most is wrong is drawn."""

from docai.document import Document, Page, Source, Word, WordRef
from docai.evaluation.report import MISSED, RIGHT, WRONG
from docai.evaluation.worst import Value, rendered, values_drawing
from docai.geometry import Box
from docai.results import Span


def page(number, *texts):
    boxes = (Box(20 * i, 10, 20 * i + 15, 20) for i in range(len(texts)))
    return Page(number, 200, 100, tuple(map(Word, texts, boxes)))


FIRST, SECOND = page(1, "Number", "17"), page(2, "Total", "24.00", "Tax", "4.00")
DOCUMENT = Document(Source("a.pdf", "", "application/pdf", 0), (FIRST, SECOND))

NUMBER = Value("number", Span("17", ()), Span("17", (WordRef(0, 1),)), right=True)
TOTAL = Value("total", Span("24.00", ()), Span("4.00", (WordRef(1, 3),)), right=False)
DATE = Value("date", Span("2026-03-12", ()), None, right=False)


def draw(*values):
    return values_drawing(DOCUMENT, "a.pdf", values, lambda page: None)


def test_the_page_with_mistakes_is_shown_and_not_the_first():
    drawn = draw(NUMBER, TOTAL)
    assert (drawn.title, drawn.page) == ("a.pdf: 1 of 2 wrong", SECOND)
    assert [(mark.kind, mark.box) for mark in drawn.marks] == [
        (WRONG, SECOND.words[3].box),
        (MISSED, SECOND.words[1].box),
    ]


def test_without_mistakes_on_any_page_it_is_the_first():
    drawn = draw(NUMBER)
    assert (drawn.page, drawn.notes) == (FIRST, ())
    assert [mark.kind for mark in drawn.marks] == [RIGHT]


def test_what_the_page_does_not_spell_is_said_in_words():
    assert draw(DATE).marks == ()
    assert draw(DATE).notes == ("date: expected '2026-03-12', found nothing",)


def test_a_true_value_whose_place_is_known_is_not_looked_for():
    placed = Value("total", Span("24.00", (WordRef(1, 0),)), None, right=False)
    (mark,) = draw(placed).marks
    assert mark.box == SECOND.words[0].box


def test_a_file_that_is_gone_has_no_picture(tmp_path):
    assert rendered(tmp_path / "gone.pdf", FIRST) is None
