"""Runs of rows that keep the same corridors between their pieces: what may be a table.

A run begins with a row of several pieces and takes in what follows as long as no corridor
is lost: rows with pieces in several columns, single lines that belong to one cell, lines of
running text that another such row follows. A row of words below rows of figures heads a
table of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
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
STRAY_GAP = 2.0  # a wide space between words, in a row that no other one agrees with
ENOUGH_ROWS = 0.2  # of a table's rows that must have as many columns as the table
MOST_BETWEEN = 8  # rows of running text inside a table: descriptions that reach under other columns
HEADED = 0.6  # share of the columns that a header names
SAME_EDGE = 0.5  # lines of one cell begin or end alike
LEAST_HEADS = 3  # words in a row that begin another table
FILLED_BELOW = 0.5  # of the columns that rows fill, for rows below a rule to go on with them
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
        if len(main) > 1:
            is_full = len(strip.spans) >= FULL_ROW * len(columns)
            kept = merged(columns, STURDY * height) if is_full else columns
            fits = len(joint) >= LEAST_COLUMNS and not _bridges(strip.spans, kept)
        else:
            # One row alone may be a header whose labels stand too close to be told apart.
            fits = len(joint) >= max(min(len(columns), len(strip.spans)), LEAST_COLUMNS)
        if fits:
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


def _bridges(row: Sequence[Span], columns: Sequence[Span]) -> bool:
    """Whether text of the row reaches over a corridor between the columns."""
    rights = [right for _, right in columns]
    return any(
        (first := bisect_left(rights, left)) + 1 < len(columns) and columns[first + 1][0] < right
        for left, right in row
    )


def shared_columns(strips: Sequence[Strip], height: float) -> list[Span]:
    """The columns of an area that is known to be a table: those of its richest rows.

    Other rows widen them as long as no corridor is lost; a heading over several columns would
    lose some and has no say.
    """
    counts = Counter(len(strip.spans) for strip in strips)
    enough = max(2, ENOUGH_ROWS * len(strips))
    richest = next(
        (
            n
            for n in sorted(counts, reverse=True)
            if sum(counts[m] for m in counts if m >= n) >= enough
        ),
        0,
    )
    columns: list[Span] = []
    for strip in sorted(strips, key=lambda strip: -len(strip.spans)):
        joint = merged([*columns, *strip.spans], CORRIDOR * height)
        if len(joint) >= min(richest, len(columns) or richest):
            columns = joint
    return columns


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


def without_strays(run: Run, strips: Sequence[Strip], words: Sequence[Word], height: float) -> Run:
    """The run without columns that a wide space in a single row has made."""
    rows: dict[int, list[list[Piece]]] = defaultdict(list)
    for n in run.main:
        pieces = pieces_of(strips[n].row, run.columns, words)
        for column in {piece.first for piece in pieces}:
            rows[column].append(pieces)
    columns = list(run.columns)
    for column in range(len(columns) - 1, 0, -1):
        for lone in {column - 1, column}:
            if len(rows[lone]) != 1:
                continue
            left = [p.text.box.right for p in rows[lone][0] if p.last == column - 1]
            right = [p.text.box.left for p in rows[lone][0] if p.first == column]
            if left and right and min(right) - max(left) < STRAY_GAP * height:
                columns[column - 1 : column + 1] = [(columns[column - 1][0], columns[column][1])]
                break
    return replace(run, columns=tuple(columns)) if len(columns) < len(run.columns) else run


def closed(run: Run, strips: Sequence[Strip], levels: Sequence[Box], words: Sequence[Word]) -> Run:
    """The run up to a rule below its figures that parts it from sums or from other text.

    Rows that go on below the rule begin in the first column and fill about as many columns.
    """
    ends = [rule.top for rule in spanning(run, levels) if rule.top > strips[run.main[0]].bottom]
    if not ends:
        return run
    filled = [{p.first for p in pieces_of(strips[n].row, run.columns, words)} for n in run.main]
    for k, (above, below) in enumerate(pairwise(run.main), start=1):
        is_ruled = any(strips[above].bottom - UNDERLINE < end <= strips[below].top for end in ends)
        if not is_ruled or not any(strips[n].figures for n in run.main[:k]):
            continue
        counts = Counter(column for row in filled[:k] for column in row)
        usual = {column for column, count in counts.items() if 2 * count >= k}
        goes_on = len(filled[k] & usual) >= FILLED_BELOW * len(usual)
        if usual and not (goes_on and min(usual) in filled[k]):
            columns = tuple(run.columns[column] for column in sorted(counts))
            return Run(run.start, above + 1, run.main[:k], columns)
    return run


def with_tail(run: Run, strips: Sequence[Strip], levels: Sequence[Box], height: float) -> Run:
    """The run with the lines that end its last row: close below it, or above a closing rule."""
    stop = run.stop
    closing = _closing_rule(run, strips, levels)
    while stop < len(strips) and not is_whole(strips[stop]) and len(strips[stop].spans) == 1:
        strip = strips[stop]
        if closing is not None and strip.top > closing - UNDERLINE:
            break
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
    end = strips[run.main[-1]].bottom - UNDERLINE
    return min([r.top for r in spanning(run, levels) if r.top > end], default=None)


def spanning(run: Run, levels: Sequence[Box]) -> list[Box]:
    """The level rules that cover most of the run's width."""
    left, right = run.columns[0][0], run.columns[-1][1]
    return [
        rule
        for rule in levels
        if min(right, rule.right) - max(left, rule.left) > RULE_COVERS * (right - left)
    ]


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
        cut = [Piece(c, c, part_of(fragment, part, words)) for c, part in parts.items()]
        is_title = is_centred(box, (columns[first][0], columns[last][1])) and not all(
            is_aligned(piece.text.box, columns[piece.first]) for piece in cut
        )
        pieces += [Piece(first, last, fragment)] if is_title else cut
    return pieces


def is_centred(box: Box, column: Span) -> bool:
    middle = (box.left + box.right) / 2
    return abs(middle - (column[0] + column[1]) / 2) < SAME_EDGE * (box.bottom - box.top)


def is_aligned(box: Box, column: Span) -> bool:
    """With the left, the right or the middle of the column."""
    slack = SAME_EDGE * (box.bottom - box.top)
    return (
        abs(box.left - column[0]) < slack
        or abs(box.right - column[1]) < slack
        or is_centred(box, column)
    )


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
