import csv
import io
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
from documents import document, extraction

from docai import export
from docai.document import Cell, CellKind, Document, Page, Table, Word, whole_tables
from docai.errors import UsageError
from docai.geometry import Box
from docai.names import renamed


def test_plain_text_has_every_word_once():
    text = "".join(export.to_text(document().pages, 1))
    assert text == "Invoice\n\n<b>Total</b> =2+3\n\nItem\tPrice\nTea\t2.50\n"


def test_markdown_neutralises_what_the_page_says():
    markdown = "".join(export.to_markdown(document().pages, 1))
    assert markdown.startswith("## Invoice\n")
    assert "\\<b\\>Total\\</b\\>" in markdown
    assert "| Item | Price |\n| --- | --- |\n| Tea | 2.50 |" in markdown


def test_html_escapes_what_the_page_says():
    html = "".join(export.to_html(document().pages, 1, "<script>"))
    assert "<b>" not in html
    assert "<script>" not in html
    assert "<th>Item</th>" in html
    assert "<td>2.50</td>" in html


def test_a_page_that_could_not_be_read_leaves_a_gap_one_can_see():
    second = replace(document().pages[0], number=2)
    text = "".join(export.to_text([second], 3))
    assert text.startswith("[page 1 could not be read]\n\fInvoice")
    assert text.endswith("\f[page 3 could not be read]\n")
    assert "[page 3 could not be read]" in "".join(export.to_markdown([second], 3))
    assert "<p>[page 1 could not be read]</p>" in "".join(export.to_html([second], 3, ""))


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_has_one_row_a_field_and_neutralises_formulas():
    rows = export.field_rows(extraction(), document())
    header, vendor, *others = rows_of("".join(export.to_csv(export.FIELD_COLUMNS, rows)))
    assert header == list(export.FIELD_COLUMNS)
    assert vendor[header.index("value")] == "'=2+3"
    by_name = {row[header.index("name")]: row for row in others}
    assert by_name["subtotal"][4:6] == ["-2.50", "EUR"]
    assert by_name["Adult"][4] == "true"
    assert by_name["description"][1:3] == ["item", "0"]


@pytest.mark.parametrize("start", export.FORMULA_STARTS)
def test_no_text_cell_begins_like_a_formula(start):
    (row,) = rows_of("".join(export.to_csv([start + "cmd"], [])))
    assert row == ["'" + start + "cmd"]


def test_xlsx_keeps_numbers_numbers_and_text_text():
    book = openpyxl.load_workbook(io.BytesIO(export.workbook(extraction(), document())))
    header, vendor, _, subtotal, *_ = book["fields"].iter_rows()
    value = [cell.value for cell in header].index("value")
    assert (vendor[value].value, vendor[value].data_type) == ("=2+3", "s")
    assert vendor[value].quotePrefix
    assert (subtotal[value].value, subtotal[value].data_type) == (-2.5, "n")
    assert [cell.value for cell in list(book["tables"].iter_rows())[2]][4:] == ["Tea", "2.50"]


def test_tables_have_a_row_a_row():
    lines = export.to_csv(export.table_header(document()), export.table_rows(document()))
    header, *rows = rows_of("".join(lines))
    assert header == ["file", "page", "table", "row", "column 0", "column 1"]
    assert rows == [
        ["tea.pdf", "1", "0", "0", "Item", "Price"],
        ["tea.pdf", "1", "0", "1", "Tea", "2.50"],
    ]


def test_xlsx_survives_control_characters():
    book = openpyxl.load_workbook(io.BytesIO(export.to_xlsx([("a", ["x"], [["a\x00b\x1fc"]])])))
    assert book["a"]["A2"].value == "abc"


def test_names_of_other_services():
    azure = renamed(extraction(), "azure")
    assert [field.name for field in azure.fields] == ["VendorName", "InvoiceDate", "SubTotal"]
    assert azure.checks[0].fields == ("SubTotal",)
    assert renamed(extraction(), "textract").items[0].fields[0].name == "ITEM"
    with pytest.raises(UsageError, match="docai, azure, textract"):
        renamed(extraction(), "google")


def test_money_is_a_decimal_in_cells():
    assert export.plain_value(extraction().fields[2].value) == Decimal("-2.50")


def spanning() -> export.WholeTable:
    """A head over two columns, a German number, a percentage, one that could be either, a code."""
    texts = (
        (0, 0, 1, 2, "Sales"), (1, 0, 1, 1, "1.234,50 €"), (1, 1, 1, 1, "12,5 %"),
        (2, 0, 1, 1, "(70)"), (2, 1, 1, 1, "007"),
    )  # fmt: skip
    words = tuple(Word(text, Box(0, 20 * n, 50, 20 * n + 10)) for n, (*_, text) in enumerate(texts))
    cells = tuple(
        Cell(row, column, (n,), words[n].box, rows, columns, kind)
        for n, (row, column, rows, columns, _) in enumerate(texts)
        for kind in [CellKind.HEADER if row == 0 else CellKind.CONTENT]
    )
    page = Page(1, 100, 200, words=words)
    return export.WholeTable(((page, Table(Box(0, 0, 50, 100), cells)),))


def with_table(whole: export.WholeTable):
    ((page, table),) = whole.parts
    return replace(document(), pages=(replace(page, tables=(table,)),))


def test_xlsx_merges_spans_and_resolves_the_locale():
    bare = replace(extraction(), fields=(), items=(), tax_details=(), key_values=())
    book = openpyxl.load_workbook(io.BytesIO(export.workbook(bare, with_table(spanning()))))
    sheet = book["table 1"]
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A1:B1"]
    assert (sheet["A2"].value, sheet["A2"].number_format) == (1234.5, '#,##0.00 "€"')
    assert (sheet["B2"].value, sheet["B2"].number_format) == (0.125, "0.0%")
    assert sheet["A3"].value == -70
    assert (sheet["B3"].value, sheet["B3"].data_type) == ("007", "s")


def test_html_keeps_spans_and_markdown_has_one_row_of_heads():
    assert '<th colspan="2">Sales</th>' in export.table_to_html(spanning())
    assert export.table_to_markdown(spanning()).startswith("| Sales | Sales |\n| --- | --- |\n")


def two_pages() -> Document:
    """A table of two columns whose header comes again on page 2."""
    first = document().pages[0]
    (table,) = first.tables
    second = replace(first, number=2, tables=(replace(table, continues=True, repeated=1),))
    return replace(document(), pages=(first, second))


def test_a_table_over_two_pages_is_exported_once():
    made = two_pages()
    text = "".join(export.to_text(made.pages, 2))
    assert text.count("Item\tPrice") == 1
    assert text.index("Tea\t2.50\nTea\t2.50") < text.index("\f")
    rows = list(export.table_rows(made))
    assert [row[1:4] for row in rows] == [[1, 0, 0], [1, 0, 1], [2, 0, 2]]


def test_a_table_over_two_pages_is_one_frame():
    (whole,) = whole_tables(two_pages().pages)
    frame = whole.to_pandas()
    assert frame.to_dict("list") == {"Item": ["Tea", "Tea"], "Price": [2.5, 2.5]}


def test_a_single_table_is_a_frame_with_its_page():
    page = document().pages[0]
    frame = page.tables[0].to_pandas(page)
    assert frame["Price"].tolist() == [2.5]
