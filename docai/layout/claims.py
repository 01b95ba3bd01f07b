"""Words that stand inside a table's box without being in its rows: they are the table's.

Text that runs up the page, remarks between the lines, what a neighbouring row's tall letters
let in. Each goes to the cell it stands in, so that a table's box holds nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import replace

from docai.document import BlockKind, Word
from docai.geometry import Box
from docai.layout.blocks import table_block
from docai.layout.draft import DraftBlock, DraftCell, DraftTable, TextLine

LOOSE = 3.0  # points by which the boxes of neighbouring tables may overlap


def with_claims(blocks: Sequence[DraftBlock], words: Sequence[Word]) -> list[DraftBlock]:
    """The blocks, with words moved from text to the tables they stand in."""
    blocks = _without_intruders(blocks, words)
    tables = {n: block.table for n, block in enumerate(blocks) if block.table is not None}
    if not tables:
        return blocks
    claims: dict[int, list[int]] = defaultdict(list)
    result: list[DraftBlock | None] = list(blocks)
    for n, block in enumerate(blocks):
        if n in tables:
            continue
        owners = _owners(block, tables, words)
        if owners:
            result[n] = _without(block, owners, words)
            for word, owner in owners.items():
                claims[owner].append(word)
    for n, claimed in claims.items():
        result[n] = table_block(_with(tables[n], claimed, words))
    return [block for block in result if block is not None]


def _without_intruders(blocks: Sequence[DraftBlock], words: Sequence[Word]) -> list[DraftBlock]:
    """The blocks; of two tables that overlap, the surer one stays a table."""
    result = list(blocks)
    tables = [n for n, block in enumerate(blocks) if block.table is not None]
    kept: list[int] = []
    for n in sorted(tables, key=lambda n: (-_likeness(blocks[n]), blocks[n].box)):
        if any(_intrude(blocks[n], blocks[m], words) for m in kept):
            result[n] = replace(blocks[n], kind=BlockKind.TEXT, table=None)
        else:
            kept.append(n)
    return result


def _likeness(block: DraftBlock) -> float:
    return block.table.likeness if block.table is not None else 0.0


def _intrude(a: DraftBlock, b: DraftBlock, words: Sequence[Word]) -> bool:
    if not _touch(a.box, b.box):
        return False
    if min(a.box.overlap_x(b.box), a.box.overlap_y(b.box)) > LOOSE:
        return True
    return any(
        other.box.contains_point(*words[word].box.centre)
        for block, other in ((a, b), (b, a))
        for line in block.lines
        for word in line.words
    )


def _owners(
    block: DraftBlock, tables: dict[int, DraftTable], words: Sequence[Word]
) -> dict[int, int]:
    """The number of the table for each of the block's words that stands in one."""
    near = [(n, table.box) for n, table in tables.items() if _touch(table.box, block.box)]
    return {
        word: n
        for n, box in reversed(near)
        for line in block.lines
        for word in line.words
        if box.contains_point(*words[word].box.centre)
    }


def _touch(a: Box, b: Box) -> bool:
    return a.overlap_x(b) >= 0 and a.overlap_y(b) >= 0


def _without(
    block: DraftBlock, claimed: Container[int], words: Sequence[Word]
) -> DraftBlock | None:
    lines = []
    for line in block.lines:
        kept = tuple(word for word in line.words if word not in claimed)
        if kept:
            lines.append(TextLine(Box.enclosing(words[w].box for w in kept), kept))
    if not lines:
        return None
    return replace(block, box=Box.enclosing(line.box for line in lines), lines=tuple(lines))


def _with(table: DraftTable, claimed: Sequence[int], words: Sequence[Word]) -> DraftTable:
    cells = list(table.cells)
    for word in sorted(claimed):
        n = _cell_around(cells, words[word].box)
        line = TextLine(words[word].box, (word,))
        cells[n] = cells[n]._replace(lines=(*cells[n].lines, line))
    return replace(table, cells=tuple(cells))


def _cell_around(cells: Sequence[DraftCell], box: Box) -> int:
    """The cell around the middle of this box, or nearest to it."""
    x, y = box.centre

    def distance(n: int) -> float:
        cell = cells[n].box
        across = max(cell.left - x, x - cell.right, 0.0)
        down = max(cell.top - y, y - cell.bottom, 0.0)
        return across + down

    return min(range(len(cells)), key=distance)
