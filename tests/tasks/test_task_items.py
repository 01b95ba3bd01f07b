from decimal import Decimal

import pytest
from typed import LINE, document, page, rule_below

from docai.document import Cell, CellKind, Document, Page, Source, Table, Word
from docai.geometry import Box
from docai.tasks.context import Context
from docai.tasks.items import find_items


def rows(*texts, **options):
    """What each item says: text of its fields by name, sums as plain numbers."""
    items = find_items(Context(document(*texts, **options))).items
    return [{f.name: getattr(f.value, "amount", f.value) for f in item.fields} for item in items]


def brief(items, *names):
    return [tuple(str(item.get(name)) for name in names) for item in items]


def test_a_plain_list():
    text = """
Description          Qty   Unit price     Amount

Garden chair           2        45.00      90.00
Parasol, green         1       120.50     120.50

Subtotal                                  210.50
"""
    assert rows(text) == [
        {
            "description": "Garden chair",
            "quantity": 2,
            "unit_price": Decimal("45.00"),
            "amount": Decimal("90.00"),
        },
        {
            "description": "Parasol, green",
            "quantity": 1,
            "unit_price": Decimal("120.50"),
            "amount": Decimal("120.50"),
        },
    ]


@pytest.mark.parametrize(
    "head",
    [
        "Beschreibung         Menge Einzelpreis    Gesamtpreis",
        "Désignation          Qté   Prix unitaire  Montant HT",
        "Descripción          Cant.   Precio         Importe",
        "商品名称                 数量     单价         金额",
    ],
)
def test_heads_in_other_languages(head):
    text = f"""
{head}
Garden chair           2        45,00      90,00
"""
    assert brief(rows(text), "description", "quantity", "unit_price", "amount") == [
        ("Garden chair", "2", "45.00", "90.00")
    ]


def test_a_description_goes_on_below():
    text = """
Pos  Beschreibung        Menge   Preis   Betrag
1    Gartenstuhl             2   45,00    90,00
     grün, mit Armlehne
2    Schirm                  1   20,00    20,00
"""
    assert brief(rows(text), "description") == [
        ("Gartenstuhl grün, mit Armlehne",),
        ("Schirm",),
    ]


def test_a_wrapped_head_is_read_as_one():
    text = """
                     Shipment              Unit Price        Line Amount
Item No   Article    Date        Quantity  Excl. VAT         Excl. VAT
1908-S    Chair      02/17/26    3 Piece      191.00            573.00
"""
    assert rows(text) == [
        {
            "description": "Chair",
            "product_code": "1908-S",
            "quantity": 3,
            "unit": "Piece",
            "unit_price": Decimal("191.00"),
            "amount": Decimal("573.00"),
            "date": rows(text)[0]["date"],
        }
    ]
    assert rows(text)[0]["date"].isoformat() == "2026-02-17"


def test_products_decide_what_the_heads_leave_open():
    text = """
#        Produkt          Preis      Summe
400,00   Ballons           0,79     316,00
800,00   Heißluft         0,025      20,00
"""
    assert brief(rows(text), "quantity", "unit_price", "amount") == [
        ("400.00", "0.79", "316.00"),
        ("800.00", "0.025", "20.00"),
    ]


def test_a_list_goes_on_over_pages_without_what_is_carried():
    first = """
Beschreibung      Menge   Preis   Betrag
Stuhl                 2   45,00    90,00
Übertrag                           90,00
"""
    second = """
Beschreibung      Menge   Preis   Betrag
Übertrag                           90,00
Tisch                 1   80,00    80,00
Zwischensumme                     170,00
"""
    headless = "\n".join(second.split("\n")[2:])
    for following in (second, headless):
        assert brief(rows(first, following), "description", "amount") == [
            ("Stuhl", "90.00"),
            ("Tisch", "80.00"),
        ]


def test_discount_and_shipping_are_no_goods():
    text = """
Désignation       Qté   P.U. HT   Total HT
Chaise              2     45,00      90,00
Remise commerciale                   -5,00
Frais de port                        10,00
Total HT                             95,00
"""
    assert brief(rows(text), "description") == [("Chaise",)]


def test_rows_of_totals_are_no_goods():
    text = """
Description      Amount
Consulting       500.00
Total            500.00
VAT 19 %          95.00
"""
    assert brief(rows(text), "description", "amount") == [("Consulting", "500.00")]


def test_drawn_lines_part_items_whose_amount_stands_in_the_middle():
    text = """
Désignation               Qté   P.U. HT   Total HT
CHAISE DE JARDIN
verte                       2     45,00      90,00
avec accoudoirs
PARASOL
                            1     20,00      20,00
bleu
"""
    lines = [rule_below(row, 50) for row in (0, 3, 6)]
    assert brief(rows(text, rules=lines), "description", "amount") == [
        ("CHAISE DE JARDIN verte avec accoudoirs", "90.00"),
        ("PARASOL bleu", "20.00"),
    ]


def test_amounts_set_a_little_lower_still_belong_to_their_row():
    written = document("""
Beschreibung      Menge   Preis   Betrag
Stuhl                 2   45,00    90,00
""")
    (page,) = written.pages
    lowered = tuple(
        type(w)(w.text, Box(w.box.left, w.box.top + 7, w.box.right, w.box.bottom + 7))
        if w.text == "90,00"
        else w
        for w in page.words
    )
    moved = type(page)(number=1, width=page.width, height=page.height, words=lowered)
    items = find_items(Context(type(written)(written.source, (moved,)))).items
    assert [str(item.get("amount").value.amount) for item in items] == ["90.00"]


def test_letters_and_forms_hold_no_items():
    assert rows("Dear Sir,\nplease find the amount and the description below.\n") == []
    assert rows("") == []


def test_every_value_names_its_words():
    made = document("""
Description          Qty   Unit price     Amount
Garden chair           2        45.00      90.00
""")
    (item,) = find_items(Context(made)).items
    for field in item.fields:
        assert field.text in made.text(field.evidence)


def in_cells(*rows):
    """A document with one table, a cell 120 points wide and 20 high for each text."""
    words, cells = [], []
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            box = Box(c * 120.0, r * 20.0, c * 120.0 + 120, r * 20.0 + 20)
            start, left = len(words), box.left + 2
            for part in text.split():
                words.append(Word(part, Box(left, box.top + 4, left + 6 * len(part), box.top + 14)))
                left += 6 * len(part) + 4
            kind = CellKind.HEADER if r == 0 else CellKind.CONTENT
            cells.append(Cell(r, c, tuple(range(start, len(words))), box, kind=kind))
    table = Table(Box(0, 0, 120.0 * len(rows[0]), 20.0 * len(rows)), tuple(cells))
    made = Page(1, 600, 800, tuple(words), tables=(table,))
    return Document(Source("t.pdf", "0" * 64, "application/pdf", 1), (made,))


def test_the_cells_of_a_table_part_what_stands_close_together():
    made = in_cells(
        ["Description of goods xx", "Quantity ordered xx", "Unit price", "Amount"],
        ["Chair", "2", "45,00", "90,00"],
        ["Table", "1", "80,00", "80,00"],
    )
    items = find_items(Context(made)).items
    assert [[str(getattr(f.value, "amount", f.value)) for f in item.fields] for item in items] == [
        ["Chair", "2", "45.00", "90.00"],
        ["Table", "1", "80.00", "80.00"],
    ]


def test_a_table_about_something_else_is_no_list_of_items():
    made = in_cells(["Country", "Capital", "Population"], ["France", "Paris", "68,00"])
    assert find_items(Context(made)).items == ()


def tabled(text, *rows_of_lines, confidence=1.0):
    """A page with one table, which has each line of the text in the row that is given for it."""
    made = page(text)
    cells = [
        Cell(row, 0, own, made.box(own), kind=CellKind.CONTENT if row else CellKind.HEADER)
        for row in sorted(set(rows_of_lines))
        if (own := words_on_lines(made, [n for n, r in enumerate(rows_of_lines) if r == row]))
    ]
    table = Table(Box.enclosing(cell.box for cell in cells), tuple(cells), confidence)
    with_table = page(text, tables=[table])
    return Document(Source("t.pdf", "0" * 64, "application/pdf", 1), (with_table,))


def words_on_lines(made, lines):
    wanted = {line * LINE for line in lines}
    return tuple(i for i, word in enumerate(made.words) if word.box.top in wanted)


DEPOSIT = """
Description              Qty   Price    Amount
Bicycle, a week            1   80.00     80.00
Deposit included
Helmet                     2    5.00     10.00
Balance due                             90.00
"""


def test_a_line_in_the_cell_of_an_item_ends_no_list():
    items = find_items(Context(tabled(DEPOSIT, 0, 1, 1, 2, 3))).items
    assert [item.get("description").value for item in items] == [
        "Bicycle, a week Deposit included",
        "Helmet",
    ]


@pytest.mark.parametrize("confidence", [1.0, 0.3])
def test_a_row_of_its_own_ends_it_and_a_doubtful_table_has_no_say(confidence):
    lines = (0, 1, 2, 3, 4) if confidence == 1.0 else (0, 1, 1, 2, 3)
    items = find_items(Context(tabled(DEPOSIT, *lines, confidence=confidence))).items
    assert [item.get("description").value for item in items] == ["Bicycle, a week"]


def test_a_description_begins_above_its_amount_where_the_table_says_so():
    text = """
Description              Qty   Price    Amount
Lawn mowing
twice, with edges          1   80.00     80.00
and the lawn behind

Hedge cutting
all around                 2    5.00     10.00
"""
    items = find_items(Context(tabled(text, 0, 1, 1, 1, 9, 2, 2))).items
    assert [item.get("description").value for item in items] == [
        "Lawn mowing twice, with edges and the lawn behind",
        "Hedge cutting all around",
    ]


@pytest.mark.parametrize("numbers", [("1", "2"), ("01", "02"), ("10", "20"), ("7", "8", "9")])
def test_what_counts_is_the_position_and_no_number_of_an_article(numbers):
    lines = [f"{n:<5}{'Chair ' + n:22}1     5.00      5.00" for n in numbers]
    items = rows("\n".join(["No.  Description        Qty    Price    Amount", *lines]))
    assert len(items) == len(numbers)
    assert all("product_code" not in item for item in items)


@pytest.mark.parametrize("numbers", [("7", "8"), ("4711", "4713", "4715"), ("1", "2", "2")])
def test_numbers_that_do_not_count_are_articles(numbers):
    lines = [f"{n:<5}{'Chair':22}1     5.00      5.00" for n in numbers]
    items = rows("\n".join(["No.  Description        Qty    Price    Amount", *lines]))
    assert brief(items, "product_code") == [(n,) for n in numbers]


def test_the_number_of_an_article_may_stand_in_its_description():
    text = """
Pos  Beschreibung        Menge   Preis   Betrag
1    Gartenstuhl             2   45,00    90,00
     Artikel-Nr.: GS-4711 grün
2    Schirm                  1   20,00    20,00
     Lieferung: 12.03.
"""
    assert brief(rows(text), "description", "product_code") == [
        ("Gartenstuhl grün", "GS-4711"),
        ("Schirm Lieferung: 12.03.", "None"),
    ]
