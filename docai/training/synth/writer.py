"""What every grammar of documents writes with: one document's choices and its vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from docai.results import FieldType, Money
from docai.training.labelled import EntityLabel
from docai.training.synth.boxes import Row, Rule, Stack
from docai.training.synth.grids import Grid, GridCell, GridRow
from docai.training.synth.marks import EntityMark, FieldMark, Mark, RowMark
from docai.training.synth.people import People
from docai.training.synth.regions import Figures, Region, coded, figures, region_for
from docai.training.synth.style import Style, style_for
from docai.training.synth.typeset import GREY, Bit, Colour, Element, Ink, Text
from docai.training.synth.wording import Names, expanded, label, vocabulary

ADDRESS, DATE, MONEY, NUMBER = (
    FieldType.ADDRESS,
    FieldType.DATE,
    FieldType.MONEY,
    FieldType.NUMBER,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and its value, marked as question and answer. A pair may lack its label."""

    label: tuple[Bit, ...]
    value: tuple[Bit, ...]


class Writer:
    """The random choices that hold for a whole document, and ways to write with them."""

    def __init__(
        self,
        language: str,
        random: Random,
        *,
        typewriter: float = 0.1,
        sentences: Sequence[str] = (),
    ) -> None:
        """`typewriter` is how often a fixed pitch is used; `sentences` replace the grammar's."""
        self.language, self.random, self.sentences = language, random, sentences
        self.region: Region = region_for(language, random)
        self.figures: Figures = figures(self.region, random)
        self.style: Style = style_for(language, random, typewriter=typewriter)
        self.people = People(self.region, random)
        self.words = vocabulary(language)
        self.today = date(2016, 1, 1) + timedelta(days=random.randrange(365 * 11))
        self.currency = self.region.currency if random.random() < 0.95 else None
        self.colon = self._colon()
        self.label_ink, self.value_ink = self._pair_inks()
        self.names: Names = self._names()

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # --- texts ---

    def bit(self, text: str, ink: Ink | None = None, *marks: Mark) -> Bit:
        return Bit(text, ink or self.style.ink(), marks)

    def text(self, text: str, ink: Ink | None = None, *marks: Mark, align: str = "left") -> Text:
        return Text((self.bit(text, ink, *marks),), align)

    def heading(self, text: str, ink: Ink, align: str = "left") -> Text:
        return Text((Bit(text, ink, (EntityMark(EntityLabel.HEADER),)),), align)

    def say(self, rule: str) -> str:
        return expanded(rule, self.random, self.names)

    def some(self, rules: Sequence[str]) -> str:
        """A text of one of the rules."""
        return self.say(str(self.random.choice(rules)))

    def one_of(self, name: str) -> str:
        """A text of one of the vocabulary's lists."""
        return self.some(self.words[name])

    def prose(self, topic: str, sentences: int) -> str:
        """Running text; where real sentences were given, half of the paragraphs are of them."""
        random = self.random
        if self.sentences and random.random() < 0.5:
            first = random.randrange(max(1, len(self.sentences) - sentences))
            said = list(self.sentences[first : first + sentences])
        else:
            rules = self.words["prose"][topic]
            chosen = random.sample(rules, min(sentences, len(rules)))
            said = [self.say(str(rule)) for rule in chosen]
        return ("" if self.language == "zh" else " ").join(said)

    def label(self, name: str) -> str:
        return label(self.language, name, self.random)

    def date_near(self, low: int, high: int) -> date:
        """A day from `low` to `high` days after the document's own."""
        return self.today + timedelta(days=self.random.randint(low, high))

    # --- marked values ---

    def money(self, name: str, value: Decimal) -> FieldMark:
        return FieldMark(name, MONEY, Money(value, self.currency))

    def day(self, name: str, value: date) -> FieldMark:
        return FieldMark(name, DATE, value)

    def cell_money(self, rows: str, row: int, name: str, value: Decimal) -> RowMark:
        return RowMark(rows, row, name, MONEY, Money(value, self.currency))

    def pair(self, label: str, value: str, *marks: Mark, ink: Ink | None = None) -> Pair:
        """A label with the document's colon, and its value."""
        question = EntityMark(EntityLabel.QUESTION)
        answer = EntityMark(EntityLabel.ANSWER, (question,))
        return Pair(
            (Bit(label + self.colon_after(label), self.label_ink, (question,)),),
            (Bit(value, ink or self.value_ink, (answer, *marks)),),
        )

    def named(self, name: str, value: str, *marks: Mark) -> Pair:
        """A pair whose label is one of the wordings of `name`."""
        return self.pair(self.label(name), value, *marks)

    def colon_after(self, label: str) -> str:
        return "" if label.endswith((":", "#")) else self.colon

    def _colon(self) -> str:
        if self.language == "zh":
            return self.random.choices(("：", ":", ""), (6, 1, 2))[0]
        colons = (":", "", " :")
        return self.random.choices(colons, (6, 3, 4 if self.language == "fr" else 0.5))[0]

    def _pair_inks(self) -> tuple[Ink, Ink]:
        style = self.style
        kind = self.random.randrange(6)
        if kind == 0:
            return style.bold(), style.ink()
        if kind == 1:
            return style.ink(), style.bold()
        if kind == 2:
            return style.ink(colour=GREY), style.ink()
        if kind == 3 and style.coloured:
            return style.bold(0.9, style.accent), style.ink()
        if kind == 4:
            return style.ink(0.85), style.ink()
        return style.ink(), style.ink()

    def _names(self) -> Names:
        random, people = self.random, self.people

        def code() -> str:
            return coded(
                random.choice(("??####", "##-####", "?####?", "###.###", "??-###-##", "########")),
                random,
            )

        return {
            "number2": lambda: str(random.randint(10, 99)),
            "number3": lambda: str(random.randint(100, 999)),
            "number5": lambda: str(random.randint(10000, 99999)),
            "percent": lambda: self.figures.percent(Decimal(random.randint(1, 480)) / 10),
            "sum": lambda: self.figures.money(Decimal(random.randint(500, 9_000_000)) / 100),
            "year": lambda: str(self.today.year - random.randint(0, 2)),
            "month": lambda: self._month(),
            "date": lambda: self.figures.date(self.date_near(-60, 30)),
            "code": code,
            "word": lambda: str(random.choice(self.words["words"])),
            "maker": lambda: str(random.choice(self.words["makers"])),
            "name": people.person,
            "firstname": people.first_name,
            "lastname": people.last_name,
            "title": lambda: str(random.choice(self.words["titles"])),
            "street": people.street,
            "town": people.town,
            "phone": people.phone,
            "company": lambda: people.company_name(self.one_trade()["names"]),
            "currency": lambda: self.region.currency,
        }

    def one_trade(self) -> dict[str, list[str]]:
        trade: dict[str, list[str]] = self.random.choice(list(self.words["trades"].values()))
        return trade

    def _month(self) -> str:
        from docai.training.synth.wording import months

        names = months(self.language)
        number = self.random.randrange(12)
        return str(names[number][0]) if names else f"{number + 1}月"


# --- arrangements of pairs ----------------------------------------------------------------------


def inline(pairs: Sequence[Pair], align: str = "left") -> Element:
    """Each on a line of its own, the value right behind the label."""
    return Stack(tuple(Text((*p.label, *p.value), align) for p in pairs))


def in_columns(
    writer: Writer,
    pairs: Sequence[Pair],
    width: float,
    *,
    value_align: str = "left",
    sides: str = "",
) -> Element:
    """Labels in one column, values in the next; `sides` are the borders of each row's cells."""
    label_width = max(Text(p.label).natural() for p in pairs) + 8
    label_width = min(label_width, 0.62 * width)
    style = writer.style
    fill = style.ground if sides and writer.chance(0.4) else None
    rows = tuple(
        GridRow(
            (GridCell(Text(p.label), fill=fill), GridCell(Text(p.value, value_align))),
            sides=sides,
        )
        for p in pairs
    )
    return Grid(
        rows,
        (label_width, width - label_width),
        pad_x=4 if sides else 2,
        pad_y=2 if sides else writer.random.choice((0, 0.5, 1, 1.5)),
        line=style.line_width,
        colour=style.line,
        group=None,
    )


def above(pairs: Sequence[Pair], gap: float = 1.0) -> Element:
    """The value below its label, all of them below each other."""
    return Stack(tuple(Stack((Text(p.label), Text(p.value))) for p in pairs), gap=gap + 4)


def strip(writer: Writer, pairs: Sequence[Pair], width: float) -> Element:
    """A band over the page: labels in its first row, values in its second."""
    style, random = writer.style, writer.random
    align = random.choice(("left", "centre"))
    sides = random.choice(("tlbr", "tlbr", "tb", ""))
    fill = style.ground if writer.chance(0.5) else None
    widths = tuple(width / len(pairs) for _ in pairs)
    if writer.chance(0.4):  # one cell each, label above value
        cells = tuple(GridCell(Stack((Text(p.label, align), Text(p.value, align)))) for p in pairs)
        rows: tuple[GridRow, ...] = (GridRow(cells, sides),)
    else:
        rows = (
            GridRow(tuple(GridCell(Text(p.label, align), fill=fill) for p in pairs), sides),
            GridRow(tuple(GridCell(Text(p.value, align)) for p in pairs), sides),
        )
    return Grid(rows, widths, pad_y=3, line=style.line_width, colour=style.line, group=None)


def beside(writer: Writer, pairs: Sequence[Pair], columns: int) -> Element:
    """Pairs side by side, each label with its value behind it."""
    rows = [pairs[i : i + columns] for i in range(0, len(pairs), columns)]
    return Stack(
        tuple(
            Row(tuple(Text((*p.label, *p.value)) for p in row), (None,) * len(row), gap=14)
            for row in rows
        ),
        gap=2,
    )


def arranged(writer: Writer, pairs: Sequence[Pair], width: float) -> Element:
    """The pairs in one of the arrangements that fit into a column of this width."""
    random = writer.random
    kind = random.choices(
        ("columns", "boxed", "inline", "above", "strip"), (6, 2, 3, 1, 0 if width < 300 else 3)
    )[0]
    if kind == "columns":
        return in_columns(
            writer, pairs, width, value_align=random.choice(("left", "left", "right"))
        )
    if kind == "boxed":
        return in_columns(writer, pairs, width, sides=random.choice(("tlbr", "b", "tb")))
    if kind == "inline":
        return inline(pairs, random.choice(("left", "left", "right")))
    if kind == "above":
        if len(pairs) > 3 and width > 130:
            half = (len(pairs) + 1) // 2
            return Row((above(pairs[:half]), above(pairs[half:])), (None, None))
        return above(pairs)
    if len(pairs) > 6:
        return Stack((strip(writer, pairs[:4], width), strip(writer, pairs[4:], width)), gap=4)
    return strip(writer, pairs, width)


def rule(writer: Writer, room: float = 4.0, colour: Colour | None = None) -> Rule:
    style = writer.style
    return Rule(style.line_width, colour or style.line, room)
