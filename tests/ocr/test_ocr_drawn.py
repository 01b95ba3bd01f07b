import numpy as np
import pytest
from PIL import Image, ImageDraw

from docai.document import Word
from docai.geometry import Box, box_from_pixels
from docai.image import PageImage
from docai.ocr.drawn import EMPTY, TICKED, drawn, with_checkboxes

DPI = 144.0
PIXELS = DPI / 72  # of a point


class Sheet:
    """A page to draw on in points."""

    def __init__(self):
        self.image = Image.new("RGB", (840, 600), "white")
        self.draw = ImageDraw.Draw(self.image)

    def line(self, *points, width=1.0):
        self.draw.line([PIXELS * p for p in points], fill="black", width=round(PIXELS * width))

    def square(self, left, top, side, *, ticked=False):
        right, bottom = left + side, top + side
        corners = [PIXELS * p for p in (left, top, right, bottom)]
        self.draw.rectangle(corners, outline="black", width=2)
        if ticked:
            self.line(left, top, right, bottom)
            self.line(left, bottom, right, top)

    def text(self, left, top, text, *, size=12.0):
        """The word as OCR would give it."""
        place = (PIXELS * left, PIXELS * top)
        self.draw.text(place, text, fill="black", font_size=PIXELS * size)
        edges = self.draw.textbbox(place, text, font_size=PIXELS * size)
        return Word(text, box_from_pixels(*edges, dpi=DPI), 0.9)

    def drawn(self):
        return drawn(PageImage(np.asarray(self.image), DPI))


def near(box, *edges):
    return (box.left, box.top, box.right, box.bottom) == pytest.approx(edges, abs=2.0)


def test_rules_are_found_level_and_upright():
    sheet = Sheet()
    sheet.line(50, 100, 350, 100)
    sheet.line(200, 120, 200, 280)
    level, upright = sheet.drawn().rules
    assert near(level, 50, 100, 350, 100)
    assert near(upright, 200, 120, 200, 280)


def test_a_rule_that_rises_a_little_is_one_rule():
    sheet = Sheet()
    sheet.line(50, 102, 350, 100)
    [rule] = sheet.drawn().rules
    assert rule.width > 280


def test_text_and_short_strokes_are_no_rules():
    sheet = Sheet()
    sheet.text(50, 50, "HEADLINE OF THE HOUR", size=24)
    sheet.line(50, 150, 65, 150)
    assert sheet.drawn().rules == ()


def test_a_black_bar_is_no_rule():
    sheet = Sheet()
    sheet.draw.rectangle((100, 100, 500, 160), fill="black")
    assert sheet.drawn().rules == ()


@pytest.mark.parametrize("side", [8, 12, 18])
@pytest.mark.parametrize("ticked", [False, True])
def test_checkboxes_are_found_ticked_and_empty(side, ticked):
    sheet = Sheet()
    sheet.square(60, 80, side, ticked=ticked)
    sheet.text(90, 80, "I agree")
    [(box, is_ticked)] = sheet.drawn().squares
    assert near(box, 60, 80, 60 + side, 80 + side)
    assert is_ticked is ticked


def test_cells_of_a_table_are_no_checkboxes():
    sheet = Sheet()
    for top in (200, 230):
        for left in (40, 100, 160):
            cell = [PIXELS * edge for edge in (left, top, left + 60, top + 30)]
            sheet.draw.rectangle(cell, outline="black")
    assert sheet.drawn().squares == ()


@pytest.mark.parametrize("size", [8, 9, 10, 11, 12, 14, 16, 18])
def test_letters_that_ocr_overlooked_do_not_become_checkboxes(size):
    sheet = Sheet()
    sheet.text(40, 60, "O D Q 0 C G U", size=size)
    assert sheet.drawn().squares == ()


def test_a_checkbox_with_rounded_corners_is_found():
    sheet = Sheet()
    corners = [PIXELS * edge for edge in (60, 80, 72, 92)]
    sheet.draw.rounded_rectangle(corners, radius=PIXELS, outline="black", width=2)
    [(_, is_ticked)] = sheet.drawn().squares
    assert not is_ticked


def test_a_wide_first_letter_stays_a_letter():
    """The O of Order is wider than its other letters, as a checkbox would be."""
    order = word("Order", 60, 80, 92, 92)
    assert with_checkboxes([order], [(Box(60, 80, 71, 91), False)]) == (order,)


@pytest.mark.parametrize("size", [9, 11, 12, 14, 16, 20])
def test_round_and_square_letters_of_a_word_stay_letters(size):
    """At some sizes an O, a D or a B looks closed on four sides."""
    sheet = Sheet()
    words = tuple(
        sheet.text(40, 30 + 40 * i, text, size=size)
        for i, text in enumerate(("DOBBIN", "BOOKED", "QED", "10000", "HOOD"))
    )
    assert with_checkboxes(words, sheet.drawn().squares) == words


def word(text, left, top, right, bottom):
    return Word(text, Box(left, top, right, bottom), 0.8)


def test_a_checkbox_replaces_what_ocr_read_in_its_place():
    misread, label = word("口", 60, 80, 72, 92), word("agree", 90, 80, 120, 92)
    words = with_checkboxes([misread, label], [(Box(60, 80, 72, 92), False)])
    assert [w.text for w in words] == ["agree", EMPTY]


def test_a_ticked_box_read_as_x_becomes_a_tick():
    words = with_checkboxes([word("X", 60, 80, 72, 92)], [(Box(60, 80, 72, 92), True)])
    assert [w.text for w in words] == [TICKED]


def test_a_checkbox_that_ocr_overlooked_is_added():
    words = with_checkboxes([word("agree", 90, 80, 120, 92)], [(Box(60, 80, 72, 92), True)])
    assert [w.text for w in words] == ["agree", TICKED]


def test_a_checkbox_taken_into_a_words_box_is_cut_off():
    """OCR boxed "☐ agree" as one word."""
    words = with_checkboxes([word("agree", 60, 80, 110, 92)], [(Box(60, 80, 72, 92), False)])
    assert [w.text for w in words] == ["agree", EMPTY]
    assert words[0].box == Box(72, 80, 110, 92)


def test_a_square_letter_within_a_word_stays_a_letter():
    """中国出口 ends in a character that is a square."""
    export = word("中国出口", 60, 80, 108, 92)
    assert with_checkboxes([export], [(Box(97, 81, 107, 91), False)]) == (export,)


def test_no_word_is_lost_beside_a_checkbox():
    words = [word("yes", 40, 80, 56, 92), word("□", 60, 80, 72, 92), word("no", 76, 80, 90, 92)]
    marked = with_checkboxes(words, [(Box(60, 80, 72, 92), True)])
    assert sorted(w.text for w in marked) == sorted(["yes", "no", TICKED])
