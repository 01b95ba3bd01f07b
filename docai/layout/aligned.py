"""Tables without a drawn grid: rows whose pieces stand in columns.

Aligned figures below a header of words are the best sign of one; `likeness` is the weighted
share of all signs (see `_likeness`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from docai.document import Word
from docai.geometry import Box
from docai.layout.area import Area
from docai.layout.bands import is_prose
from docai.layout.body import Body, body_of, is_tight, structured
from docai.layout.draft import DraftTable
from docai.layout.figures import is_blank, is_figure, is_scale
from docai.layout.heads import with_header
from docai.layout.lines import Fragment
from docai.layout.rows import Row, Span, rows_of, spans
from docai.layout.ruled import level_rules
from docai.layout.runs import (
    CORRIDOR,
    LEAST_COLUMNS,
    Piece,
    Run,
    Strip,
    closed,
    grown,
    is_whole,
    parted_by,
    pieces_of,
    shared_columns,
    strips_of,
    trimmed,
    walls_of,
    with_tail,
    without_strays,
)

ACCEPTED = 0.5  # likeness from which aligned rows are a table
FIGURES_WITHIN = 15  # rows; without a figure among them nothing aligned is a table
FIGURE_COLUMN = 0.7  # of a column's texts that are figures, to call it one
NAMED = 0.8  # share of the columns that have a name in the row that tells them apart
WELL_FILLED = 0.75  # share of filled cells that a table with a single column of figures needs
SAME_EDGE = 2.0  # points by which aligned texts may differ
PROSE_WIDTH = 8.0  # line heights; lines of running text are at least this wide


def may_hold_table(rows: Sequence[Row]) -> bool:
    """The cheap test that most text does not pass: a row with as many pieces as columns."""
    return len(rows) > 1 and any(len(row) >= LEAST_COLUMNS for row in rows)


def aligned_tables(
    rows: Sequence[Row],
    words: Sequence[Word],
    levels: Sequence[Box] = (),
    *,
    accepted: float = ACCEPTED,
) -> Iterator[tuple[int, int, DraftTable]]:
    """(first row, one past the last, table) of every table among these rows.

    `levels` are the level rules of the page; `accepted` is the likeness that makes a table.
    """
    if not may_hold_table(rows):
        return
    height = median([f.box.height for row in rows for f in row])
    strips = strips_of(rows, words, height)
    free = 0  # first row that belongs to no table yet
    for i, strip in enumerate(strips):
        if i < free or len(strip.spans) < LEAST_COLUMNS or is_whole(strip):
            continue
        near = strips[i : i + FIGURES_WITHIN]
        if accepted >= ACCEPTED and not any(s.figures for s in near):
            continue  # nothing here can reach that likeness
        run = trimmed(grown(strips, i, height), strips, height)
        if _has_axis(run, strips, words):
            free = run.stop  # a chart
            continue
        run = replace(run, columns=_finest_columns(run, strips, words, height))
        run = closed(run, strips, levels, words)
        draft = _table(run, strips, words, height, levels, accepted)
        if draft is None:
            continue
        for headed in with_header(run, strips, free, words, height, levels):
            better = _table(headed, strips, words, height, levels, accepted)
            if better is None:
                break
            run, draft = headed, better
        start, stop, table = draft
        yield start, stop, table
        free = stop


def by_alignment(area: Area) -> DraftTable | None:
    """All of the area's text in columns, whether or not it looks like a table."""
    rows = rows_of(area.fragments)
    if not rows:
        return None
    levels = level_rules(area.rules)
    for start, stop, table in aligned_tables(rows, area.words, levels, accepted=0.0):
        if (start, stop) == (0, len(rows)):
            return table
    height = median([f.box.height for f in area.fragments])
    strips = strips_of(rows, area.words, height)
    columns = tuple(shared_columns(strips, height))
    main = tuple(n for n, strip in enumerate(strips) if len(strip.spans) > 1)
    if len(columns) < 2 or not main:
        return None
    body = body_of(Run(0, len(strips), main, columns), strips, area.words, levels)
    return structured(body, levels, _likeness(body))


def _table(
    run: Run,
    strips: Sequence[Strip],
    words: Sequence[Word],
    height: float,
    levels: Sequence[Box],
    accepted: float,
) -> tuple[int, int, DraftTable] | None:
    if len(run.main) < 2:
        return None
    run = without_strays(with_tail(run, strips, levels, height), strips, words, height)
    body = body_of(run, strips, words, levels)
    likeness = _likeness(body)
    if likeness < accepted or _is_prose_beside(body) or _goes_on(run, strips, height):
        return None
    return run.start, run.stop, structured(body, levels, likeness)


def _finest_columns(
    run: Run, strips: Sequence[Strip], words: Sequence[Word], height: float
) -> tuple[Span, ...]:
    """The columns of the rows below the first, if they are more and the first row can follow."""
    head = run.main[0]
    below = [f for n in range(head + 1, run.stop) for f in _narrow(strips[n], run)]
    finer = spans(below, CORRIDOR * height)
    if len(finer) <= len(run.columns):
        return run.columns
    finer = parted_by(strips[head].row, finer, words)
    pieces = pieces_of(strips[head].row, finer, words)
    named = len({piece.first for piece in pieces}) >= NAMED * len(finer)
    can_follow = named and all(piece.first == piece.last for piece in pieces)
    return tuple(finer) if can_follow else run.columns


def _narrow(strip: Strip, run: Run) -> Iterator[Fragment]:
    """The pieces that lie in one column."""
    walls = walls_of(run.columns)
    for fragment in strip.row:
        if bisect_right(walls, fragment.box.left) == bisect_right(walls, fragment.box.right):
            yield fragment


def _likeness(body: Body) -> float:
    """0..1: columns of figures, words above them, alignment, few empty cells, many rows.

    0 where labels with colons tell that these are keys and values.
    """
    data = body.data
    if not data:
        return 0.0
    filled = sum([len(row) for row in data]) / (len(data) * len(body.columns))
    figure_columns = 0
    aligned = []
    for column in range(len(body.columns)):
        pieces = [piece for row in data for piece in row.get(column, ())]
        texts = [t for p in pieces if not is_blank(t := body.text(p))]
        colons = [text for text in texts if text.startswith(":") or text.endswith(":")]
        if 2 * len(colons) > len(texts):
            return 0.0
        is_tick_labels = filled < WELL_FILLED and is_scale(texts)
        enough = max(FIGURE_COLUMN * len(texts), min(2, len(data)))
        if sum(map(is_figure, texts)) >= enough and not is_tick_labels:
            figure_columns += 1
        if len(pieces) > 1:
            aligned.append(_alignment(pieces))
    if figure_columns < 2 and (filled < WELL_FILLED or len(data) < 2):
        return 0.0
    if figure_columns == 1 and not body.headers:
        return 0.0
    signs = (
        (0.40, min(1.0, figure_columns / 2)),
        (0.20, 1.0 if body.headers and figure_columns else 0.0),
        (0.15, sum(aligned) / len(aligned) if aligned else 0.5),
        (0.15, filled),
        (0.10, min(1.0, len(data) / 4)),
    )
    return round(sum(weight * share for weight, share in signs), 3)


def _has_axis(run: Run, strips: Sequence[Strip], words: Sequence[Word]) -> bool:
    """Whether the last row are the labels of an axis, more than any row has pieces: a chart."""
    *rows, last = (strips[n].row for n in run.main)
    ticks = [words[w].text for f in last for w in f.words]
    return len(ticks) > max(map(len, rows), default=0) and is_scale(ticks)


def _alignment(pieces: Sequence[Piece]) -> float:
    """Share of the pieces that agree on the left, the right or the middle."""
    boxes = [piece.text.box for piece in pieces]
    best = 0.0
    for edge in (
        [box.left for box in boxes],
        [box.right for box in boxes],
        [(box.left + box.right) / 2 for box in boxes],
    ):
        usual = median(edge)
        best = max(best, sum([abs(x - usual) < SAME_EDGE for x in edge]) / len(edge))
    return best


def _is_prose_beside(body: Body) -> bool:
    """Whether an outer column is running text with something at its side."""
    outer = (0, len(body.columns) - 1)
    return any(
        is_prose([p.text for n in sorted(body.main) for p in body.places[n].get(column, ())])
        for column in outer
    )


def _goes_on(run: Run, strips: Sequence[Strip], height: float) -> bool:
    """Whether lines as wide as an outer column stand close above or below: running text."""
    first, last = strips[run.start], strips[run.stop - 1]
    above = [s for s in strips[max(0, run.start - 1) : run.start] if is_tight(s, first)]
    below = [s for s in strips[run.stop : run.stop + 1] if is_tight(last, s)]
    return any(
        right - left > PROSE_WIDTH * height
        and abs(f.box.left - left) < height
        and abs(f.box.right - right) < height
        for left, right in (run.columns[0], run.columns[-1])
        for strip in above + below
        for f in strip.row
    )
