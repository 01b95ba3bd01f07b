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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from docai.document import (
    BlockKind,
    CellKind,
    Document,
    Page,
    Role,
    WholeTable,
    WordRef,
    whole_tables,
)
from docai.geometry import Box
from docai.numerals import figure, mark_of_figures
from docai.results import Extraction, Field, Money, Value

Cell = str | int | float | Decimal | date | bool | None

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # not allowed in XML, so in XLSX
_AMOUNT = re.compile(r"[+-]?\d+(\.\d+)?( [A-Z]{3})?")  # "-10.00 EUR" is no formula
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


# --- pages as text ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a page in reading order: lines of text, or a table that begins here."""

    kind: BlockKind
    lines: tuple[str, ...] = ()
    table: WholeTable | None = None


Tables = Mapping[int, WholeTable]  # by the id of their first part


def _pieces(page: Page, tables: Tables) -> Iterator[_Piece]:
    """Blocks in reading order; a table's words come once, as the table, where it begins."""
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
                if id(table) in tables:
                    yield _Piece(BlockKind.TABLE, table=tables[id(table)])
        if free:
            yield _Piece(block.kind, tuple(free))


def to_text(pages: Iterable[Page], page_count: int) -> Iterator[str]:
    """Plain text in reading order, page by page; a form feed stands between pages."""
    for number, page, tables in _with_gaps(pages, page_count):
        yield "\f" if number > 1 else ""
        if page is None:
            yield _lost(number) + "\n"
            continue
        parts = [
            _table_as_text(piece.table) if piece.table else "\n".join(piece.lines)
            for piece in _pieces(page, tables)
        ]
        yield "\n\n".join(parts) + "\n"


def to_markdown(pages: Iterable[Page], page_count: int) -> Iterator[str]:
    """Markdown in reading order, page by page; running headers and footers are left out."""
    for number, page, tables in _with_gaps(pages, page_count):
        yield "\n---\n\n" if number > 1 else ""
        if page is None:
            yield _lost(number) + "\n"
            continue
        pieces = _pieces(page, tables)
        yield "\n\n".join([_markdown(piece) for piece in pieces if not _is_running(piece)]) + "\n"


def to_html(pages: Iterable[Page], page_count: int, title: str) -> Iterator[str]:
    """One HTML document; every character of the source is escaped."""
    yield (
        '<!doctype html>\n<html><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title></head>\n<body>\n"
    )
    for number, page, tables in _with_gaps(pages, page_count):
        yield f'<section data-page="{number}">\n'
        if page is None:
            yield f"<p>{_lost(number)}</p>\n"
        else:
            yield from (_html(piece) + "\n" for piece in _pieces(page, tables))
        yield "</section>\n"
    yield "</body></html>\n"


def _with_gaps(pages: Iterable[Page], page_count: int) -> Iterator[tuple[int, Page | None, Tables]]:
    """Every page number of the document, with None for a page that could not be read.

    With each page come the tables that begin on it, over all their pages: a page waits until
    the one after it has shown whether its last table goes on.
    """
    expected = 1
    for page, tables in _with_tables(pages):
        yield from ((number, None, {}) for number in range(expected, page.number))
        yield page.number, page, tables
        expected = page.number + 1
    yield from ((number, None, {}) for number in range(expected, page_count + 1))


def _with_tables(pages: Iterable[Page]) -> Iterator[tuple[Page, Tables]]:
    waiting: list[Page] = []
    for page in pages:
        if waiting and not any(table.continues for table in page.tables):
            yield from _joined(waiting)
            waiting = []
        waiting.append(page)
    yield from _joined(waiting)


def _joined(pages: Sequence[Page]) -> Iterator[tuple[Page, Tables]]:
    tables = {id(whole.parts[0][1]): whole for whole in whole_tables(pages)}
    yield from ((page, tables) for page in pages)


def _lost(number: int) -> str:
    return f"[page {number} could not be read]"


def _is_running(piece: _Piece) -> bool:
    return piece.kind in (BlockKind.HEADER, BlockKind.FOOTER)


def _markdown(piece: _Piece) -> str:
    if piece.table is not None:
        return table_to_markdown(piece.table)
    lines = [_MARKDOWN_SPECIAL.sub(r"\\\1", line) for line in piece.lines]
    if piece.kind is BlockKind.TITLE:
        return "## " + " ".join(lines)
    return "\n".join(lines)


def _html(piece: _Piece) -> str:
    if piece.table is not None:
        return table_to_html(piece.table)
    text = "<br>\n".join(html.escape(line) for line in piece.lines)
    tag = {BlockKind.TITLE: "h2", BlockKind.HEADER: "header", BlockKind.FOOTER: "footer"}
    name = tag.get(piece.kind, "p")
    return f"<{name}>{text}</{name}>"


# --- tables -------------------------------------------------------------------------------


def table_grid(table: WholeTable) -> list[list[str]]:
    """Rows of cell texts; a spanning cell's text stands in its first row and column."""
    grid = [[""] * table.columns for _ in range(table.rows)]
    for page, cell in table.cells():
        grid[cell.row][cell.column] = page.text(cell.words)
    return grid


def table_to_markdown(table: WholeTable) -> str:
    """Markdown has one row of heads and no spans: the levels of a head are joined to one."""

    def row(cells: Iterable[str]) -> str:
        return "| " + " | ".join(_MARKDOWN_SPECIAL.sub(r"\\\1", cell) for cell in cells) + " |"

    heads, body = table.texts()
    if not heads:
        heads, body = body[:1], body[1:]
    names = [" ".join(dict.fromkeys(filter(None, levels))) for levels in zip(*heads, strict=True)]
    return "\n".join([row(names), "|" + " --- |" * table.columns, *map(row, body)])


def table_to_html(table: WholeTable) -> str:
    rows: list[list[str]] = [[] for _ in range(table.rows)]
    for page, cell in table.cells():
        tag, scope = "td", ""
        if cell.kind is CellKind.HEADER:
            tag = "th"
        elif cell.role is Role.LABEL:
            tag, scope = "th", ' scope="row"'
        spans = f' rowspan="{cell.row_span}"' if cell.row_span > 1 else ""
        spans += f' colspan="{cell.column_span}"' if cell.column_span > 1 else ""
        text = html.escape(page.text(cell.words))
        rows[cell.row].append(f"<{tag}{scope}{spans}>{text}</{tag}>")
    body = "\n".join("<tr>" + "".join(cells) + "</tr>" for cells in rows)
    page, first = table.parts[0]
    title = f"<caption>{html.escape(page.text(first.caption))}</caption>\n" if first.caption else ""
    return f"<table>\n{title}{body}\n</table>"


def _table_as_text(table: WholeTable) -> str:
    return "\n".join("\t".join(row).rstrip() for row in table_grid(table))


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
    widest = max((table.columns for table in whole_tables(document.pages)), default=0)
    return [*TABLE_COLUMNS, *(f"column {i}" for i in range(widest))]


def table_rows(document: Document) -> Iterator[list[Cell]]:
    """One row for every table row, under `table_header`: texts as the pages say them.

    Tables count through the document; a row's page is the one that it stands on.
    """
    for index, table in enumerate(whole_tables(document.pages)):
        pages = {cell.row: page.number for page, cell in table.cells()}
        for row, cells in enumerate(table_grid(table)):
            page = pages.get(row, table.parts[0][0].number)
            yield [document.source.filename, page, index, row, *cells]


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
    """An XLSX file: the sheets "fields" and "tables", and each table on a sheet of its own.

    There its spans are merged cells, and its numbers numbers.
    """
    from openpyxl import Workbook

    book = Workbook()
    del book[book.sheetnames[0]]
    _add_rows(book, "fields", FIELD_COLUMNS, field_rows(extraction, document))
    _add_rows(book, "tables", table_header(document), table_rows(document))
    tables = list(whole_tables(document.pages))
    mark = mark_of_figures(text for table in tables for text in _cell_texts(table))
    for number, table in enumerate(tables, start=1):
        own = mark_of_figures(_cell_texts(table))
        _add_table(book, f"table {number}", table, own or mark)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell_texts(table: WholeTable) -> Iterator[str]:
    return (page.text(cell.words) for page, cell in table.cells())


def _add_rows(book: Any, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    from openpyxl.styles import Font

    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for number, row in enumerate(itertools.chain([header], rows), start=1):
        for column, value in enumerate(row, start=1):
            _set(sheet.cell(number, column), value)
    for head in sheet[1]:
        head.font = Font(bold=True)


def _add_table(book: Any, name: str, table: WholeTable, decimal_mark: str | None) -> None:
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet(name)
    for page, cell in table.cells():
        place = sheet.cell(cell.row + 1, cell.column + 1)
        _set_text(place, page.text(cell.words), decimal_mark)
        is_head = cell.kind is CellKind.HEADER
        place.font = Font(bold=is_head or cell.role in (Role.SECTION, Role.TOTAL))
        if cell.row_span > 1 or cell.column_span > 1:
            place.alignment = Alignment(vertical="top", wrap_text=True)
            sheet.merge_cells(
                start_row=cell.row + 1,
                start_column=cell.column + 1,
                end_row=cell.row + cell.row_span,
                end_column=cell.column + cell.column_span,
            )


def _set_text(place: Any, text: str, decimal_mark: str | None) -> None:
    """The text of a table's cell: a number where it is one, shown as the page shows it."""
    number = figure(text, decimal_mark)
    if number is None:
        _set(place, text)
        return
    place.value = number.value
    digits = "0." + "0" * number.decimals if number.decimals else "0"
    before = f'"{number.before}" ' if number.before else ""
    after = "%" if number.is_percent else f' "{number.after}"' if number.after else ""
    grouped = "#,##" if abs(number.value) >= 1000 and _is_grouped(text) else ""
    place.number_format = f"{before}{grouped}{digits}{after}"


def _is_grouped(text: str) -> bool:
    """Whether thousands are parted: more than three digits in a row are not."""
    return not re.search(r"\d{4}", text)


def _set(place: Any, value: Cell) -> None:
    if not isinstance(value, str):
        place.value = value
        return
    place.value = _CONTROL.sub("", value)
    place.data_type = "s"  # openpyxl takes a leading "=" for a formula
    place.quotePrefix = value.startswith(FORMULA_STARTS)


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

    cell = WriteOnlyCell(sheet)
    _set(cell, value)
    return cell
