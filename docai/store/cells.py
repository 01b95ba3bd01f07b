"""Tables of a result as people change them: a text anew, a row more, a row less. Pure.

Tables are those of docs/json.md. A correction names a cell by its row and the name "TABLE.COLUMN"
(kind "cell"), a row by the name "TABLE" (kind "table_row"); all of them count from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docai.errors import UsageError

Json = dict[str, Any]

CELL, TABLE_ROW = "cell", "table_row"
KINDS = (CELL, TABLE_ROW)
LONGEST = 10_000  # characters of a cell
EMPTY = {"kind": "content", "text": "", "words": []}


def changed(result: Json, kind: str, row: int, name: str, value: Any) -> tuple[Json, Json, Json]:
    """The result after the change, and what was there before and is there now ({"value"}).

    Raises UsageError where there is no such place, or the value is none of a table.
    """
    number, column = place(kind, name)
    tables = result.get("tables", [])
    if number >= len(tables):
        raise UsageError(f"there is no table {number}; the result has {len(tables)}")
    table = tables[number]
    old: str | list[str]
    if kind == TABLE_ROW:
        new, old = _without_row(table, row, value), row_texts(table, row)
    else:
        new, old = _with_text(table, row, column, value), text_of(table, row, column)
    after = {**result, "tables": [new if n == number else t for n, t in enumerate(tables)]}
    return after, {"value": old}, {"value": value}


def place(kind: str, name: str) -> tuple[int, int]:
    """The table and the column that a correction's name means; 0 where it means a whole row."""
    parts = name.split(".") if kind == CELL else [name, "0"]
    if len(parts) != 2 or not all(part.isdecimal() and len(part) < 7 for part in parts):
        raise UsageError(
            f"{name!r} names no {kind}; write TABLE.COLUMN for a cell, TABLE for a row"
        )
    return int(parts[0]), int(parts[1])


def text_of(table: Json, row: int, column: int) -> str:
    cell = _cell_at(table, row, column)
    return "" if cell is None else str(cell["text"])


def row_texts(table: Json, row: int) -> list[str]:
    return [text_of(table, row, column) for column in range(table["columns"])]


def _with_text(table: Json, row: int, column: int, text: Any) -> Json:
    """A row is added where it is the next free one."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise UsageError(f"a cell holds text of at most {LONGEST:,} characters")
    if not (0 <= row <= table["rows"] and column < table["columns"]):
        size = f"{table['rows']} rows and {table['columns']} columns"
        raise UsageError(f"there is no cell at row {row}, column {column}; the table has {size}")
    found = _cell_at(table, row, column)
    if found is None:
        about = {"row": row, "column": column, "row_span": 1, "column_span": 1}
        new = {**about, **EMPTY, **_where(table, row, column)}
        cells = _in_order([*table["cells"], {**new, "text": text, "corrected": True}])
    else:
        new = {**found, "text": text, "corrected": True}
        cells = [new if cell is found else cell for cell in table["cells"]]
    grown = table if row < table["rows"] else _with_rows(table, row - 1, 1)
    return {**grown, "cells": cells}


def _without_row(table: Json, row: int, value: Any) -> Json:
    if value is not None:
        raise UsageError("a row can only be taken away: its value is null")
    if not 0 <= row < table["rows"]:
        raise UsageError(f"there is no row {row}; the table has {table['rows']} rows")
    cells = [_above(cell, row) for cell in table["cells"]]
    return {**_with_rows(table, row, -1), "cells": [cell for cell in cells if cell]}


def _with_rows(table: Json, row: int, more: int) -> Json:
    """So many rows more on the page of this row."""
    longer = {**table, "rows": table["rows"] + more}
    if "parts" not in table:
        return longer
    parts, first = list(table["parts"]), 0
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        if row < first + part["rows"] or is_last:
            parts[number] = {**part, "rows": part["rows"] + more}
            break
        first += part["rows"]
    return {**longer, "parts": parts}


def _above(cell: Json, row: int) -> Json | None:
    """The cell once the row is gone: moved up, shorter by one row, or gone with it."""
    if cell["row"] > row:
        return {**cell, "row": cell["row"] - 1}
    if cell["row"] + cell["row_span"] <= row:
        return cell
    span = cell["row_span"] - 1
    return {**cell, "row_span": span} if span else None


def _cell_at(table: Json, row: int, column: int) -> Json | None:
    """The cell that covers the place, however many it covers."""
    for cell in table["cells"]:
        in_rows = cell["row"] <= row < cell["row"] + cell["row_span"]
        if in_rows and cell["column"] <= column < cell["column"] + cell["column_span"]:
            found: Json = cell
            return found
    return None


def _where(table: Json, row: int, column: int) -> Json:
    """Where a cell of this row and column would stand; a row that no page has: the last place."""
    beside = [c for c in table["cells"] if c["row"] == row and c["row_span"] == 1]
    above = [c for c in table["cells"] if c["column"] == column and c["column_span"] == 1]
    near = beside or table["cells"][-1:]
    page = near[0].get("page", table["page"]) if near else table["page"]
    top, bottom = _edges(near, 1, table["box"])
    left, right = _edges(above, 0, table["box"])
    on_later_page = {} if page == table["page"] else {"page": page}
    return {"box": [left, top, right, bottom], **on_later_page}


def _edges(cells: Sequence[Json], axis: int, box: Sequence[float]) -> tuple[float, float]:
    low = min((cell["box"][axis] for cell in cells), default=box[axis])
    high = max((cell["box"][axis + 2] for cell in cells), default=box[axis + 2])
    return low, high


def _in_order(cells: Sequence[Json]) -> list[Json]:
    return sorted(cells, key=lambda cell: (cell["row"], cell["column"]))
