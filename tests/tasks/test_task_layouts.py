"""Invoices of many trades, each laid out in the way of its trade."""

import pytest
from typed import document

from docai.tasks import task

SUBSCRIPTION = """
Invoice                                                          Acme

Invoice number    ABC-0001
Date of issue     March 1, 2026
Date due          March 31, 2026

Acme Inc.                     Bill to
123 Main St                   Jane Doe
San Francisco, CA 94103       jane@example.com
United States
billing@acme.com

$20.00 USD due March 31, 2026

Description                          Qty     Unit price     Amount
Pro plan                               1         $20.00     $20.00
Mar 1 – Apr 1, 2026

                                     Subtotal               $20.00
                                     Total                  $20.00
                                     Amount due         $20.00 USD
"""

TELEPHONE = """
Telefon AG, Postfach 300, 53171 Bonn
                                                     Datum           02.03.2026
Herrn                                                Seite           1 von 2
Max Mustermann                                       Kundennummer    123 456 7890
Musterweg 7                                          Rechnungsnummer 812 345 6789 0123
10115 Berlin                                         Buchungskonto   6543210987

Ihre Mobilfunk-Rechnung für März 2026

Die Leistungen im Überblick (Summen)
Monatliche Beträge                                              33,61 €
Verbindungen                                                     0,84 €
Summe ohne Umsatzsteuer                                         34,45 €
Umsatzsteuer 19% auf 34,45 €                                     6,55 €
Rechnungsbetrag                                                 41,00 €

Der Rechnungsbetrag wird am 09.03.2026 von Ihrem Konto abgebucht.
USt-IdNr. DE123475223
"""

CONSULTANT = """
JOHN SMITH CONSULTING LTD
Unit 4, 22 Baker Street, London NW1 6XE
VAT Reg No: GB 980 7806 84                 Tel: 020 7946 0018

INVOICE                                       Invoice No: 2026-031
To: Widget Works PLC                          Tax Point: 31/01/2026
    1 Factory Road                            Terms: 30 days
    Birmingham B1 1AA                         Your PO: WW-4471

Date        Details                             Hours     Rate      Amount
05/01/2026  Requirements workshop                 8.0    95.00      760.00
12/01/2026  Design review and report              6.5    95.00      617.50
                                                      Net total   1,377.50
                                                      VAT @ 20%     275.50
                                                      TOTAL DUE  £1,653.00
Please pay to: Sort code 20-00-00 Account 12345678
"""

MARKETPLACE = """
Paid
Payment reference number 1ABC2DEF
Sold by Best Gadgets GmbH
VAT # DE136695976

Invoice date / Delivery date     15 January 2026
Invoice #                        INV-DE-100200300-2026-44
Total payable                    59,98 €

Billing Address            Delivery Address           Sold by
Maria Schulz               Maria Schulz               Best Gadgets GmbH
Rosenweg 3                 Rosenweg 3                 Industriestr. 44
04109 Leipzig              04109 Leipzig              80331 München
DE                         DE                         DE

Order Information
Order date      14 January 2026
Order #         302-1234567-7654321

Description            Qty    Unit price     VAT rate    Unit price     Item subtotal
                              (excl. VAT)                (incl. VAT)    (incl. VAT)
USB-C Hub 7-in-1         2       25,20 €         19%        29,99 €        59,98 €
ASIN: B07XYZ1234
Shipping Charges                                                            0,00 €

Invoice total                                                              59,98 €

VAT rate     Item subtotal (excl. VAT)     VAT subtotal
19%                            50,40 €           9,58 €
Total                          50,40 €           9,58 €
"""

HOTEL = """
HOTEL ZUR POST                                   Rechnung / Invoice
Inh. Josef Huber e.K.
Marktplatz 1, A-5020 Salzburg                    Nr.: 26-00417
UID: ATU12345675                                 Datum: 14.02.2026

Frau                                             Anreise: 12.02.2026
Dr. Eva Kern                                     Abreise: 14.02.2026
Ringstraße 8                                     Zimmer: 204
1010 Wien

Datum       Text                       Menge     Preis     Betrag
12.02.2026  Logis inkl. Frühstück          2     89,00     178,00
13.02.2026  Ortstaxe                       2      2,50       5,00
13.02.2026  Restaurant                     1     42,80      42,80
                                         Gesamt EUR       225,80

Enthaltene Steuern    Netto      MwSt     Brutto
10 %                 161,82     16,18     178,00
20 %                  35,67      7,13      42,80
0 %                    5,00      0,00       5,00
Bezahlt mit VISA                                          225,80
"""

WATER = """
EAU DE LYON SA                                     FACTURE DU 05/02/2026
12 quai du Rhône                                   N° de facture : 2602 4417 889
69003 LYON                                         N° client : 70 554 112
SIRET 303 265 045 00017

                                                   M. PAUL DURAND
                                                   8 RUE DES FLEURS
                                                   69100 VILLEURBANNE

Montant à payer avant le 25/02/2026                              86,40 € TTC

Détail                         Quantité     Prix unitaire HT     Montant HT
Abonnement                        1               18,00              18,00
Consommation m3                  42                1,4500            60,90
                                                Total HT             78,90
                                                TVA à 5,5 %           4,34
                                                Taxes                 3,16
                                                Total TTC            86,40
"""

CREDIT_NOTE = """
Northwind Traders Ltd
CREDIT NOTE
Credit Note No. CN-0091     Date 3 Feb 2026    Ref Invoice INV-2200
Customer: Blue Yonder LLC
Product              Quantity    Price      Total
Chai                     -2      18.00     -36.00
Subtotal                                   -36.00
VAT 20%                                     -7.20
Total credit                               -43.20
"""

MEXICAN = """
FACTURA
Emisor: Café del Sur SA de CV          Folio: A-2231
RFC: CSU010203AB1                       Fecha de emisión: 15/03/2026
Receptor: Hotel Pacífico SA
RFC: HPA990101XX9

Cantidad   Unidad   Descripción         Valor unitario    Importe
10         kg       Café tostado            250.00       2,500.00
5          pza      Filtro                   40.00         200.00

                                   Subtotal              2,700.00
                                   IVA 16%                 432.00
                                   Total             $3,132.00 MXN
"""

CASES = [
    (
        SUBSCRIPTION,
        {
            "vendor_name": "Acme Inc.",
            "customer_name": "Jane Doe",
            "invoice_id": "ABC-0001",
            "invoice_date": "2026-03-01",
            "due_date": "2026-03-31",
            "subtotal": "20.00",
            "invoice_total": "20.00",
            "amount_due": "20.00",
            "currency": "USD",
        },
        1,
    ),
    (
        TELEPHONE,
        {
            "vendor_name": "Telefon AG",
            "customer_name": "Max Mustermann",
            "customer_id": "123 456 7890",
            "invoice_id": "812 345 6789 0123",
            "invoice_date": "2026-03-02",
            "subtotal": "34.45",
            "total_tax": "6.55",
            "invoice_total": "41.00",
        },
        0,
    ),
    (
        CONSULTANT,
        {
            "vendor_name": "JOHN SMITH CONSULTING LTD",
            "customer_name": "Widget Works PLC",
            "vendor_tax_id": "GB980780684",
            "invoice_id": "2026-031",
            "purchase_order": "WW-4471",
            "invoice_date": "2026-01-31",
            "subtotal": "1377.50",
            "total_tax": "275.50",
            "invoice_total": "1653.00",
        },
        2,
    ),
    (
        MARKETPLACE,
        {
            "vendor_name": "Best Gadgets GmbH",
            "customer_name": "Maria Schulz",
            "invoice_id": "INV-DE-100200300-2026-44",
            "invoice_date": "2026-01-15",
            "subtotal": "50.40",
            "total_tax": "9.58",
            "invoice_total": "59.98",
        },
        1,
    ),
    (
        HOTEL,
        {
            "vendor_name": "HOTEL ZUR POST",
            "customer_name": "Eva Kern",
            "vendor_tax_id": "ATU12345675",
            "invoice_id": "26-00417",
            "invoice_date": "2026-02-14",
            "invoice_total": "225.80",
        },
        3,
    ),
    (
        WATER,
        {
            "vendor_name": "EAU DE LYON SA",
            "customer_name": "PAUL DURAND",
            "invoice_id": "2602 4417 889",
            "invoice_date": "2026-02-05",
            "subtotal": "78.90",
            "invoice_total": "86.40",
            "amount_due": "86.40",
        },
        2,
    ),
    (
        CREDIT_NOTE,
        {
            "vendor_name": "Northwind Traders Ltd",
            "customer_name": "Blue Yonder LLC",
            "invoice_id": "CN-0091",
            "subtotal": "-36.00",
            "total_tax": "-7.20",
            "invoice_total": "-43.20",
        },
        1,
    ),
    (
        MEXICAN,
        {
            "vendor_name": "Café del Sur SA de CV",
            "customer_name": "Hotel Pacífico SA",
            "vendor_tax_id": "CSU010203AB1",
            "customer_tax_id": "HPA990101XX9",
            "invoice_id": "A-2231",
            "subtotal": "2700.00",
            "total_tax": "432.00",
            "invoice_total": "3132.00",
            "currency": "MXN",
        },
        2,
    ),
]


@pytest.mark.parametrize(("text", "expected", "count"), CASES)
def test_the_fields_of_many_trades(text, expected, count):
    found = task("invoice").extract(document(text))
    values = {f.name: str(getattr(f.value, "amount", f.value)) for f in found.fields}
    assert {name: values.get(name) for name in expected} == expected
    assert len(found.items) == count


def test_a_sum_that_does_not_add_up_is_shown_as_such():
    (check,) = [c for c in task("invoice").extract(document(WATER)).checks if not c.passed]
    assert check.name == "total_sum"
