from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.ocr.words import Character, extents, split_at_spaces, words_of_line

DPI = 72.0  # a pixel is a point
INKED = "__" + 14 * "#" + 8 * "_" + 14 * "#" + "__"  # two words and what is around them
LEVEL = ((100.0, 50.0), (300.0, 50.0), (300.0, 70.0), (100.0, 70.0))  # 200 wide, 20 high


def characters(text, *, confidence=0.9):
    """Evenly spaced along the line, as a monospaced font would have them."""
    return [Character(letter, (i + 0.5) / len(text), confidence) for i, letter in enumerate(text)]


def ink(drawing):
    """Of "##__##", slices are printed, two blank, two printed."""
    return [slice_ == "#" for slice_ in drawing]


def words(text, drawing, quad=LEVEL):
    return list(words_of_line(characters(text), quad, ink(drawing), dpi=DPI))


def test_a_word_reaches_as_far_as_its_ink():
    left, right = words("ab cd", INKED)
    assert (left.text, right.text) == ("ab", "cd")
    assert (left.box.left, left.box.right) == (110, 180)
    assert (right.box.left, right.box.right) == (220, 290)
    assert (left.box.top, left.box.bottom) == (50, 70)


def test_of_several_blanks_the_widest_parts_two_words():
    """The narrow blanks are between the letters i and l."""
    left, right = words("il li", "#_#____#_#")
    assert left.box.right == 160
    assert right.box.left == 240


def test_underlined_words_part_in_the_middle():
    left, right = words("ab cd", "##########")
    assert left.box.right == right.box.left == pytest.approx(200)


def test_a_line_without_pixels_is_shared_by_its_characters():
    left, right = words("ab cd", "")
    assert (left.box.left, right.box.right) == (100, 300)


def test_a_rising_line_gives_each_word_its_own_height():
    rising = ((100.0, 70.0), (300.0, 50.0), (300.0, 70.0), (100.0, 90.0))
    left, right = words("ab cd", "##########", rising)
    assert (left.box.top, left.box.bottom) == (60, 90)
    assert (right.box.top, right.box.bottom) == (50, 80)


def test_an_upside_down_line_begins_at_the_right():
    upside_down = (*LEVEL[2:], *LEVEL[:2])
    first, second = words("ab cd", INKED, upside_down)
    assert (first.box.left, first.box.right) == (220, 290)
    assert (second.box.left, second.box.right) == (110, 180)


def test_a_word_is_as_sure_as_its_weakest_character():
    line = [Character("a", 0.25, 0.5), Character("b", 0.75, 1.0)]
    [word] = words_of_line(line, LEVEL, [], dpi=DPI)
    assert word.confidence == 0.5


@pytest.mark.parametrize("text", ["", " ", "   "])
def test_a_line_of_spaces_has_no_words(text):
    assert words(text, "____") == []


def test_leading_and_doubled_spaces_make_no_words():
    parts = split_at_spaces(characters(" a  bc "))
    assert ["".join(c.text for c in part) for part in parts] == ["a", "bc"]


def test_boxes_are_in_points():
    [word] = words_of_line(characters("ab"), LEVEL, [], dpi=144.0)
    assert (word.box.left, word.box.right) == (50, 150)


def set_in_type(text, *, blank=3, space=14):
    """The line as printed: a glyph of 10 slices for each letter, `blank` slices between two.

    Where the text has "_", `space` slices are blank and the recogniser saw nothing.
    """
    line, ink = [], [False] * 4
    for letter in text:
        if letter == "_":
            ink += [False] * (space - blank)
            continue
        line.append((letter, len(ink) + 5))
        ink += [True] * 10 + [False] * blank
    return [Character(letter, place / len(ink), 0.9) for letter, place in line], ink


def read(text, **print_):
    line, ink = set_in_type(text, **print_)
    quad = ((0.0, 0.0), (float(len(ink)), 0.0), (float(len(ink)), 30.0), (0.0, 30.0))
    return [word.text for word in words_of_line(line, quad, ink, dpi=DPI)]


def test_a_space_the_recogniser_passed_over_shows_in_the_ink():
    assert read("TEL:_0155-2041_(A)") == ["TEL:", "0155-2041", "(A)"]


def test_a_full_stop_stays_with_its_word_where_every_character_has_its_cell():
    assert read("the_end_.", space=10) == ["the", "end."]
    assert read("no_.", space=22) == ["no", "."]


def test_letters_set_wide_are_still_a_word():
    assert read("INVOICE", blank=14) == ["INVOICE"]


@pytest.mark.parametrize("number", ["12_._50", "1_,932.40", "8_:_30", "03_/_04", "0155-_20"])
def test_signs_within_a_number_do_not_part_it(number):
    """Tills print each character in a cell of its own, and a point fills little of one."""
    assert read(f"Sum_{number}_EUR") == ["Sum", number.replace("_", ""), "EUR"]


def test_a_full_width_sign_in_latin_text_becomes_a_plain_one():
    assert read("Nr．：_17）") == ["Nr.:", "17)"]


@pytest.mark.parametrize("line", ["编号：_一_号", "合計_（税込）", "번호：_나"])
def test_scripts_without_spaces_are_left_as_they_are(line):
    assert read(line) == [line.replace("_", "")]


texts = st.lists(st.text("abIl.€水", min_size=1, max_size=6), min_size=1, max_size=6)
inks = st.lists(st.booleans(), max_size=60)


@given(texts)
def test_words_joined_by_spaces_are_the_text_of_the_line(line):
    found = words_of_line(characters(" ".join(line)), LEVEL, [True] * 50, dpi=DPI)
    assert " ".join(word.text for word in found) == " ".join(line)


@given(texts, inks)
def test_whatever_the_ink_no_character_is_lost_and_boxes_stay_in_order_in_the_line(line, ink):
    found = list(words_of_line(characters(" ".join(line)), LEVEL, ink, dpi=DPI))
    assert "".join(word.text for word in found) == "".join(line)
    for word in found:
        assert 100 - 1e-6 <= word.box.left <= word.box.right <= 300 + 1e-6
    for before, after in pairwise(found):
        assert before.box.left <= after.box.left + 1e-6
        assert before.box.right <= after.box.right + 1e-6


@given(texts, inks)
def test_extents_do_not_overlap(line, ink):
    parts = list(split_at_spaces(characters(" ".join(line))))
    for (_, end), (start, _) in pairwise(extents(parts, ink)):
        assert end <= start
