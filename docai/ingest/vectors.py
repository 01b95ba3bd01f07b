"""What is drawn on a PDF page besides text: straight lines, and where pictures lie.

Inside the sandbox. Coordinates are pdfium's: points, y up, (left, bottom, right, top).
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import pypdfium2_raw as pdfium

Rect = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]

IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)
THIN = 3.0  # points; a filled rectangle thinner than this is a line
SHORTEST_RULE = 6.0  # points; shorter strokes are ticks, glyphs drawn as paths, hatching
MOST_OBJECTS = 20_000  # a page of more is a map or a plot, whose lines rule no table
MOST_RULES = 5000  # the same for a page's lines
MOST_SEGMENTS = 200  # the same for one path
DEEPEST_FORM = 4  # nested form XObjects; deeper ones are bombs
AXIS_SLACK = 0.5  # points a line may deviate from straight across or straight up
BAND = 50.0  # points; painted shapes are looked up by such stripes of the page
LARGEST = 14_400.0  # points, the largest side of a page (ISO 32000-1, annex C)
SAME_PLACE = 0.5  # points by which a shape may reach over one that it lies on
_INVISIBLE = 3  # text render mode, ISO 32000-1 table 106


class Fill(NamedTuple):
    """A painted shape without an outline, and the straight edges it has."""

    box: Rect
    colour: int  # RGBA
    edges: list[Rect]


class Drawing:
    """What lies on a page besides its words.

    `fills` are painted shapes without an outline, whose edges are rules as well.
    `images` are (rectangle, width in pixels). `texts` are the text objects, in pdfium's handles.
    `outlines` counts the shapes too small for a rule: some programs draw every letter as one.
    """

    def __init__(self) -> None:
        self.rules: list[Rect] = []
        self.fills: list[Fill] = []
        self.images: list[tuple[Rect, int]] = []
        self.texts: list[Any] = []
        self.outlines = 0

    @property
    def invisible_share(self) -> float:
        """0..1, of the text objects that are drawn in no colour at all."""
        hidden = sum(
            pdfium.FPDFTextObj_GetTextRenderMode(text) == _INVISIBLE for text in self.texts
        )
        return hidden / len(self.texts) if self.texts else 0.0


def drawing(page: Any) -> Drawing:
    """Everything drawn on the page but its words."""
    drawn = Drawing()
    count = min(pdfium.FPDFPage_CountObjects(page), MOST_OBJECTS)
    for item in map(pdfium.FPDFPage_GetObject, repeat(page, count), range(count)):
        _add(drawn, item, IDENTITY, depth=0)
    if len(drawn.rules) + len(drawn.fills) > MOST_RULES:
        drawn.rules.clear()
    else:
        drawn.rules.extend(edge for fill in visible(drawn.fills) for edge in fill.edges)
    return drawn


def visible(fills: Sequence[Fill]) -> Iterator[Fill]:
    """The fills but for those that lie on a larger one of their own colour.

    Word processors paint a cell, and each line of text in it once more.
    """
    by_colour: dict[int, list[Fill]] = defaultdict(list)
    for fill in fills:
        by_colour[fill.colour].append(fill)
    for alike in by_colour.values():
        grounds: dict[int, list[Rect]] = defaultdict(list)  # by the bands of the page they reach
        for fill in sorted(alike, key=_area, reverse=True):
            _, bottom, _, top = fill.box
            if any(_covers(ground, fill.box) for ground in grounds[_band((bottom + top) / 2)]):
                continue
            yield fill
            for band in range(_band(bottom), _band(top) + 1):
                grounds[band].append(fill.box)


def _area(fill: Fill) -> float:
    left, bottom, right, top = fill.box
    return (right - left) * (top - bottom)


def _band(y: float) -> int:
    return int(min(max(y, -LARGEST), LARGEST) // BAND)


def _covers(ground: Rect, box: Rect) -> bool:
    return (
        ground[0] - SAME_PLACE <= box[0]
        and ground[1] - SAME_PLACE <= box[1]
        and box[2] <= ground[2] + SAME_PLACE
        and box[3] <= ground[3] + SAME_PLACE
    )


def _add(drawn: Drawing, item: Any, outer: Matrix, depth: int) -> None:
    kind = pdfium.FPDFPageObj_GetType(item)
    if kind == pdfium.FPDF_PAGEOBJ_TEXT:
        drawn.texts.append(item)
    elif kind == pdfium.FPDF_PAGEOBJ_PATH:
        rules = _rules_of(item, outer)
        colour = _only_colour(item) if rules else None
        if colour is None:
            drawn.rules.extend(rules)
        else:
            drawn.fills.append(Fill(_moved(_bounds(item), outer), colour, rules))
        drawn.outlines += not rules
    elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
        width, height = ctypes.c_uint(), ctypes.c_uint()
        pdfium.FPDFImageObj_GetImagePixelSize(item, width, height)
        drawn.images.append((_moved(_bounds(item), outer), width.value))
    elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < DEEPEST_FORM:
        inner = _product(_matrix(item), outer)
        for i in range(min(pdfium.FPDFFormObj_CountObjects(item), MOST_OBJECTS)):
            _add(drawn, pdfium.FPDFFormObj_GetObject(item, i), inner, depth + 1)


def _rules_of(path: Any, outer: Matrix) -> list[Rect]:
    left, bottom, right, top = _moved(_bounds(path), outer)
    if max(right - left, top - bottom) < SHORTEST_RULE:
        return []
    if min(right - left, top - bottom) <= THIN:
        return [(left, bottom, right, top)] if _is_painted(path) else []
    count = pdfium.FPDFPath_CountSegments(path)
    if count > MOST_SEGMENTS or not _is_painted(path):
        return []
    return _straight_segments(path, count, _product(_matrix(path), outer))


def _straight_segments(path: Any, count: int, matrix: Matrix) -> list[Rect]:
    rules = []
    start = here = (0.0, 0.0)
    x, y = ctypes.c_float(), ctypes.c_float()
    for i in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, i)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        there = _point(x.value, y.value, matrix)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = there
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            rules.extend(_rule(here, there))
        here = there
        if pdfium.FPDFPathSegment_GetClose(segment):
            rules.extend(_rule(here, start))
            here = start
    return rules


def _rule(a: tuple[float, float], b: tuple[float, float]) -> list[Rect]:
    across, up = abs(a[0] - b[0]), abs(a[1] - b[1])
    if min(across, up) > AXIS_SLACK or max(across, up) < SHORTEST_RULE:
        return []
    return [(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))]


def _only_colour(path: Any) -> int | None:
    """What a shape without an outline is painted with; None for strokes."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if stroke.value or not pdfium.FPDFPageObj_GetFillColor(path, red, green, blue, alpha):
        return None
    return red.value << 24 | green.value << 16 | blue.value << 8 | alpha.value


def _is_painted(path: Any) -> bool:
    """False for clipping paths and for shapes painted white, which nobody sees."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
    if stroke.value:
        return True
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not fill.value or not pdfium.FPDFPageObj_GetFillColor(path, red, green, blue, alpha):
        return bool(fill.value)
    return alpha.value > 0 and min(red.value, green.value, blue.value) < 250


def _bounds(item: Any) -> Rect:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    return left.value, bottom.value, right.value, top.value


def _matrix(item: Any) -> Matrix:
    m = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(item, m)
    return m.a, m.b, m.c, m.d, m.e, m.f


def _product(inner: Matrix, outer: Matrix) -> Matrix:
    """First `inner`, then `outer` (ISO 32000-1, 8.3.4)."""
    if outer is IDENTITY:
        return inner
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + m,
    )


def _point(x: float, y: float, m: Matrix) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _moved(rect: Rect, matrix: Matrix) -> Rect:
    if matrix is IDENTITY:
        return rect
    x0, y0 = _point(rect[0], rect[1], matrix)
    x1, y1 = _point(rect[2], rect[3], matrix)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
