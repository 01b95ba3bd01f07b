"""What a layout model's regions add to the geometry, none of it binding."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from docai.document import BlockKind, Word
from docai.geometry import Box
from docai.layout.aligned import aligned_tables
from docai.layout.draft import DraftBlock, DraftTable
from docai.layout.lines import Fragment
from docai.layout.region import Region
from docai.layout.rows import rows_of

TEXT_KINDS = {BlockKind.TEXT, BlockKind.TITLE, BlockKind.LIST}
ACCEPTED_IF_SEEN = 0.35  # confidence from which aligned rows are a table where a model sees one
SIDE_BY_SIDE = 0.3  # of the lower region's height that must lie beside the other
WIDEST_GUTTER = 40.0  # points; regions further apart need no wall between them
SAME_PICTURE = 0.3  # of a picture's area that may lie in another one


def walls_between(regions: Sequence[Region]) -> list[Box]:
    """Thin upright boxes between regions of text that stand close side by side."""
    texts = [region.box for region in regions if region.kind in TEXT_KINDS]
    walls = []
    for a, b in combinations(sorted(texts), 2):
        beside = a.overlap_y(b)
        if 0 <= -a.overlap_x(b) <= WIDEST_GUTTER and beside > SIDE_BY_SIDE * min(
            a.height, b.height
        ):
            x = (a.right + b.left) / 2
            walls.append(Box(x, max(a.top, b.top), x, min(a.bottom, b.bottom)))
    return walls


def tables_in(
    regions: Sequence[Region], fragments: Sequence[Fragment], words: Sequence[Word]
) -> tuple[list[DraftTable], list[Fragment]]:
    """Tables where the model sees some and the text's alignment agrees, and the other text."""
    tables: list[DraftTable] = []
    rest = list(fragments)
    seen = [region for region in regions if region.kind is BlockKind.TABLE]
    for region in sorted(seen, key=lambda r: (-r.confidence, r.box)):
        inside = [f for f in rest if region.box.contains_point(*f.box.centre)]
        rows = rows_of(inside)
        for start, stop, table in aligned_tables(rows, words, accepted=ACCEPTED_IF_SEEN):
            tables.append(table)
            taken = {f for row in rows[start:stop] for f in row}
            rest = [f for f in rest if f not in taken]
    return tables, rest


def pictures(regions: Sequence[Region], words: Sequence[Word]) -> list[DraftBlock]:
    """Figures without any word in them, as blocks without lines. No two overlap much."""
    found: list[Box] = []
    figures = [region for region in regions if region.kind is BlockKind.FIGURE]
    for region in sorted(figures, key=lambda r: (-r.confidence, r.box)):
        box = region.box
        is_new = all(
            (shared := box.intersection(other)) is None or shared.area <= SAME_PICTURE * box.area
            for other in found
        )
        if is_new and not any(_overlap(box, word.box) for word in words):
            found.append(box)
    return [DraftBlock(box, (), kind=BlockKind.FIGURE) for box in sorted(found)]


def _overlap(a: Box, b: Box) -> bool:
    return a.overlap_x(b) > 0 and a.overlap_y(b) > 0
