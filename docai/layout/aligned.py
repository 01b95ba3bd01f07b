"""Tables without a drawn grid: rows whose pieces stand in columns.

Aligned figures below a header of words are the best sign of one; `confidence` is the
weighted share of all signs (see `_score`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from docai.document import Word
from docai.geometry import Box
from docai.layout.bands import is_prose
from docai.layout.cells import FIGURES_IN_HEADER, PlacedCell, drafted, text_of
from docai.layout.draft import DraftTable
from docai.layout.figures import is_blank, is_figure, is_year
from docai.layout.lines import Fragment
from docai.layout.rows import Row, Span, spans
from docai.layout.runs import (
    CORRIDOR,
    LEAST_COLUMNS,
    RULE_COVERS,
    TIGHT_GAP,
    Piece,
    Run,
    Strip,
    grown,
    is_whole,
    parted_by,
    pieces_of,
    strips_of,
    trimmed,
    walls_of,
    with_header,
    with_tail,
)

ACCEPTED = 0.5  # confidence from which aligned rows are a table
FIGURES_WITHIN = 15  # rows; without a figure among them nothing aligned is a table
FIGURE_COLUMN = 0.7  # of a column's texts that are figures, to call it one
NAMED = 0.8  # share of the columns that have a name in the row that tells them apart
MOST_HEADERS = 0.7  # of a table's rows; more words above the first figure are no header
WELL_FILLED = 0.75  # share of filled cells that a table with a single column of figures needs
SAME_EDGE = 2.0  # points by which aligned texts may differ
PROSE_WIDTH = 8.0  # line heights; lines of running text are at least this wide
CLEARLY_NEARER = 0.4  # line heights


@dataclass(frozen=True, slots=True)
class _Body:
    """A run's text by row and column, and how many of its rows, from the top, are header."""

    strips: Sequence[Strip]
    places: Sequence[Mapping[int, Sequence[Piece]]]
    main: frozenset[int]
    columns: Sequence[Span]
    headers: int

    @property
    def data(self) -> list[Mapping[int, Sequence[Piece]]]:
        """The rows below the header that have several columns."""
        return [self.places[n] for n in sorted(self.main) if n >= self.headers]


def aligned_tables(
    rows: Sequence[Row],
    words: Sequence[Word],
    levels: Sequence[Box] = (),
    *,
    accepted: float = ACCEPTED,
) -> Iterator[tuple[int, int, DraftTable]]:
    """(first row, one past the last, table) of every table among these rows.

    `levels` are the level rules of the page; `accepted` is the confidence that makes a table.
    """
    if len(rows) < 2 or not any(len(row) >= LEAST_COLUMNS for row in rows):
        return
    height = median([f.box.height for row in rows for f in row])
    strips = strips_of(rows, words, height)
    free = 0  # first row that belongs to no table yet
    for i, strip in enumerate(strips):
        if i < free or len(strip.spans) < LEAST_COLUMNS or is_whole(strip):
            continue
        near = strips[i : i + FIGURES_WITHIN]
        if accepted >= ACCEPTED and not any(s.figures for s in near):
            continue  # nothing here can reach that confidence
        run = trimmed(grown(strips, i, height), strips, height)
        run = replace(run, columns=_finest_columns(run, strips, words, height))
        draft = _table(run, strips, words, height, levels, accepted)
        if draft is None:
            continue
        for headed in with_header(run, strips, free, words, height):
            better = _table(headed, strips, words, height, levels, accepted)
            if better is None:
                break
            run, draft = headed, better
        start, stop, table = draft
        yield start, stop, table
        free = stop


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
    run = with_tail(run, strips, levels, height)
    body = _body(run, strips, words)
    confidence = _score(body, words)
    if confidence < accepted or _is_prose_beside(body) or _goes_on(run, strips, height):
        return None
    groups = _table_rows(body, _separators(body, levels))
    headers = sum(group[0] < body.headers for group in groups)
    return run.start, run.stop, drafted(_cells(groups, body), words, confidence, headers)


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


def _body(run: Run, strips: Sequence[Strip], words: Sequence[Word]) -> _Body:
    walls = walls_of(run.columns)
    places: list[Mapping[int, Sequence[Piece]]] = []
    for n in range(run.start, run.stop):
        row = strips[n].row
        if n in run.main:
            pieces = pieces_of(row, run.columns, words)
        else:
            # A line of running text stays whole, in the column where it begins.
            begins = [bisect_right(walls, f.box.left) for f in row]
            pieces = [Piece(c, c, f) for c, f in zip(begins, row, strict=True)]
        by_column: dict[int, list[Piece]] = defaultdict(list)
        for piece in pieces:
            by_column[piece.first].append(piece)
        places.append(by_column)
    main = frozenset(n - run.start for n in run.main)
    own = strips[run.start : run.stop]
    return _Body(own, places, main, run.columns, _header_rows(own, places, main, words))


def _header_rows(
    strips: Sequence[Strip],
    places: Sequence[Mapping[int, Sequence[Piece]]],
    main: frozenset[int],
    words: Sequence[Word],
) -> int:
    """How many rows from the top hold words only, while there are figures below."""
    heads = 0
    end = 0
    for number, row in enumerate(places):
        texts = [text_of(piece.text.words, words) for pieces in row.values() for piece in pieces]
        figures = sum(is_figure(text) and not is_year(text) for text in texts)
        if number in main and figures > FIGURES_IN_HEADER * len(texts):
            return end if heads <= MOST_HEADERS * len(main) else 0
        if number in main:
            heads += 1
            end = number + 1
        elif number and number == end and _is_tight(strips[number - 1], strips[number]):
            end = number + 1
    return 0


def _is_tight(above: Strip, below: Strip) -> bool:
    return below.top - above.bottom < TIGHT_GAP * (below.bottom - below.top)


def _score(body: _Body, words: Sequence[Word]) -> float:
    """0..1: columns of figures, words above them, alignment, few empty cells, many rows.

    0 where labels with colons tell that these are keys and values.
    """
    data = body.data
    if not data:
        return 0.0
    figure_columns = 0
    aligned = []
    for column in range(len(body.columns)):
        pieces = [piece for row in data for piece in row.get(column, ())]
        texts = [t for p in pieces if not is_blank(t := text_of(p.text.words, words))]
        colons = [text for text in texts if text.startswith(":") or text.endswith(":")]
        if 2 * len(colons) > len(texts):
            return 0.0
        if texts and sum(map(is_figure, texts)) >= FIGURE_COLUMN * len(texts):
            figure_columns += 1
        if len(pieces) > 1:
            aligned.append(_alignment(pieces))
    filled = sum([len(row) for row in data]) / (len(data) * len(body.columns))
    if figure_columns < 2 and (filled < WELL_FILLED or len(data) < 2):
        return 0.0
    signs = (
        (0.40, min(1.0, figure_columns / 2)),
        (0.20, 1.0 if body.headers and figure_columns else 0.0),
        (0.15, sum(aligned) / len(aligned) if aligned else 0.5),
        (0.15, filled),
        (0.10, min(1.0, len(data) / 4)),
    )
    return round(sum(weight * share for weight, share in signs), 3)


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


def _is_prose_beside(body: _Body) -> bool:
    """Whether an outer column is running text with something at its side."""
    outer = (0, len(body.columns) - 1)
    return any(
        is_prose([p.text for n in sorted(body.main) for p in body.places[n].get(column, ())])
        for column in outer
    )


def _goes_on(run: Run, strips: Sequence[Strip], height: float) -> bool:
    """Whether lines as wide as an outer column stand close above or below: running text."""
    first, last = strips[run.start], strips[run.stop - 1]
    above = [s for s in strips[max(0, run.start - 1) : run.start] if _is_tight(s, first)]
    below = [s for s in strips[run.stop : run.stop + 1] if _is_tight(last, s)]
    return any(
        right - left > PROSE_WIDTH * height
        and abs(f.box.left - left) < height
        and abs(f.box.right - right) < height
        for left, right in (run.columns[0], run.columns[-1])
        for strip in above + below
        for f in strip.row
    )


def _separators(body: _Body, levels: Sequence[Box]) -> list[float]:
    """Heights of the level rules inside, if there is one between most rows of data."""
    left, right = body.columns[0][0], body.columns[-1][1]
    top, bottom = body.strips[0].top, body.strips[-1].bottom
    inside = sorted(
        rule.top
        for rule in levels
        if top < rule.top < bottom
        and min(right, rule.right) - max(left, rule.left) > RULE_COVERS * (right - left)
    )
    return inside if len(inside) >= max(1, 0.5 * (len(body.data) - 1)) else []


def _table_rows(body: _Body, separators: Sequence[float]) -> list[list[int]]:
    """Text rows put together to the table's rows: wrapped lines join the row they belong to."""
    needed = max(2, 0.5 * median([len(row) for row in body.data]))
    groups: list[list[int]] = []
    waiting: list[int] = []  # lines that belong to the row below them
    for number in range(len(body.strips)):
        if number < body.headers:
            is_start = number == 0 or not _is_one_header(body, number)
        else:
            is_start = number in body.main and len(body.places[number]) >= needed
        if is_start or not groups:
            groups.append([*waiting, number])
            waiting = []
        elif waiting or _belongs_below(number, body, separators):
            waiting.append(number)
        else:
            groups[-1].append(number)
    groups[-1].extend(waiting)
    return groups


def _is_one_header(body: _Body, number: int) -> bool:
    """Whether a row of the header goes on with the labels above it.

    A label over several columns heads a group of them and is a row of its own.
    """
    above = [piece for row in body.places[:number] for pieces in row.values() for piece in pieces]
    return _is_tight(body.strips[number - 1], body.strips[number]) and all(
        piece.first == piece.last for piece in above
    )


def _belongs_below(number: int, body: _Body, separators: Sequence[float]) -> bool:
    """Whether a line is part of the row below: clearly nearer to it, or parted from what is above.

    The header takes in no line of the body.
    """
    if number + 1 == len(body.strips):
        return False
    before, strip, after = body.strips[number - 1 : number + 2]
    if separators:
        return bisect_right(separators, strip.top + 1) != bisect_right(separators, before.top + 1)
    if number == body.headers and body.headers:
        return True
    height = strip.bottom - strip.top
    return after.top - strip.bottom < strip.top - before.bottom - CLEARLY_NEARER * height


def _cells(groups: Sequence[Sequence[int]], body: _Body) -> list[PlacedCell]:
    columns, strips = body.columns, body.strips
    left = min([columns[0][0], *(strip.spans[0][0] for strip in strips)])
    right = max([columns[-1][1], *(strip.spans[-1][1] for strip in strips)])
    walls = [left, *walls_of(columns), right]
    tops = [min([strips[n].top for n in group]) for group in groups]
    bottoms = [max([strips[n].bottom for n in group]) for group in groups]
    edges = [min(tops)]
    for i in range(1, len(groups)):
        edges.append(max(edges[-1], min(tops[i], (bottoms[i - 1] + tops[i]) / 2)))
    edges.append(max(bottoms))
    cells = []
    for r, group in enumerate(groups):
        texts: dict[int, list[Piece]] = defaultdict(list)
        for n in group:
            for column, pieces in body.places[n].items():
                texts[column].extend(pieces)
        column = 0
        while column < len(columns):
            pieces = texts[column]
            end = column + 1
            while end not in texts and any(piece.last >= end for piece in pieces):
                end += 1
            box = Box(walls[column], edges[r], walls[end], edges[r + 1])
            text = [piece.text for piece in pieces]
            cells.append(PlacedCell(r, column, 1, end - column, text, box))
            column = end
    return cells
