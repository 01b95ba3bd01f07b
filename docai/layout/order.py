"""Reading order: fragments → sections, first read first.

A recursive XY-cut (Nagy and Seth 1984; Ha, Haralick and Phillips 1995) that looks for
corridors, vertical strips without text, before it cuts across. Rows are gathered from the
top into bands for as long as a corridor runs through all of them (`bands`), so a paragraph
break that two columns happen to share never tears them apart, and a heading across both does.

What lies on the two sides of a corridor is then told apart:

  columns   each side is read whole (prose, address blocks)
  across    row by row (labels with their values)
  table     row by row, cell by cell (`aligned`)

Right-to-left pages come here mirrored, so everything below reads left to right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import Protocol

from docai.layout.bands import COLUMN_ROWS, Band, bands_of, columns_of, is_prose
from docai.layout.draft import DraftBlock
from docai.layout.lines import Fragment
from docai.layout.rows import Row, rows_of

# Lengths are in heights of a typical fragment.
MARKER_WIDTH = 2.5  # a column no wider than this holds the numbers or bullets of the next one
MARKER_GAP = 3.0  # and stands no further from it
ONE_LINE_GAP = 2.0  # pieces of one line are no further apart
DEEPEST = 16  # nested cuts; real pages need five, staircases of random boxes have no end


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


def sections(rows: Sequence[Row], judge: Judge) -> list[Section]:
    """All fragments of these rows in reading order, each in exactly one section."""
    if not rows:
        return []
    height = median([f.box.height for row in rows for f in row])
    return list(_Cutter(judge, height).cut(rows, 0))


class _Cutter:
    """`height` is a typical fragment's."""

    def __init__(self, judge: Judge, height: float) -> None:
        self._judge = judge
        self._height = height

    def cut(self, rows: Sequence[Row], depth: int) -> Iterator[Section]:
        """Tables lie within a column of running text or outside of all, never across one."""
        bands = bands_of(rows, self._height)
        for beside_prose, group in groupby(bands, self._is_beside_prose):
            if beside_prose:
                yield from self._cut_bands(group, depth)
            else:
                yield from self._cut_around_tables(list(group), depth)

    def _is_beside_prose(self, band: Band) -> bool:
        return len(band.spans) > 1 and any(map(is_prose, columns_of(band.rows, self._height)))

    def _cut_around_tables(self, bands: Sequence[Band], depth: int) -> Iterator[Section]:
        rows = [row for band in bands for row in band.rows]
        done = 0
        for start, stop, table in self._judge.tables(rows):
            yield from self._cut_rows(rows[done:start], depth)
            yield Section(((Fragment(table.box, (), table),),))
            done = stop
        if done:
            yield from self._cut_rows(rows[done:], depth)
        else:
            yield from self._cut_bands(bands, depth)

    def _cut_rows(self, rows: Sequence[Row], depth: int) -> Iterator[Section]:
        return self._cut_bands(bands_of(rows, self._height), depth)

    def _cut_bands(self, bands: Iterable[Band], depth: int) -> Iterator[Section]:
        for band in bands:
            yield from self._cut_band(band.rows, depth)

    def _cut_band(self, rows: Sequence[Row], depth: int) -> Iterator[Section]:
        pieces = columns_of(rows, self._height)
        columns = self._joined(pieces, len(rows))
        if len(columns) < 2:
            # One pair of labels and values is a column as much as one of text.
            across = len(pieces) > 1 and self._judge.reads_across(rows)
            yield from _around_wholes(rows, across)
        elif depth == DEEPEST or all(len(column) == 1 for column in columns):
            yield from _around_wholes(rows, across=True)
        elif len(columns) == 2 and (pairs := self._label_rows(rows)):
            start, stop = pairs
            yield from self._cut_rows(rows[:start], depth + 1)
            yield from _around_wholes(rows[start:stop], across=True)
            yield from self._cut_rows(rows[stop:], depth + 1)
        else:
            for column in _around_prose(columns):
                yield from self.cut(rows_of(column), depth + 1)

    def _joined(self, columns: list[list[Fragment]], rows: int) -> list[list[Fragment]]:
        """Columns that are read one after another: each whole, labels with their values."""
        while True:
            joined: list[list[Fragment]] = []
            for column in columns:
                if joined and self._goes_with(joined[-1], column, rows):
                    joined[-1] = joined[-1] + column
                else:
                    joined.append(column)
            if len(joined) == len(columns):
                return columns
            columns = joined

    def _goes_with(self, left: list[Fragment], right: list[Fragment], rows: int) -> bool:
        """Whether what stands at the right is read along with the left, row by row."""
        return (
            _marks(left, right, self._height)
            or (rows >= COLUMN_ROWS and _is_one_line(left, right))
            or self._judge.reads_across(rows_of(left + right))
        )

    def _label_rows(self, rows: Sequence[Row]) -> tuple[int, int] | None:
        """(first, one past the last) of the longest run of labels with values among others."""
        runs = []
        start = 0
        for is_pair, run in groupby(rows, key=lambda row: len(row) > 1):
            stop = start + len(list(run))
            if is_pair and 1 < stop - start < len(rows):
                runs.append((start, stop))
            start = stop
        found = (run for run in runs if self._judge.reads_across(rows[slice(*run)]))
        return max(found, key=lambda run: (run[1] - run[0], -run[0]), default=None)


def _around_prose(columns: list[list[Fragment]]) -> list[list[Fragment]]:
    """The columns; what stands beside running text is looked at as one, it may be a table."""
    if not any(map(is_prose, columns)):
        return columns
    result = []
    for prose, group in groupby(columns, is_prose):
        members = list(group)
        result += members if prose else [[f for column in members for f in column]]
    return result


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


def _marks(left: list[Fragment], right: list[Fragment], height: float) -> bool:
    """Bullets or numbers: narrow pieces, each close before a piece of the next column."""
    if any(f.whole or f.box.width > MARKER_WIDTH * height for f in left):
        return False
    if min(f.box.left for f in right) - max(f.box.right for f in left) > MARKER_GAP * height:
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
