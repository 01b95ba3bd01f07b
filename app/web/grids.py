"""Tables of a result as grids, and grids as files."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from docai import export

Json = dict[str, Any]
Grid = list[list[str]]

STYLE = "table{border-collapse:collapse}td{border:1px solid #999;padding:2px 6px}"


def grid(table: Json) -> Grid:
    """Its texts by row and column; what spans several stands in the first one."""
    cells = [[""] * table["columns"] for _ in range(table["rows"])]
    for cell in table["cells"]:
        cells[cell["row"]][cell["column"]] = cell["text"]
    return cells


def as_csv(cells: Sequence[Sequence[str]]) -> bytes:
    head, *rest = cells or [[]]
    return "".join(export.to_csv([*head], rest)).encode("utf-8-sig")  # Excel asks for the mark


def as_xlsx(cells: Sequence[Sequence[str]], name: str) -> bytes:
    head, *rest = cells or [[]]
    return export.to_xlsx([(name, [*head], rest)])


def as_html(cells: Sequence[Sequence[str]], title: str) -> bytes:
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in cells
    )
    page = (
        f'<!doctype html><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>\n<table>\n{rows}</table>\n"
    )
    return page.encode()
