from datetime import date
from decimal import Decimal

import pytest
from typed import document

from docai.tasks import task

TILL = """
      GARDEN CAFE SDN BHD (867388-U)
      12, JALAN TAMPOI 7/4
      81200 JOHOR BAHRU
      TEL: 07-3507405
      GST ID : 001661886464
          TAX INVOICE
Receipt No: 00118887
Date: 19/10/2018         20:49:59

TABLE LAMP
  1 x 55.90                 55.90
FLAT WHITE
  2 x 4.00                   8.00

SUBTOTAL                    63.90
GST 6%                       3.83
ROUNDING ADJ                 0.02
TOTAL                       67.75
CASH                       100.00
CHANGE                      32.25
        THANK YOU
"""


def values(text):
    found = task("receipt").extract(document(text))
    return {f.name: getattr(f.value, "amount", f.value) for f in found.fields}, found


def test_a_till_receipt():
    fields, found = values(TILL)
    assert fields == {
        "merchant_name": "GARDEN CAFE SDN BHD",
        "merchant_address": "12, JALAN TAMPOI 7/4 81200 JOHOR BAHRU",
        "merchant_phone": "07-3507405",
        "merchant_tax_id": "001661886464",
        "transaction_date": date(2018, 10, 19),
        "transaction_time": "20:49:59",
        "receipt_id": "00118887",
        "subtotal": Decimal("63.90"),
        "total_tax": Decimal("3.83"),
        "total": Decimal("67.75"),
        "payment_method": "CASH",
    }
    assert [
        [str(getattr(f.value, "amount", f.value)) for f in item.fields] for item in found.items
    ] == [["TABLE LAMP", "1", "55.90", "55.90"], ["FLAT WHITE", "2", "4.00", "8.00"]]
    assert [c.name for c in found.checks if not c.passed] == []
    assert {c.name for c in found.checks} >= {"items_sum", "total_sum", "cash_difference"}


def test_what_was_paid_is_not_the_total():
    fields, _ = values("""
CORNER SHOP
01.03.2026 12:05
TOTAL        9.00
CASH        10.00
CHANGE       1.00
""")
    assert fields["total"] == 9


def test_counts_and_savings_are_no_totals():
    fields, _ = values("""
CORNER SHOP
TOTAL QTY        12
TOTAL SAVINGS    3.50
TOTAL (RM)      27.30
TOTAL ITEMS       4
""")
    assert fields["total"] == Decimal("27.30")


def test_a_german_receipt():
    fields, _ = values("""
     Bäckerei Sonne
     Hauptstr. 5
     50667 Köln
Kassenbon Nr 4711
01.03.2026 08:15
Brötchen                 2,40
Kaffee                   2,90
Summe                    5,30 EUR
Bar                     10,00
Rückgeld                 4,70
enthaltene MwSt          0,35
""")
    assert fields["merchant_name"] == "Bäckerei Sonne"
    assert fields["total"] == Decimal("5.30")
    assert fields["transaction_date"] == date(2026, 3, 1)
    assert fields["currency"] == "EUR"


def test_a_list_with_a_head_is_read_by_its_columns():
    _, found = values("""
CORNER SHOP
QTY  ITEM           PRICE   AMOUNT
2    Tea             3.50     7.00
TOTAL                         7.00
""")
    (item,) = found.items
    assert {f.name: str(getattr(f.value, "amount", f.value)) for f in item.fields} == {
        "description": "Tea",
        "quantity": "2",
        "price": "3.50",
        "total_price": "7.00",
    }


LETTERHEAD = """
   CASTLE DINER
   4282 CAMINO STREET
   SAN DIEGO, CA92108
   (858) 555-0143
   www.castle-diner.com
   Server: Corin 12
   TOTAL   9.50
"""


@pytest.mark.parametrize(
    ("after_the_town", "address"),
    [
        ("", "4282 CAMINO STREET SAN DIEGO, CA92108"),
        ("Riverside Branch 12", "4282 CAMINO STREET SAN DIEGO, CA92108 Riverside Branch 12"),
        ("Description Qty Amount", "4282 CAMINO STREET SAN DIEGO, CA92108"),
        ("2 Coffee 7.00", "4282 CAMINO STREET SAN DIEGO, CA92108"),
        ("Table: 7", "4282 CAMINO STREET SAN DIEGO, CA92108"),
    ],
)
def test_an_address_ends_with_its_town_or_the_line_below(after_the_town, address):
    text = LETTERHEAD.replace("CA92108\n", f"CA92108\n   {after_the_town}\n")
    assert values(text)[0]["merchant_address"] == address


def test_a_telephone_on_the_letterhead_needs_no_label():
    fields, _ = values(LETTERHEAD)
    assert fields["merchant_phone"] == "(858) 555-0143"
    # A number in one piece could be anything.
    assert "merchant_phone" not in values(LETTERHEAD.replace("(858) 555-0143", "8585550143"))[0]


def test_an_address_without_street_or_town_is_doubtful():
    _, sure = values(LETTERHEAD)
    _, doubtful = values("\n   CASTLE DINER\n   Salle 2\n   TOTAL   9.50\n")
    told = doubtful.get("merchant_address")
    assert told is None or told.confidence < sure.get("merchant_address").confidence
