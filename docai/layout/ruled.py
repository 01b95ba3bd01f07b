"""Drawn rules → grids: cells by the lines that cross, spans where an edge is missing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docai.geometry import Box

TOUCH = 3.0  # points by which two rules may miss each other and still meet
SAME = 3.0  # points; rules closer than this are one: double lines, edges of neighbouring cells
COVERED = 0.5  # share of a cell's edge that must be drawn
MOST_RULES = 3_000  # more are a drawing, not tables
MOST_CELLS = 4_000


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for text in a grid."""

    row: int
    column: int
    row_span: int
    column_span: int


@dataclass(frozen=True, slots=True)
class Grid:
    """`columns` and `rows` are the walls' positions, one more than there are columns and rows."""

    columns: tuple[float, ...]
    rows: tuple[float, ...]
    slots: tuple[Slot, ...]

    @property
    def box(self) -> Box:
        return Box(self.columns[0], self.rows[0], self.columns[-1], self.rows[-1])

    def cell_at(self, x: float, y: float) -> tuple[int, int]:
        """(row, column) of the elementary cell that holds this point of the box."""
        row = bisect_right(self.rows, y) - 1
        column = bisect_right(self.columns, x) - 1
        return min(row, len(self.rows) - 2), min(column, len(self.columns) - 2)

    def slots_by_cell(self) -> dict[tuple[int, int], Slot]:
        """The slot that each elementary cell is part of."""
        return {
            (row, column): slot
            for slot in self.slots
            for row in range(slot.row, slot.row + slot.row_span)
            for column in range(slot.column, slot.column + slot.column_span)
        }

    def slot_box(self, slot: Slot) -> Box:
        return Box(
            self.columns[slot.column],
            self.rows[slot.row],
            self.columns[slot.column + slot.column_span],
            self.rows[slot.row + slot.row_span],
        )


# A rule on its axis: (position across it, start along it, end along it).
_Stroke = tuple[float, float, float]


def grids(rules: Sequence[Box]) -> list[Grid]:
    """Grids of at least two rows and two columns, none inside another."""
    if not 4 <= len(rules) <= MOST_RULES:
        return []
    upright = _joined((r.left + r.right, r.top, r.bottom) for r in rules if r.height > r.width)
    if not upright:
        return []
    level = _joined((r.top + r.bottom, r.left, r.right) for r in rules if r.width >= r.height)
    found = [
        grid
        for levels, uprights in _meshes(level, upright)
        if (grid := _grid(levels, uprights)) is not None
    ]
    found.sort(key=lambda grid: (-grid.box.area, grid.box))
    outer: list[Grid] = []
    for grid in found:
        if not any(_overlap(grid.box, other.box) for other in outer):
            outer.append(grid)
    return sorted(outer, key=lambda grid: grid.box)


def level_rules(rules: Sequence[Box]) -> list[Box]:
    """With the pieces of each put together; none of a drawing of thousands."""
    if len(rules) > MOST_RULES:
        return []
    strokes = _joined((r.top + r.bottom, r.left, r.right) for r in rules if r.width >= r.height)
    return [Box(start, y, end, y) for y, start, end in strokes]


def _overlap(a: Box, b: Box) -> bool:
    return a.overlap_x(b) > 0 and a.overlap_y(b) > 0


def _joined(strokes: Iterable[tuple[float, float, float]]) -> list[_Stroke]:
    """Pieces of one line put together. Positions come in doubled: the sum of both edges."""
    ordered = sorted((double / 2, start, end) for double, start, end in strokes)
    result: list[_Stroke] = []
    i = 0
    while i < len(ordered):
        j = i
        while j < len(ordered) and ordered[j][0] - ordered[i][0] <= SAME / 2:
            j += 1
        position = sum([stroke[0] for stroke in ordered[i:j]]) / (j - i)
        extents = [(start, end) for _, start, end in ordered[i:j]]
        result += [(position, start, end) for start, end in _unions(extents)]
        i = j
    return result


def _unions(extents: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    result: list[tuple[float, float]] = []
    for start, end in sorted(extents):
        if result and start - result[-1][1] <= TOUCH:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _meshes(
    level: Sequence[_Stroke], upright: Sequence[_Stroke]
) -> list[tuple[list[_Stroke], list[_Stroke]]]:
    """Groups of strokes that hang together through crossings."""
    parent = list(range(len(level) + len(upright)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    places = [stroke[0] for stroke in upright]
    for i, (y, left, right) in enumerate(level):
        for j in range(bisect_left(places, left - TOUCH), bisect_right(places, right + TOUCH)):
            if upright[j][1] - TOUCH <= y <= upright[j][2] + TOUCH:
                parent[root(i)] = root(len(level) + j)
    groups: dict[int, tuple[list[_Stroke], list[_Stroke]]] = {}
    for i, stroke in enumerate(level):
        groups.setdefault(root(i), ([], []))[0].append(stroke)
    for j, stroke in enumerate(upright):
        groups.setdefault(root(len(level) + j), ([], []))[1].append(stroke)
    return [group for group in groups.values() if len(group[0]) > 1 and group[1]]


def _grid(level: Sequence[_Stroke], upright: Sequence[_Stroke]) -> Grid | None:
    # Where a side is open, the rules that run towards it end there.
    columns = _walls([s[0] for s in upright], min(s[1] for s in level), max(s[2] for s in level))
    rows = _walls([s[0] for s in level], min(s[1] for s in upright), max(s[2] for s in upright))
    across, down = len(columns) - 1, len(rows) - 1
    if across < 2 or down < 2 or across * down > MOST_CELLS:
        return None
    right_walls = _drawn(upright, columns, rows)
    bottom_walls = _drawn(level, rows, columns)
    areas = _areas(across, down, right_walls, bottom_walls)
    return _compact(columns, rows, areas)


def _walls(positions: Iterable[float], first: float, last: float) -> list[float]:
    walls: list[float] = []
    for position in sorted(positions):
        if not walls or position - walls[-1] > SAME:
            walls.append(position)
    if first < walls[0] - 2 * TOUCH:
        walls.insert(0, first)
    if last > walls[-1] + 2 * TOUCH:
        walls.append(last)
    return walls


def _drawn(
    strokes: Sequence[_Stroke], walls: Sequence[float], along: Sequence[float]
) -> set[tuple[int, int]]:
    """(wall, piece) of every wall between two positions `along` that is really drawn."""
    covered: dict[tuple[int, int], float] = {}
    for position, start, end in strokes:
        wall = bisect_right(walls, position + SAME / 2) - 1
        first = max(0, bisect_right(along, start) - 1)
        for piece in range(first, len(along) - 1):
            if along[piece] >= end:
                break
            shared = min(end, along[piece + 1]) - max(start, along[piece])
            key = wall, piece
            covered[key] = covered.get(key, 0.0) + shared
    return {
        (wall, piece)
        for (wall, piece), length in covered.items()
        if length >= COVERED * (along[piece + 1] - along[piece])
    }


_Area = tuple[int, int, int, int]  # first row, first column, one past the last of each


def _areas(
    across: int,
    down: int,
    right_walls: set[tuple[int, int]],
    bottom_walls: set[tuple[int, int]],
) -> list[_Area]:
    """Rectangles of elementary cells between which no wall is drawn."""
    owner = {(r, c): (r, c) for r in range(down) for c in range(across)}

    def root(cell: tuple[int, int]) -> tuple[int, int]:
        while owner[cell] != cell:
            owner[cell] = owner[owner[cell]]
            cell = owner[cell]
        return cell

    for r in range(down):
        for c in range(across):
            if c + 1 < across and (c + 1, r) not in right_walls:
                owner[root((r, c + 1))] = root((r, c))
            if r + 1 < down and (r + 1, c) not in bottom_walls:
                owner[root((r + 1, c))] = root((r, c))
    bounds: dict[tuple[int, int], _Area] = {}
    for r in range(down):
        for c in range(across):
            key = root((r, c))
            top, left, bottom, right = bounds.get(key, (r, c, r + 1, c + 1))
            bounds[key] = min(top, r), min(left, c), max(bottom, r + 1), max(right, c + 1)
    return _disjoint(sorted(bounds.values()))


def _disjoint(areas: list[_Area]) -> list[_Area]:
    """Areas grown together until none overlaps another: an L of cells becomes its rectangle."""
    size = sum((bottom - top) * (right - left) for top, left, bottom, right in areas)
    if size == max(area[2] for area in areas) * max(area[3] for area in areas):
        return areas
    settled: list[_Area] = []
    waiting = areas[::-1]
    while waiting:
        area = waiting.pop()
        for i, other in enumerate(settled):
            if (
                area[0] < other[2]
                and other[0] < area[2]
                and area[1] < other[3]
                and other[1] < area[3]
            ):
                del settled[i]
                waiting.append(
                    (
                        min(area[0], other[0]),
                        min(area[1], other[1]),
                        max(area[2], other[2]),
                        max(area[3], other[3]),
                    )
                )
                break
        else:
            settled.append(area)
    return sorted(settled)


def _compact(columns: list[float], rows: list[float], areas: list[_Area]) -> Grid | None:
    """The grid without walls that bound no area."""
    used_rows = sorted({area[0] for area in areas} | {area[2] for area in areas})
    used_columns = sorted({area[1] for area in areas} | {area[3] for area in areas})
    if len(used_rows) < 3 or len(used_columns) < 3:
        return None
    row_at = {wall: i for i, wall in enumerate(used_rows)}
    column_at = {wall: i for i, wall in enumerate(used_columns)}
    slots = tuple(
        Slot(
            row_at[top],
            column_at[left],
            row_at[bottom] - row_at[top],
            column_at[right] - column_at[left],
        )
        for top, left, bottom, right in areas
    )
    return Grid(tuple(columns[i] for i in used_columns), tuple(rows[i] for i in used_rows), slots)
