"""Line items: rows under a head, gathered into goods with quantity, price and amount.

A row with an amount begins an item; rows of mere text continue the item's description. A
list goes on over pages, with or without its head repeated, until a row of totals ends it.
Where horizontal lines are drawn between the items, all rows between two lines are one item;
else the rows of a table that was found on the page say which lines stand in one cell.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from docai.results import Field, FieldType, Item, Money, Span
from docai.tasks import amounts, dates, labels
from docai.tasks.columns import Head, heads, names_code
from docai.tasks.context import Context
from docai.tasks.lexicon import lexicon
from docai.tasks.settle import settle
from docai.tasks.sheet import Run, Sheet, join
from docai.tasks.text import Found

LINE_GAP = 1.7  # word heights between two lines of one description
MOST_LINES = 12  # of one item that are looked back at
UNEVEN = 0.3  # of its height, by which a cell may stand below the others of its line
MIN_RULE = 0.5  # of the head's width: shorter lines do not part items
MIN_QUALITY = 0.5  # of a sum's writing, in a list whose sums are written out
TOTALS = frozenset({"subtotal", "total_tax", "invoice_total", "amount_due", "amount_paid"})
ADJUSTMENTS = frozenset({"total_discount", "shipping_cost", "surcharge", "rounding"})
BESIDES = frozenset({"description", "product_code", "quantity", "unit_price"})
MAX_UNIT = 20  # characters of a unit
UNPROVED = 0.75  # confidence until the proofs have been tried

FIELDS = (
    "description", "product_code", "quantity", "unit", "unit_price", "tax_rate", "tax", "amount",
    "date",
)  # fmt: skip
# The number of an article on a line of its description: "Art. no.: 4711-A".
CODE = re.compile(r"(?P<label>[^:\d]{2,20}): *(?P<code>[^\s:,;]*\d[^\s:,;]*)(?=\s|$)")
TEXTS = frozenset({"description", "product_code", "unit"})


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row of a list: what each column holds, by the column's number."""

    page: int
    runs: tuple[Run, ...]
    top: float
    bottom: float
    cells: dict[int, Span]

    @property
    def place(self) -> tuple[int, int]:
        return self.page, self.runs[0].row


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one item: the one with the amount, and text before and after it."""

    anchor: Row
    before: tuple[Row, ...]
    after: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        return (*self.before, self.anchor, *self.after)


@dataclass(frozen=True, slots=True)
class ItemList:
    """The items, and the rows of the document, (page, row), that they and their heads take."""

    items: tuple[Item, ...]
    rows: frozenset[tuple[int, int]]


def find_items(context: Context) -> ItemList:
    items: list[Item] = []
    taken: set[tuple[int, int]] = set()
    for head, body in _sections(context):
        taken |= {(head.page, row) for row in range(head.first_row, head.last_row + 1)}
        rows = _list_rows(head, body, context)
        head = settle(head, rows, context)
        for group in _groups(head, rows, context):
            taken |= {(run.page, run.row) for row in group.rows for run in row.runs}
            item = _item(head, group, context)
            if item is not None:
                items.append(item)
    return ItemList(tuple(items), frozenset(taken))


def _sections(context: Context) -> Iterator[tuple[Head, list[tuple[Sheet, int]]]]:
    """Each head with all rows up to the next head, on this page and the following ones."""
    head: Head | None = None
    body: list[tuple[Sheet, int]] = []
    for sheet in context.sheets:
        starts = {found.first_row: found for found in heads(sheet)}
        for number in range(len(sheet.rows)):
            if number in starts:
                if head is not None:
                    yield head, body
                head, body = starts[number], []
            elif head is not None and (sheet.index, number) > (head.page, head.last_row):
                body.append((sheet, number))
    if head is not None:
        yield head, body


def _list_rows(head: Head, body: Iterable[tuple[Sheet, int]], context: Context) -> list[Row]:
    """The rows up to the totals, without what is carried from page to page."""
    rows: list[Row] = []
    for sheet, number in body:
        row = _row(sheet, number, head)
        if not _wraps(row, rows, head, context):
            if _ends_list(sheet, number, row, head, context):
                break
            if _speaks_of("skip", sheet, number):
                continue
        if rows and _is_same_line(rows[-1], row, head):
            rows[-1] = _merge(rows[-1], row)
        else:
            rows.append(row)
    return rows


def _wraps(row: Row, above: Sequence[Row], head: Head, context: Context) -> bool:
    """It stands in the cells of a row above it, as the table that was found has them.

    Then it is a line of an item, whatever it says: "Deposit included" ends no list.
    """
    own = _table_row(row, context)
    return (
        own is not None
        and _is_text(row, head)
        and any(_table_row(other, context) == own for other in above[-MOST_LINES:])
    )


def _table_row(row: Row, context: Context) -> tuple[int, int, int] | None:
    """(page, table, row of the table) where all its words stand, if they stand in one."""
    places = context.sheets[row.page].table_rows
    found = {places.get(word) for run in row.runs for word in run.words}
    place = found.pop()
    return None if found or place is None else (row.page, *place)


def _is_same_line(above: Row, row: Row, head: Head) -> bool:
    """Set a little lower, but beside and not below: the cells of one line may be uneven."""
    if above.page != row.page or above.cells.keys() & row.cells.keys():
        return False
    overlap = (above.bottom - row.top) / max(1.0, row.bottom - row.top)
    only_numbers = all(head.columns[column].is_numeric for column in row.cells)
    completes = only_numbers and not _is_text(above, head)
    return overlap > (-UNEVEN if completes else UNEVEN)


def _merge(above: Row, row: Row) -> Row:
    return replace(
        above,
        top=min(above.top, row.top),
        bottom=max(above.bottom, row.bottom),
        runs=(*above.runs, *row.runs),
        cells={**above.cells, **row.cells},
    )


def _row(sheet: Sheet, number: int, head: Head) -> Row:
    """The row's words under the columns they belong to."""
    cells: dict[int, list[Span]] = {}
    for run in sheet.rows[number]:
        for column, span in _assign(run, sheet, head):
            cells.setdefault(column, []).append(span)
    box = sheet.row_box(number)
    joined = {column: join(spans) for column, spans in cells.items()}
    return Row(sheet.index, sheet.rows[number], box.top, box.bottom, joined)


def _assign(run: Run, sheet: Sheet, head: Head) -> Iterator[tuple[int, Span]]:
    """A run goes to the one column it stands under; where it reaches over several, word by word."""
    under = [n for n, column in enumerate(head.columns) if run.box.overlap_x(column.box) > 0]
    if len(under) <= 1:
        yield under[0] if under else _nearest(run, head), run.span()
        return
    for position, word in enumerate(run.words):
        box = sheet.page.words[word].box
        column = max(under, key=lambda n: box.overlap_x(head.columns[n].box))
        start = run.starts[position]
        yield column, run.span(start, start + len(sheet.page.words[word].text))


def _nearest(run: Run, head: Head) -> int:
    """The closest column; text between two of them belongs to the one that holds text."""
    wordy = not any(c.isdigit() for c in run.text)

    def distance(number: int) -> float:
        column = head.columns[number]
        gap = -run.box.overlap_x(column.box)
        return gap + (1000.0 if wordy and column.is_numeric else 0.0)

    return min(range(len(head.columns)), key=distance)


def _ends_list(sheet: Sheet, number: int, row: Row, head: Head, context: Context) -> bool:
    """A row of totals or a new section, and not an item that happens to use such a word."""
    if not _speaks_of("end", sheet, number) and not _is_total(sheet, number, context):
        return False
    quantity = _cell(row, head, "quantity")
    price = _cell(row, head, "unit_price")
    return not (quantity and price and _number(quantity, context) and _number(price, context))


def _is_total(sheet: Sheet, number: int, context: Context) -> bool:
    """A label of a document's sums begins its first words."""
    first = sheet.rows[number][0]
    return any(
        hit.opens_run and TOTALS.intersection(hit.concepts) for hit in context.hits_in(first)
    )


def _speaks_of(concept: str, sheet: Sheet, number: int) -> bool:
    """A run of this row opens with such a phrase and holds little else but numbers."""
    book = lexicon().stops
    for run in sheet.rows[number]:
        for hit in labels.find_in_run(book, sheet, run):
            if hit.means(concept) and hit.opens_run:
                rest = run.text[hit.stop :]
                if sum(c.isalpha() for c in rest) <= max(12, hit.stop - hit.start):
                    return True
    return False


def _groups(head: Head, rows: Sequence[Row], context: Context) -> list[Group]:
    """The rows of each item; rows that belong to none are left out."""
    anchors = {row.place: row for row in _anchors(head, rows, context)}
    flowing = [row if row.place in anchors else _flow(row, head) for row in rows]
    bands = _bands(head, rows, context)
    if bands and _one_anchor_each(anchors.values(), bands):
        return _by_bands(flowing, anchors, bands)
    return _by_anchors(head, flowing, anchors, context)


def _flow(row: Row, head: Head) -> Row:
    """A row of mere text under the columns where its runs begin: a line reaches over several."""
    cells: dict[int, list[Span]] = {}
    for run in row.runs:
        cells.setdefault(_column_of_line(run, head), []).append(run.span())
    return replace(row, cells={column: join(spans) for column, spans in cells.items()})


def _column_of_line(run: Run, head: Head) -> int:
    """The first column that the line is under, or else the last that begins before it."""
    under = [n for n, column in enumerate(head.columns) if run.box.overlap_x(column.box) > 0]
    begun = [n for n, column in enumerate(head.columns) if column.box.left <= run.box.left]
    return (under or begun[-1:] or [0])[0]


def _anchors(head: Head, rows: Sequence[Row], context: Context) -> list[Row]:
    """The rows that show what one item costs, and something besides.

    Where sums are written with cents, a bare integer in their column is none of them.
    """
    column = _cost_column(head)
    costs = [(row, _cost(row, column, context)) for row in rows]
    clearest = max((cost.quality for _, cost in costs if cost), default=0.0)
    anchors: list[Row] = []
    total = Decimal()
    for row, cost in costs:
        if cost is None or (cost.quality < MIN_QUALITY <= clearest):
            continue
        bare = not any(_cell(row, head, concept) for concept in ("quantity", "unit_price"))
        if anchors and bare and cost.value.amount == total:
            break  # the sum of all before it, whatever it is called
        if _is_adjustment(row, head, context):
            continue
        if any(head.columns[c].concept in BESIDES for c in row.cells if c != column):
            anchors.append(row)
            total += cost.value.amount
    return anchors


def _is_adjustment(row: Row, head: Head, context: Context) -> bool:
    """A discount, a charge or the like: an amount without quantity or price, so named."""
    if any(_cell(row, head, concept) for concept in ("quantity", "unit_price")):
        return False
    if head.column("quantity") is None and head.column("unit_price") is None:
        return False
    sheet = context.sheets[row.page]
    return any(
        hit.opens_run and (book is lexicon().stops or ADJUSTMENTS.intersection(hit.concepts))
        for book in (lexicon().stops, lexicon().labels)
        for run in row.runs
        for hit in labels.find_in_run(book, sheet, run)
    )


def _cost_column(head: Head) -> int | None:
    amount = head.column("amount")
    return head.column("unit_price") if amount is None else amount


def _cost(row: Row, column: int | None, context: Context) -> Found[Money] | None:
    span = None if column is None else row.cells.get(column)
    return None if span is None else _money(span, context)


def _by_anchors(
    head: Head, rows: Sequence[Row], anchors: Collection[tuple[int, int]], context: Context
) -> list[Group]:
    """Each anchor with the lines of its cells, and those that follow it closely or lead to it."""
    groups: list[Group] = []
    leading: list[Row] = []
    beside = _beside(rows, anchors, context)
    settled = {row.place for own in beside.values() for row in own}
    for row in rows:
        if row.place in settled:
            continue
        if row.place in anchors:
            own = beside.get(row.place, [])
            nameless = _cell(row, head, "description") is None
            before = [r for r in own if r.top < row.top] or (leading if nameless else [])
            groups.append(Group(row, tuple(before), tuple(r for r in own if r.top >= row.top)))
            leading = []
        elif not _is_text(row, head):
            leading = []
        elif groups and _follows(row, groups[-1], context):
            groups[-1] = replace(groups[-1], after=(*groups[-1].after, row))
        else:
            leading = [row]
    return groups


def _beside(
    rows: Iterable[Row], anchors: Collection[tuple[int, int]], context: Context
) -> dict[tuple[int, int], list[Row]]:
    """The other rows in the same row of a found table, for each anchor that is alone there."""
    together: dict[tuple[int, int, int], list[Row]] = {}
    for row in rows:
        place = _table_row(row, context)
        if place is not None:
            together.setdefault(place, []).append(row)
    found = {}
    for sharing in together.values():
        alone = [row.place for row in sharing if row.place in anchors]
        if len(alone) == 1:
            found[alone[0]] = [row for row in sharing if row.place != alone[0]]
    return found


def _follows(row: Row, group: Group, context: Context) -> bool:
    last = group.after[-1] if group.after else group.anchor
    height = context.sheets[row.page].word_height
    return last.page == row.page and row.top - last.bottom <= LINE_GAP * height


def _is_text(row: Row, head: Head) -> bool:
    """Nothing of it stands in a column of numbers."""
    return not any(head.columns[column].is_numeric for column in row.cells)


def _bands(head: Head, rows: Iterable[Row], context: Context) -> dict[int, list[float]]:
    """Heights of the lines drawn across the list, page by page; empty where there are few."""
    left = head.columns[0].box.left
    right = head.columns[-1].box.right
    found = {}
    for page in sorted({row.page for row in rows}):
        sheet = context.sheets[page]
        ys = sorted(
            rule.centre[1]
            for rule in sheet.page.rules
            if rule.width > 2 * rule.height
            and min(rule.right, right) - max(rule.left, left) > MIN_RULE * (right - left)
        )
        if ys:
            found[sheet.index] = ys
    return found


def _band(row: Row, bands: dict[int, list[float]]) -> tuple[int, int]:
    return row.page, bisect_right(bands.get(row.page, []), (row.top + row.bottom) / 2)


def _one_anchor_each(anchors: Collection[Row], bands: dict[int, list[float]]) -> bool:
    return len(anchors) > 1 and len({_band(row, bands) for row in anchors}) == len(anchors)


def _by_bands(
    rows: Iterable[Row], anchors: Mapping[tuple[int, int], Row], bands: dict[int, list[float]]
) -> list[Group]:
    """Each anchor with all other rows between the same two lines."""
    others: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        if row.place not in anchors:
            others.setdefault(_band(row, bands), []).append(row)
    groups = []
    for anchor in anchors.values():
        own = others.get(_band(anchor, bands), [])
        before = tuple(row for row in own if row.top < anchor.top)
        after = tuple(row for row in own if row.top >= anchor.top)
        groups.append(Group(anchor, before, after))
    return groups


def _item(head: Head, group: Group, context: Context) -> Item | None:
    """The fields of one item, in the order of the contract.

    Texts are gathered from all its rows; numbers stand in the row with the amount.
    """
    fields = []
    for concept in FIELDS:
        rows = group.rows if concept in TEXTS else (group.anchor,)
        spans = [span for row in rows if (span := _cell(row, head, concept)) is not None]
        codes: list[Field] = []
        if concept == "description" and head.column("product_code") is None:
            spans, codes = _without_code(spans)
        found = _field(concept, join(spans), context) if spans else None
        if found is not None:
            fields.append(found)
            if concept == "quantity" and head.column("unit") is None:
                fields += _unit_beside(spans[0], found)
        fields += codes
    named = any(field.name in ("description", "product_code") for field in fields)
    return Item(tuple(fields)) if named else None


def _without_code(lines: Sequence[Span]) -> tuple[list[Span], list[Field]]:
    """Lines of a description without the number of the article in one of them, and that number."""
    for number, line in enumerate(lines):
        found = CODE.match(line.text)
        if found is None or not names_code(found["label"]):
            continue
        words = line.text[: found.end()].split()
        if len(line.text.split()) != len(line.evidence):  # whose words they are is not known
            continue
        code, rest = found["code"], line.text[found.end() :].strip()
        evidence, others = line.evidence[: len(words)], line.evidence[len(words) :]
        field = Field("product_code", FieldType.STRING, code, code, UNPROVED, evidence[-1:])
        kept = [Span(rest, others)] if rest else []
        return [*lines[:number], *kept, *lines[number + 1 :]], [field]
    return list(lines), []


def _cell(row: Row, head: Head, concept: str) -> Span | None:
    column = head.column(concept)
    return None if column is None else row.cells.get(column)


def _field(concept: str, span: Span, context: Context) -> Field | None:
    """The typed value of a cell, with the words it was read from."""
    if concept in TEXTS:
        text = span.text.strip()
        return (
            Field(concept, FieldType.STRING, text, text, UNPROVED, span.evidence) if text else None
        )
    type_, read = READERS[concept]
    found = read(span, context)
    if found is None:
        return None
    text = span.text[found.start : found.end]
    return Field(concept, type_, found.value, text, UNPROVED, span.evidence)


def _number(span: Span, context: Context) -> Found[Decimal] | None:
    """The first number, which may have a unit glued to it ("10Stk")."""
    found = amounts.find_numbers(span.text, context.decimal_mark)
    return found[0] if found else None


def _money(span: Span, context: Context) -> Found[Money] | None:
    """The last sum of the cell."""
    found = amounts.find_money(span.text, context.decimal_mark, context.currency)
    return found[-1] if found else None


def _unit_beside(cell: Span, quantity: Field) -> list[Field]:
    """The word after a quantity in its own cell: "10 Stk"."""
    rest = cell.text.split(quantity.text, 1)[-1].strip(" .,;:")
    if not rest or not rest[0].isalpha() or len(rest) > MAX_UNIT:
        return []
    return [Field("unit", FieldType.STRING, rest, rest, UNPROVED, cell.evidence)]


def _rate(span: Span, context: Context) -> Found[Decimal] | None:
    """A percentage, with or without its sign."""
    percents = amounts.find_percents(span.text, context.decimal_mark)
    return percents[0] if percents else _number(span, context)


def _date(span: Span, context: Context) -> Found[date] | None:
    return next(iter(dates.find_dates(span.text, context.date_order)), None)


READERS: Mapping[str, tuple[FieldType, Callable[[Span, Context], Found[Any] | None]]] = {
    "quantity": (FieldType.NUMBER, _number),
    "unit_price": (FieldType.MONEY, _money),
    "tax_rate": (FieldType.NUMBER, _rate),
    "tax": (FieldType.MONEY, _money),
    "amount": (FieldType.MONEY, _money),
    "date": (FieldType.DATE, _date),
}
