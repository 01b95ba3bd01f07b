"""Tables of a result as grids, and grids as files."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from docai import export

Json = dict[str, Any]
Grid = list[list[str]]

EMPTY = {"row_span": 1, "column_span": 1, "kind": "content", "text": ""}

STYLE = "table{border-collapse:collapse}td,th{border:1px solid #999;padding:2px 6px}"
FORMS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
}


def grid(table: Json) -> Grid:
    """Its texts by row and column; what spans several stands in the first one."""
    cells = [[""] * table["columns"] for _ in range(table["rows"])]
    for cell in table["cells"]:
        cells[cell["row"]][cell["column"]] = cell["text"]
    return cells


def grid_cells(table: Json) -> list[Json]:
    """What each place of the grid shows, row by row; a place that no cell covers is empty."""
    held = sorted(table["cells"], key=lambda cell: (cell["row"], cell["column"]))
    covered = {place for cell in held for place in _places(cell)}
    shown = [_shown(cell) for cell in held]
    for row in range(table["rows"]):
        for column in range(table["columns"]):
            if (row, column) not in covered:
                shown.append(_shown({**EMPTY, "row": row, "column": column}))
    return sorted(shown, key=lambda cell: (cell["row"], cell["column"]))


def _places(cell: Json) -> list[tuple[int, int]]:
    rows = range(cell["row"], cell["row"] + cell["row_span"])
    columns = range(cell["column"], cell["column"] + cell["column_span"])
    return [(row, column) for row in rows for column in columns]


def _shown(cell: Json) -> Json:
    kept = ("row", "column", "row_span", "column_span", "text")
    is_head, is_corrected = cell["kind"] == "header", bool(cell.get("corrected"))
    return {**{n: cell[n] for n in kept}, "header": is_head, "corrected": is_corrected}


def as_csv(cells: Sequence[Sequence[str]]) -> bytes:
    head, *rest = cells or [[]]
    return "".join(export.to_csv([*head], rest)).encode("utf-8-sig")  # Excel asks for the mark


def as_xlsx(cells: Sequence[Sequence[str]], name: str) -> bytes:
    head, *rest = cells or [[]]
    return export.to_xlsx([(name, [*head], rest)])


def as_html(table: Json, title: str) -> bytes:
    """A page of its own, merged cells and heads as they are."""
    rows: list[list[str]] = [[] for _ in range(table["rows"])]
    for cell in grid_cells(table):
        tag = "th" if cell["header"] else "td"
        spans = "".join(
            f' {name}="{cell[key]}"'
            for name, key in (("rowspan", "row_span"), ("colspan", "column_span"))
            if cell[key] > 1
        )
        rows[cell["row"]].append(f"<{tag}{spans}>{escape(cell['text'])}</{tag}>")
    lines = "".join(f"<tr>{''.join(row)}</tr>\n" for row in rows)
    page = (
        f'<!doctype html><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>\n<table>\n{lines}</table>\n"
    )
    return page.encode()


def as_file(table: Json, name: str, form: str) -> bytes:
    """In one of FORMS. Raises KeyError for another."""
    match form:
        case "csv":
            return as_csv(grid(table))
        case "xlsx":
            return as_xlsx(grid(table), name)
        case "html":
            return as_html(table, name)
    raise KeyError(form)
