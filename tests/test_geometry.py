import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.geometry import GRID, Box, box_from_pixels, line_by_line, to_grid, to_pixels

coordinate = st.floats(0, 2000, allow_nan=False)


@st.composite
def boxes(draw):
    left, right = sorted((draw(coordinate), draw(coordinate)))
    top, bottom = sorted((draw(coordinate), draw(coordinate)))
    return Box(left, top, right, bottom)


@given(boxes(), boxes())
def test_intersection_is_symmetric_and_inside_both(a, b):
    shared = a.intersection(b)
    assert shared == b.intersection(a)
    if shared is not None:
        assert Box.enclosing([a, shared]) == a
        assert Box.enclosing([b, shared]) == b


@given(boxes(), boxes())
def test_boxes_touch_where_both_overlaps_are_not_negative(a, b):
    touching = a.overlap_x(b) >= 0 and a.overlap_y(b) >= 0
    assert touching == (a.intersection(b) is not None)


@given(boxes())
def test_grid_never_leaves_the_grid(box):
    assert all(0 <= value <= GRID for value in to_grid(box, width=612, height=792))


@given(boxes(), st.floats(50, 600))
def test_pixels_and_back(box, dpi):
    back = box_from_pixels(*to_pixels(box, dpi=dpi), dpi=dpi)
    assert (back.left, back.bottom) == pytest.approx((box.left, box.bottom))


def test_pixels_at_144_dpi_are_half_points():
    assert box_from_pixels(0, 0, 144, 288, dpi=144) == Box(0, 0, 72, 144)


@pytest.mark.parametrize("edges", [(10, 0, 5, 5), (0, 10, 5, 5), (math.nan, 0, 5, 5)])
def test_a_box_that_is_none_is_refused(edges):
    with pytest.raises(ValueError, match="inside out"):
        Box(*edges)


def test_boxes_are_read_line_by_line():
    first = [Box(100, 11, 120, 20), Box(10, 12, 30, 21), Box(50, 9, 70, 19)]  # askew
    second = [Box(50, 30, 70, 40), Box(10, 29, 30, 39)]
    assert line_by_line([*second, *first]) == [3, 4, 2, 1, 0]
    assert line_by_line([Box(0, 0, 10, 50), Box(20, 5, 30, 10)]) == [1, 0]
    assert line_by_line([]) == []
