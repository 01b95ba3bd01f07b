"""Three ways to structure a table, and the score that decides between them."""

from dataclasses import replace

import numpy as np
import pytest
from drawn import cells, column, level, page, typed, typed_to, upright
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from test_every_word_once import check_indices

from docai.document import CellKind, Page, Table, Word
from docai.errors import EngineMissing
from docai.geometry import Box
from docai.image import PageImage
from docai.layout import arrange
from docai.layout.slanet import SeenCell, SeenTable, SlanetPlus, by_model
from docai.layout.tables import table_in
from docai.ocr.fake import FakeReader
from docai.pipeline import ReadOptions, read

FIGURES = [("Ann", "12", "34.5"), ("Bob", "7", "20.0"), ("Cyd", "150", "1.5")]
XS = (40.0, 200.0, 300.0)  # where the first column begins and the others end


def rows_of(rows, y: float = 100.0, pitch: float = 16.0) -> list[Word]:
    words = []
    for n, (name, *figures) in enumerate(rows):
        words += typed(name, XS[0], y + n * pitch)
        for figure, x in zip(figures, XS[1:], strict=True):
            words += typed_to(figure, x, y + n * pitch) if figure else []
    return words


HEAD = ("Name", "Count", "Share")


def of(table: Table | None, made: Page) -> list[list[str]]:
    assert table is not None
    rows: list[list[str]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].append(made.text(cell.words))
    return rows


def test_lines_that_leave_columns_glued_are_overruled_by_alignment():
    """A box around the figures and one line beside the names: two columns drawn, three meant."""
    rules = [level(30, 320, y) for y in (95, 112, 160)]
    rules += [upright(x, 95, 160) for x in (30, 120, 320)]
    made = page(rows_of([HEAD, *FIGURES]), rules=rules)
    assert cells(arrange(made)) == [list(HEAD), *map(list, FIGURES)]


def test_lines_are_trusted_where_everything_sits_well():
    """A wide space in one head is no column of its own."""
    rules = [level(30, 320, y) for y in (95, 112, 128, 144, 160)]
    rules += [upright(x, 95, 160) for x in (30, 120, 220, 320)]
    wide = [*typed("Share", 230, 100), *typed("all", 285, 100)]
    made = page(rows_of([("Name", "Count", ""), *FIGURES]), wide, rules=rules)
    assert cells(arrange(made))[0] == ["Name", "Count", "Share all"]


def test_a_known_region_needs_two_columns_only():
    made = page(
        column(["Leeds", "York", "Hull"], 40, 100), column(["red", "blue", "green"], 140, 100)
    )
    table = table_in(made, Box(30, 90, 300, 150))
    assert of(table, made) == [["Leeds", "red"], ["York", "blue"], ["Hull", "green"]]


def test_a_region_without_columns_is_no_table():
    made = page(column(["one line of text", "and another line"], 40, 100))
    assert table_in(made, Box(30, 90, 300, 150)) is None


def test_the_rows_of_sums_below_a_closing_rule_are_left_out():
    sums = [*typed("Subtotal", 150, 170), *typed_to("56.0", 300, 170)]
    made = page(rows_of([HEAD, *FIGURES]), sums, rules=[level(35, 305, y) for y in (96, 112, 162)])
    assert cells(arrange(made)) == [list(HEAD), *map(list, FIGURES)]


def test_a_label_without_figures_is_a_row_where_its_words_had_room_above():
    rows = [HEAD, ("Northern parts", "1", "2.0"), ("Spain", "3", "4.0"), ("Greece", "", "")]
    rows.append(("Wales", "5", "6.0"))
    assert [row[0] for row in cells(arrange(page(rows_of(rows))))] == [row[0] for row in rows]


def test_a_label_that_begins_in_lower_case_goes_on():
    rows = [HEAD, ("Northern", "", ""), ("parts", "1", "2.0"), ("Spain", "3", "4.0")]
    assert [row[0] for row in cells(arrange(page(rows_of(rows))))] == [
        "Name", "Northern parts", "Spain",
    ]  # fmt: skip


def test_the_axis_of_a_chart_makes_no_table():
    bars = [("2001", "30.5", "49.0"), ("2005", "29.7", "48.6"), ("2010", "28.7", "46.3")]
    axis = [w for n in range(6) for w in typed(f"{n * 20}%", 40 + 50 * n, 150)]
    assert not arrange(page(rows_of(bars), axis)).tables


def test_confidence_falls_with_what_ocr_was_unsure_of():
    made = page(rows_of([HEAD, *FIGURES]))
    doubtful = replace(made, words=tuple(replace(w, confidence=0.8) for w in made.words))
    (sure,), (unsure,) = arrange(made).tables, arrange(doubtful).tables
    assert 0.0 < unsure.confidence < sure.confidence < 1.0


names = st.sampled_from(["Ann", "Bob and Cyd", "Total", "a wrapped", "Sum of all:"])
numbers = st.sampled_from(["", "1", "2.50", "-3", "(4)", "5 %", "–"])


@given(st.lists(st.tuples(names, numbers, numbers), min_size=1, max_size=12), st.booleans())
@settings(deadline=None, max_examples=60)
def test_every_word_of_a_region_is_in_one_cell(rows, ruled):
    rules = [level(30, 320, 95.0 + 16 * n) for n in range(len(rows) + 1)] if ruled else []
    rules += [upright(x, 95, 95.0 + 16 * len(rows)) for x in (30, 150, 320)] if ruled else []
    made = page(rows_of(rows), rules=rules)
    table = table_in(made, Box(20, 80, 400, 400))
    if table is not None:
        assert sorted(w for c in table.cells for w in c.words) == list(range(len(made.words)))
    check_indices(arrange(made))


def picture(rows, dpi: float = 144.0) -> tuple[PageImage, Page]:
    """A table without rules as pixels, and its words."""
    scale = dpi / 72
    image = Image.new("RGB", (int(330 * scale), int(130 * scale)), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(10 * scale)
    words = []
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            x, y = 20 + 105 * c, 15 + 20 * r
            draw.text((x * scale, y * scale), text, "black", font)
            words.append(Word(text, Box(x, y, x + font.getlength(text) / scale, y + 10)))
    return PageImage(np.asarray(image), dpi), Page(1, 330, 130, words=tuple(words))


def test_the_model_sees_rows_and_columns():
    rows = [["Name", "Town", "Colour"], ["Ann", "Leeds", "red"], ["Bob", "York", "blue"],
            ["Cyd", "Hull", "green"], ["Dan", "Bath", "white"]]  # fmt: skip
    image, made = picture(rows)
    looked = by_model(image, SlanetPlus(threads=1))
    table = table_in(made, Box(0, 0, 330, 130), lambda area: looked(area))
    assert of(table, made) == rows


class Grid:
    """Meets TableModel: sees as many equal rows and columns as it was told, two rows of header."""

    def __init__(self, rows, columns):
        self.rows, self.columns, self.pictures = rows, columns, []

    def see(self, pixels):
        self.pictures.append(pixels)
        height, width = (
            s / n for s, n in zip(pixels.shape, (self.rows, self.columns), strict=False)
        )
        seen = [
            SeenCell(r, c, 1, 1, (c * width, r * height, (c + 1) * width, (r + 1) * height))
            for r in range(self.rows)
            for c in range(self.columns)
        ]
        return SeenTable(tuple(seen), headers=2, score=0.9)


def test_another_model_of_structure_is_asked_in_place_of_ours(tmp_path):
    rows = [HEAD, *FIGURES, ("Dan", "3", "4.0")]
    image, made = picture(rows)
    path = tmp_path / "page.png"
    Image.fromarray(image.pixels).save(path, dpi=(144, 144))
    grid = Grid(len(rows), 3)
    options = ReadOptions(text="ocr")
    document = read(path, options, reader=FakeReader(made.words), table_model=grid)
    (table,) = document.pages[0].tables
    assert len(grid.pictures) == 1
    assert of(table, document.pages[0]) == [list(row) for row in rows]
    assert {cell.row for cell in table.cells if cell.kind is CellKind.HEADER} == {0, 1}


def test_a_damaged_model_is_refused(tmp_path):
    (tmp_path / "inference.onnx").write_bytes(b"not a model")
    with pytest.raises(EngineMissing, match="damaged; reinstall"):
        SlanetPlus(tmp_path / "inference.onnx")
    with pytest.raises(EngineMissing, match="missing; reinstall"):
        SlanetPlus(tmp_path / "none.onnx")
