"""Rows of words above a run: names of columns, and heads over groups of columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docai.document import Word
from docai.geometry import Box
from docai.layout.cells import text_of
from docai.layout.figures import is_figure, is_year
from docai.layout.lines import Fragment
from docai.layout.rows import Row, Span
from docai.layout.runs import (
    HEADED,
    SAME_EDGE,
    TIGHT_GAP,
    UNDERLINE,
    Piece,
    Run,
    Strip,
    is_aligned,
    is_centred,
    is_whole,
    parted_by,
    pieces_of,
)

MOST_HEADER_ROWS = 4  # above the first row in which the columns are told apart
HEADER_GAP = 2.0  # line heights between a header and the first row


def with_header(
    run: Run,
    strips: Sequence[Strip],
    free: int,
    words: Sequence[Word],
    height: float,
    levels: Sequence[Box],
) -> list[Run]:
    """The run with one row above it, with two and so on, as far as words head its columns.

    `free` is the first row that belongs to no table yet.
    """
    result: list[Run] = []
    for _ in range(MOST_HEADER_ROWS):
        above = run.start - 1
        if above < free or _ends_text(strips, above, height):
            break
        if not _heads_groups(above, run, strips, words, height, levels):
            columns = tuple(parted_by(strips[above].row, run.columns, words))
            run = replace(run, columns=columns)
            if not _heads(strips[above], strips[run.start], run, words, height):
                break
        run = replace(run, start=above, main=(above, *run.main))
        result.append(run)
    return result


def group_heads(
    row: Row, columns: Sequence[Span], levels: Sequence[Box], bottom: float, below: float
) -> list[Piece] | None:
    """The row's pieces over the columns that each is head of; None where some are over none.

    A head stands over the rule below it (between the heights `bottom` and `below`), or over the
    middle of its columns.
    """
    pieces: list[Piece] = []
    for fragment in row:
        piece = _ruled(fragment, columns, levels, bottom, below) or _centred(fragment, columns)
        if piece is None or (pieces and piece.first <= pieces[-1].last):
            return None
        pieces.append(piece)
    return pieces


def _ruled(
    fragment: Fragment, columns: Sequence[Span], levels: Sequence[Box], bottom: float, below: float
) -> Piece | None:
    middle = (fragment.box.left + fragment.box.right) / 2
    for rule in levels:
        if bottom - UNDERLINE <= rule.top <= below + UNDERLINE and rule.left < middle < rule.right:
            under = [n for n, (a, b) in enumerate(columns) if rule.left < (a + b) / 2 < rule.right]
            if under and len(under) < len(columns):
                return Piece(under[0], under[-1], fragment)
    return None


def _centred(fragment: Fragment, columns: Sequence[Span]) -> Piece | None:
    """Over the column that it stands in line with, or else over the group that it is amid."""
    box = fragment.box
    for number, column in enumerate(columns):
        if box.left < column[1] and box.right > column[0] and is_aligned(box, column):
            return Piece(number, number, fragment)
    groups = (
        (first, last)
        for first in range(len(columns))
        for last in range(first + 1, len(columns))
        if is_centred(box, (columns[first][0], columns[last][1]))
    )
    group = min(groups, key=lambda group: group[1] - group[0], default=None)
    return None if group is None else Piece(*group, fragment)


def _heads_groups(
    above: int,
    run: Run,
    strips: Sequence[Strip],
    words: Sequence[Word],
    height: float,
    levels: Sequence[Box],
) -> bool:
    """Whether the row holds heads over groups of the columns that the row below names.

    A single one that begins over the first column is the table's title.
    """
    strip, below = strips[above], strips[run.start]
    if is_whole(strip) or below.top - strip.bottom > HEADER_GAP * height:
        return False
    if _holds_data(strip, words) or _holds_data(below, words):
        return False
    pieces = group_heads(strip.row, run.columns, levels, strip.bottom, below.top)
    return (
        pieces is not None
        and any(piece.first < piece.last for piece in pieces)
        and all(_stays_within(piece, run.columns) for piece in pieces)
        and (len(pieces) > 1 or pieces[0].first > 0)
    )


def _stays_within(piece: Piece, columns: Sequence[Span]) -> bool:
    """Whether a head is no wider than its columns; a title is as wide as it happens to be."""
    box = piece.text.box
    slack = SAME_EDGE * (box.bottom - box.top)
    left, right = columns[piece.first][0] - slack, columns[piece.last][1] + slack
    return left <= box.left and box.right <= right


def _holds_data(strip: Strip, words: Sequence[Word]) -> bool:
    """Whether there is a figure in the row; years are names of columns."""
    if not strip.figures:
        return False
    texts = (text_of(fragment.words, words) for fragment in strip.row)
    return any(is_figure(text) and not is_year(text) for text in texts)


def _ends_text(strips: Sequence[Strip], number: int, height: float) -> bool:
    """Whether a row goes on with a line of text close above it that begins where it begins."""
    if not number or len(strips[number].row) > 1 or len(strips[number - 1].row) > 1:
        return False
    (above,), (below,) = strips[number - 1].row, strips[number].row
    return (
        below.box.top - above.box.bottom < TIGHT_GAP * height
        and abs(below.box.left - above.box.left) < SAME_EDGE * height
    )


def _heads(strip: Strip, below: Strip, run: Run, words: Sequence[Word], height: float) -> bool:
    """Whether these words name most columns, or are the upper part of labels close below."""
    gap = below.top - strip.bottom
    is_tight = gap < TIGHT_GAP * height
    below_is_header = not _holds_data(below, words)
    if is_whole(strip) or _holds_data(strip, words) or gap > HEADER_GAP * height:
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
