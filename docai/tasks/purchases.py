"""What was bought, on receipts that print no head over their list.

Between the letterhead and the first total, a row that ends in a sum is a purchase. Its
description stands in the same row or, where that holds numbers only, in the row above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from docai.results import Field, FieldType, Item, Money, Span
from docai.tasks import amounts
from docai.tasks.context import Context
from docai.tasks.items import ItemList
from docai.tasks.sheet import Run, Sheet, join
from docai.tasks.text import Found

CONFIDENCE = 0.7  # before the proofs: one list in three has lines that only look like goods
MIN_LETTERS = 3  # of a description

# "2 x 4.90", "7.90*3", "2 PC @ 4.90"
_TIMES = re.compile(
    r"(?<![\w.,])(?P<a>\d{1,4}(?:[.,]\d{1,3})?)\s?(?:[A-Za-z]{1,4}\s?)?[x×*@]\s?(?P<b>\d{1,5}(?:[.,]\d{1,3})?)(?![\w])",
    re.IGNORECASE,
)
ENDS = frozenset({"subtotal", "invoice_total", "total_tax", "cash", "change", "amount_due"})


def find_purchases(context: Context) -> ItemList:
    items: list[Item] = []
    rows: set[tuple[int, int]] = set()
    for sheet in context.sheets[:1]:
        above: Span | None = None
        for number in range(len(sheet.rows)):
            total = _is_total(sheet, number, context)
            if items and total:
                break
            label = total or _is_labelled(sheet, number, context)
            found = None if label else _purchase(sheet, number, above, context)
            if found is not None:
                items.append(found)
                rows.add((sheet.index, number))
                above = None
            else:
                above = None if label else _words(sheet, number)
    return ItemList(tuple(items), frozenset(rows))


def _is_total(sheet: Sheet, number: int, context: Context) -> bool:
    return any(
        hit.opens_run and ENDS.intersection(hit.concepts)
        for run in sheet.rows[number]
        for hit in context.hits_in(run)
    )


def _is_labelled(sheet: Sheet, number: int, context: Context) -> bool:
    """It opens with a label and says nothing else in words: "Table 7", but not "Table lamp"."""
    return any(
        hit.opens_run and (hit.has_colon or not any(c.isalpha() for c in run.text[hit.stop :]))
        for run in sheet.rows[number]
        for hit in context.hits_in(run)
    )


def _words(sheet: Sheet, number: int) -> Span | None:
    """The row's text, where it could be a description."""
    span = join(run.span() for run in sheet.rows[number])
    return span if sum(c.isalpha() for c in span.text) >= MIN_LETTERS else None


def _purchase(sheet: Sheet, number: int, above: Span | None, context: Context) -> Item | None:
    row = sheet.rows[number]
    last = _last_sum(row[-1], context)
    if last is None:
        return None
    run, price = row[-1], last
    words = [Run.span(r) for r in row[:-1]]
    if run.text[: price.start].strip():
        words.append(run.span(0, price.start))
    text = join(words)
    times = _quantity_and_price(text.text, price.value.amount)
    letters = sum(c.isalpha() for c in _TIMES.sub("", text.text))
    described = text if letters >= MIN_LETTERS else above
    if described is None:
        return None
    return Item(
        tuple(_fields(described, text, times, run.span(price.start, price.end), price.value))
    )


def _last_sum(run: Run, context: Context) -> Found[Money] | None:
    """A sum with cents at the end of the row; a tax mark may follow it ("3.50 S")."""
    found = amounts.find_money(run.text, context.decimal_mark, context.currency)
    if not found or found[-1].quality < 0.5:
        return None
    rest = run.text[found[-1].end :].strip()
    return found[-1] if len(rest) <= 3 else None


def _quantity_and_price(text: str, total: Decimal) -> tuple[Decimal, Decimal] | None:
    """Two factors of the total; the whole number, or the first, is the quantity."""
    for match in _TIMES.finditer(text):
        a, b = (Decimal(match[name].replace(",", ".")) for name in ("a", "b"))
        if abs(a * b - total) <= Decimal("0.01"):
            whole_first = a == a.to_integral_value() or b != b.to_integral_value()
            return (a, b) if whole_first else (b, a)
    return None


def _fields(
    described: Span, text: Span, times: tuple[Decimal, Decimal] | None, shown: Span, price: Money
) -> Iterator[Field]:
    clean = _TIMES.sub("", described.text).strip(" *-:")
    yield Field(
        "description", FieldType.STRING, clean, described.text, CONFIDENCE, described.evidence
    )
    if times is not None:
        quantity, each = times
        money = Money(each, price.currency)
        yield Field("quantity", FieldType.NUMBER, quantity, text.text, CONFIDENCE, text.evidence)
        yield Field("unit_price", FieldType.MONEY, money, text.text, CONFIDENCE, text.evidence)
    yield Field("amount", FieldType.MONEY, price, shown.text, CONFIDENCE, shown.evidence)
