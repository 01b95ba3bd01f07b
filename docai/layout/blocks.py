"""Sections → lines → blocks: a block ends where the spacing or the size of the text changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from docai.document import BlockKind
from docai.geometry import Box
from docai.layout.draft import DraftBlock, DraftTable, TextLine
from docai.layout.lines import Fragment
from docai.layout.order import Section

SIZE_CHANGE = 1.35  # a line this many times higher or lower than its neighbour is another text
PARAGRAPH_GAP = 1.35  # of the usual distance between lines
LARGEST_PITCH = 2.5  # of a line's height: lines further apart are never one paragraph


def blocks_of(section: Section) -> list[DraftBlock]:
    """The section's rows as blocks of lines, in the same order."""
    rows = [_lines_of(row, section.across) for row in section.rows]
    pitch = _usual_pitch(rows)
    result: list[list[TextLine]] = []
    before: Sequence[TextLine] = ()
    for row in rows:
        if before and _continues(before, row, pitch):
            result[-1].extend(row)
        else:
            result.append(list(row))
        before = row
    return [
        DraftBlock(Box.enclosing(line.box for line in lines), tuple(lines), section.across)
        for lines in result
    ]


def table_block(table: DraftTable) -> DraftBlock:
    lines = tuple(line for cell in table.cells for line in cell.lines)
    return DraftBlock(table.box, lines, kind=BlockKind.TABLE, table=table)


def _lines_of(row: Sequence[Fragment], across: bool) -> list[TextLine]:
    """A row's pieces are one justified line, unless they are read across or overlap."""
    if len(row) == 1 or across or any(not _follows(a.box, b.box) for a, b in pairwise(row)):
        return [TextLine(f.box, f.words) for f in row]
    box = Box.enclosing(f.box for f in row)
    return [TextLine(box, tuple(word for f in row for word in f.words))]


def _follows(a: Box, b: Box) -> bool:
    height = min(a.height, b.height)
    return b.left >= a.right - 0.5 * height and a.overlap_y(b) >= 0.5 * height


def _usual_pitch(rows: Sequence[Sequence[TextLine]]) -> float:
    """The smaller of the usual distances from one line's middle to the next."""
    middles = [row[0].box.centre[1] for row in rows]
    steps = sorted([b - a for a, b in pairwise(middles) if b > a])
    return steps[len(steps) // 3] if steps else 0.0


def _continues(before: Sequence[TextLine], row: Sequence[TextLine], pitch: float) -> bool:
    a, b = before[0].box, row[0].box
    step = b.centre[1] - a.centre[1]
    larger, smaller = max(a.height, b.height), min(a.height, b.height)
    return (
        step <= PARAGRAPH_GAP * pitch
        and step <= LARGEST_PITCH * larger
        and larger <= SIZE_CHANGE * smaller
    )
