"""A page as the eye sweeps it: rows across the page, and runs of words within a row.

A row holds what stands at one height, whatever column or block it belongs to, because a
label's value often stands in another block than the label. A run ends at a wide gap or at a
drawn vertical line: inside it, words are read on without a pause.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from docai.document import Document, Page, WordRef
from docai.geometry import Box
from docai.results import Span

RUN_GAP = 0.9  # of the row's median word height; an ordinary space is a third of it
SURE_TABLE = 0.5  # confidence from which the rows of a table are believed
MAX_RUN = 100  # words; only text made to cost time has longer ones
SAME_ROW = 0.5  # of the smaller height: how far the middles of one row's words may lie apart


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one row without a wide gap, as one text that knows where each word lies."""

    page: int  # index, from 0
    row: int
    words: tuple[int, ...]
    box: Box
    text: str
    starts: tuple[int, ...]  # offset of each word in `text`

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """The text from `start` to `end`, with every word it touches as evidence."""
        end = len(self.text) if end is None else end
        first = max(0, bisect_right(self.starts, start) - 1)
        last = max(first + 1, bisect_left(self.starts, end))
        refs = tuple(WordRef(self.page, word) for word in self.words[first:last])
        return Span(self.text[start:end].strip(), refs)


@dataclass(frozen=True)
class Sheet:
    """One page's rows, top to bottom, each a list of runs from left to right."""

    index: int
    page: Page
    rows: tuple[tuple[Run, ...], ...]

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        return tuple(run for row in self.rows for run in row)

    def below(self, run: Run) -> Run | None:
        """What stands in the next row right under a run, without a blank line between."""
        for other in self.rows[run.row + 1] if run.row + 1 < len(self.rows) else ():
            near = other.box.top - run.box.bottom < run.box.height
            if near and other.box.overlap_x(run.box) > 0:
                return other
        return None

    @cached_property
    def row_of(self) -> dict[int, int]:
        """Word index -> the row it stands in."""
        return {word: run.row for run in self.runs for word in run.words}

    @cached_property
    def table_rows(self) -> dict[int, tuple[int, int]]:
        """Word index -> (table of the page, row in it), where a table is more sure than not."""
        return {
            word: (number, cell.row)
            for number, table in enumerate(self.page.tables)
            if table.confidence >= SURE_TABLE
            for cell in table.cells
            for word in cell.words
        }

    @cached_property
    def word_height(self) -> float:
        """Median height of a word in points, at least 1; 10 on an empty page."""
        return max(1.0, median([w.box.height for w in self.page.words] or [10.0]))

    @cached_property
    def _rule_heights(self) -> list[float]:
        """Where lines are drawn across the page, top to bottom."""
        return sorted(r.centre[1] for r in self.page.rules if r.width > 2 * r.height)

    def is_ruled_between(self, top: float, bottom: float) -> bool:
        """A horizontal line, however short, is drawn between these heights."""
        position = bisect_left(self._rule_heights, top)
        return position < len(self._rule_heights) and self._rule_heights[position] <= bottom

    def box(self, run: Run, start: int, end: int) -> Box:
        """Around the words that text[start:end] of the run touches."""
        return self.page.box(ref.word for ref in run.span(start, end).evidence)

    @cached_property
    def _row_boxes(self) -> tuple[Box, ...]:
        return tuple(Box.enclosing(run.box for run in row) for row in self.rows)

    def row_box(self, row: int) -> Box:
        return self._row_boxes[row]


def sheets(document: Document) -> tuple[Sheet, ...]:
    return tuple(sheet(index, page) for index, page in enumerate(document.pages))


def sheet(index: int, page: Page) -> Sheet:
    walls = [rule for rule in page.rules if rule.height > 2 * rule.width]
    rows = tuple(
        tuple(_runs(index, number, row, page, walls)) for number, row in enumerate(rows_of(page))
    )
    return Sheet(index, page, rows)


def rows_of(page: Page) -> list[list[int]]:
    """Indices of the words at one height, top to bottom and left to right."""
    words = page.words
    middles = [word.box.centre[1] for word in words]
    rows: list[list[int]] = []
    middle = height = 0.0  # running means of the last row
    for index in sorted(range(len(words)), key=lambda i: middles[i]):
        own = words[index].box.height
        if rows and middles[index] - middle <= SAME_ROW * min(own, height):
            rows[-1].append(index)
            count = len(rows[-1])
            middle += (middles[index] - middle) / count
            height += (own - height) / count
        else:
            rows.append([index])
            middle, height = middles[index], own
    return [sorted(row, key=lambda i: (words[i].box.left, i)) for row in rows]


def _runs(
    index: int, number: int, row: Sequence[int], page: Page, walls: Sequence[Box]
) -> Iterable[Run]:
    words = page.words
    height = median(words[i].box.height for i in row)
    band = page.box(row)
    own_walls = sorted(wall.centre[0] for wall in walls if wall.overlap_y(band) > 0.5 * band.height)
    group: list[int] = []
    for i in row:
        if group:
            before, after = words[group[-1]].box, words[i].box
            wall = bisect_left(own_walls, before.centre[0])
            walled = wall < len(own_walls) and own_walls[wall] < after.centre[0]
            full = len(group) == MAX_RUN
            if walled or full or after.left - before.right > RUN_GAP * height:
                yield _run(index, number, group, page)
                group = []
        group.append(i)
    yield _run(index, number, group, page)


def _run(index: int, number: int, words: Sequence[int], page: Page) -> Run:
    starts, length = [], 0
    for word in words:
        starts.append(length)
        length += len(page.words[word].text) + 1
    return Run(index, number, tuple(words), page.box(words), page.text(words), tuple(starts))


def join(spans: Iterable[Span], separator: str = " ") -> Span:
    """Several spans as one; a word that two of them share is evidence once."""
    spans = list(spans)
    refs = dict.fromkeys(ref for span in spans for ref in span.evidence)
    return Span(separator.join(span.text for span in spans), tuple(refs))
