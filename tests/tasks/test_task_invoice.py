from datetime import date
from decimal import Decimal

import pytest
from typed import document

from docai.results import FieldType, Money
from docai.tasks import task

GERMAN = """
Muster Werkzeuge GmbH · Hafenstraße 12 · 20457 Hamburg

Herrn                                          Muster Werkzeuge GmbH
Jan Petersen                                   Hafenstraße 12
Lindenallee 4                                  20457 Hamburg
12345 Berlin                                   Telefon: 040 123456-0
                                               E-Mail: info@muster-werkzeuge.example

Rechnung

Rechnungsnummer: RE-2026-0042                  Rechnungsdatum: 03.02.2026
Kundennummer: 10077                            Leistungszeitraum: 01.01.2026 - 31.01.2026

Pos   Beschreibung              Menge    Einzelpreis    Gesamtpreis
1     Akkuschrauber                 2         120,00         240,00
2     Schraubensatz                10           5,50          55,00
      verzinkt

      Zwischensumme                                          295,00
      zzgl. 19 % USt                                          56,05
      Gesamtbetrag                                           351,05 €

Zahlbar bis 17.02.2026 auf das Konto
IBAN: DE89 3704 0044 0532 0130 00    BIC: COBADEFFXXX
USt-IdNr.: DE136695976
"""

AMERICAN = """
ACME SUPPLY INC                                        INVOICE
500 Market Street
Springfield, IL 62704                                  Invoice #    A-1007
                                                       Date         02/17/2026
Bill To:                      Ship To:                 Due Date     03/03/2026
Jane Doe                      Doe Warehouse            P.O. #       PO-5512
12 Elm Street                 99 Dock Road
Portland, OR 97201            Salem, OR 97301

Qty      Description                     Unit Price        Amount
3        Office chair, blue                  $99.50       $298.50
1        Desk lamp                           $20.00        $20.00

                                         Subtotal         $318.50
                                         Sales Tax 8%      $25.48
                                         Total            $343.98
                                         Amount Paid      $100.00
                                         Balance Due      $243.98
"""

FRENCH = """
Fournitures Martin SARL
35 rue des Lilas
75018 PARIS
N° TVA : FR 40 303 265 045

Facturé à :
Société Dupont
58 avenue de la Mer
06000 NICE

Facture n° F2026-017                 Date : 01/03/2026
Date d'échéance : 31/03/2026         N° de commande : BC-99

Désignation                 Qté    P.U. HT    TVA     Total HT
Papier A4                    10       4,50    20 %       45,00
Cartouche d'encre             2      30,00    20 %       60,00

                                     Total HT           105,00
                                     Total TVA           21,00
                                     Total TTC          126,00
                                     Net à payer        126,00 €
"""

SPANISH = """
Comercial García SL
Calle Mayor 10
28001 Madrid
NIF: A28015865

Cliente: Talleres López SA
Avenida del Puerto 5
46021 Valencia

Factura nº 2026/118                  Fecha de factura: 5 de marzo de 2026
                                     Vencimiento: 04/04/2026

Descripción               Cantidad    Precio      Importe
Reparación                       3     50,00       150,00

                          Base imponible           150,00
                          IVA 21%                   31,50
                          Total factura            181,50 €
"""

CHINESE = """
发票号码：12345678        开票日期：2026年3月1日
购买方：北京示例科技有限公司
销售方：上海样品贸易有限公司

品名          数量    单价       金额
打印纸        10      25.00      250.00

合计金额                         250.00
税额                              32.50
价税合计                         ￥282.50
"""


def values(text):
    found = task("invoice").extract(document(text))
    return {f.name: getattr(f.value, "amount", f.value) for f in found.fields}, found


def test_a_german_invoice():
    fields, found = values(GERMAN)
    assert fields == {
        "vendor_name": "Muster Werkzeuge GmbH",
        "vendor_address": "Hafenstraße 12, 20457 Hamburg",
        "vendor_tax_id": "DE136695976",
        "vendor_email": "info@muster-werkzeuge.example",
        "vendor_phone": "040 123456-0",
        "customer_name": "Jan Petersen",
        "customer_id": "10077",
        "customer_address": "Lindenallee 4, 12345 Berlin",
        "invoice_id": "RE-2026-0042",
        "invoice_date": date(2026, 2, 3),
        "due_date": date(2026, 2, 17),
        "service_start_date": date(2026, 1, 1),
        "service_end_date": date(2026, 1, 31),
        "subtotal": Decimal("295.00"),
        "total_tax": Decimal("56.05"),
        "invoice_total": Decimal("351.05"),
        "amount_due": Decimal("351.05"),
        "iban": "DE89370400440532013000",
        "bic": "COBADEFFXXX",
        "currency": "EUR",
    }
    assert [str(item.get("description").value) for item in found.items] == [
        "Akkuschrauber",
        "Schraubensatz verzinkt",
    ]
    (rate,) = found.tax_details
    assert [f.name for f in rate.fields] == ["rate", "amount"]


def test_an_american_invoice_has_the_month_first():
    fields, found = values(AMERICAN)
    assert fields["invoice_date"] == date(2026, 2, 17)
    assert fields["due_date"] == date(2026, 3, 3)
    assert fields["invoice_id"] == "A-1007"
    assert fields["purchase_order"] == "PO-5512"
    assert fields["vendor_name"] == "ACME SUPPLY INC"
    assert fields["customer_name"] == "Jane Doe"
    assert fields["shipping_address"] == "99 Dock Road, Salem, OR 97301"
    assert found.get("invoice_total").value == Money(Decimal("343.98"), "USD")
    assert fields["amount_paid"] == 100
    assert fields["amount_due"] == Decimal("243.98")
    assert len(found.items) == 2


def test_a_french_invoice():
    fields, found = values(FRENCH)
    expected = {
        "vendor_name": "Fournitures Martin SARL",
        "vendor_tax_id": "FR40303265045",
        "customer_name": "Société Dupont",
        "invoice_id": "F2026-017",
        "invoice_date": date(2026, 3, 1),
        "due_date": date(2026, 3, 31),
        "purchase_order": "BC-99",
        "subtotal": 105,
        "total_tax": 21,
        "invoice_total": 126,
        "amount_due": 126,
    }
    assert {name: fields.get(name) for name in expected} == expected
    assert [str(item.get("tax_rate").value) for item in found.items] == ["20", "20"]


def test_a_spanish_invoice():
    fields, _ = values(SPANISH)
    expected = {
        "vendor_name": "Comercial García SL",
        "vendor_tax_id": "A28015865",
        "customer_name": "Talleres López SA",
        "invoice_id": "2026/118",
        "invoice_date": date(2026, 3, 5),
        "due_date": date(2026, 4, 4),
        "subtotal": 150,
        "total_tax": Decimal("31.50"),
        "invoice_total": Decimal("181.50"),
    }
    assert {name: fields.get(name) for name in expected} == expected


def test_a_chinese_invoice():
    fields, found = values(CHINESE)
    expected = {
        "vendor_name": "上海样品贸易有限公司",
        "customer_name": "北京示例科技有限公司",
        "invoice_id": "12345678",
        "invoice_date": date(2026, 3, 1),
        "subtotal": 250,
        "total_tax": Decimal("32.50"),
        "invoice_total": Decimal("282.50"),
        "currency": "CNY",
    }
    assert {name: fields.get(name) for name in expected} == expected
    assert [str(item.get("quantity").value) for item in found.items] == ["10"]


@pytest.mark.parametrize("text", [GERMAN, AMERICAN, FRENCH, SPANISH, CHINESE])
def test_every_check_passes_and_every_claim_has_evidence(text):
    made = document(text)
    found = task("invoice").extract(made)
    assert {check.name for check in found.checks} >= {"item_product", "items_sum", "total_sum"}
    assert [check.detail for check in found.checks if not check.passed] == []
    claims = [*found.fields, *(f for item in found.items for f in item.fields)]
    for field in claims:
        assert field.evidence, field.name
        assert 0.0 < field.confidence < 1.0
        for part in field.text.split(", "):
            assert part.replace(" ", "") in made.text(field.evidence).replace(" ", "")


def test_text_is_what_the_page_says_and_value_what_it_means():
    _, found = values(GERMAN)
    total = found.get("invoice_total")
    assert (total.text, total.type) == ("351,05 €", FieldType.MONEY)
    assert found.get("iban").text == "DE89 3704 0044 0532 0130 00"


def test_a_sum_that_does_not_add_up_is_said_and_costs_confidence():
    _, right = values(GERMAN)
    wrong = task("invoice").extract(document(GERMAN.replace("351,05 €", "351,50 €")))
    (check,) = [c for c in wrong.checks if c.name == "total_sum"]
    assert not check.passed
    assert "351.05" in check.detail
    assert "351.50" in check.detail
    assert wrong.get("invoice_total").confidence < right.get("invoice_total").confidence


def test_a_wrong_iban_is_reported_and_called_wrong():
    _, right = values(GERMAN)
    wrong = task("invoice").extract(document(GERMAN.replace("0130 00", "0130 01")))
    assert wrong.get("iban").value == "DE89370400440532013001"
    (check,) = [c for c in wrong.checks if c.name == "iban_checksum"]
    assert not check.passed
    assert wrong.get("iban").confidence < right.get("iban").confidence


def test_an_iban_may_go_on_in_the_line_below():
    text = """
Invoice No: 4711
IBAN: FR14 2004 1010 0505
      0001 3M02 606
"""
    fields, found = values(text)
    assert fields["iban"] == "FR1420041010050500013M02606"
    assert found.get("iban").text == "FR14 2004 1010 0505 0001 3M02 606"
    # What does not prove right is not joined.
    assert "606" not in values(text.replace("606", "607"))[0].get("iban", "")


def test_arithmetic_tells_the_total_from_the_subtotal():
    fields, _ = values("""
Invoice no: 17         Date: 2026-03-01

Total                  100.00
VAT 19%                 19.00
Total                  119.00
""")
    assert fields["invoice_total"] == 119


def test_a_credit_note_is_negative():
    fields, _ = values("""
Gutschrift Nr. G-7 vom 01.03.2026

Nettobetrag            -7,67
Steuerbetrag           -1,12
Bruttobetrag           -8,79
""")
    assert fields["subtotal"] == Decimal("-7.67")
    assert fields["total_tax"] == Decimal("-1.12")
    assert fields["invoice_total"] == Decimal("-8.79")
    assert fields["invoice_date"] == date(2026, 3, 1)


def test_values_may_stand_below_their_labels():
    fields, _ = values("""
Invoice Number    Invoice Date    Due Date       Customer ID
INV-77            03/14/2026      04/13/2026     C-12

Total   $10.00
""")
    assert fields["invoice_id"] == "INV-77"
    assert fields["invoice_date"] == date(2026, 3, 14)
    assert fields["due_date"] == date(2026, 4, 13)
    assert fields["customer_id"] == "C-12"


def test_the_taxes_of_two_rates():
    _, found = values("""
Rechnung Nr. 5    Datum: 01.03.2026

Steuersatz    Nettobetrag    Steuerbetrag
7 %                160,00           11,20
19 %               336,00           63,84

Summe netto                        496,00
Summe USt                           75,04
Gesamtbetrag                       571,04
""")
    assert [
        tuple(str(getattr(f.value, "amount", f.value)) for f in item.fields)
        for item in found.tax_details
    ] == [("7", "160.00", "11.20"), ("19", "336.00", "63.84")]
    assert {c.name for c in found.checks if c.passed} == {"tax_rate", "tax_sum", "total_sum"}


def test_nothing_is_found_on_an_empty_document():
    for made in (document(""), document("Dear Sir, thank you.")):
        found = task("invoice").extract(made)
        assert found.items == ()
        assert found.checks == ()
        assert found.get("invoice_total") is None


def test_the_model_is_named_by_its_vocabulary():
    model = task("invoice").extract(document("x")).model
    assert model.name == "geometric"
    assert len(model.sha256) == 64
