"""Invoices that never were: random businesses, layouts and words, with the truth beside them.

They are made to be unlike one another and to hold what misleads: dates and numbers that are
not asked for, labels that the vocabulary lacks, characters that an OCR engine got wrong.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from docai.document import Document, Page, Source, TextSource, Word
from docai.geometry import Box
from docai.tasks.lexicon import lexicon

PAGE_WIDTH, PAGE_HEIGHT = 595.0, 842.0

STRANGE = {  # labels that the vocabulary does not know, by the concept they stand for
    "invoice_id": ["Beleg-Kennung", "Voucher code", "Pièce no", "Registro"],
    "invoice_date": ["Ausgefertigt", "Drawn up", "Établie", "Emisión"],
    "due_date": ["Zu begleichen", "Settle before", "À solder", "Abonar hasta"],
    "subtotal": ["Vor Abgaben", "Pre-levy", "Brut sans taxe", "Previo"],
    "total_tax": ["Abgaben", "Levy", "Prélèvement", "Gravamen"],
    "invoice_total": ["Alles zusammen", "All in", "Au final", "Todo"],
    "iban": ["Konto intern.", "Intl. account", "Compte int.", "Cuenta int."],
}
DECOYS = {
    "de": ["Lieferdatum", "Bestelldatum", "Druckdatum", "Geburtsdatum"],
    "en": ["Delivery date", "Order date", "Ship date", "Printed on"],
    "fr": ["Date de livraison", "Date de commande"],
    "es": ["Fecha de entrega", "Fecha de pedido"],
}
NAMES = [
    "Nordlicht",
    "Bergmann",
    "Acme",
    "Solaris",
    "Martin",
    "Delgado",
    "Hansen",
    "Fontaine",
    "Orion",
]
TRADES = ["Technik", "Office", "Garden", "Travaux", "Servicios", "Handel", "Design", "Motors"]
FORMS = {
    "de": ["GmbH", "AG", "KG"],
    "en": ["Ltd", "Inc", "LLC"],
    "fr": ["SARL", "SAS"],
    "es": ["SL", "SA"],
}
PEOPLE = ["Jan Petersen", "Anna Müller", "Jane Doe", "Luc Bernard", "Carmen Ruiz", "Tom Baker"]
STREETS = {
    "de": "Lindenstraße {}",
    "en": "{} Market Street",
    "fr": "{} rue des Lilas",
    "es": "Calle Mayor {}",
}
TOWNS = {
    "de": ["20457 Hamburg", "50667 Köln", "D-80331 München"],
    "en": ["Springfield, IL 62704", "Portland, OR 97201", "London SW1A 1AA"],
    "fr": ["75018 Paris", "06000 Nice"],
    "es": ["28001 Madrid", "46021 Valencia"],
}
GOODS = [
    "Chair",
    "Papier A4",
    "Schrauben",
    "Lampe",
    "Wartung",
    "Cable USB",
    "Transport",
    "Toner",
    "Mesa",
]
IBANS = ["DE89370400440532013000", "FR1420041010050500013M02606", "ES9121000418450200051332",
         "GB29NWBK60161331926819"]  # fmt: skip
CONFUSED = str.maketrans({"O": "0", "l": "1", "S": "5", "B": "8", "e": "c"})


@dataclass
class Sheet:
    """A page being written on."""

    chance: random.Random
    size: float
    words: list[Word] = field(default_factory=list)
    error: float = 0.0  # share of words that OCR gets wrong

    def write(self, x: float, y: float, text: str, *, right: bool = False) -> float:
        """Words from x on, or up to x; the right edge."""
        space, letter = 0.28 * self.size, 0.5 * self.size
        parts = text.split()
        if right:
            x -= sum(len(p) * letter for p in parts) + space * (len(parts) - 1)
        for part in parts:
            wrong = self.chance.random() < self.error
            seen = part.translate(CONFUSED) if wrong else part
            sure = self.chance.uniform(0.5, 0.9) if wrong else self.chance.uniform(0.85, 1.0)
            box = Box(x, y, x + len(part) * letter, y + self.size)
            self.words.append(Word(seen, box, sure if self.error else 1.0))
            x = box.right + space
        return x - space


@dataclass(frozen=True)
class Made:
    document: Document
    fields: dict[str, str]
    items: list[dict[str, str]]


def invoices(count: int, seed: int = 1) -> Iterator[Made]:
    chance = random.Random(seed)
    for _ in range(count):
        yield invoice(chance)


def invoice(chance: random.Random) -> Made:
    language = chance.choice(["de", "en", "fr", "es"])
    american = language == "en" and chance.random() < 0.6
    style = _Style(chance, language, american)
    sheet = Sheet(
        chance, chance.choice([8.0, 9.0, 10.0]), error=chance.choice([0.0, 0.0, 0.02, 0.06])
    )
    truth = {"currency": style.currency} if style.shows_symbol else {}
    y = _head(sheet, style, truth)
    items, y = _items(sheet, style, y + 30)
    _totals(sheet, style, items, y + 14, truth)
    _foot(sheet, style, truth)
    source = TextSource.OCR if sheet.error else TextSource.EMBEDDED
    page = Page(1, PAGE_WIDTH, PAGE_HEIGHT, tuple(sheet.words), text_source=source)
    made = Document(Source("made.pdf", "0" * 64, "application/pdf", 1), (page,))
    return Made(made, truth, items)


class _Style:
    """How one business writes."""

    def __init__(self, chance: random.Random, language: str, american: bool) -> None:
        self.chance, self.language, self.american = chance, language, american
        self.comma = language != "en"
        self.currency = "USD" if american else "GBP" if language == "en" else "EUR"
        self.symbol = {"USD": "$", "GBP": "£", "EUR": "€"}[self.currency]
        self.shows_symbol = chance.random() < 0.6
        self.dates = chance.choice(
            ["%m/%d/%Y", "%B %d, %Y"] if american else ["%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y"]
        )
        self.rate = chance.choice([7, 8, 10, 19, 20, 21])
        self.name = (
            f"{chance.choice(NAMES)} {chance.choice(TRADES)} {chance.choice(FORMS[language])}"
        )
        self.customer = chance.choice(
            [chance.choice(PEOPLE), f"{chance.choice(NAMES)} & Co {chance.choice(FORMS[language])}"]
        )
        if self.customer.split()[0] == self.name.split()[0]:
            self.customer = chance.choice(PEOPLE)

    def label(self, concept: str, book: str = "labels") -> str:
        """A phrase for the concept in the language, now and then one that nobody knows."""
        if book == "labels" and concept in STRANGE and self.chance.random() < 0.08:
            return self.chance.choice(STRANGE[concept])
        phrases = [
            p for p in getattr(lexicon(), book).concept(concept) if p.language == self.language
        ]
        vague = self.chance.random() < 0.25
        fitting = [p for p in phrases if p.sure != vague] or phrases
        return self.chance.choice(fitting).text

    def day(self, day: date) -> str:
        return day.strftime(self.dates)

    def money(self, amount: Decimal) -> str:
        plain = f"{amount:,.2f}"
        if self.comma:
            plain = plain.translate(str.maketrans(",.", ".,"))
        if not self.shows_symbol:
            return plain
        return f"{self.symbol}{plain}" if self.language == "en" else f"{plain} {self.symbol}"

    def address(self) -> list[str]:
        street = STREETS[self.language].format(self.chance.randint(1, 99))
        return [street, self.chance.choice(TOWNS[self.language])]


def _head(sheet: Sheet, style: _Style, truth: dict[str, str]) -> float:
    chance, line = style.chance, 1.35 * sheet.size
    vendor, customer = style.address(), style.address()
    truth |= {"vendor_name": style.name, "customer_name": style.customer}
    vendor_x, customer_x = (360.0, 60.0) if chance.random() < 0.6 else (60.0, 60.0)
    y = 40.0
    if vendor_x == customer_x or chance.random() < 0.7:
        for text in [style.name, *vendor]:
            sheet.write(vendor_x, y, text)
            y += line
    else:
        sheet.write(60.0, 100.0, " · ".join([style.name, *vendor]))
    if chance.random() < 0.5:
        sheet.write(vendor_x, y, f"Tel. 0{chance.randint(10**6, 10**8)}")
    y = 130.0
    if chance.random() < 0.5:
        sheet.write(customer_x, y, style.label("customer") + ":")
        y += line
    for text in [style.customer, *customer]:
        sheet.write(customer_x, y, text)
        y += line
    return _particulars(sheet, style, y + 20, truth)


def _particulars(sheet: Sheet, style: _Style, y: float, truth: dict[str, str]) -> float:
    chance, line = style.chance, 1.35 * sheet.size
    issued = date(2026, 1, 1) + timedelta(days=chance.randint(0, 364))
    due = issued + timedelta(days=chance.choice([10, 14, 30]))
    number = chance.choice(["RE-{}", "{}", "2026/{}", "INV{}", "F-2026-{}"]).format(
        chance.randint(100, 99999)
    )
    rows = [
        ("invoice_id", number),
        ("invoice_date", style.day(issued)),
        ("due_date", style.day(due)),
    ]
    truth |= {"invoice_id": number, "invoice_date": issued.isoformat(), "due_date": due.isoformat()}
    for name, share in (("due_date", 0.3), ("invoice_date", 0.1), ("invoice_id", 0.1)):
        if chance.random() < share:
            rows = [row for row in rows if row[0] != name]
            del truth[name]
    written = [(style.label(name), value) for name, value in rows]
    if chance.random() < 0.6:
        decoy = issued - timedelta(days=chance.randint(1, 40))
        written.append((chance.choice(DECOYS[style.language]), style.day(decoy)))
    if chance.random() < 0.6:
        customer = str(chance.randint(1000, 99999))
        truth["customer_id"] = customer
        written.append((style.label("customer_id"), customer))
    chance.shuffle(written)
    shape = chance.choice(["lines", "columns", "below"])
    if shape == "below":
        for n, (label, value) in enumerate(written):
            sheet.write(60.0 + 100.0 * n, y, label)
            sheet.write(60.0 + 100.0 * n, y + line, value)
        return y + 2 * line
    x = chance.choice([60.0, 330.0])
    for label, value in written:
        end = sheet.write(x, y, label + (":" if chance.random() < 0.7 else ""))
        sheet.write(end + 4.0 if shape == "lines" else x + 150.0, y, value)
        y += line
    return y


def _items(sheet: Sheet, style: _Style, y: float) -> tuple[list[dict[str, str]], float]:
    chance, line = style.chance, 1.35 * sheet.size
    concepts = ["description", "quantity", "unit_price", "amount"]
    if chance.random() < 0.3:
        concepts = ["quantity", "description", "unit_price", "amount"]
    edges = {"description": 60.0, "quantity": 330.0, "unit_price": 430.0, "amount": 535.0}
    if concepts[0] == "quantity":
        edges |= {"quantity": 90.0, "description": 130.0}
    for concept in concepts:
        sheet.write(
            edges[concept], y, style.label(concept, "columns"), right=concept != "description"
        )
    items = []
    for _ in range(chance.randint(1, 6)):
        y += 1.4 * line
        quantity, price = chance.randint(1, 20), Decimal(chance.randint(100, 30000)) / 100
        name = f"{chance.choice(GOODS)} {chance.choice(['blue', 'XL', 'Typ 3', 'neu', ''])}".strip()
        sheet.write(edges["description"], y, name)
        sheet.write(edges["quantity"], y, str(quantity), right=True)
        sheet.write(edges["unit_price"], y, style.money(price), right=True)
        sheet.write(edges["amount"], y, style.money(quantity * price), right=True)
        if chance.random() < 0.3:
            y += line
            more = chance.choice(["inkl. Zubehör", "second line", "garantie", "sin stock"])
            sheet.write(edges["description"], y, more)
            name = f"{name} {more}"
        items.append(
            {
                "description": name,
                "quantity": str(quantity),
                "unit_price": str(price),
                "amount": str(quantity * price),
            }
        )
    return items, y + line


def _totals(
    sheet: Sheet, style: _Style, items: list[dict[str, str]], y: float, truth: dict[str, str]
) -> None:
    chance, line = style.chance, 1.5 * sheet.size
    subtotal = sum((Decimal(item["amount"]) for item in items), Decimal())
    tax = (subtotal * style.rate / 100).quantize(Decimal("0.01"))
    rows = [("subtotal", subtotal), ("total_tax", tax), ("invoice_total", subtotal + tax)]
    if chance.random() < 0.2:
        paid = (subtotal / 3).quantize(Decimal("0.01"))
        rows += [("amount_paid", paid), ("amount_due", subtotal + tax - paid)]
    x = chance.choice([330.0, 380.0])
    for name, amount in rows:
        rate = f" {style.rate} %" if name == "total_tax" and chance.random() < 0.5 else ""
        sheet.write(x, y, style.label(name) + rate + (":" if chance.random() < 0.3 else ""))
        sheet.write(535.0, y, style.money(amount), right=True)
        truth[name] = str(amount)
        y += line


def _foot(sheet: Sheet, style: _Style, truth: dict[str, str]) -> None:
    chance = style.chance
    iban = chance.choice(IBANS)
    spaced = " ".join(iban[n : n + 4] for n in range(0, len(iban), 4))
    if chance.random() < 0.7:
        truth["iban"] = iban
        sheet.write(60.0, 780.0, f"{style.label('iban')}: {chance.choice([iban, spaced])}")
    if chance.random() < 0.7:
        number = {"de": "DE136695976", "fr": "FR40303265045", "es": "ESA28015865"}.get(
            style.language
        )
        if number:
            truth["vendor_tax_id"] = number
            sheet.write(330.0, 780.0, f"{style.label('tax_id')}: {number}")
