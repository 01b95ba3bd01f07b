import numpy as np
import pytest

from docai.image import PageImage
from docai.ocr.crops import bgr, ink_of_columns, line_crop, reading_quad
from docai.ocr.paddle import characters_of_tokens


def quad(left, top, right, bottom):
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def test_colours_change_places():
    pixels = np.zeros((1, 1, 3), np.uint8)
    pixels[0, 0] = (1, 2, 3)
    assert bgr(PageImage(pixels, 72.0))[0, 0].tolist() == [3, 2, 1]


def test_a_wide_box_is_read_from_its_left():
    assert reading_quad(quad(10, 20, 110, 40))[:2] == ((10, 20), (110, 20))


def test_a_tall_box_is_read_from_its_top():
    """It is turned on its side, its top right corner becoming the top left one."""
    assert reading_quad(quad(10, 20, 30, 120))[:2] == ((30, 20), (30, 120))


def test_a_crop_holds_what_lies_in_the_box():
    pixels = np.full((60, 120, 3), 255, np.uint8)
    pixels[20:40, 10:60] = 0
    crop = line_crop(pixels, reading_quad(quad(10, 20, 110, 40)))
    assert crop.shape == (20, 100, 3)
    assert crop[5:15, 5:45].max() == 0
    assert crop[5:15, 55:].min() == 255


@pytest.mark.parametrize(("paper", "print_"), [(255, 0), (30, 220)])
def test_ink_is_what_there_is_less_of(paper, print_):
    crop = np.full((16, 40, 3), paper, np.uint8)
    crop[4:12, 10:20] = print_
    assert ink_of_columns(crop) == [10 <= x < 20 for x in range(40)]


def test_what_touches_the_edge_of_a_line_is_no_ink():
    """The foot of the line above."""
    crop = np.full((16, 40, 3), 255, np.uint8)
    crop[4:12, 10:20] = 0
    crop[0, 30:35] = 0
    assert ink_of_columns(crop) == [10 <= x < 20 for x in range(40)]


def test_paddleocrs_tokens_become_characters_along_the_line():
    line = ((0.0, 0.0), (100.0, 0.0), (100.0, 10.0), (0.0, 10.0))
    boxes = [(0, 0, 40, 10), (40, 0, 60, 10), (60, 0, 100, 10)]
    found = list(characters_of_tokens(["No", ":", " 17"[1:]], boxes, line, 0.75))
    assert "".join(c.text for c in found) == "No:17"
    assert [c.centre for c in found] == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert {c.confidence for c in found} == {0.75}
