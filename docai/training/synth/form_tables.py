"""Where one label of a form has many answers: columns, tables of two heads, lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from docai.document import CellKind
from docai.training.labelled import EntityLabel
from docai.training.synth.boxes import Row, Space, Stack
from docai.training.synth.form_writer import FormWriter
from docai.training.synth.grids import Grid, GridCell, GridRow
from docai.training.synth.marks import CellMark, EntityMark, TableMark
from docai.training.synth.typeset import Bit, Colour, Element, Ink, Text
from docai.training.synth.wording import parts as split

WORDS = (
    *("company", "phrase", "person", "topic", "job", "relation", "material", "word", "town"),
    *("street", "status", "degree"),
)  # kinds of values that are no figures
FIGURES = (
    *("mm", "cm", "kg", "grams", "degrees", "percent", "decimal", "number", "small", "money"),
    "pressure",
)  # kinds that a row of figures may be of


@dataclass(frozen=True, slots=True)
class _Table:
    """How the cells of one table are set."""

    form: FormWriter
    mark: TableMark
    head_ink: Ink
    fill: Colour | None
    figures: str  # how figures are aligned
    heads: str  # ... and the heads above them

    def head(self, text: str, row: int, column: int) -> tuple[GridCell, EntityMark]:
        """A head of a row (column 0) or of a column, and the question that it is."""
        mark = EntityMark(EntityLabel.QUESTION, pairs=False)
        align = "left" if column == 0 else self.heads
        return self.cell((Bit(text, self.head_ink, (mark,)),), row, column, align, True), mark

    def answer(self, value: str, kind: str, at: tuple[int, int], *heads: EntityMark) -> GridCell:
        align = "left" if kind in WORDS else self.figures
        return self.cell(self.form.answer(value, *heads, pairs=False), *at, align)

    def cell(
        self, bits: Sequence[Bit], row: int, column: int, align: str = "left", head: bool = False
    ) -> GridCell:
        mark = CellMark(self.mark, row, column, kind=CellKind.HEADER if head else CellKind.CONTENT)
        text = Text(tuple(replace(b, marks=(*b.marks, mark)) for b in bits), align)
        room = Space(self.form.w.style.size * 1.2)
        return GridCell(text if bits else room, mark=mark, fill=self.fill if head else None)

    def whole(self, rows: Sequence[GridRow], head: int) -> Element:
        """The rows, as wide as they need to be or wider, in no more than the form's width."""
        form = self.form
        widths = [
            min(170.0, max(row.cells[place].child.natural() for row in rows)) + 9
            for place in range(len(rows[0].cells))
        ]
        wanted = form.width * form.random.choice((0.0, 0.5, 0.75, 1.0, 1.0))
        spare = (wanted - sum(widths)) / len(widths)
        if spare > 0:
            widths = [width + spare for width in widths]
        shrunk = min(1.0, form.width / sum(widths))
        return Grid(
            tuple(rows),
            tuple(width * shrunk for width in widths),
            head=head,
            pad_y=form.random.choice((0.5, 1.5, 3, 3, 5)),
            line=form.w.style.line_width,
            table=self.mark,
        )


def _table(form: FormWriter) -> _Table:
    w, random, style = form.w, form.random, form.w.style
    ink = random.choice((form.label_ink, form.label_ink, style.bold(0.95)))
    aligned = random.choice(("left", "right", "centre"))
    heads = random.choice((aligned, "centre"))
    return _Table(form, TableMark(), ink, style.ground if w.chance(0.35) else None, aligned, heads)


def column_table(form: FormWriter) -> Element:
    """Each column's head is asked and its cells answer; the rows have no names."""
    w, random = form.w, form.random
    table = _table(form)
    rules = [part.rsplit("|", 1) for part in str(random.choice(form.bank["tables"])).split(";")]
    heads = [table.head(w.say(head), -1, place) for place, (head, _) in enumerate(rules)]
    rows = [GridRow(tuple(cell for cell, _ in heads), sides := _sides(form))]
    alike = w.chance(0.5)  # a row is filled or not
    for number in range(random.choice((1, 2, 2, 3, 4, 5, 6, 9, 14))):
        row = w.chance(form.filled)
        cells = []
        for place, ((_, kind), (_, mark)) in enumerate(zip(rules, heads, strict=True)):
            there = row if alike else w.chance(form.filled)
            value = form.value(kind) if there else ""
            cells.append(table.answer(value, kind, (number, place), mark))
        rows.append(GridRow(tuple(cells), sides))
    return table.whole(rows, 1)


def cross_table(form: FormWriter) -> Element:
    """Rows have names, too: a cell answers both its row's and its column's head.

    Now and then the columns have no heads.
    """
    w = form.w
    table = _table(form)
    heads, names, kinds = _figures(form) if w.chance(0.6) else _things(form)
    sides = _sides(form)
    headless = w.chance(0.15)
    tops = [table.head(head, -1, place) for place, head in enumerate(heads, 1)]
    rows = []
    if not headless:
        corner = table.cell((), -1, 0, head=True)
        rows.append(GridRow((corner, *(cell for cell, _ in tops)), sides))
    for number, (name, of) in enumerate(zip(names, kinds, strict=True)):
        cell, mark = table.head(name, number, 0)
        cells = [cell]
        for place, (kind, (_, top)) in enumerate(zip(of, tops, strict=True), 1):
            value = form.value(kind) if w.chance(form.filled) else ""
            asked = (mark,) if headless else (mark, top)
            cells.append(table.answer(value, kind, (number, place), *asked))
        rows.append(GridRow(tuple(cells), sides))
    return table.whole(rows, 0 if headless else 1)


_Heads = tuple[list[str], list[str], list[list[str]]]  # of columns, of rows, kinds of cells


def _figures(form: FormWriter) -> _Heads:
    """What was measured in rows, what it was measured of in columns."""
    w, random = form.w, form.random
    heads = [w.say(head) for head in split(str(random.choice(form.bank["compared"])))]
    rules = [
        str(label).rsplit("|", 1)
        for section in form.bank["sections"].values()
        for label in section["labels"]
    ]
    rules = [rule for rule in rules if rule[1] in FIGURES]
    chosen = random.sample(rules, min(len(rules), random.choice((2, 3, 3, 4, 5, 7))))
    one = random.choice(chosen)[1] if w.chance(0.3) else ""  # all figures of one kind
    named = {w.say(label): one or kind for label, kind in chosen}
    return heads, list(named), [[kind] * len(heads) for kind in named.values()]


def _things(form: FormWriter) -> _Heads:
    """Things in rows, what is said of them in columns."""
    random = form.random
    rules = [part.rsplit("|", 1) for part in str(random.choice(form.bank["tables"])).split(";")]
    kind = random.choice((rules[0][1], "word", "town", "month"))
    names = list(dict.fromkeys(form.value(kind) for _ in range(random.choice((2, 3, 4, 6, 9)))))
    kinds = [kind for _, kind in rules[1:]]
    return [form.w.say(head) for head, _ in rules[1:]], names, [kinds] * len(names)


def _sides(form: FormWriter) -> str:
    return form.random.choice(("tlbr", "tlbr", "b", "", ""))


def listing(form: FormWriter) -> Element:
    """A label and the people or things that stand behind or below it, each an answer."""
    w, random = form.w, form.random
    label, kind = str(random.choice(form.bank["lists"])).rsplit("|", 1)
    bit, mark = form.question(w.say(label))
    numbered = random.choice(("", "", "", "{}. ", "({}) ", "- "))
    lines: list[Element] = [
        Text(form.answer(numbered.format(n) + form.value(kind), mark))
        for n in range(1, random.choice((2, 3, 3, 4, 5, 7)) + 1)
    ]
    gap = random.choice((0, 1, 2, 5))
    if len(lines) > 3 and w.chance(0.3):
        half = (len(lines) + 1) // 2
        sides = (Stack(tuple(lines[:half]), gap=gap), Stack(tuple(lines[half:]), gap=gap))
        said: Element = Row(sides, (None, None), gap=12)
    else:
        said = Stack(tuple(lines), gap=gap)
    name = Text((bit,))
    if w.chance(0.7):
        return Row((name, said), (name.natural() + 4, None), gap=random.choice((4, 8, 20)))
    indent = random.choice((0.0, 0.0, 12.0, 40.0))
    below = Row((Space(1), said), (indent, None), gap=0) if indent else said
    return Stack((name, below), gap=1)
