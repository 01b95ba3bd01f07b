"""The sums of each tax rate, wherever a document breaks its tax down.

No head is needed: a row with a rate, a net sum and a tax is one when the arithmetic says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from docai.results import Field, FieldType, Item, Money
from docai.tasks import amounts
from docai.tasks.context import Context
from docai.tasks.sheet import Run, Sheet
from docai.tasks.text import Found

CENT = Decimal("0.01")
HIGHEST_RATE = 30  # percent; no country taxes sales at more
PROVED, PLAIN = 0.95, 0.7  # confidence with and without the net sum that proves it
NEAR = 5  # rows above in which a bare number's column may be called a tax

Placed = tuple[Run, Found[Money]]


@dataclass(frozen=True, slots=True)
class TaxList:
    """The rates, and the rows of the document, (page, row), that show them."""

    items: tuple[Item, ...]
    rows: frozenset[tuple[int, int]]


NO_TAXES = TaxList((), frozenset())


def find_taxes(context: Context, taken: Collection[tuple[int, int]]) -> TaxList:
    """One item per rate: rate, net, amount. Rows in `taken` belong to something else."""
    items: list[Item] = []
    rows: set[tuple[int, int]] = set()
    seen: set[tuple[object, ...]] = set()
    for sheet in context.sheets:
        for number in range(len(sheet.rows)):
            detail = None if (sheet.index, number) in taken else _detail(sheet, number, context)
            if detail is None:
                continue
            rows.add((sheet.index, number))
            values = tuple(field.value for field in detail.fields)
            if values not in seen:
                seen.add(values)
                items.append(detail)
    return TaxList(tuple(items), frozenset(rows))


def _detail(sheet: Sheet, number: int, context: Context) -> Item | None:
    row = sheet.rows[number]
    sums = [
        (run, found)
        for run in row
        for found in amounts.find_money(run.text, context.decimal_mark, context.currency)
    ]
    if not sums:
        return None
    for run, rate in _rates(sheet, number, context):
        others = [
            (r, s) for r, s in sums if r is not run or s.start >= rate.end or s.end <= rate.start
        ]
        pair = _net_and_tax(rate.value, others)
        if pair is not None:
            return _item(run, rate, *pair, confidence=PROVED)
        if len(others) == 1 and _speaks_of_tax(sheet, [number], context) and _has_percent(run):
            return _item(run, rate, None, others[0], confidence=PLAIN)
    return None


def _rates(sheet: Sheet, number: int, context: Context) -> Iterator[tuple[Run, Found[Decimal]]]:
    """Percentages of the row, and bare numbers where a head above speaks of tax."""
    for run in sheet.rows[number]:
        for found in amounts.find_percents(run.text, context.decimal_mark):
            if 0 <= found.value <= HIGHEST_RATE:
                yield run, found
    above = range(max(0, number - NEAR), number + 1)
    if _speaks_of_tax(sheet, above, context):
        for run in sheet.rows[number]:
            for found in amounts.find_numbers(run.text, context.decimal_mark):
                if 0 < found.value <= HIGHEST_RATE:
                    yield run, found


def _has_percent(run: Run) -> bool:
    return any(c in "%％" for c in run.text)


def _speaks_of_tax(sheet: Sheet, rows: Collection[int], context: Context) -> bool:
    return any(
        hit.means("total_tax") is not None
        for number in rows
        for run in sheet.rows[number]
        for hit in context.hits_in(run)
    )


def _net_and_tax(rate: Decimal, sums: list[Placed]) -> tuple[Placed, Placed] | None:
    """The two sums of which one is the rate's share of the other."""
    for net, tax in permutations(sums, 2):
        base, share = net[1].value.amount, tax[1].value.amount
        telling = share if rate else base
        if telling and abs(base * rate / 100 - share) <= CENT:
            return net, tax
    return None


def _item(
    run: Run, rate: Found[Decimal], net: Placed | None, tax: Placed, *, confidence: float
) -> Item:
    span = run.span(rate.start, rate.end)
    fields = [
        Field("rate", FieldType.NUMBER, rate.value, span.text, confidence, span.evidence),
        *([_money("net", net, confidence)] if net else []),
        _money("amount", tax, confidence),
    ]
    return Item(tuple(fields))


def _money(name: str, placed: Placed, confidence: float) -> Field:
    run, found = placed
    span = run.span(found.start, found.end)
    return Field(name, FieldType.MONEY, found.value, span.text, confidence, span.evidence)
