"""Receipts: narrow slips of shops and restaurants, in a till's fixed pitch or a printer's font."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal

from docai.training.labelled import EntityLabel
from docai.training.synth import art
from docai.training.synth.accounts import ZERO, Bill, Line, cents, nice_price
from docai.training.synth.boxes import Art, Row, Rule, Space, Stack
from docai.training.synth.faces import faces
from docai.training.synth.grids import Grid, GridCell, GridRow
from docai.training.synth.marks import EntityMark, FieldMark, Mark, RowMark
from docai.training.synth.pages import A4, Pinned, Plan
from docai.training.synth.people import Party
from docai.training.synth.regions import coded
from docai.training.synth.style import hand
from docai.training.synth.truth import Sought
from docai.training.synth.typeset import Bit, Element, Ink, Text
from docai.training.synth.writer import ADDRESS, NUMBER, Writer

SOUGHT = Sought(
    frozenset(
        (
            "merchant_name",
            "merchant_address",
            "merchant_phone",
            "merchant_tax_id",
            "transaction_date",
            "transaction_time",
            "receipt_id",
            "subtotal",
            "total_tax",
            "tip",
            "total",
            "payment_method",
        )
    ),
    items=True,
)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was bought, when, and how it was paid."""

    merchant: Party
    bill: Bill
    day: date
    at: time
    number: str
    card: bool
    tip: Decimal
    total: Decimal  # with tip, rounded where coins are
    rounding: Decimal


def receipt(writer: Writer) -> Plan:
    kind = writer.random.choice(list(writer.words["shops"]))
    return _Slip(writer, kind).plan()


class _Slip:
    def __init__(self, writer: Writer, kind: str) -> None:
        self.w, self.random, self.kind = writer, writer.random, kind
        self.shop = writer.words["shops"][kind]
        self.serves = kind in ("restaurant", "cafe")
        self.purchase = self._purchase()
        self.width = self.random.choice((180.0, 205.0, 226.0, 226.0, 240.0, 265.0))
        self.ink = self._ink()
        self.symbols = writer.chance(0.25)
        self.capitals = writer.chance(0.3)

    # --- what happened ---

    def _purchase(self) -> Purchase:
        w, random = self.w, self.random
        rates = [Decimal(rate) for rate in w.region.tax_rates[: random.choice((1, 1, 2))]]
        # In the United States and Canada prices are without tax; elsewhere mostly with it.
        bare = w.region.letter_paper or w.chance(0.1)
        count = random.choices(
            (1, random.randint(2, 4), random.randint(3, 8), random.randint(9, 22)), (2, 5, 5, 2)
        )[0]
        lines = []
        for _ in range(count):
            name, low, high = str(random.choice(self.shop["goods"])).rsplit("|", 2)
            quantity = Decimal(random.choices((1, 2, 3, random.randint(4, 12)), (8, 3, 1, 0.5))[0])
            if self.kind == "supermarket" and w.chance(0.08):
                quantity = Decimal(f"{random.uniform(0.15, 2.4):.3f}")
            price = nice_price(float(low), float(high), random)
            lines.append(
                Line(
                    w.say(name),
                    quantity,
                    price,
                    random.choice(rates),
                    code=coded(random.choice(("#############", "######", "####")), random),
                )
            )
        bill = Bill(tuple(lines), gross_prices=not bare, taxed=w.chance(0.9))
        if w.chance(0.08):
            bill = replace(bill, discount=cents(bill.goods / 10), discount_rate=Decimal(10))
        tip = ZERO
        if self.serves and w.chance(0.25):
            tip = cents(bill.total * random.choice((10, 12, 15, 18, 20)) / 100)
        total, rounding = bill.total + tip, ZERO
        if w.region.currency in ("MYR", "CHF", "AUD") and w.chance(0.6):
            rounded = (total * 20).quantize(Decimal(1), ROUND_HALF_UP) / 20
            rounding = cents(rounded) - total
            total += rounding
        merchant = w.people.company(self.shop["names"])
        return Purchase(
            merchant,
            bill,
            w.today,
            time(random.randint(7, 22), random.randint(0, 59), random.randint(0, 59)),
            coded(
                random.choice(("######", "####", "##########", "###-####", "?####", "########-##")),
                random,
            ),
            w.chance(0.5),
            tip,
            total,
            rounding,
        )

    def _ink(self) -> Ink:
        """A till's: mostly fixed pitch; some have narrow sans serifs."""
        w, random = self.w, self.random
        if w.language == "zh":
            family = random.choice(faces().of("chinese"))
        else:
            family = random.choice(
                faces().of(*random.choices((("mono",), ("sans",), ("ocr",)), (6, 4, 1))[0])
            )
        # So many characters fit across the paper.
        letters = (
            random.choice((30, 32, 36, 40, 42)) if w.language != "zh" else random.choice((34, 38))
        )
        size = (self.width - 16) / letters / max(0.45, family.regular.width("0e") / 2)
        self.bold = family.bold
        return Ink(
            family.regular,
            min(11.5, max(6.0, size)),
            (0.05, 0.05, 0.05),
            random.choice((1.1, 1.2, 1.3)),
        )

    # --- on paper ---

    def plan(self) -> Plan:
        w, random = self.w, self.random
        parts: list[Element] = [self._head(), Space(4)]
        data = self._data()
        first = w.chance(0.7)
        if first:
            parts += [data, Space(3)]
        parts += [self._line(), self._items(), self._line(), self._sums()]
        if not first:
            parts += [Space(4), data]
        parts += [Space(4), self._tail()]
        margin = 8.0
        notes = self._notes()
        if w.chance(0.12):  # on a scanner's glass
            left = random.uniform(40, A4[0] - self.width - 40)
            right = A4[0] - self.width - left
            return Plan(
                Stack(tuple(parts)), *A4, (left, random.uniform(30, 90), right, 20), notes=notes
            )
        top, bottom = random.uniform(8, 30), random.uniform(10, 50)
        return Plan(
            Stack(tuple(parts)), self.width, None, (margin, top, margin, bottom), notes=notes
        )

    def _t(
        self, text: str, *marks: Mark, align: str = "left", scale: float = 1.0, bold: bool = False
    ) -> Text:
        ink = replace(
            self.ink, size=self.ink.size * scale, face=self.bold if bold else self.ink.face
        )
        return Text((Bit(text, ink, marks),), align)

    def _line(self) -> Element:
        """Dashes, signs or a drawn line across the paper."""
        _w, random = self.w, self.random
        kind = random.randrange(4)
        if kind == 0:
            return Space(random.choice((3, 6)))
        if kind == 1:
            return Rule(0.6, room=3)
        if kind == 2:
            return Rule(0.7, room=3, dash=2.5)
        sign = random.choice("-=*-_")
        count = int((self.width - 17) / self.ink.size / self.ink.face.width(sign))
        return self._t(sign * count)

    def _pair(
        self,
        label: str,
        value: str,
        *marks: Mark,
        apart: bool = False,
        scale: float = 1.0,
        bold: bool = False,
    ) -> Element:
        """A label and a value; apart, the value stands at the right edge."""
        question = EntityMark(EntityLabel.QUESTION)
        answer = EntityMark(EntityLabel.ANSWER, (question,))
        ink = replace(
            self.ink, size=self.ink.size * scale, face=self.bold if bold else self.ink.face
        )
        said = Bit(label + (self.w.colon_after(label)), ink, (question,))
        value_bit = Bit(value, ink, (answer, *marks))
        if not apart:
            return Text((said, value_bit))
        right = Text((value_bit,), "right")
        need = right.natural() + 1
        return Row((Text((said,)), right), (None, min(need, self.width * 0.6)), gap=4)

    def _head(self) -> Element:
        w, random, shop = self.w, self.random, self.purchase.merchant
        align = "centre" if w.chance(0.8) else "left"
        name = shop.name.upper() if self.capitals or w.chance(0.3) else shop.name
        parts: list[Element] = []
        if w.chance(0.2):
            height = random.uniform(24, 40)
            parts += [
                Art(height, height, art.logo(name, (0.05, 0.05, 0.05), height, random), "centre"),
                Space(3),
            ]
        parts.append(
            self._t(
                name,
                FieldMark("merchant_name"),
                align=align,
                scale=random.choice((1.0, 1.15, 1.3, 1.5)),
                bold=w.chance(0.6),
            )
        )
        if w.chance(0.2):
            parts.append(self._t(f"({coded('######-?', random)})", align=align))
        address = FieldMark("merchant_address", ADDRESS)
        if w.chance(0.93):
            lines = shop.address if w.chance(0.8) else (", ".join(shop.address),)
            parts += [
                self._t(line.upper() if self.capitals else line, address, align=align)
                for line in lines
            ]
        if w.chance(0.65):
            label = w.label("vendor_phone") if w.chance(0.8) else ""
            parts.append(self._centred_pair(label, shop.phone, FieldMark("merchant_phone"), align))
        if w.chance(0.5):
            parts.append(
                self._centred_pair(
                    w.label("receipt_tax_id"), shop.tax_id, FieldMark("merchant_tax_id"), align
                )
            )
        if w.chance(0.2):
            parts.append(self._t(shop.web, align=align))
        title = str(random.choice(w.words["receipt_titles"]))
        if title:
            parts += [
                Space(4),
                Text(
                    (
                        Bit(
                            title,
                            replace(
                                self.ink,
                                size=self.ink.size * random.choice((1, 1.2, 1.4)),
                                face=self.bold,
                            ),
                            (EntityMark(EntityLabel.HEADER),),
                        ),
                    ),
                    "centre",
                ),
            ]
        return Stack(tuple(parts))

    def _centred_pair(self, label: str, value: str, mark: FieldMark, align: str) -> Element:
        if not label:
            return self._t(value, mark, align=align)
        question = EntityMark(EntityLabel.QUESTION)
        answer = EntityMark(EntityLabel.ANSWER, (question,))
        said = label + (self.w.colon if self.w.colon.strip() else self.random.choice((":", "")))
        return Text((Bit(said, self.ink, (question,)), Bit(value, self.ink, (answer, mark))), align)

    def _data(self) -> Element:
        """Date, time, number, who and where."""
        w, random, bought = self.w, self.random, self.purchase
        day = w.figures.date(bought.day)
        at = bought.at.strftime(random.choice(("%H:%M", "%H:%M:%S", "%H:%M")))
        if w.region.letter_paper and w.chance(0.6):
            at = bought.at.strftime("%I:%M %p").lstrip("0")
        day_mark, time_mark = w.day("transaction_date", bought.day), FieldMark("transaction_time")
        apart = w.chance(0.4)
        rows: list[Element] = []
        style = random.randrange(4)
        if style == 0:
            rows.append(self._pair(w.label("transaction_date"), day, day_mark, apart=apart))
            if w.chance(0.8):
                rows.append(self._pair(w.label("transaction_time"), at, time_mark, apart=apart))
        elif style == 1:
            question = EntityMark(EntityLabel.QUESTION)
            answer = EntityMark(EntityLabel.ANSWER, (question,))
            label = w.label("transaction_date") + w.colon
            rows.append(
                Text(
                    (
                        Bit(label, self.ink, (question,)),
                        Bit(day, self.ink, (answer, day_mark)),
                        Bit(at, self.ink, (answer, time_mark)),
                    )
                )
            )
        elif style == 2:
            rows.append(
                Row((self._t(day, day_mark), self._t(at, time_mark, align="right")), (None, None))
            )
        else:
            halves = (
                self._pair(w.label("transaction_date"), day, day_mark),
                self._pair(w.label("transaction_time"), at, time_mark),
            )
            rows.append(Row(halves, (None, None), gap=6))
        if w.chance(0.8):
            rows.append(
                self._pair(
                    w.label("receipt_id"), bought.number, FieldMark("receipt_id"), apart=apart
                )
            )
        if w.chance(0.5):
            who = w.people.first_name() if w.chance(0.7) else coded("##", random)
            rows.append(self._pair(w.label("cashier"), who, apart=apart))
        if self.serves and w.chance(0.6):
            rows.append(self._pair(w.label("table"), str(random.randint(1, 60)), apart=apart))
        if self.serves and w.chance(0.25):
            rows.append(self._pair(w.label("guests"), str(random.randint(1, 8)), apart=apart))
        if w.chance(0.25):
            rows.append(self._pair(w.label("till"), coded("##", random), apart=apart))
        if w.chance(0.3):
            random.shuffle(rows)
        return Stack(tuple(rows))

    def _amount(self, value: Decimal) -> str:
        return self.w.figures.money(value) if self.symbols else self.w.figures.amount(value)

    def _items(self) -> Element:
        """One of the ways in which tills list goods."""
        w, random = self.w, self.random
        way = random.choices(
            ("price", "count first", "two lines", "columns", "code line"), (5, 4, 4, 4, 2)
        )[0]
        columns = {
            "price": ("description", "total_price"),
            "count first": ("quantity", "description", "total_price"),
            "two lines": ("description", "total_price"),
            "code line": ("description", "total_price"),
            "columns": random.choice(
                (
                    ("description", "quantity", "price", "total_price"),
                    ("quantity", "description", "price", "total_price"),
                )
            ),
        }[way]
        rows: list[GridRow] = []
        headed = way == "columns" or w.chance(0.15)
        questions = [EntityMark(EntityLabel.QUESTION, pairs=False) for _ in columns]
        if headed:
            heads = [w.some(w.words["columns"][_HEADS[name]]) for name in columns]
            rows.append(
                GridRow(
                    tuple(
                        GridCell(Text((Bit(h, self.ink, (q,)),), self._align(n)))
                        for h, q, n in zip(heads, questions, columns, strict=True)
                    )
                )
            )
        marked = w.chance(0.2) and random.choice(("A", "B", "T", "SR"))
        for number, line in enumerate(self.purchase.bill.lines):
            cells = [
                self._cell(name, number, line, q if headed else None, way)
                for name, q in zip(columns, questions, strict=True)
            ]
            if marked:
                text = cells[-1].child
                assert isinstance(text, Text)
                cells[-1] = GridCell(replace(text, bits=(*text.bits, Bit(marked, self.ink))))
            if way == "two lines" and (line.quantity != 1 or w.chance(0.5)):
                rows += self._two_lines(number, line, cells, len(columns))
            elif way == "code line":
                code = Text(
                    (Bit(line.code, self.ink, (RowMark("items", number, "product_code"),)),)
                )
                rows += [GridRow((GridCell(code, len(columns)),)), GridRow(tuple(cells))]
            else:
                rows.append(GridRow(tuple(cells)))
        inner = self.width - 16
        widths = self._widths(rows, columns, inner)
        return Grid(
            tuple(rows), widths, pad_x=1.5, pad_y=random.choice((0.0, 0.5, 1.5)), group=None
        )

    def _align(self, name: str) -> str:
        return "left" if name in ("description", "quantity") else "right"

    def _two_lines(
        self, number: int, line: Line, cells: list[GridCell], columns: int
    ) -> list[GridRow]:
        """The name on a line of its own, below it quantity × price and the amount."""
        w = self.w
        sign = self.random.choice(("x", "X", "@", "*"))
        price = w.cell_money("items", number, "price", line.unit_price)
        bits = (
            Bit(
                "  " + w.figures.quantity(line.quantity),
                self.ink,
                (RowMark("items", number, "quantity", NUMBER, line.quantity),),
            ),
            Bit(sign, self.ink),
            Bit(self._amount(line.unit_price), self.ink, (price,)),
        )
        return [
            GridRow((GridCell(cells[0].child, columns),), stays=True),
            GridRow((GridCell(Text(bits)), cells[-1])),
        ]

    def _cell(
        self, name: str, number: int, line: Line, question: EntityMark | None, way: str
    ) -> GridCell:
        w = self.w
        value = {
            "description": line.description.upper() if self.capitals else line.description,
            "quantity": w.figures.quantity(line.quantity),
            "price": self._amount(line.unit_price),
            "total_price": self._amount(line.amount),
        }[name]
        mark = {
            "description": lambda: RowMark("items", number, "description"),
            "quantity": lambda: RowMark("items", number, "quantity", NUMBER, line.quantity),
            "price": lambda: w.cell_money("items", number, "price", line.unit_price),
            "total_price": lambda: w.cell_money("items", number, "total_price", line.amount),
        }[name]()
        marks: tuple[Mark, ...] = (mark,)
        if question is not None:
            marks += (EntityMark(EntityLabel.ANSWER, (question,), pairs=False),)
        return GridCell(Text((Bit(value, self.ink, marks),), self._align(name)))

    def _widths(
        self, rows: list[GridRow], columns: tuple[str, ...], width: float
    ) -> tuple[float, ...]:
        widths = [0.0] * len(columns)
        for row in rows:
            if len(row.cells) == len(columns):
                for place, cell in enumerate(row.cells):
                    widths[place] = max(widths[place], cell.child.natural() + 3)
        wide = columns.index("description")
        rest = width - sum(w for place, w in enumerate(widths) if place != wide)
        widths[wide] = max(40.0, rest)
        scale = width / sum(widths)
        return tuple(w * scale for w in widths)

    def _sums(self) -> Element:
        w, random, bought = self.w, self.random, self.purchase
        bill = bought.bill
        rows: list[Element] = []
        bare = not bill.gross_prices

        def add(
            label: str, value: Decimal, *marks: Mark, scale: float = 1.0, bold: bool = False
        ) -> None:
            rows.append(
                self._pair(label, self._amount(value), *marks, apart=True, scale=scale, bold=bold)
            )

        if bill.discount:
            add(w.label("total_discount"), -bill.discount)
        if bare or w.chance(0.35):
            # Where prices include tax, a sub-total may be with tax too: then it is no net sum.
            net = bare or w.chance(0.5)
            value = bill.subtotal if net else bill.total
            add(w.label("receipt_subtotal"), value, w.money("subtotal", value))
        tax_first = bare or w.chance(0.4)
        if bill.taxes and tax_first:
            self._taxes(add)
        if bought.tip:
            add(w.label("tip"), bought.tip, w.money("tip", bought.tip))
        if bought.rounding:
            add(w.label("rounding"), bought.rounding)
        scale = random.choice((1.0, 1.0, 1.2, 1.4))
        label = w.label("total")
        if w.region.symbols[0].isalpha() and w.chance(0.3):
            label += f" ({w.region.symbols[0]})"
        add(label, bought.total, w.money("total", bought.total), scale=scale, bold=w.chance(0.6))
        rows += self._payment()
        if bill.taxes and not tax_first and w.chance(0.7):
            rows.append(Space(4))
            self._taxes(add)
        if w.chance(0.3):
            count = sum(int(line.quantity) or 1 for line in bill.lines)
            rows.insert(0, self._pair(w.label("items_count"), str(count), apart=w.chance(0.5)))
        return Stack(tuple(rows))

    def _taxes(self, add: object) -> None:
        assert callable(add)
        w, bill = self.w, self.purchase.bill
        for row, share in enumerate(bill.taxes):
            label = w.label("receipt_tax")
            if w.chance(0.6):
                label += " " + w.figures.percent(share.rate)
            marks: list[Mark] = [w.cell_money("tax_details", row, "amount", share.tax)]
            if len(bill.taxes) == 1:
                marks.append(w.money("total_tax", share.tax))
            add(label, share.tax, *marks)

    def _payment(self) -> list[Element]:
        w, random, bought = self.w, self.random, self.purchase
        rows: list[Element] = []
        if bought.card:
            method = w.label("card")
            if w.chance(0.4):
                rows.append(
                    self._pair(
                        w.label("payment_method"),
                        method,
                        FieldMark("payment_method"),
                        apart=w.chance(0.5),
                    )
                )
            else:
                rows.append(self._card(method))
            if w.chance(0.5):
                rows.append(
                    self._pair(
                        w.label("card_number"),
                        "*" * random.choice((4, 8, 12)) + coded("####", random),
                    )
                )
            if w.chance(0.3):
                rows.append(self._pair(w.label("auth"), coded("######", random)))
        elif w.chance(0.75):
            given = bought.total
            step = random.choice((1, 5, 10, 20, 50))
            given = max(given, (given / step).quantize(Decimal(1)) * step)
            if given < bought.total:
                given += step
            rows.append(self._card(w.label("cash"), cents(given)))
            if w.chance(0.85):
                rows.append(
                    self._pair(
                        w.label("change"), self._amount(cents(given - bought.total)), apart=True
                    )
                )
        return rows

    def _card(self, method: str, value: Decimal | None = None) -> Element:
        """How it was paid is the label, the sum the value."""
        question = EntityMark(EntityLabel.QUESTION)
        answer = EntityMark(EntityLabel.ANSWER, (question,))
        shown = self._amount(self.purchase.total if value is None else value)
        said = Bit(
            method + self.w.colon_after(method),
            self.ink,
            (question, FieldMark("payment_method", value=method)),
        )
        right = Text((Bit(shown, self.ink, (answer,)),), "right")
        return Row((Text((said,)), right), (None, right.natural() + 1), gap=4)

    def _tail(self) -> Element:
        w, random = self.w, self.random
        parts: list[Element] = []
        if w.chance(0.4):
            parts.append(self._t(w.one_of("receipt_policy"), align="centre"))
        if w.chance(0.8):
            parts += [Space(3), self._t(w.one_of("receipt_thanks"), align="centre")]
        if w.chance(0.2):
            parts += [Space(6), _in_the_middle(art.bar_code(random, self.width * 0.6, 26))]
        elif w.chance(0.08):
            parts += [Space(6), _in_the_middle(art.square_code(random, 60))]
        return Stack(tuple(parts))

    def _notes(self) -> tuple[Pinned, ...]:
        """A number or a sum written on it."""
        w, random = self.w, self.random
        if not w.chance(0.06):
            return ()
        ink = hand(15, random)
        note = Bit(coded(random.choice(("##/##", "###", "?-##")), random), ink)
        return (
            Pinned(Text((note,)), self.width * random.uniform(0.5, 0.7), random.uniform(2, 12), 90),
        )


_HEADS = {
    "description": "description",
    "quantity": "quantity",
    "price": "unit_price",
    "total_price": "amount",
}


def _in_the_middle(drawn: Art) -> Art:
    return replace(drawn, align="centre")
