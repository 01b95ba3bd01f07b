"""Which drawn shapes have edges that one can see."""

from hypothesis import given
from hypothesis import strategies as st

from docai.ingest.vectors import SAME_PLACE, Fill, visible

GREY, BLACK = 0xB3B3B3FF, 0x000000FF


def fill(left: float, bottom: float, right: float, top: float, colour: int = GREY) -> Fill:
    return Fill((left, bottom, right, top), colour, [])


def test_a_line_of_text_painted_once_more_in_its_cells_colour_is_not_seen():
    cell, line = fill(50, 100, 150, 130), fill(55, 115, 145, 130.2)
    assert list(visible([line, cell])) == [cell]


def test_another_colour_and_what_reaches_beyond_are_seen():
    cell = fill(50, 100, 150, 130)
    others = [fill(55, 105, 145, 120, BLACK), fill(100, 90, 140, 120)]
    assert sorted(visible([cell, *others])) == sorted([cell, *others])


sides = st.floats(-100, 15_000, allow_nan=False)
boxes = st.tuples(sides, sides, sides, sides).map(
    lambda s: (min(s[0], s[2]), min(s[1], s[3]), max(s[0], s[2]), max(s[1], s[3]))
)


@given(st.lists(st.tuples(boxes, st.sampled_from([GREY, BLACK])), max_size=20))
def test_what_is_not_seen_lies_on_something_that_is(drawn):
    fills = [Fill(box, colour, []) for box, colour in drawn]
    seen = list(visible(fills))
    for one in fills:
        assert any(
            other.colour == one.colour
            and other.box[0] - SAME_PLACE <= one.box[0]
            and other.box[1] - SAME_PLACE <= one.box[1]
            and one.box[2] <= other.box[2] + SAME_PLACE
            and one.box[3] <= other.box[3] + SAME_PLACE
            for other in seen
        )
