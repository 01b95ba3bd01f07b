"""Tables, drawn with rules and without; and what looks like one and is not."""

import random

from drawn import cells, column, level, lines, page, prose, text, typed, typed_to, upright
from hypothesis import given, settings
from hypothesis import strategies as st
from test_every_word_once import check_indices

from docai.document import BlockKind, CellKind, Page, Word
from docai.layout import arrange

HEAD = ["Pos", "Artikel", "Menge", "Einzelpreis", "Gesamt"]
LEFT = [40.0, 80.0]  # where the first two columns begin
RIGHT = [340.0, 430.0, 520.0]  # where the others end


def row_of(texts: list[str], y: float) -> list[Word]:
    words = []
    for text_of_cell, x in zip(texts[:2], LEFT, strict=True):
        words += typed(text_of_cell, x, y)
    for text_of_cell, x in zip(texts[2:], RIGHT, strict=True):
        words += typed_to(text_of_cell, x, y) if text_of_cell else []
    return words


def invoice(*rows: list[str], gap: float = 18.0) -> list[Word]:
    words = row_of(HEAD, 100)
    for n, row in enumerate(rows, start=1):
        words += row_of(row, 100 + n * gap)
    return words


PENS = ["1", "Pens", "10", "1,20", "12,00"]
PAPER = ["2", "Paper, white", "3", "5,00", "15,00"]


def header_texts(arranged: Page) -> list[str]:
    table = arranged.tables[0]
    return [arranged.text(c.words) for c in table.cells if c.kind is CellKind.HEADER]


def test_items_without_rules() -> None:
    arranged = arrange(page(invoice(PENS, PAPER)))
    assert cells(arranged) == [HEAD, PENS, PAPER]
    assert header_texts(arranged) == HEAD
    assert arranged.blocks[0].kind is BlockKind.TABLE
    assert arranged.tables[0].confidence > 0.8


def test_a_single_item_is_a_table() -> None:
    assert cells(arrange(page(invoice(PENS)))) == [HEAD, PENS]


def test_a_wrapped_description_joins_its_row() -> None:
    words = row_of(HEAD, 100) + row_of(PENS, 118) + row_of(PAPER, 154)
    words += typed("blue, with cap", 80, 130)
    assert cells(arrange(page(words)))[1][1] == "Pens blue, with cap"


def test_a_wrapped_description_of_the_last_row() -> None:
    words = invoice(PENS, PAPER) + typed("80 g, 500 sheets", 80, 148)
    assert cells(arrange(page(words)))[2][1] == "Paper, white 80 g, 500 sheets"


def test_running_text_under_an_item_belongs_to_it() -> None:
    words = row_of(HEAD, 100) + row_of(PENS, 118) + row_of(PAPER, 160)
    words += typed("delivered on the third of May to the warehouse in Leeds by train", 80, 132)
    assert cells(arrange(page(words)))[1][1].endswith("Leeds by train")


def test_an_empty_cell_is_kept() -> None:
    without_price = ["2", "Gift", "1", "", "0,00"]
    assert cells(arrange(page(invoice(PENS, without_price, PAPER))))[2] == without_price


def test_the_sums_below_are_no_rows() -> None:
    sums = typed("Summe netto", 350, 160) + typed_to("27,00", 520, 160)
    sums += typed("Summe brutto", 350, 172) + typed_to("32,13", 520, 172)
    arranged = arrange(page(invoice(PENS, PAPER), sums))
    assert cells(arranged) == [HEAD, PENS, PAPER]
    assert text(arranged).endswith("Summe netto 27,00 Summe brutto 32,13")


def test_labels_that_stand_close_are_told_apart_by_what_is_below() -> None:
    words = typed("Pos Artikel", 40, 100) + typed("Menge Preis Gesamt", 290, 100)
    for n, y in enumerate((118, 136, 154, 172), start=1):
        words += typed(str(n), 40, y) + typed("Pens", 60, y)
        words += typed_to("10", 310, y) + typed_to("1,20", 345, y) + typed_to("12,00", 380, y)
    assert cells(arrange(page(words)))[0] == ["Pos", "Artikel", "Menge", "Preis", "Gesamt"]


def test_a_header_of_two_lines_is_one_row() -> None:
    words = [*invoice(PENS, PAPER), *typed_to("Preis", 520, 90)]
    assert cells(arrange(page(words)))[0][-1] == "Preis Gesamt"


def test_two_years_above_their_figures_head_them() -> None:
    words = typed_to("2025", 430, 100) + typed_to("2024", 520, 100)
    for n, row in enumerate((["Pens", "1,460", "1,315"], ["Paper", "958", "17,210"])):
        words += typed(row[0], 80, 118 + n * 18)
        words += typed_to(row[1], 430, 118 + n * 18) + typed_to(row[2], 520, 118 + n * 18)
    arranged = arrange(page(words))
    assert cells(arranged)[0] == ["", "2025", "2024"]
    assert header_texts(arranged) == ["", "2025", "2024"]


def test_two_lists_with_heads_of_their_own_are_two_tables() -> None:
    second = [
        *row_of(["Nr", "Steuersatz", "Netto", "Steuer", "Brutto"], 154),
        *row_of(["A", "voll", "27,00", "5,13", "32,13"], 172),
    ]
    arranged = arrange(page(invoice(PENS, PAPER), second))
    assert [table.rows for table in arranged.tables] == [3, 2]


def grid(columns: list[float], rows: list[float]) -> list:
    rules = [level(columns[0], columns[-1], y) for y in rows]
    return rules + [upright(x, rows[0], rows[-1]) for x in columns]


def test_a_drawn_grid() -> None:
    words = [
        *typed("Name", 45, 105),
        *typed("Town", 145, 105),
        *typed("Ann", 45, 125),
        *typed("Leeds", 145, 125),
    ]
    arranged = arrange(page(words, rules=grid([40, 140, 240], [100, 120, 140])))
    assert cells(arranged) == [["Name", "Town"], ["Ann", "Leeds"]]
    assert arranged.tables[0].confidence > 0.95


def test_a_missing_edge_makes_a_span() -> None:
    rules = [
        *(level(40, 240, y) for y in (100, 120, 140)),
        upright(40, 100, 140),
        upright(140, 120, 140),
        upright(240, 100, 140),
    ]
    words = [
        *typed("A heading over both", 60, 105),
        *typed("12,50", 45, 125),
        *typed("13,00", 145, 125),
    ]
    arranged = arrange(page(words, rules=rules))
    assert cells(arranged) == [["A heading over both"], ["12,50", "13,00"]]
    assert arranged.tables[0].cells[0].column_span == 2


def test_a_drawn_row_with_several_rows_of_figures_is_divided() -> None:
    """Lines around the body only, as on many invoices."""
    rules = grid([35, 75, 300, 350, 440, 530], [95, 115, 300])
    arranged = arrange(page(invoice(PENS, PAPER), rules=rules))
    assert cells(arranged) == [HEAD, PENS, PAPER]


def test_rows_numbered_in_tens_are_no_axis() -> None:
    rows = [[str(10 * n), "Pens", "10", "1,20", "12,00"] for n in range(1, 5)]
    rules = grid([35, 75, 300, 350, 440, 530], [95, 115, 300])
    assert cells(arrange(page(invoice(*rows), rules=rules))) == [HEAD, *rows]


def test_level_rules_between_items_keep_their_lines_together() -> None:
    """A line in the middle between two items goes with those on its side of the rule."""
    words = row_of(HEAD, 100) + row_of(PENS, 120) + row_of(PAPER, 170)
    words += typed("blue, with cap", 80, 134) + typed("on the third of May", 80, 148)
    rules = [level(40, 520, y) for y in (114, 162, 186)]
    rows = cells(arrange(page(words, rules=rules)))
    assert rows[1][1] == "Pens blue, with cap on the third of May"


def test_a_frame_around_text_is_no_table() -> None:
    frame = [level(35, 300, 95), level(35, 300, 160), upright(35, 95, 160), upright(300, 95, 160)]
    arranged = arrange(page(column(["Anna Berg", "Am Markt 3"], 40, 100), rules=frame))
    assert not arranged.tables


def test_three_addresses_side_by_side_are_no_table() -> None:
    arranged = arrange(
        page(
            column(["Seller", "Mill & Sons", "1 High Street", "Leeds"], 40, 100),
            column(["Buyer", "Anna Berg", "Am Markt 3", "10115 Berlin"], 240, 100),
            column(["Ship to", "Berg KG", "Hafen 7", "20095 Hamburg"], 440, 100),
        )
    )
    assert not arranged.tables
    assert lines(arranged)[:4] == ["Seller", "Mill & Sons", "1 High Street", "Leeds"]


def test_labels_and_values_beside_an_address_are_no_table() -> None:
    arranged = arrange(
        page(
            column(["Anna Berg", "Am Markt 3", "10115 Berlin"], 40, 100),
            column(["Number:", "Date:", "Total:"], 300, 100),
            column(["1234", "03.05.2026", "119,00"], 400, 100),
        )
    )
    assert not arranged.tables


def test_columns_of_prose_are_no_table() -> None:
    columns = [prose(60, x, 100, name=name, per_line=5) for name, x in (("a", 40), ("b", 230))]
    columns.append(prose(60, 420, 100, name="c", per_line=5))
    assert not arrange(page(*columns)).tables


def test_a_table_in_one_column_leaves_the_prose_of_the_other_alone() -> None:
    words = []
    for n, y in enumerate((136, 148, 160, 172)):
        words += typed(f"kind{n}", 320, y)
        words += typed_to(f"{n}1,5", 450, y) + typed_to(f"{n}2,5", 520, y)
    head = typed("Kind", 320, 124) + typed_to("Net", 450, 124) + typed_to("Gross", 520, 124)
    arranged = arrange(page(prose(120, 40, 100, name="a"), head, words))
    assert [(t.rows, t.columns) for t in arranged.tables] == [(5, 3)]
    assert text(arranged).startswith(" ".join(f"a{n:03d}" for n in range(120)))


amounts = st.integers(0, 999_999).map(lambda cents: f"{cents / 100:.2f}")
items = st.lists(
    st.tuples(
        st.sampled_from(["Pens", "Paper, white", "Ink for printers", "Work on site"]),
        st.integers(0, 3),  # lines under the description
        amounts,
        amounts,
        amounts,
    ),
    min_size=1,
    max_size=12,
)


@given(items, st.randoms(), st.booleans())
@settings(deadline=None, max_examples=40)
def test_any_list_of_items_is_one_table(
    rows: list[tuple[str, int, str, str, str]], chance: random.Random, framed: bool
) -> None:
    words, y, tops = row_of(HEAD, 100), 120.0, [95.0, 115.0]
    for n, (name, more, *figures) in enumerate(rows, start=1):
        words += row_of([str(n), name, *figures], y)
        for _ in range(more):
            y += 11
            words += typed("more of it", 80, y)
        y += 20
        tops.append(y - 5)
    chance.shuffle(words)
    rules = grid([35, 75, 250, 350, 440, 530], tops) if framed else []
    arranged = arrange(page(words, rules=rules))
    check_indices(arranged)
    assert [(t.rows, t.columns) for t in arranged.tables] == [(len(rows) + 1, 5)]
    first = cells(arranged)[1]
    assert first[1] == " ".join([rows[0][0], *["more of it"] * rows[0][1]])
