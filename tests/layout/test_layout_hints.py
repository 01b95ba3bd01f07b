"""A layout model's regions inform the layout; they never cost or double a word."""

import random

from drawn import column, lines, page, prose, text, typed
from hypothesis import given, settings
from hypothesis import strategies as st
from test_every_word_once import check_indices, pages

from docai.document import BlockKind, Page
from docai.geometry import Box
from docai.layout import Region, arrange

coordinates = st.floats(0, 900)
boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    coordinates,
    coordinates,
    st.floats(0, 600),
    st.floats(0, 600),
)
regions = st.lists(
    st.builds(Region, st.sampled_from(BlockKind), boxes, st.floats(0, 1)), max_size=8
)


@given(pages, regions)
@settings(deadline=None)
def test_no_word_is_lost_or_doubled_whatever_the_regions(page: Page, hints: list[Region]) -> None:
    arranged = arrange(page, hints)
    check_indices(arranged)
    assert sorted(arranged.words, key=repr) == sorted(page.words, key=repr)


@given(pages, regions, st.randoms())
@settings(deadline=None, max_examples=50)
def test_the_order_of_the_regions_means_nothing(
    page: Page, hints: list[Region], chance: random.Random
) -> None:
    shuffled = list(hints)
    chance.shuffle(shuffled)
    assert arrange(page, shuffled) == arrange(page, hints)


def test_regions_side_by_side_part_text_that_touches() -> None:
    """Two lines are too few to see so narrow a gutter without help."""
    left = column(["one two six", "ten old men"], 40, 100)
    right = column(["red big cat", "had its tea"], 102, 100)
    unaided = arrange(page(left, right))
    assert lines(unaided)[0] == "one two six red big cat"
    hints = [
        Region(BlockKind.TEXT, Box(38, 98, 97, 124)),
        Region(BlockKind.TEXT, Box(100, 98, 160, 124)),
    ]
    assert lines(arrange(page(left, right), hints))[:2] == ["one two six", "ten old men"]


def test_a_picture_takes_its_place_among_the_text() -> None:
    drawn = page(prose(24, 40, 100, name="a"), prose(24, 40, 400, name="b"))
    picture = Region(BlockKind.FIGURE, Box(40, 180, 300, 380), 0.9)
    arranged = arrange(drawn, [picture])
    assert [block.kind for block in arranged.blocks] == ["text", "figure", "text"]
    assert arranged.blocks[1].lines == ()


def test_a_region_names_the_kind_of_its_text() -> None:
    drawn = page(typed("In small letters", 40, 100), prose(40, 40, 130, name="a"))
    hint = Region(BlockKind.TITLE, Box(38, 98, 140, 112), 0.8)
    assert arrange(drawn).blocks[0].kind is BlockKind.TEXT
    assert arrange(drawn, [hint]).blocks[0].kind is BlockKind.TITLE


def test_where_a_model_sees_a_table_fewer_signs_suffice() -> None:
    """Words alone in rows and columns may as well be addresses."""
    rows = ["Ann Leeds seven", "Bob York many", "Cyd Hull none"]
    words = [
        word
        for n, row in enumerate(rows)
        for text_of_cell, x in zip(row.split(), (40, 140, 240), strict=True)
        for word in typed(text_of_cell, x, 100 + 14 * n)
    ]
    hint = Region(BlockKind.TABLE, Box(30, 90, 300, 150), 0.9)
    assert not arrange(page(words)).tables
    assert [(t.rows, t.columns) for t in arrange(page(words), [hint]).tables] == [(3, 3)]


def test_text_outside_all_regions_is_read_in_its_place() -> None:
    drawn = page(
        prose(24, 40, 100, name="a"), typed("outside", 40, 150), prose(24, 40, 170, name="b")
    )
    hints = [
        Region(BlockKind.TEXT, Box(38, 98, 300, 136)),
        Region(BlockKind.TEXT, Box(38, 168, 300, 206)),
    ]
    assert text(arrange(drawn, hints)) == text(arrange(drawn))
