"""Pages that are mostly a table, and the tables that reports hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from docai.document import CellKind
from docai.training.labelled import EntityLabel
from docai.training.synth.boxes import Space, Stack
from docai.training.synth.grids import Grid, GridCell, GridRow
from docai.training.synth.marks import CellMark, EntityMark, TableMark
from docai.training.synth.pages import A4, LETTER, Plan
from docai.training.synth.typeset import WHITE, Bit, Element, Ink, Text
from docai.training.synth.wording import parts
from docai.training.synth.writer import Writer

NAMES, FIGURES = 110.0, 58.0  # points that a column of names, and one of figures, needs at least


def table(writer: Writer) -> Plan:
    w, random, style = writer, writer.random, writer.style
    paper = LETTER if w.region.letter_paper else A4
    if w.chance(0.25):
        paper = (paper[1], paper[0])  # landscape
    side = random.choice((36, 48, 60))
    width = paper[0] - 2 * side
    title = w.some(w.words["tables"]["titles"])
    flow: list[Element] = [
        w.heading(
            title, style.title(random.choice((1.2, 1.5, 1.8))), random.choice(("left", "centre"))
        ),
        Space(6),
    ]
    if w.chance(0.4):
        flow += [w.text(w.prose("report", random.choice((1, 2)))), Space(8)]
    for _ in range(random.choice((1, 1, 1, 2))):
        flow += [data_table(w, width, random.randint(5, 38)), Space(10)]
    if w.chance(0.5):
        flow.append(w.text(w.some(w.words["tables"]["sources"]), style.ink(0.85)))

    def foot(page: int, pages: int) -> Element | None:
        return w.text(str(page), style.ink(0.85), align="centre") if pages > 1 else None

    return Plan(Stack(tuple(flow)), *paper, (side, 40, side, 32), foot=foot)


def data_table(writer: Writer, width: float, rows: int) -> Element:
    """Names in the first column, figures in the others; some have sums and sections."""
    w, random, style = writer, writer.random, writer.style
    bank = w.words["tables"]
    stub, columns = _columns(w, width)
    mark = TableMark()
    sides, head_sides = random.choice(
        (("tlbr", "tlbr"), ("b", "tb"), ("", "tb"), ("", "b"), ("lr", "tlbr"), ("", ""))
    )
    dark = w.chance(0.2)
    head_ink = style.bold(1.0, WHITE) if dark else style.bold()
    fill = style.accent if dark else style.ground if w.chance(0.4) else None
    if dark and style.accent == WHITE:
        fill = style.ground
    built: list[GridRow] = []
    first = 0
    if len(columns) >= 4 and w.chance(0.25):
        built.append(_spanning_head(w, columns, mark, head_ink, head_sides, fill))
        first = 1
    heads = [_cell(w, stub[0], head_ink, "left", mark, first, 0, CellKind.HEADER, fill)]
    heads += [
        _cell(w, head, head_ink, "right", mark, first, place, CellKind.HEADER, fill)
        for place, (head, _) in enumerate(columns, start=1)
    ]
    built.append(GridRow(tuple(heads), head_sides))
    head_rows = len(built)
    names = _names(w, stub[1], rows)
    stripe = style.ground if w.chance(0.2) else None
    sections = w.chance(0.2) and rows > 8
    for number, name in enumerate(names):
        if sections and number % 6 == 0:
            text = w.some(bank["sections"])
            built.append(_section(w, text, len(columns) + 1, mark, len(built)))
        ground = stripe if number % 2 else None
        built.append(_row(w, name, columns, mark, len(built), style.ink(), ground, sides))
    if w.chance(0.35):
        built.append(
            _row(
                w,
                str(random.choice(bank["sums"])),
                columns,
                mark,
                len(built),
                style.bold(),
                None,
                head_sides or "t",
            )
        )
    natural = [
        max(row.cells[place].child.natural() for row in built if len(row.cells) == len(columns) + 1)
        + 8
        for place in range(len(columns) + 1)
    ]
    total = sum(natural)
    if total > width:
        natural = [part * width / total for part in natural]
    elif w.chance(0.7):  # over the whole width
        natural = [part + (width - total) / len(natural) for part in natural]
    return Grid(
        tuple(built),
        tuple(natural),
        head=head_rows,
        pad_y=random.choice((1, 2, 3, 4)),
        line=style.line_width,
        colour=style.line,
        table=mark,
    )


Figure = Callable[[], str]


def _columns(w: Writer, width: float) -> tuple[tuple[str, str], list[tuple[str, Figure]]]:
    """The stub's head and kind, and the other columns' heads and figures."""
    random, bank = w.random, w.words["tables"]
    stub_head, stub_kind = parts(str(random.choice(bank["stubs"])))
    count = random.randint(2, max(2, min(6, int((width - NAMES) / FIGURES))))
    if w.chance(0.5):  # years or months with figures of one kind
        year = w.today.year
        heads = (
            [str(year - i) for i in range(count)]
            if w.chance(0.6)
            else [w.say("<month>") for _ in range(count)]
        )
        kind = _figure(w, random.choice(("thousands", "percent", "decimal", "sum")))
        unique = list(dict.fromkeys(heads))
        return (w.say(stub_head), stub_kind), [(head, kind) for head in unique]
    chosen = random.sample(bank["columns"], min(count, len(bank["columns"])))
    rules = [parts(str(rule)) for rule in chosen]
    return (w.say(stub_head), stub_kind), [(w.say(head), _figure(w, kind)) for head, kind in rules]


def _figure(w: Writer, kind: str) -> Figure:
    random, figures = w.random, w.figures
    top = 10 ** random.randint(2, 6)

    def number() -> str:
        sign = -1 if random.random() < 0.05 else 1
        return figures.number(Decimal(sign * random.randint(0, top)), 0)

    def made(places: int) -> str:
        return figures.number(Decimal(random.randint(0, 99900)) / 10**places / 10, places)

    makers: dict[str, Figure] = {
        "thousands": number,
        "percent": lambda: figures.percent(Decimal(random.randint(-150, 999)) / 10),
        "decimal": lambda: made(2),
        "sum": lambda: figures.amount(Decimal(random.randint(100, 9_999_999)) / 100),
        "money": lambda: figures.money(Decimal(random.randint(100, 99_999)) / 100),
        "small": lambda: str(random.randint(0, 99)),
        "date": lambda: figures.date(w.date_near(-300, 300)),
        "code": lambda: w.names["code"](),
        "time": lambda: f"{random.randint(5, 23)}:{random.randint(0, 59):02}",
    }
    make = makers[kind]
    gap = random.choice(("", "", "", "-", "–", "n/a"))
    return lambda: gap if gap and random.random() < 0.06 else make()


def _names(w: Writer, kind: str, count: int) -> list[str]:
    makers: dict[str, Callable[[], str]] = {
        "town": w.people.town,
        "person": w.people.person,
        "company": lambda: w.names["company"](),
        "topic": lambda: w.some(w.words["tables"]["topics"]),
        "product": lambda: w.say(parts(str(w.random.choice(w.one_trade()["goods"])))[0]),
    }
    names: dict[str, None] = {}
    for _ in range(3 * count):
        names[makers[kind]()] = None
        if len(names) == count:
            break
    return list(names)


def _cell(
    w: Writer,
    text: str,
    ink: Ink,
    align: str,
    table: TableMark,
    row: int,
    column: int,
    kind: CellKind,
    fill: tuple[float, float, float] | None,
    span: int = 1,
) -> GridCell:
    mark = CellMark(table, row, column, span, kind)
    bits = (Bit(text, ink, (mark,)),) if text else ()
    return GridCell(Text(bits, align), span, fill, mark)


def _row(
    w: Writer,
    name: str,
    columns: Sequence[tuple[str, Figure]],
    table: TableMark,
    row: int,
    ink: Ink,
    fill: tuple[float, float, float] | None,
    sides: str,
) -> GridRow:
    cells = [_cell(w, name, ink, "left", table, row, 0, CellKind.CONTENT, fill)]
    cells += [
        _cell(w, make(), ink, "right", table, row, place, CellKind.CONTENT, fill)
        for place, (_, make) in enumerate(columns, start=1)
    ]
    return GridRow(tuple(cells), sides)


def _section(w: Writer, text: str, columns: int, table: TableMark, row: int) -> GridRow:
    mark = CellMark(table, row, 0, columns, CellKind.HEADER)
    bit = Bit(text, w.style.bold(), (EntityMark(EntityLabel.HEADER), mark))
    return GridRow((GridCell(Text((bit,)), columns, mark=mark),), "", stays=True)


def _spanning_head(
    w: Writer,
    columns: Sequence[tuple[str, Figure]],
    table: TableMark,
    ink: Ink,
    sides: str,
    fill: tuple[float, float, float] | None,
) -> GridRow:
    """A row above the heads: two groups of columns."""
    half = len(columns) // 2
    first, second = w.random.sample(w.words["tables"]["groups"], 2)
    return GridRow(
        (
            _cell(w, "", ink, "left", table, 0, 0, CellKind.HEADER, fill),
            _cell(w, w.say(str(first)), ink, "centre", table, 0, 1, CellKind.HEADER, fill, half),
            _cell(
                w,
                w.say(str(second)),
                ink,
                "centre",
                table,
                0,
                1 + half,
                CellKind.HEADER,
                fill,
                len(columns) - half,
            ),
        ),
        sides,
    )
