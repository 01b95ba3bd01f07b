"""A run's text by row and column → the rows and cells of a table.

Not every row of text is a row of the table: labels wrap, descriptions go on below their
figures, headers have several lines. What is close or begins in lower case goes on; what has
figures, stands out to the left or ends in a colon begins a row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from statistics import median

from docai.document import Word
from docai.geometry import Box
from docai.layout.cells import FIGURES_IN_HEADER, PlacedCell, drafted, text_of
from docai.layout.draft import DraftTable
from docai.layout.figures import is_figure, is_year
from docai.layout.heads import group_heads
from docai.layout.rows import Span
from docai.layout.runs import RULE_COVERS, TIGHT_GAP, Piece, Run, Strip, pieces_of, walls_of

MOST_HEADERS = 0.7  # of a table's rows; more words above the first figure are no header
# Lengths are in heights of a line.
CLEARLY_NEARER = 0.4
INDENT = 0.5  # by which a label stands further left than those that it is the heading of
NEARER = 0.25  # by which a wrapped line is nearer to what it continues than rows are
SPACE = 0.3  # between two words
CENTRED = 1.0  # by which a heading's middle may miss the table's


@dataclass(frozen=True, slots=True)
class Body:
    """A run's text by row and column, and how many of its rows, from the top, are header.

    `main` are the rows with several columns.
    """

    strips: Sequence[Strip]
    places: Sequence[Mapping[int, Sequence[Piece]]]
    main: frozenset[int]
    columns: Sequence[Span]
    headers: int
    words: Sequence[Word]

    @property
    def data(self) -> list[Mapping[int, Sequence[Piece]]]:
        """The main rows below the header."""
        return [self.places[n] for n in sorted(self.main) if n >= self.headers]

    def text(self, piece: Piece) -> str:
        return text_of(piece.text.words, self.words)


def body_of(
    run: Run, strips: Sequence[Strip], words: Sequence[Word], levels: Sequence[Box]
) -> Body:
    """`levels` are the level rules of the page."""
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
    headers = _header_rows(own, places, main, words)
    for n in range(headers - 1):  # the last row of a header names the columns
        heads = group_heads(own[n].row, run.columns, levels, own[n].bottom, own[n + 1].top)
        if heads and any(piece.first < piece.last for piece in heads):
            places[n] = {piece.first: [piece] for piece in heads}
    return Body(own, places, main, run.columns, headers, words)


def structured(body: Body, levels: Sequence[Box], likeness: float) -> DraftTable:
    """`levels` are the level rules of the page."""
    groups = _table_rows(body, _separators(body, levels))
    headers = sum(group[0] < body.headers for group in groups)
    cells = _with_tall_heads(_cells(groups, body), headers)
    return drafted(cells, body.words, likeness, headers)


def is_tight(above: Strip, below: Strip) -> bool:
    return below.top - above.bottom < TIGHT_GAP * (below.bottom - below.top)


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
        elif number and number == end and is_tight(strips[number - 1], strips[number]):
            end = number + 1
    return 0


def _separators(body: Body, levels: Sequence[Box]) -> list[float]:
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


def _table_rows(body: Body, separators: Sequence[float]) -> list[list[int]]:
    """Text rows put together to the table's rows: wrapped lines join the row they belong to."""
    groups: list[list[int]] = []
    waiting: list[int] = []  # lines that belong to the row below them
    for number in range(len(body.strips)):
        if number < body.headers:
            starts = number == 0 or not _is_one_header(body, number)
        else:
            starts = _has_columns(number, body) or _is_heading(number, body, separators)
        if starts or not groups:
            groups.append([*waiting, number])
            waiting = []
        elif waiting or _belongs_below(number, body, separators):
            waiting.append(number)
        else:
            groups[-1].append(number)
    groups[-1].extend(waiting)
    return groups


def _is_one_header(body: Body, number: int) -> bool:
    """Whether a row of the header goes on with the labels above it.

    A label over several columns heads a group of them and is a row of its own.
    """
    above = [piece for row in body.places[:number] for pieces in row.values() for piece in pieces]
    return is_tight(body.strips[number - 1], body.strips[number]) and all(
        piece.first == piece.last for piece in above
    )


def _has_columns(number: int, body: Body) -> bool:
    """Whether a line has about as many pieces as rows have, or a label and a figure."""
    if number not in body.main:
        return False
    row = body.places[number]
    if len(row) >= max(2, 0.5 * median([len(other) for other in body.data])):
        return True
    return 0 in row and any(
        is_figure(body.text(piece)) for column, pieces in row.items() if column for piece in pieces
    )


def _is_heading(number: int, body: Body, separators: Sequence[float]) -> bool:
    """Whether a line of one piece is a row of its own: it heads rows, or nothing is beside it.

    In the first column it begins as labels do and is no nearer to the row above than rows are
    to one another; and it ends in a colon, stands further left than the labels around it, or
    its first word had room in the line above. Elsewhere it stands in the middle of the table.
    """
    pieces = [piece for own in body.places[number].values() for piece in own]
    if separators or len(pieces) != 1 or not _begins_anew(body.text(pieces[0])):
        return False
    below = next((n for n in range(number + 1, len(body.strips)) if n in body.main), None)
    if below is None:
        return False
    box = pieces[0].text.box
    if 0 not in body.places[number]:
        middle = (body.columns[0][0] + body.columns[-1][1]) / 2
        return abs((box.left + box.right) / 2 - middle) < CENTRED * box.height
    if any(not _begins_anew(body.text(piece)) for piece in body.places[below].get(0, ())):
        return False
    gap = body.strips[number].top - body.strips[number - 1].bottom
    if number > body.headers and gap < _usual_gap(body) - NEARER * box.height:
        return False
    neighbours = [body.places[n].get(0, ()) for n in (number - 1, below) if n >= body.headers]
    is_outside = any(
        p.text.box.left - box.left > INDENT * box.height for row in neighbours for p in row
    )
    return (
        is_outside
        or body.text(pieces[0]).endswith((":", "："))
        or _had_room_above(number, pieces[0], body)
    )


def _usual_gap(body: Body) -> float:
    """Between main rows that follow one another; endless where none do."""
    gaps = [
        body.strips[n + 1].top - body.strips[n].bottom
        for n in range(body.headers, len(body.strips) - 1)
        if n in body.main and n + 1 in body.main
    ]
    return median(gaps) if gaps else inf


def _had_room_above(number: int, piece: Piece, body: Body) -> bool:
    """Whether its first word fits behind the label above: then it is no wrapped line of it."""
    above = body.places[number - 1].get(0, ()) if number > body.headers else ()
    if not above:
        return False
    right = body.columns[0][1]
    first = body.words[piece.text.words[0]].box
    space = SPACE * (first.bottom - first.top)
    return above[-1].text.box.right + space + (first.right - first.left) < right


def _begins_anew(text: str) -> bool:
    """Whether it begins as a label does, rather than in the middle of one.

    >>> _begins_anew("Assets"), _begins_anew("and others"), _begins_anew("(as HCl)")
    (True, False, False)
    """
    return text[:1].isalnum() and not text[:1].islower()


def _belongs_below(number: int, body: Body, separators: Sequence[float]) -> bool:
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
    if set(body.places[number]) == {0} and _goes_on_below(number, body):
        return True
    height = strip.bottom - strip.top
    return after.top - strip.bottom < strip.top - before.bottom - CLEARLY_NEARER * height


def _goes_on_below(number: int, body: Body) -> bool:
    """Whether the label below it begins in the middle: the figures stand beside its last line."""
    labels = body.places[number + 1].get(0, ())
    return number + 1 in body.main and any(not _begins_anew(body.text(p)) for p in labels)


def _cells(groups: Sequence[Sequence[int]], body: Body) -> list[PlacedCell]:
    columns, strips = body.columns, body.strips
    left = min([columns[0][0], *(strip.spans[0][0] for strip in strips)])
    right = max([columns[-1][1], *(strip.spans[-1][1] for strip in strips)])
    walls = [left, *walls_of(columns), right]
    edges = _edges(groups, strips)
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


def _edges(groups: Sequence[Sequence[int]], strips: Sequence[Strip]) -> list[float]:
    """Heights of the level walls: above, between and below the rows."""
    tops = [min([strips[n].top for n in group]) for group in groups]
    bottoms = [max([strips[n].bottom for n in group]) for group in groups]
    edges = [min(tops)]
    for bottom, top in pairwise([*zip(bottoms, tops, strict=True)]):
        edges.append(max(edges[-1], min(top[1], (bottom[0] + top[1]) / 2)))
    return [*edges, max(bottoms)]


def _with_tall_heads(cells: Sequence[PlacedCell], headers: int) -> list[PlacedCell]:
    """The cells, with a head beside heads of several levels as high as all of them.

    The empty cells above and below it are its own.
    """
    result = [cell for cell in cells if cell.row >= headers]
    columns: dict[int, list[PlacedCell]] = defaultdict(list)
    for cell in cells:
        if cell.row < headers:
            columns[cell.column if cell.column_span == 1 else -1].append(cell)
    result += columns.pop(-1, [])
    for heads in columns.values():
        named = [head for head in heads if head.fragments]
        is_unbroken = len(heads) == heads[-1].row - heads[0].row + 1
        if len(named) == 1 and is_unbroken:
            box = Box.enclosing(head.box for head in heads)
            result.append(named[0]._replace(row=heads[0].row, row_span=len(heads), box=box))
        else:
            result += heads
    return result
