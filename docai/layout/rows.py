"""Fragments → rows, and the extents of text and whitespace across them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

from docai.layout.lines import Fragment

CORE = 0.25  # of a fragment's height, cut off above and below: boxes of tight lines overlap

Row = tuple[Fragment, ...]  # left to right
Span = tuple[float, float]  # from left to right


def rows_of(fragments: Sequence[Fragment]) -> list[Row]:
    """Fragments that share a height, top to bottom; each row left to right."""
    if len(fragments) == 1:
        return [tuple(fragments)]
    rows: list[list[Fragment]] = []
    bottom = 0.0
    for fragment in sorted(fragments, key=_core_top):
        box = fragment.box
        margin = CORE * (box.bottom - box.top)
        if rows and box.top + margin < bottom:
            rows[-1].append(fragment)
            bottom = max(bottom, box.bottom - margin)
        else:
            rows.append([fragment])
            bottom = box.bottom - margin
    return [tuple(sorted(row, key=place) if len(row) > 1 else row) for row in rows]


def _core_top(fragment: Fragment) -> tuple[float, float, float, tuple[int, ...]]:
    box = fragment.box
    return box.top + CORE * (box.bottom - box.top), box.left, box.right, fragment.words


def place(fragment: Fragment) -> tuple[float, float, float, float, tuple[int, ...]]:
    """A total order, from left to right, that is quicker than that of boxes."""
    box = fragment.box
    return box.left, box.top, box.right, box.bottom, fragment.words


def spans(fragments: Sequence[Fragment], corridor: float) -> list[Span]:
    """Horizontal extents of the text; what is less than a corridor apart is one span."""
    return merged([(f.box.left, f.box.right) for f in fragments], corridor)


def merged(extents: Iterable[Span], corridor: float) -> list[Span]:
    result: list[Span] = []
    end = -inf
    for left, right in sorted(extents):
        if left - end >= corridor:
            result.append((left, right))
            end = right
        elif right > end:
            result[-1] = (result[-1][0], right)
            end = right
    return result


def top_of(row: Row) -> float:
    return min([f.box.top for f in row])


def bottom_of(row: Row) -> float:
    return max([f.box.bottom for f in row])
