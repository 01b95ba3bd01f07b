"""What drawn and aligned tables have in common: cells become a draft of a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from docai.document import CellKind, Word
from docai.geometry import Box
from docai.layout.draft import DraftCell, DraftTable, TextLine
from docai.layout.figures import is_figure, is_year
from docai.layout.lines import Fragment
from docai.layout.rows import rows_of

FIGURES_IN_HEADER = 0.2  # share of a header's cells that may be figures; years do not count


class PlacedCell(NamedTuple):
    row: int
    column: int
    row_span: int
    column_span: int
    fragments: Sequence[Fragment]
    box: Box


def drafted(
    cells: Sequence[PlacedCell],
    words: Sequence[Word],
    likeness: float,
    headers: int | None = None,
) -> DraftTable:
    if headers is None:
        headers = header_rows(cells, words)
    drafts = []
    for row, column, row_span, column_span, fragments, box in sorted(cells, key=itemgetter(0, 1)):
        lines = tuple([TextLine(f.box, f.words) for line in rows_of(fragments) for f in line])
        kind = CellKind.HEADER if row < headers else CellKind.CONTENT
        drafts.append(DraftCell(row, column, lines, box, row_span, column_span, kind))
    box = Box.enclosing(cell.box for cell in drafts)
    return DraftTable(box, tuple(drafts), likeness)


def header_rows(cells: Sequence[PlacedCell], words: Sequence[Word]) -> int:
    """Rows from the top without figures; a table of words alone has its first row as header."""
    by_row: dict[int, list[str]] = defaultdict(list)
    for cell in cells:
        if cell.fragments:
            by_row[cell.row].append(" ".join(text_of(f.words, words) for f in cell.fragments))
    for row in sorted(by_row):
        texts = by_row[row]
        if sum(is_figure(t) and not is_year(t) for t in texts) > FIGURES_IN_HEADER * len(texts):
            return row
    return 1


def part_of(fragment: Fragment, members: Sequence[int], words: Sequence[Word]) -> Fragment:
    """Only these words of the fragment."""
    if len(members) == len(fragment.words):
        return fragment
    return Fragment(Box.enclosing(words[i].box for i in members), tuple(members))


def text_of(members: Sequence[int], words: Sequence[Word]) -> str:
    return " ".join([words[i].text for i in members])
