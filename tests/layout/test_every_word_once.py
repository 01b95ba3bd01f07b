"""Whatever the words, none is lost or doubled, and their order in the input means nothing."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from docai.document import Page, Word
from docai.geometry import Box
from docai.layout import arrange

coordinates = st.floats(0, 800, allow_nan=False).map(lambda x: round(x, 1))


@st.composite
def words(draw: st.DrawFn) -> Word:
    left, top = draw(coordinates), draw(coordinates)
    width, height = draw(st.floats(0, 200)), draw(st.floats(0, 40))
    text = draw(st.sampled_from(["Total:", "12,50", "of", "Rechnung", "שלום", "•", "–", "x"]))
    return Word(text, Box(left, top, left + width, top + height))


@st.composite
def rules(draw: st.DrawFn) -> Box:
    left, top, length = draw(coordinates), draw(coordinates), draw(st.floats(10, 500))
    if draw(st.booleans()):
        return Box(left, top, left + length, top + 0.5)
    return Box(left, top, left + 0.5, top + length)


pages = st.builds(
    lambda words, rules: Page(1, 1000, 1000, words=tuple(words), rules=tuple(rules)),
    st.lists(words(), max_size=40),
    st.lists(rules(), max_size=12),
)


def check_indices(page: Page) -> None:
    in_lines = [w for line in page.lines for w in line.words]
    assert in_lines == list(range(len(page.words)))
    in_blocks = [n for block in page.blocks for n in block.lines]
    assert in_blocks == list(range(len(page.lines)))
    for table in page.tables:
        held = [w for cell in table.cells for w in cell.words]
        inside = {i for i, w in enumerate(page.words) if table.box.contains_point(*w.box.centre)}
        assert len(held) == len(set(held))
        assert inside <= set(held)


@given(pages)
@settings(deadline=None)
def test_every_word_is_in_one_line_of_one_block(page: Page) -> None:
    arranged = arrange(page)
    check_indices(arranged)
    assert sorted(arranged.words, key=repr) == sorted(page.words, key=repr)


@given(pages, st.randoms())
@settings(deadline=None)
def test_the_order_of_the_input_means_nothing(page: Page, chance: random.Random) -> None:
    shuffled = list(page.words)
    chance.shuffle(shuffled)
    lines = list(page.rules)
    chance.shuffle(lines)
    again = replace(page, words=tuple(shuffled), rules=tuple(lines))
    assert replace(arrange(again), rules=()) == replace(arrange(page), rules=())
