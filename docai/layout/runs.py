"""Runs of rows that keep the same corridors between their pieces: what may be a table.

A run begins with a row of several pieces and takes in what follows as long as no corridor
is lost: rows with pieces in several columns, single lines that belong to one cell, lines of
running text that another such row follows. A row of words below rows of figures heads a
table of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from docai.document import Word
from docai.geometry import Box
from docai.layout.cells import part_of, text_of
from docai.layout.figures import is_figure
from docai.layout.lines import Fragment
from docai.layout.rows import Row, Span, merged, spans

LEAST_COLUMNS = 3
UNDERLINE = 2.0  # points by which a rule may reach into the loose box of the text above it
SLACK = 1.0  # points by which text may touch the next column's
# Lengths are in heights of a typical fragment.
CORRIDOR = 0.3
STURDY = 0.6  # a corridor from this width on is never given up; narrower ones may lie in cells
FULL_ROW = 0.75  # share of the columns that a row fills which may close a narrow corridor
LARGEST_GAP = 3.0  # between two rows of one table ...
LARGEST_RICH_GAP = 9.0  # ... and if the second has a piece in all columns but one
TIGHT_GAP = 0.6  # between the lines of one cell
HEADER_GAP = 2.0  # between a header and the first row
MOST_BETWEEN = 8  # rows of running text inside a table: descriptions that reach under other columns
MOST_HEADER_ROWS = 4  # above the first row in which the columns are told apart
HEADED = 0.6  # share of the columns that a header names
SAME_EDGE = 0.5  # lines of one cell begin or end alike
LEAST_HEADS = 3  # words in a row that begin another table
RULE_COVERS = 0.6  # of a table's width, for a level rule to close it


@dataclass(frozen=True, slots=True)
class Strip:
    """A row of text. `figures` counts the pieces that are figures, `pieces` all."""

    row: Row
    spans: list[Span]
    top: float
    bottom: float
    pieces: int
    figures: int


@dataclass(frozen=True, slots=True)
class Run:
    """Rows `start` to `stop` (one past the last). `main` are those with several columns."""

    start: int
    stop: int
    main: tuple[int, ...]
    columns: tuple[Span, ...]


class Piece(NamedTuple):
    """Text of a row in the columns `first` to `last`, usually one."""

    first: int
    last: int
    text: Fragment


def strips_of(rows: Sequence[Row], words: Sequence[Word], height: float) -> list[Strip]:
    return [
        Strip(
            row,
            spans(row, CORRIDOR * height),
            min([f.box.top for f in row]),
            max([f.box.bottom for f in row]),
            len(row),
            sum([is_figure(text_of(f.words, words)) for f in row]),
        )
        for row in rows
    ]


def is_whole(strip: Strip) -> bool:
    return any(f.whole for f in strip.row)


def grown(strips: Sequence[Strip], start: int, height: float) -> Run:
    """The longest run from here. It has one main row where nothing below fits."""
    columns = strips[start].spans
    main = [start]
    has_figures = strips[start].figures > 0
    steps: list[float] = []  # gaps since the last main row
    for j in range(start + 1, len(strips)):
        strip = strips[j]
        if j - main[-1] > MOST_BETWEEN + 1 or is_whole(strip):
            break
        steps.append(strip.top - strips[j - 1].bottom)
        if len(strip.spans) < 2:
            continue
        if has_figures and _is_head(strip, columns):
            break
        joint = merged([*columns, *strip.spans], CORRIDOR * height)
        # One row alone may be a header whose labels stand too close to be told apart.
        needed = min(len(columns), len(strip.spans))
        if len(main) > 1:
            is_full = len(strip.spans) >= FULL_ROW * len(columns)
            needed = len(merged(columns, STURDY * height)) if is_full else len(columns)
        if len(joint) >= max(needed, LEAST_COLUMNS):
            is_rich = len(strip.spans) >= max(LEAST_COLUMNS + 1, len(columns) - 1)
            if max(steps) > (LARGEST_RICH_GAP if is_rich else LARGEST_GAP) * height:
                break
            columns = joint
            main.append(j)
            has_figures = has_figures or strip.figures > 0
            steps = []
        elif len(strip.spans) >= len(columns):
            break
    return Run(start, main[-1] + 1, tuple(main), tuple(columns))


def _is_head(strip: Strip, columns: Sequence[Span]) -> bool:
    """Words enough to head these columns: below rows of figures they head others."""
    return not strip.figures and strip.pieces >= max(LEAST_HEADS, HEADED * len(columns))


def trimmed(run: Run, strips: Sequence[Strip], height: float) -> Run:
    """The run without what stands apart above its header and without sums at its end."""
    main = _below_header(run.main, strips, height)
    main = _above_sums(main, strips, run.columns)
    if main == run.main:
        return run
    columns = spans([f for n in main for f in strips[n].row], CORRIDOR * height)
    return Run(main[0], main[-1] + 1, main, tuple(columns))


def _below_header(main: tuple[int, ...], strips: Sequence[Strip], height: float) -> tuple[int, ...]:
    """Without rows of words that are not close above the last one before the figures."""
    body = next((k for k, n in enumerate(main) if strips[n].figures), 0)
    first = max(0, body - 1)
    while first and strips[main[first]].top - strips[main[first - 1]].bottom < TIGHT_GAP * height:
        first -= 1
    return main[first:]


def _above_sums(
    main: tuple[int, ...], strips: Sequence[Strip], columns: Sequence[Span]
) -> tuple[int, ...]:
    """Without rows at the end that leave the first two columns empty."""
    leading = [n for n in main if _column_of(strips[n].row[0].box.left, columns) < 2]
    if len(leading) < 2 or len(columns) <= LEAST_COLUMNS:
        return main
    return tuple(n for n in main if n <= leading[-1])


def with_tail(run: Run, strips: Sequence[Strip], levels: Sequence[Box], height: float) -> Run:
    """The run with the lines that end its last row: close below it, or above a closing rule."""
    stop = run.stop
    closing = _closing_rule(run, strips, levels)
    while stop < len(strips) and not is_whole(strips[stop]) and len(strips[stop].spans) == 1:
        strip = strips[stop]
        is_tight = strip.top - strips[stop - 1].bottom < TIGHT_GAP * height
        is_enclosed = closing is not None and strip.bottom <= closing + TIGHT_GAP * height
        if stop - run.stop >= MOST_BETWEEN or not (is_tight or is_enclosed):
            break
        if not _continues_cell(strip, run, strips, height, is_enclosed):
            break
        stop += 1
    return replace(run, stop=stop)


def _closing_rule(run: Run, strips: Sequence[Strip], levels: Sequence[Box]) -> float | None:
    """Height of the first level rule below the last main row."""
    left, right = run.columns[0][0], run.columns[-1][1]
    below = [
        rule.top
        for rule in levels
        if rule.top > strips[run.main[-1]].bottom - UNDERLINE
        and min(right, rule.right) - max(left, rule.left) > RULE_COVERS * (right - left)
    ]
    return min(below, default=None)


def _continues_cell(
    strip: Strip, run: Run, strips: Sequence[Strip], height: float, is_enclosed: bool
) -> bool:
    """Whether a line begins where text of its column begins.

    What follows in the first column may be the page's text, unless a rule comes below it or
    other rows go on in that column, too.
    """
    left = strip.spans[0][0]
    own = range(run.start, run.stop)
    may_start = _column_of(left, run.columns) > 0 or is_enclosed
    return any(
        abs(f.box.left - left) < SAME_EDGE * height
        for n in own
        if may_start or n not in run.main
        for f in strips[n].row
    )


def with_header(
    run: Run, strips: Sequence[Strip], free: int, words: Sequence[Word], height: float
) -> list[Run]:
    """The run with one row above it, with two and so on, as far as words head its columns.

    `free` is the first row that belongs to no table yet.
    """
    result: list[Run] = []
    for _ in range(MOST_HEADER_ROWS):
        above = run.start - 1
        if above < free:
            break
        columns = tuple(parted_by(strips[above].row, run.columns, words))
        run = replace(run, columns=columns)
        if not _heads(strips[above], strips[run.start], run, words, height):
            break
        run = replace(run, start=above, main=(above, *run.main))
        result.append(run)
    return result


def _heads(strip: Strip, below: Strip, run: Run, words: Sequence[Word], height: float) -> bool:
    """Whether these words name most columns, or are the upper part of labels close below."""
    gap = below.top - strip.bottom
    is_tight = gap < TIGHT_GAP * height
    below_is_header = not below.figures
    if is_whole(strip) or strip.figures or gap > HEADER_GAP * height:
        return False
    if below_is_header and not is_tight:
        return False
    pieces = pieces_of(strip.row, run.columns, words)
    headed = {piece.first for piece in pieces if piece.first == piece.last}
    if len(headed) >= max(2, HEADED * len(run.columns)):
        return True
    if not below_is_header or any(piece.first != piece.last for piece in pieces):
        return False
    box = strip.row[0].box
    return len(pieces) > 1 or any(
        min(abs(f.box.left - box.left), abs(f.box.right - box.right)) < SAME_EDGE * height
        for f in below.row
    )


def pieces_of(row: Row, columns: Sequence[Span], words: Sequence[Word]) -> list[Piece]:
    """The row's text by columns, cut between words where a corridor is."""
    walls = walls_of(columns)
    lefts = [left for left, _ in columns]
    rights = [right for _, right in columns]
    pieces = []
    for fragment in row:
        box = fragment.box
        # The columns whose text it reaches; it may reach into corridors beside them.
        first = bisect_left(rights, box.left + SLACK)
        last = bisect_right(lefts, box.right - SLACK) - 1
        if first >= last:
            first = last = bisect_right(walls, (box.left + box.right) / 2)
        if first == last or _is_crossed(fragment, walls[first:last], words):
            pieces.append(Piece(first, last, fragment))
            continue
        parts: dict[int, list[int]] = defaultdict(list)
        for w in fragment.words:
            parts[bisect_right(walls, words[w].box.left)].append(w)
        pieces += [Piece(c, c, part_of(fragment, part, words)) for c, part in parts.items()]
    return pieces


def parted_by(row: Row, columns: Sequence[Span], words: Sequence[Word]) -> list[Span]:
    """The columns, with corridors narrowed to where they pass between the row's words."""
    extents = sorted((words[w].box.left, words[w].box.right) for f in row for w in f.words)
    result = list(columns)
    for k, (_, b) in enumerate(pairwise(columns)):
        start, end = result[k][1], b[0]
        inside = [(left, right) for left, right in extents if right > start and left < end]
        edges = [start, *(x for extent in merged(inside, 0.0) for x in extent), end]
        gaps = list(zip(edges[::2], edges[1::2], strict=True))
        left, right = max(gaps, key=lambda gap: gap[1] - gap[0])
        if right > left:
            result[k] = (result[k][0], left)
            result[k + 1] = (right, b[1])
    return result


def _is_crossed(fragment: Fragment, walls: Sequence[float], words: Sequence[Word]) -> bool:
    boxes = [words[w].box for w in fragment.words]
    return any(box.left < wall < box.right for box in boxes for wall in walls)


def walls_of(columns: Sequence[Span]) -> list[float]:
    """The middles of the corridors."""
    return [(a[1] + b[0]) / 2 for a, b in pairwise(columns)]


def _column_of(x: float, columns: Sequence[Span]) -> int:
    return bisect_right(walls_of(columns), x)
