"""Tables of goods: which columns there are, how they are bordered, and what each cell means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from docai.document import CellKind
from docai.training.labelled import EntityLabel
from docai.training.synth.accounts import Bill, Line
from docai.training.synth.boxes import Stack
from docai.training.synth.grids import Grid, GridCell, GridRow
from docai.training.synth.marks import CellMark, EntityMark, Mark, RowMark, TableMark
from docai.training.synth.typeset import WHITE, Bit, Colour, Element, Ink, Text
from docai.training.synth.writer import DATE, NUMBER, Writer

NARROW = 110.0  # points; a description needs more


@dataclass(frozen=True, slots=True)
class Column:
    """`write` gives a line's text and mark for the cell; the mark's row is filled in."""

    name: str
    head: str
    align: str


@dataclass(frozen=True, slots=True)
class Habits:
    """How a program fills the cells of a table."""

    symbols: bool  # a currency sign with every amount
    decimals: bool  # two of them with every quantity
    unit_inside: bool  # the unit stands behind the quantity
    code_inside: bool  # the article's code stands below its name


def columns_for(writer: Writer, bill: Bill) -> tuple[Column, ...]:
    """A choice of columns in an order that is used somewhere."""
    chance, random = writer.chance, writer.random
    names = ["description", "quantity", "unit_price", "amount"]
    if chance(0.13):
        names = ["description", "amount"]
    elif chance(0.25):
        names = ["quantity", "description", "unit_price", "amount"]
    if "unit_price" in names:
        where = names.index("quantity") + 1
        if chance(0.3):
            names.insert(where, "unit")
        if chance(0.35) and bill.taxed:
            names.insert(names.index("amount") + random.choice((0, 0, 1)), "tax_rate")
        if any(line.discount for line in bill.lines):
            names.insert(names.index("amount"), "discount")
    if chance(0.4):
        names.insert(0, "product_code")
    if chance(0.35):
        names.insert(0, "position")
    if all(line.day for line in bill.lines):
        names.insert(0, "date")
    return tuple(_column(writer, name) for name in names)


def _column(writer: Writer, name: str) -> Column:
    head = writer.some(writer.words["columns"][name])
    aligns = {"description": "left", "product_code": "left", "unit": "left", "date": "left"}
    align = aligns.get(name, "right")
    if name in ("quantity", "position", "tax_rate", "unit") and writer.chance(0.4):
        align = "centre"
    return Column(name, head, align)


def item_table(writer: Writer, bill: Bill, width: float) -> Element:
    """The bill's lines; it continues on the next page with its head, perhaps with sums carried."""
    columns = columns_for(writer, bill)
    look = _Look(writer)
    table = TableMark()
    questions = {c.name: EntityMark(EntityLabel.QUESTION, pairs=False) for c in columns}
    head = _head(writer, columns, look, table, questions)
    habits = Habits(*(writer.chance(share) for share in (0.25, 0.2, 0.4, 0.3)))
    rows: list[GridRow] = []
    sections = {line.group for line in bill.lines} != {""}
    group = ""
    for number, line in enumerate(bill.lines):
        if sections and line.group != group:
            group = line.group
            rows.append(_section(writer, group, len(columns), table, len(rows)))
        cells = tuple(
            _cell(
                writer,
                column,
                line,
                number,
                table,
                len(rows),
                questions[column.name],
                habits,
                place=position,
            )
            for position, column in enumerate(columns)
        )
        fill = look.stripe if look.stripe and number % 2 else None
        rows.append(GridRow(tuple(replace(cell, fill=fill) for cell in cells), look.body))
    closed = replace(rows[-1], sides=look.last or rows[-1].sides)
    widths = _widths([head, *rows], columns, width, look.pad_x)
    carried = _carried(writer, bill, columns) if writer.chance(0.5) and not sections else None
    return Grid(
        (head, *rows[:-1], closed),
        widths,
        head=1,
        pad_x=look.pad_x,
        pad_y=look.pad_y,
        line=look.line,
        colour=look.colour,
        table=table,
        valign=look.valign,
        carried=carried,
    )


class _Look:
    """Borders and fills of one table."""

    def __init__(self, writer: Writer) -> None:
        style, random = writer.style, writer.random
        self.pad_x = random.choice((2.5, 4.0, 4.0, 5.0))
        self.pad_y = random.choice((1.5, 2.0, 2.5, 3.0, 4.5, 6.0))
        self.line, self.colour = style.line_width, style.line
        self.valign = random.choice(("top", "top", "middle"))
        kind = random.choices(
            ("grid", "rows", "columns", "head", "bare", "dark"), (5, 5, 2, 4, 2, 4)
        )[0]
        self.head, self.body, self.last = {
            "grid": ("tlbr", "tlbr", "tlbr"),
            "rows": ("tb", "b", "b"),
            "columns": ("tlbr", "lr", "lbr"),
            "head": (random.choice(("b", "tb")), "", random.choice(("b", ""))),
            "bare": ("", "", ""),
            "dark": ("", random.choice(("", "b")), "b"),
        }[kind]
        self.stripe: Colour | None = style.ground if random.random() < 0.18 else None
        dark = kind == "dark" and style.accent != WHITE
        self.head_fill: Colour | None = style.accent if dark else None
        if not dark and random.random() < 0.45:
            self.head_fill = style.ground
        colour = WHITE if dark else (style.accent if random.random() < 0.2 else (0.0, 0.0, 0.0))
        scale = random.choice((0.85, 0.9, 1.0, 1.0))
        plain = random.random() < 0.25 and not dark
        self.head_ink: Ink = style.ink(scale, colour) if plain else style.bold(scale, colour)
        self.capitals = random.random() < 0.2


def _head(
    writer: Writer,
    columns: Sequence[Column],
    look: _Look,
    table: TableMark,
    questions: dict[str, EntityMark],
) -> GridRow:
    cells = []
    for place, column in enumerate(columns):
        mark = CellMark(table, -1, place, kind=CellKind.HEADER)
        text = column.head.upper() if look.capitals else column.head
        bits = (Bit(text, look.head_ink, (questions[column.name], mark)),)
        cells.append(GridCell(Text(bits, column.align), fill=look.head_fill, mark=mark))
    return GridRow(tuple(cells), look.head)


def _section(writer: Writer, name: str, columns: int, table: TableMark, row: int) -> GridRow:
    mark = CellMark(table, row, 0, columns, CellKind.HEADER)
    bits = (Bit(name, writer.style.bold(), (EntityMark(EntityLabel.HEADER), mark)),)
    return GridRow((GridCell(Text(bits), columns, mark=mark),), stays=True)


def _cell(
    writer: Writer,
    column: Column,
    line: Line,
    number: int,
    table: TableMark,
    row: int,
    question: EntityMark,
    habits: Habits,
    *,
    place: int,
) -> GridCell:
    cell = CellMark(table, row, place)
    answer = EntityMark(EntityLabel.ANSWER, (question,), pairs=False)
    marks: tuple[Mark, ...] = (answer, cell)
    bits, style = _written(writer, column.name, line, number, habits), writer.style
    if column.name == "quantity" and habits.unit_inside and line.unit:
        unit = RowMark("items", number, "unit")
        bits = (*bits, Bit(line.unit, style.ink(), (unit,)))
    main = Text(tuple(replace(bit, marks=(*bit.marks, *marks)) for bit in bits), column.align)
    if column.name != "description":
        return GridCell(main, mark=cell)
    below = []
    if habits.code_inside and line.code:
        code = RowMark("items", number, "product_code")
        head = writer.some(writer.words["columns"]["product_code"])
        below.append(
            Text(
                (
                    Bit(head + writer.colon, style.ink(0.85), marks),
                    Bit(line.code, style.ink(0.85), (*marks, code)),
                )
            )
        )
    ink = style.ink(0.85, (0.3, 0.3, 0.3)) if number % 2 else style.ink(0.85)
    below += [Text((Bit(detail, ink, marks),)) for detail in line.details]
    return GridCell(Stack((main, *below)) if below else main, mark=cell)


def _written(writer: Writer, name: str, line: Line, number: int, habits: Habits) -> tuple[Bit, ...]:
    figures, style = writer.figures, writer.style
    show: Callable[[Decimal], str] = figures.money if habits.symbols else figures.amount

    def bit(text: str, *marks: Mark) -> tuple[Bit, ...]:
        return (Bit(text, style.ink(), marks),) if text else ()

    def mark(value: Decimal) -> RowMark:
        return RowMark("items", number, name, NUMBER, value)

    def money(value: Decimal) -> RowMark:
        return writer.cell_money("items", number, name, value)

    if name == "position":
        return bit(str(number + 1))
    if name == "date":
        assert line.day is not None
        return bit(figures.date(line.day), RowMark("items", number, name, DATE, line.day))
    if name == "quantity":
        text = figures.quantity(line.quantity)
        if habits.decimals:
            text = figures.number(line.quantity, 2)
        return bit(text, mark(line.quantity))
    if name == "unit_price":
        return bit(show(line.unit_price), money(line.unit_price))
    if name == "amount":
        return bit(show(line.amount), money(line.amount))
    if name == "tax_rate":
        return bit(figures.percent(line.tax_rate), mark(line.tax_rate))
    if name == "discount":
        return bit(figures.percent(line.discount)) if line.discount else ()
    text = {"description": line.description, "product_code": line.code, "unit": line.unit}[name]
    return bit(text, RowMark("items", number, name))


def _widths(
    rows: Sequence[GridRow], columns: Sequence[Column], width: float, pad: float
) -> tuple[float, ...]:
    """Narrow columns as wide as their content; the description takes what is left."""
    widths = [0.0] * len(columns)
    for row in rows:
        if len(row.cells) == len(columns):
            for place, cell in enumerate(row.cells):
                widths[place] = max(widths[place], cell.child.natural() + 2 * pad)
    wide = [place for place, column in enumerate(columns) if column.name == "description"]
    rest = width - sum(w for place, w in enumerate(widths) if place not in wide)
    if rest < NARROW:  # too much for the page: everything else becomes narrower
        scale = (width - NARROW) / (width - rest)
        widths = [w * scale for w in widths]
        rest = NARROW
    spare = max(0.0, rest - max(widths[place] for place in wide) * 1.4)
    # A short description leaves room: it is shared among the others, as programs do.
    share = 0.5 * spare / max(1, len(columns) - len(wide))
    return tuple(
        (rest - share * (len(columns) - len(wide))) / len(wide) if place in wide else w + share
        for place, w in enumerate(widths)
    )


def _carried(
    writer: Writer, bill: Bill, columns: Sequence[Column]
) -> dict[int, tuple[GridRow, GridRow]]:
    """For every number of rows done (with the head): sums that close and open a page."""
    out, back = writer.words["labels"]["carried"]
    carried, total = {}, Decimal(0)
    ink = writer.style.italic()
    for number, line in enumerate(bill.lines, start=1):
        total += line.amount

        def row(label: str, so_far: Decimal = total) -> GridRow:
            amount = Text((Bit(writer.figures.amount(so_far), ink),), "right")
            span = len(columns) - 1
            cells = (GridCell(Text((Bit(label, ink),), "right"), span), GridCell(amount))
            return GridRow(cells, "")

        carried[number + 1] = (row(out), row(back))
    return carried if columns[-1].name == "amount" else {}
