"""Tables drawn with rules: a grid filled with text.

A grid is a table as it stands, but for what its drawing leaves out: a row without vertical
rules whose pieces stand in the columns all the same, a row that holds several rows of
figures (lines only around the body, as on many invoices), the slivers between the painted
backgrounds of cells.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from docai.document import Word
from docai.geometry import Box
from docai.layout.area import Area
from docai.layout.cells import PlacedCell, drafted, part_of, text_of
from docai.layout.draft import DraftTable
from docai.layout.figures import LEAST_TICKS_IN_CELL, is_figure, is_scale
from docai.layout.lines import Fragment
from docai.layout.rows import rows_of
from docai.layout.ruled import Grid, Slot, grids

LEAST_FILLED = 0.3  # share of a grid's cells that hold text; fewer are frames, charts, forms
FILLED_BOTH_WAYS = 2  # rows and columns with text that a grid needs
SLIVER = 8.0  # points; narrower columns and rows without text are the space between cells
MOST_OUTSIDE = 0.1  # share of an area's text that may stand beside the grid drawn in it
ALIGNED = 3.0  # points by which figures of one row may stand off
CUT_ABOVE = 0.3  # of a line's height, how far above its figures a row begins

_Filled = dict[Slot, list[Fragment]]


def ruled_tables(
    fragments: Sequence[Fragment], words: Sequence[Word], rules: Sequence[Box]
) -> tuple[list[DraftTable], list[Fragment]]:
    """Tables drawn with rules, and the fragments that are in none of them."""
    tables: list[DraftTable] = []
    rest = list(fragments)
    for grid in grids(rules):
        filled, outside = _fill(grid, rest, words)
        grid, filled = _without_slivers(grid, _divided_spans(grid, filled))
        if _is_table(filled) and not _holds_axis(filled, words):
            tables.append(_drafted(grid, filled, words))
            rest = outside
    return tables, rest


def by_lines(area: Area) -> DraftTable | None:
    """All of the area's text in the cells of the grid drawn in it, where one holds most of it."""
    drawn = grids(area.rules)
    if not drawn:
        return None
    grid = max(drawn, key=lambda grid: grid.box.area)
    filled, outside = _fill(grid, area.fragments, area.words)
    if len(outside) > MOST_OUTSIDE * len(area.fragments):
        return None
    grid, filled = _without_slivers(grid, _divided_spans(grid, filled))
    for fragment in outside:
        filled[_nearest(grid, filled, fragment)].append(fragment)
    return _drafted(grid, filled, area.words)


def _nearest(grid: Grid, slots: Iterable[Slot], fragment: Fragment) -> Slot:
    def distance(slot: Slot) -> float:
        box = grid.slot_box(slot)
        return max(0.0, -box.overlap_x(fragment.box)) + max(0.0, -box.overlap_y(fragment.box))

    return min(slots, key=distance)


def _fill(
    grid: Grid, fragments: Sequence[Fragment], words: Sequence[Word]
) -> tuple[_Filled, list[Fragment]]:
    """Every slot with the text whose middles it holds, and the text outside."""
    slots = grid.slots_by_cell()
    box = grid.box
    filled: _Filled = {slot: [] for slot in grid.slots}
    outside: list[Fragment] = []
    for fragment in fragments:
        if box.overlap_x(fragment.box) < 0 or box.overlap_y(fragment.box) < 0:
            outside.append(fragment)
            continue
        parts: dict[Slot | None, list[int]] = defaultdict(list)
        for word in fragment.words:
            x, y = words[word].box.centre
            slot = slots[grid.cell_at(x, y)] if box.contains_point(x, y) else None
            parts[slot].append(word)
        for slot, members in parts.items():
            target = outside if slot is None else filled[slot]
            target.append(part_of(fragment, members, words))
    return filled, outside


def _divided_spans(grid: Grid, filled: _Filled) -> _Filled:
    """Slots over several columns whose pieces stand apart in them are as many slots."""
    result: _Filled = {}
    for slot, text in filled.items():
        walls = grid.columns[slot.column + 1 : slot.column + slot.column_span]
        places = [(bisect_right(walls, f.box.left), bisect_right(walls, f.box.right)) for f in text]
        if len(set(places)) < 2 or any(first != last for first, last in places):
            result[slot] = text
            continue
        for offset in range(slot.column_span):
            part = replace(slot, column=slot.column + offset, column_span=1)
            result[part] = [
                f for f, (first, _) in zip(text, places, strict=True) if first == offset
            ]
    return result


def _without_slivers(grid: Grid, filled: _Filled) -> tuple[Grid, _Filled]:
    """The grid without narrow columns and rows that hold no text of their own."""
    across = _kept(
        grid.columns,
        {slot.column for slot, text in filled.items() if text and slot.column_span == 1},
    )
    down = _kept(
        grid.rows, {slot.row for slot, text in filled.items() if text and slot.row_span == 1}
    )
    slots: _Filled = {}
    for slot, text in filled.items():
        column, column_span = _among(across, slot.column, slot.column_span)
        row, row_span = _among(down, slot.row, slot.row_span)
        if column_span and row_span:
            slots[Slot(row, column, row_span, column_span)] = text
        elif text:  # it stands over slivers only
            return grid, filled
    columns = (*(grid.columns[i] for i in across), grid.columns[-1])
    rows = (*(grid.rows[i] for i in down), grid.rows[-1])
    return Grid(columns, rows, tuple(slots)), slots


def _kept(walls: Sequence[float], with_text: set[int]) -> list[int]:
    """Numbers of the columns (or rows) that are wide enough or hold text."""
    sizes = [b - a for a, b in pairwise(walls)]
    return [i for i, size in enumerate(sizes) if size > SLIVER or i in with_text]


def _among(kept: Sequence[int], first: int, span: int) -> tuple[int, int]:
    """The place of a run of columns, and its length, among those that are kept."""
    inside = [n for n, i in enumerate(kept) if first <= i < first + span]
    return (inside[0], len(inside)) if inside else (0, 0)


def _is_table(filled: _Filled) -> bool:
    with_text = [slot for slot, text in filled.items() if text]
    return (
        len({slot.row for slot in with_text}) >= FILLED_BOTH_WAYS
        and len({slot.column for slot in with_text}) >= FILLED_BOTH_WAYS
        and len(with_text) >= LEAST_FILLED * len(filled)
    )


def _holds_axis(filled: _Filled, words: Sequence[Word]) -> bool:
    """Whether a slot holds the labels of an axis: the grid is that of a chart.

    Not where figures of other columns stand beside them: those are numbered rows.
    """
    for slot, text in filled.items():
        if len(text) < LEAST_TICKS_IN_CELL or any(len(f.words) > 1 for f in text):
            continue
        rows = rows_of(text)
        if (
            all(len(row) == 1 for row in rows)
            and is_scale([words[row[0].words[0]].text for row in rows], LEAST_TICKS_IN_CELL)
            and not _cuts(slot.row, filled, words)
        ):
            return True
    return False


def _drafted(grid: Grid, filled: _Filled, words: Sequence[Word]) -> DraftTable:
    cuts = [_cuts(row, filled, words) for row in range(len(grid.rows) - 1)]
    starts = [0]
    for row_cuts in cuts:
        starts.append(starts[-1] + 1 + len(row_cuts))
    cells: list[PlacedCell] = []
    for slot, text in filled.items():
        box = grid.slot_box(slot)
        if slot.row_span > 1 or not cuts[slot.row]:
            rows = starts[slot.row + slot.row_span] - starts[slot.row]
            cells.append(
                PlacedCell(starts[slot.row], slot.column, rows, slot.column_span, text, box)
            )
            continue
        inside = [min(max(cut, box.top), box.bottom) for cut in cuts[slot.row]]
        edges = [box.top, *inside, box.bottom]
        for k, (top, bottom) in enumerate(pairwise(edges)):
            part = [f for f in text if bisect_right(cuts[slot.row], f.box.centre[1]) == k]
            place = Box(box.left, top, box.right, bottom)
            cells.append(
                PlacedCell(starts[slot.row] + k, slot.column, 1, slot.column_span, part, place)
            )
    return drafted(cells, words, _likeness(filled))


def _likeness(filled: _Filled) -> float:
    """A drawn grid is a table but for its empty cells, which forms and drawings have."""
    return round(0.6 + 0.4 * sum(map(bool, filled.values())) / len(filled), 3)


def _cuts(row: int, filled: _Filled, words: Sequence[Word]) -> list[float]:
    """Heights between the rows of text, where a drawn row holds several rows of figures."""
    columns = [
        [f for f in text if is_figure(text_of(f.words, words))]
        for slot, text in filled.items()
        if slot.row == row and slot.row_span == 1
    ]
    anchors = [figures for figures in columns if len(figures) > 1]
    if len(anchors) < 2:
        return []
    most = max(anchors, key=len)
    tops = [min(f.box.top for f in text_row) for text_row in rows_of(most)]
    agreeing = sum(_stand_at(tops, (f.box.top for f in column)) for column in anchors)
    if agreeing < 2:
        return []
    slack = CUT_ABOVE * median(f.box.height for f in most)
    box_top = min(f.box.top for f in most)
    return [top - slack for top in tops if top > box_top]


def _stand_at(places: Sequence[float], tops: Iterable[float]) -> bool:
    near = [min(abs(top - place) for place in places) < ALIGNED for top in tops]
    return sum(near) >= 0.8 * len(near)
