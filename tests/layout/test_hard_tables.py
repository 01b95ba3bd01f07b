"""The tables of docs/tables.md: what the picture shows is what is found."""

import pytest
from drawn_tables import hard_tables

from docai.document import CellKind, Role, WholeTable, whole_tables
from docai.pipeline import read

drawn = hard_tables()


def found(title: str, tmp_path) -> WholeTable:
    pages, scanned = next(
        (pages, scanned) for name, pages, scanned in drawn.TABLES if name == title
    )
    made = drawn.pdf(pages)
    path = tmp_path / ("table.jpg" if scanned else "table.pdf")
    path.write_bytes(drawn.scan(made) if scanned else made)
    (table,) = whole_tables(read(path).pages)
    return table


def texts(table: WholeTable) -> list[list[str]]:
    """Row by row; a span's text stands in its first row only."""
    rows: list[list[str]] = [[] for _ in range(table.rows)]
    for page, cell in table.cells():
        rows[cell.row].append(page.text(cell.words))
    return rows


def spans(table: WholeTable) -> dict[str, tuple[int, int]]:
    return {
        page.text(cell.words): (cell.row_span, cell.column_span)
        for page, cell in table.cells()
        if cell.row_span > 1 or cell.column_span > 1
    }


def test_spans(tmp_path):
    table = found("spans", tmp_path)
    assert spans(table) == {
        "Season": (2, 1), "Guests by kind of stay": (1, 3), "Summer": (2, 1), "Winter": (2, 1),
        "145": (2, 1),
    }  # fmt: skip
    assert table.headers == 2


def test_borderless(tmp_path):
    table = found("borderless", tmp_path)
    assert texts(table)[2:4] == [
        ["North bank", "1,204", "2,480", "+3.1 %"],
        ["South bank and the islands before it", "860", "1,655", "-0.4 %"],
    ]
    roles = {page.text(cell.words): cell.role for page, cell in table.cells() if cell.column == 0}
    assert roles["Coast"] is roles["Inland"] is Role.SECTION
    assert roles["Total"] is Role.TOTAL
    assert roles["River towns"] is Role.LABEL
    page, part = table.parts[0]
    assert page.text(part.caption).startswith("Table 2")
    assert page.text(part.notes).startswith("Source")


def test_two_pages(tmp_path):
    table = found("two pages", tmp_path)
    assert [page.number for page, _ in table.parts] == [1, 2]
    assert [part.repeated for _, part in table.parts] == [0, 1]
    assert [row[0] for row in texts(table)] == ["Date", *(f"{n:02d} June" for n in range(1, 21))]


@pytest.mark.slow
def test_scanned_and_half_ruled(tmp_path):
    table = found("scanned, half-ruled", tmp_path)
    assert texts(table)[0] == ["Instrument", "Range (Hz)", "Weight (kg)", "Price (EUR)"]
    assert texts(table)[-1] == ["Harp", "32-3136", "36.5", "21 000,00"]  # and not the sums


def test_rotated_heads(tmp_path):
    assert texts(found("rotated heads", tmp_path))[0] == [
        "House", "Lounge", "Lift", "Library", "Parking",
    ]  # fmt: skip


def test_nested_heads(tmp_path):
    table = found("nested heads", tmp_path)
    assert spans(table) == {"Club": (3, 1), "Members": (1, 4), "2024": (1, 2), "2025": (1, 2)}
    kinds = {cell.row: cell.kind for _, cell in table.cells()}
    assert [row for row, kind in kinds.items() if kind is CellKind.HEADER] == [0, 1, 2]
    frame = table.to_pandas()
    assert frame[("Members", "2025", "Juniors")].tolist() == [95, 39, 17, 415]
