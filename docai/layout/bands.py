"""Rows → bands: runs of rows that one corridor passes through, or none does."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from docai.layout.lines import Fragment
from docai.layout.rows import Row, Span, bottom_of, merged, place, spans, top_of

# Lengths are in heights of a typical fragment.
CORRIDOR = 0.15  # narrowest whitespace between columns; single wide gaps are parted already
ROW_GAP = 1.5  # rows further apart are gathered into one band only if both have several pieces
BESIDE = 0.3  # lines of two columns that overlap or nearly so
COLUMN_ROWS = 3  # rows that make a column rather than a remark
JUSTIFIED_ROWS = 2  # justified lines below one another whose wide gaps may meet by chance
INDENT = 3.0  # how far a paragraph's first line may begin from its margin
SAME_MARGIN = 0.4
LINE_GAP = 0.8  # between lines of one text
PROSE_ROWS = 6
PROSE_WIDTH = 10.0  # lines of running text are at least this wide
FULL_LINE = 0.85  # of its column's width


@dataclass(frozen=True, slots=True)
class Band:
    rows: tuple[Row, ...]
    spans: tuple[Span, ...]

    @property
    def has_columns(self) -> bool:
        """Whether several columns have several rows each."""
        if len(self.spans) < 2 or len(self.rows) < COLUMN_ROWS:
            return False
        lefts = [left for left, _ in self.spans]
        counts = [0] * len(lefts)
        for row in self.rows:
            for column in {bisect_right(lefts, f.box.left) - 1 for f in row}:
                counts[column] += 1
        return sum(count >= COLUMN_ROWS for count in counts) > 1


def bands_of(rows: Sequence[Row], height: float) -> list[Band]:
    """The rows from top to bottom, gathered. `height` is a typical fragment's."""
    if not rows:
        return []
    height = max(height, 0.1)
    corridor = CORRIDOR * height
    bands: list[Band] = []
    members = [rows[0]]
    extent = spans(rows[0], corridor)
    for above, row in pairwise(rows):
        row_extent = spans(row, corridor)
        joint = merged([*extent, *row_extent], corridor)
        gap = top_of(row) - bottom_of(above)
        if _belongs(extent, row_extent, joint, gap / height):
            members.append(row)
            extent = joint
        else:
            bands.append(Band(tuple(members), tuple(extent)))
            members, extent = [row], row_extent
    bands.append(Band(tuple(members), tuple(extent)))
    return _rejoined(_with_justified(bands, height), corridor)


def columns_of(rows: Sequence[Row], height: float) -> list[list[Fragment]]:
    """The rows' fragments, column by column."""
    corridor = max(CORRIDOR * height, 0.01)
    columns: list[list[Fragment]] = []
    right = 0.0
    for fragment in sorted([f for row in rows for f in row], key=place):
        if columns and fragment.box.left - right < corridor:
            columns[-1].append(fragment)
            right = max(right, fragment.box.right)
        else:
            columns.append([fragment])
            right = fragment.box.right
    return columns


def is_prose(column: Sequence[Fragment]) -> bool:
    """Whether a column is running text: many lines, most of them as wide as the column."""
    if len(column) < PROSE_ROWS:
        return False
    boxes = [f.box for f in column]
    width = max([box.right for box in boxes]) - min([box.left for box in boxes])
    full = sum(box.right - box.left > FULL_LINE * width for box in boxes)
    return 2 * full > len(boxes) and width > PROSE_WIDTH * median([box.height for box in boxes])


def _belongs(band: Sequence[Span], row: Sequence[Span], joint: Sequence[Span], gap: float) -> bool:
    """Whether a row goes on with the band above it; `gap` is in heights."""
    if len(band) == 1 and len(row) == 1:
        # Two columns whose lines stand at different heights, or one column.
        return len(joint) == 1 or gap < BESIDE
    if len(joint) < 2:
        return False
    return gap < ROW_GAP or (len(band) > 1 and len(row) > 1)


def _with_justified(bands: Sequence[Band], height: float) -> list[Band]:
    """Bands of one text put together where wide gaps of justified lines have parted them."""
    result: list[Band] = []
    for band in bands:
        result.append(band)
        while len(result) > 1 and _are_one_text(result[-2], result[-1], height):
            lower = result.pop()
            upper = result.pop()
            left = min(upper.spans[0][0], lower.spans[0][0])
            right = max(upper.spans[-1][1], lower.spans[-1][1])
            result.append(Band(upper.rows + lower.rows, ((left, right),)))
    return result


def _are_one_text(upper: Band, lower: Band, height: float) -> bool:
    """Running text, and close to it few lines that reach both its margins.

    A row of several columns does so by chance only.
    """
    return (
        top_of(lower.rows[0]) - bottom_of(upper.rows[-1]) < LINE_GAP * height
        and abs(upper.spans[0][0] - lower.spans[0][0]) < INDENT * height
        and abs(upper.spans[-1][1] - lower.spans[-1][1]) < SAME_MARGIN * height
        and (
            len(upper.spans) == len(lower.spans) == 1
            or (_is_text(upper) and _may_be_justified(lower, height))
            or (_is_text(lower) and _may_be_justified(upper, height))
        )
    )


def _is_text(band: Band) -> bool:
    return len(band.spans) == 1 and len(band.rows) > JUSTIFIED_ROWS


def _may_be_justified(band: Band, height: float) -> bool:
    left, right = band.spans[0][0], band.spans[-1][1]
    return len(band.rows) <= JUSTIFIED_ROWS and all(
        row[0].box.left - left < INDENT * height
        and right - row[-1].box.right < SAME_MARGIN * height
        for row in band.rows
    )


def _rejoined(bands: Sequence[Band], corridor: float) -> list[Band]:
    """Bands of columns put together over the gap between them, with what lies in between.

    A gap is not the end of a column while the corridor goes on below it.
    """
    result: list[Band] = []
    last_columns: int | None = None  # the last band in `result` that has columns
    for band in bands:
        result.append(band)
        if not band.has_columns:
            continue
        if last_columns is not None:
            between = result[last_columns:]
            joint = merged([span for b in between for span in b.spans], corridor)
            whole = Band(tuple(row for b in between for row in b.rows), tuple(joint))
            if whole.has_columns:
                result[last_columns:] = [whole]
                continue
        last_columns = len(result) - 1
    return result
