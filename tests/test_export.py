import csv
import io
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
from documents import document, extraction

from docai import export
from docai.errors import UsageError
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
