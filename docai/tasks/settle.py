"""Which column is what, when the heads do not say or say it wrongly: the sums decide.

Where one column times another gives a third on every row, they are quantity, unit price and
amount, whatever their heads are called ("#", "Amount", or nothing at all).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import TYPE_CHECKING

from docai.tasks import amounts
from docai.tasks.columns import Column, Head
from docai.tasks.context import Context

if TYPE_CHECKING:
    from docai.tasks.items import Row

FACTORS = ("quantity", "unit_price", "amount")
MAX_POSITION = 4  # digits of it
ENOUGH = 3  # numbers in a row are no chance
MAX_COLUMNS = 12  # of numbers; with more of them products agree by chance


def settle(head: Head, rows: Sequence[Row], context: Context) -> Head:
    """The head with its columns named as their contents want it."""
    return _describe(_count(_multiply(head, rows, context), rows), rows)


def _multiply(head: Head, rows: Sequence[Row], context: Context) -> Head:
    table = [_numbers(row, context) for row in rows]
    table = [numbers for numbers in table if len(numbers) >= len(FACTORS)]
    columns = sorted({column for numbers in table for column in numbers})
    if not table or not 3 <= len(columns) <= MAX_COLUMNS:
        return head
    own = tuple(head.column(concept) for concept in FACTORS)

    def agreement(triple: tuple[int, ...]) -> tuple[int, int, int]:
        """Rows that multiply, then what the heads say, then the usual order of columns.

        Either factor may be the quantity as far as the product is concerned.
        """
        return (
            _products(triple, table),
            sum(a == b for a, b in zip(triple, own, strict=True)),
            int(triple[2] > triple[1]) + int(triple[1] > triple[0]),
        )

    triple = max(permutations(columns, 3), key=agreement)
    proved = _products(triple, table)
    # One row may agree by chance; a head that is right needs no help.
    if proved < max(2, (len(table) + 1) // 2) and not (proved == len(table) == 1 and None in own):
        return head
    if None not in own and _products(tuple(c for c in own if c is not None), table) >= proved:
        return head
    return _renamed(head, dict(zip(triple, FACTORS, strict=True)))


def _count(head: Head, rows: Sequence[Row]) -> Head:
    """What counts is the position; "No." may as well be the number of an article."""
    column = head.column("product_code")
    if column is None or not _counts([text for row in rows if (text := _text(row, column))]):
        return head
    return _renamed(head, {column: "position"})


def _counts(texts: Sequence[str]) -> bool:
    """1, 2, 3 or 10, 20, 30; a list that goes on from the page before may begin higher."""
    bare = [text.strip(" .") for text in texts]
    if not bare or not all(text.isdecimal() and len(text) <= MAX_POSITION for text in bare):
        return False
    numbers = [int(text) for text in bare]
    return any(
        numbers == list(range(numbers[0], numbers[-1] + 1, step))
        and (numbers[0] == step or len(numbers) >= ENOUGH)
        for step in (1, 10)
    )


def _numbers(row: Row, context: Context) -> dict[int, Decimal]:
    """The first number of each cell that is little else."""
    numbers = {}
    for column, span in row.cells.items():
        if sum(c.isalpha() for c in span.text) > 12:
            continue
        found = amounts.find_money(span.text, context.decimal_mark)
        if found:
            numbers[column] = found[0].value.amount
    return numbers


def _products(triple: tuple[int, ...], table: Sequence[Mapping[int, Decimal]]) -> int:
    """Rows on which the first column times the second is the third, and says something."""
    count = 0
    for numbers in table:
        if all(column in numbers for column in triple):
            quantity, price, amount = (numbers[column] for column in triple)
            telling = quantity not in (0, 1) and price not in (0, 1)
            count += telling and abs(quantity * price - amount) <= Decimal("0.01")
    return count


def _renamed(head: Head, names: Mapping[int, str]) -> Head:
    def concept(number: int, column: Column) -> str | None:
        if number in names:
            return names[number]
        return None if column.concept in names.values() else column.concept

    columns = [replace(c, concept=concept(n, c)) for n, c in enumerate(head.columns)]
    return replace(head, columns=tuple(columns))


def _describe(head: Head, rows: Sequence[Row]) -> Head:
    """A list without a description column has it where the most words stand."""
    if head.column("description") is not None:
        return head
    free = [
        number
        for number, column in enumerate(head.columns)
        if column.concept in (None, "product_code", "position", "date")
    ]
    letters = {
        number: sum(c.isalpha() for row in rows for c in _text(row, number)) for number in free
    }
    wordiest = max(free, key=lambda n: letters[n], default=None)
    if wordiest is None or not letters[wordiest]:
        return head
    return _renamed(head, {wordiest: "description"})


def _text(row: Row, column: int) -> str:
    span = row.cells.get(column)
    return span.text if span else ""
