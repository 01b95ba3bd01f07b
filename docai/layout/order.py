"""Reading order: fragments → sections, first read first.

A recursive XY-cut (Nagy and Seth 1984; Ha, Haralick and Phillips 1995) that looks for
corridors, vertical strips without text, before it cuts across. Rows are gathered from the
top into bands for as long as a corridor runs through all of them, so a paragraph break
that two columns happen to share never tears them apart, and a heading across both does.

What lies on the two sides of a corridor is then told apart:

  columns   each side is read whole (prose, address blocks)
  across    row by row (labels with their values)
  table     row by row, cell by cell (see `tables`)

Right-to-left pages are mirrored on entry, so everything below reads left to right.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING, Protocol

from docai.layout.lines import Fragment

if TYPE_CHECKING:
    from docai.layout.draft import DraftBlock

# Lengths below are in heights of a typical fragment.
CORRIDOR = 0.35  # narrowest vertical whitespace that separates columns
CORE = 0.25  # of a fragment's height, cut off above and below: boxes of tight lines overlap
ROW_GAP = 1.5  # rows further apart are gathered into one band only if both have several pieces
JUSTIFIED_ROWS = 2  # justified lines below one another whose wide gaps may meet by chance
INDENT = 8.0  # corridors; how far a paragraph's first line may begin from its margin
COLUMN_ROWS = 3  # rows that make a column rather than a remark
MARKER_WIDTH = 2.5  # a column no wider than this holds the numbers or bullets of the next one
ONE_LINE_GAP = 2.0  # pieces of one line are no further apart
DEEPEST = 16  # nested cuts; real pages need five, staircases of random boxes have no end

Row = tuple[Fragment, ...]  # left to right


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that are read one after another. `across`: each fragment is a line of its own."""

    rows: tuple[Row, ...]
    across: bool = False


class Judge(Protocol):
    """Knows what the words say, where the order alone cannot decide."""

    def tables(self, rows: Sequence[Row]) -> Iterable[tuple[int, int, DraftBlock]]:
        """(first row, one past the last, table) of the tables among these rows, in order."""

    def reads_across(self, rows: Sequence[Row]) -> bool:
        """Whether these rows are labels with their values rather than columns."""


def sections(fragments: Sequence[Fragment], judge: Judge) -> list[Section]:
    """All fragments in reading order, each in exactly one section."""
    if not fragments:
        return []
    height = median([f.box.height for f in fragments])
    return list(_Cutter(judge, height).cut(fragments, 0))


class _Cutter:
    def __init__(self, judge: Judge, height: float) -> None:
        self._judge = judge
        self._corridor = max(CORRIDOR * height, 0.01)
        self._row_gap = ROW_GAP * height
        self._marker = MARKER_WIDTH * height

    def cut(self, fragments: Sequence[Fragment], depth: int) -> Iterator[Section]:
        rows = rows_of(fragments)
        done = 0
        for start, stop, table in self._judge.tables(rows):
            yield from self._cut_rows(rows[done:start], depth)
            yield Section(((Fragment(table.box, (), table),),))
            done = stop
        yield from self._cut_rows(rows[done:], depth)

    def _cut_rows(self, rows: Sequence[Row], depth: int) -> Iterator[Section]:
        for band in _bands(rows, self._corridor, self._row_gap):
            yield from self._cut_band(band.rows, depth)

    def _cut_band(self, rows: Sequence[Row], depth: int) -> Iterator[Section]:
        columns = self._columns(rows)
        if len(columns) < 2:
            # One pair of labels and values is a column as much as one of text.
            across = len(_columns(rows, self._corridor)) > 1 and self._judge.reads_across(rows)
            yield from _around_wholes(rows, across)
        elif depth == DEEPEST or all(len(column) == 1 for column in columns):
            yield from _around_wholes(rows, across=True)
        else:
            for start, stop in _pairs(rows) if len(columns) == 2 else ():
                if self._judge.reads_across(rows[start:stop]):
                    yield from self._cut_rows(rows[:start], depth + 1)
                    yield from _around_wholes(rows[start:stop], across=True)
                    yield from self._cut_rows(rows[stop:], depth + 1)
                    return
            for column in columns:
                yield from self.cut(column, depth + 1)

    def _columns(self, rows: Sequence[Row]) -> list[list[Fragment]]:
        """Columns that are read one after another: each whole, labels with their values."""
        result: list[list[Fragment]] = []
        for column in _columns(rows, self._corridor):
            if result and self._goes_with(result[-1], column, len(rows)):
                result[-1] = result[-1] + column
            else:
                result.append(column)
        return result

    def _goes_with(self, left: list[Fragment], right: list[Fragment], rows: int) -> bool:
        """Whether what stands at the right is read along with the left, row by row."""
        return (
            _marks(left, right, self._marker)
            or (rows >= COLUMN_ROWS and _is_one_line(left, right))
            or self._judge.reads_across(rows_of(left + right))
        )


def _around_wholes(rows: Sequence[Row], across: bool) -> Iterator[Section]:
    """The rows as sections, each whole block in one of its own."""
    text: list[Row] = []
    for row in rows:
        if not any(fragment.whole for fragment in row):
            text.append(row)
            continue
        if text:
            yield Section(tuple(text), across)
        text = []
        for fragment in row:
            yield Section(((fragment,),))
    if text:
        yield Section(tuple(text), across)


def rows_of(fragments: Sequence[Fragment]) -> list[Row]:
    """Fragments that share a height, top to bottom; each row left to right."""
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
    return [tuple(sorted(row, key=_place)) for row in rows]


def _core_top(fragment: Fragment) -> tuple[float, float, float, tuple[int, ...]]:
    box = fragment.box
    return box.top + CORE * (box.bottom - box.top), box.left, box.right, fragment.words


def _place(fragment: Fragment) -> tuple[float, float, float, float, tuple[int, ...]]:
    """A total order, from left to right, that is quicker than that of boxes."""
    box = fragment.box
    return box.left, box.top, box.right, box.bottom, fragment.words


Span = tuple[float, float]


def spans(fragments: Sequence[Fragment], corridor: float) -> list[Span]:
    """Horizontal extents of the text; what is less than a corridor apart is one span."""
    return merged(((f.box.left, f.box.right) for f in fragments), corridor)


def merged(extents: Iterator[Span] | Sequence[Span], corridor: float) -> list[Span]:
    result: list[Span] = []
    for left, right in sorted(extents):
        if result and left - result[-1][1] < corridor:
            if right > result[-1][1]:
                result[-1] = (result[-1][0], right)
        else:
            result.append((left, right))
    return result


@dataclass(slots=True)
class _Band:
    """Rows that one corridor passes through, or none does."""

    rows: list[Row]
    spans: list[Span]

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


def _bands(rows: Sequence[Row], corridor: float, row_gap: float) -> list[_Band]:
    """The rows from top to bottom, gathered."""
    bands: list[_Band] = []
    bottom = 0.0
    for row in rows:
        row_spans = spans(row, corridor)
        if bands:
            band = bands[-1]
            joint = merged([*band.spans, *row_spans], corridor)
            near = _top(row) - bottom < row_gap
        if bands and _belongs(band.spans, row_spans, joint, near):
            band.rows.append(row)
            band.spans = joint
        else:
            bands.append(_Band([row], row_spans))
        bottom = max(f.box.bottom for f in row)
    return _rejoined(_with_justified(bands, corridor), corridor)


def _with_justified(bands: list[_Band], corridor: float) -> list[_Band]:
    """Bands of one text put together where wide gaps of justified lines have parted them."""
    result: list[_Band] = []
    for band in bands:
        result.append(band)
        while len(result) > 1 and _are_one_text(result[-2], result[-1], corridor):
            lower = result.pop()
            upper = result.pop()
            left = min(upper.spans[0][0], lower.spans[0][0])
            right = max(upper.spans[-1][1], lower.spans[-1][1])
            result.append(_Band(upper.rows + lower.rows, [(left, right)]))
    return result


def _are_one_text(upper: _Band, lower: _Band, corridor: float) -> bool:
    """Running text, and close to it few lines that reach both its margins.

    A row of several columns does so by chance only.
    """
    return (
        _top(lower.rows[0]) - _bottom(upper.rows[-1]) < 2 * corridor
        and abs(upper.spans[0][0] - lower.spans[0][0]) < INDENT * corridor
        and abs(upper.spans[-1][1] - lower.spans[-1][1]) < corridor
        and (
            len(upper.spans) == len(lower.spans) == 1
            or (_is_text(upper) and _may_be_justified(lower, corridor))
            or (_is_text(lower) and _may_be_justified(upper, corridor))
        )
    )


def _is_text(band: _Band) -> bool:
    return len(band.spans) == 1 and len(band.rows) > JUSTIFIED_ROWS


def _may_be_justified(band: _Band, corridor: float) -> bool:
    left, right = band.spans[0][0], band.spans[-1][1]
    return len(band.rows) <= JUSTIFIED_ROWS and all(
        row[0].box.left - left < corridor and right - row[-1].box.right < corridor
        for row in band.rows
    )


def _rejoined(bands: list[_Band], corridor: float) -> list[_Band]:
    """Bands of columns put together over the gap between them, with what lies in between.

    A gap is not the end of a column while the corridor goes on below it.
    """
    result: list[_Band] = []
    last_columns: int | None = None  # the last band in `result` that has columns
    for band in bands:
        result.append(band)
        if not band.has_columns:
            continue
        if last_columns is not None:
            between = result[last_columns:]
            joint = merged([span for b in between for span in b.spans], corridor)
            whole = _Band([row for b in between for row in b.rows], joint)
            if whole.has_columns:
                result[last_columns:] = [whole]
                continue
        last_columns = len(result) - 1
    return result


def _belongs(band: list[Span], row: list[Span], joint: list[Span], near: bool) -> bool:
    if len(band) == 1 and len(row) == 1:
        return len(joint) == 1
    if len(joint) < 2:
        return False
    return near or (len(band) > 1 and len(row) > 1)


def _top(row: Row) -> float:
    return min(f.box.top for f in row)


def _bottom(row: Row) -> float:
    return max(f.box.bottom for f in row)


def _columns(band: Sequence[Row], corridor: float) -> list[list[Fragment]]:
    """The band's fragments, column by column."""
    fragments = sorted((f for row in band for f in row), key=_place)
    columns: list[list[Fragment]] = []
    right = 0.0
    for fragment in fragments:
        if columns and fragment.box.left - right < corridor:
            columns[-1].append(fragment)
            right = max(right, fragment.box.right)
        else:
            columns.append([fragment])
            right = fragment.box.right
    return columns


def _marks(left: list[Fragment], right: list[Fragment], width: float) -> bool:
    """Bullets or numbers: narrow pieces, each at the height of a piece of the next column."""
    if any(f.whole or f.box.width > width for f in left):
        return False
    rows = rows_of(left + right)
    return all(len(row) > 1 or row[0] not in left for row in rows)


def _is_one_line(left: list[Fragment], right: list[Fragment]) -> bool:
    """Pieces of one line close behind a piece of the same line are no column of their own."""
    for line, others in ((right, left), (left, right)):
        box = line[0].box
        if len(rows_of(line)) == 1 and not line[0].whole:
            return any(
                not other.whole
                and box.overlap_y(other.box) > 0.5 * box.height
                and -box.overlap_x(other.box) < ONE_LINE_GAP * box.height
                for other in others
            )
    return False


def _pairs(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """(first, one past the last) of runs of rows with several pieces, the longest first."""
    runs = []
    start = 0
    for is_pair, run in groupby(rows, key=lambda row: len(row) > 1):
        length = len(list(run))
        if is_pair and length > 1 and length < len(rows):
            runs.append((start, start + length))
        start += length
    return sorted(runs, key=lambda run: (run[0] - run[1], run[0]))
