"""Documents and results as text, Markdown, HTML, CSV and XLSX.

Text from a document is hostile: HTML is escaped, and a spreadsheet cell that begins like a
formula is made plain text.
"""

from __future__ import annotations

import csv
import html
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from docai.document import BlockKind, CellKind, Document, Page, Table, WordRef
from docai.geometry import Box
from docai.results import Extraction, Field, Money, Value

Cell = str | int | float | Decimal | date | bool | None

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # not allowed in XML, so in XLSX
_AMOUNT = re.compile(r"[+-]?\d+(\.\d+)?( [A-Z]{3})?")  # "-10.00 EUR" is no formula
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


# --- pages as text ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a page in reading order: lines of text, or a table."""

    kind: BlockKind
    lines: tuple[str, ...] = ()
    table: Table | None = None


def _pieces(page: Page) -> Iterator[_Piece]:
    """Blocks in reading order; a table's words come once, as the table."""
    table_of = {word: table for table in page.tables for cell in table.cells for word in cell.words}
    done: set[int] = set()
    for block in page.blocks:
        free = []
        for index in block.lines:
            words = page.lines[index].words
            table = table_of.get(words[0]) if words else None
            if table is None:
                free.append(page.text(w for w in words if w not in table_of))
                continue
            if free:
                yield _Piece(block.kind, tuple(free))
                free = []
            if id(table) not in done:
                done.add(id(table))
                yield _Piece(BlockKind.TABLE, table=table)
        if free:
            yield _Piece(block.kind, tuple(free))


def to_text(pages: Iterable[Page], page_count: int) -> Iterator[str]:
    """Plain text in reading order, page by page; a form feed stands between pages."""
    for number, page in _with_gaps(pages, page_count):
        yield "\f" if number > 1 else ""
        if page is None:
            yield _lost(number) + "\n"
            continue
        parts = [
            _table_as_text(piece.table, page) if piece.table else "\n".join(piece.lines)
            for piece in _pieces(page)
        ]
        yield "\n\n".join(parts) + "\n"


def to_markdown(pages: Iterable[Page], page_count: int) -> Iterator[str]:
    """Markdown in reading order, page by page; running headers and footers are left out."""
    for number, page in _with_gaps(pages, page_count):
        yield "\n---\n\n" if number > 1 else ""
        if page is None:
            yield _lost(number) + "\n"
            continue
        parts = [_markdown(piece, page) for piece in _pieces(page) if not _is_running(piece)]
        yield "\n\n".join(parts) + "\n"


def to_html(pages: Iterable[Page], page_count: int, title: str) -> Iterator[str]:
    """One HTML document; every character of the source is escaped."""
    yield (
        '<!doctype html>\n<html><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title></head>\n<body>\n"
    )
    for number, page in _with_gaps(pages, page_count):
        yield f'<section data-page="{number}">\n'
        if page is None:
            yield f"<p>{_lost(number)}</p>\n"
        else:
            yield from (_html(piece, page) + "\n" for piece in _pieces(page))
        yield "</section>\n"
    yield "</body></html>\n"


def _with_gaps(pages: Iterable[Page], page_count: int) -> Iterator[tuple[int, Page | None]]:
    """Every page number of the document, with None for a page that could not be read."""
    expected = 1
    for page in pages:
        yield from ((number, None) for number in range(expected, page.number))
        yield page.number, page
        expected = page.number + 1
    yield from ((number, None) for number in range(expected, page_count + 1))


def _lost(number: int) -> str:
    return f"[page {number} could not be read]"


def _is_running(piece: _Piece) -> bool:
    return piece.kind in (BlockKind.HEADER, BlockKind.FOOTER)


def _markdown(piece: _Piece, page: Page) -> str:
    if piece.table is not None:
        return table_to_markdown(piece.table, page)
    lines = [_MARKDOWN_SPECIAL.sub(r"\\\1", line) for line in piece.lines]
    if piece.kind is BlockKind.TITLE:
        return "## " + " ".join(lines)
    return "\n".join(lines)


def _html(piece: _Piece, page: Page) -> str:
    if piece.table is not None:
        return table_to_html(piece.table, page)
    text = "<br>\n".join(html.escape(line) for line in piece.lines)
    tag = {BlockKind.TITLE: "h2", BlockKind.HEADER: "header", BlockKind.FOOTER: "footer"}
    name = tag.get(piece.kind, "p")
    return f"<{name}>{text}</{name}>"


# --- tables -------------------------------------------------------------------------------


def table_grid(table: Table, page: Page) -> list[list[str]]:
    """Rows of cell texts; a spanning cell's text stands in its first row and column."""
    grid = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        grid[cell.row][cell.column] = page.text(cell.words)
    return grid


def table_to_markdown(table: Table, page: Page) -> str:
    def row(cells: Sequence[str]) -> str:
        return "| " + " | ".join(_MARKDOWN_SPECIAL.sub(r"\\\1", cell) for cell in cells) + " |"

    head, *body = table_grid(table, page)
    return "\n".join([row(head), "|" + " --- |" * table.columns, *map(row, body)])


def table_to_html(table: Table, page: Page) -> str:
    rows: list[list[str]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        tag = "th" if cell.kind is CellKind.HEADER else "td"
        spans = f' rowspan="{cell.row_span}"' if cell.row_span > 1 else ""
        spans += f' colspan="{cell.column_span}"' if cell.column_span > 1 else ""
        rows[cell.row].append(f"<{tag}{spans}>{html.escape(page.text(cell.words))}</{tag}>")
    body = "\n".join("<tr>" + "".join(cells) + "</tr>" for cells in rows)
    return f"<table>\n{body}\n</table>"


def _table_as_text(table: Table, page: Page) -> str:
    return "\n".join("\t".join(row).rstrip() for row in table_grid(table, page))


# --- fields as rows -----------------------------------------------------------------------

FIELD_COLUMNS = (
    "file", "kind", "row", "name", "value", "currency", "text", "confidence", "page",
    "x0", "y0", "x1", "y1",
)  # fmt: skip


def field_rows(extraction: Extraction, document: Document) -> Iterator[list[Cell]]:
    """One row of FIELD_COLUMNS for every field, item field, tax detail and key–value pair."""
    file = document.source.filename
    groups = [("field", 0, extraction.fields)]
    groups += [("item", i, item.fields) for i, item in enumerate(extraction.items)]
    groups += [("tax_detail", i, item.fields) for i, item in enumerate(extraction.tax_details)]
    for kind, row, fields in groups:
        for field in fields:
            yield [file, kind, row, *_field_cells(field), *_place(field.evidence, document)]
    for row, pair in enumerate(extraction.key_values):
        text = pair.value.text if pair.value else None
        shown = text if pair.checked is None else pair.checked
        cells: list[Cell] = [pair.key.text, shown, None, text, round(pair.confidence, 4)]
        place = _place((pair.value or pair.key).evidence, document)
        yield [file, "key_value", row, *cells, *place]


TABLE_COLUMNS = ("file", "page", "table", "row")


def table_header(document: Document) -> list[str]:
    widest = max((t.columns for page in document.pages for t in page.tables), default=0)
    return [*TABLE_COLUMNS, *(f"column {i}" for i in range(widest))]


def table_rows(document: Document) -> Iterator[list[Cell]]:
    """One row for every table row, under `table_header`."""
    for page in document.pages:
        for index, table in enumerate(page.tables):
            for row, cells in enumerate(table_grid(table, page)):
                yield [document.source.filename, page.number, index, row, *cells]


def _field_cells(field: Field) -> list[Cell]:
    currency = field.value.currency if isinstance(field.value, Money) else None
    confidence = round(field.confidence, 4)
    return [field.name, plain_value(field.value), currency, field.text, confidence]


def plain_value(value: Value) -> Cell:
    """The value as a spreadsheet wants it: a number, a date, a truth value or a text."""
    return value.amount if isinstance(value, Money) else value


def _place(evidence: Sequence[WordRef], document: Document) -> list[Cell]:
    if not evidence:
        return [None] * 5
    page = document.pages[evidence[0].page]
    box: Box = page.box([ref.word for ref in evidence if ref.page == evidence[0].page])
    return [page.number, *(round(edge, 2) for edge in (box.left, box.top, box.right, box.bottom))]


# --- CSV and XLSX -------------------------------------------------------------------------


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Lines of CSV (RFC 4180). Text that begins like a formula gets an apostrophe (OWASP)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in itertools.chain([header], rows):
        writer.writerow([_csv_cell(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _csv_cell(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) and not _AMOUNT.fullmatch(cell):
        return "'" + cell
    return cell


def workbook(extraction: Extraction, document: Document) -> bytes:
    """An XLSX file with the sheets "fields" and "tables"."""
    return to_xlsx(
        [
            ("fields", FIELD_COLUMNS, field_rows(extraction, document)),
            ("tables", table_header(document), table_rows(document)),
        ]
    )


def to_xlsx(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]) -> bytes:
    """A workbook of (sheet name, header, rows): numbers are numbers, text is never a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    for name, header, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        heads = [WriteOnlyCell(sheet, value=text) for text in header]
        for head in heads:
            head.font = Font(bold=True)
        sheet.append(heads)
        for row in rows:
            sheet.append([_xlsx_cell(sheet, cell) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _xlsx_cell(sheet: Any, value: Cell) -> object:
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value=_CONTROL.sub("", value))
    cell.data_type = "s"  # openpyxl takes a leading "=" for a formula
    cell.quotePrefix = value.startswith(FORMULA_STARTS)
    return cell
