"""Below the items of an invoice: sub-total to amount due, and taxes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from docai.training.labelled import EntityLabel
from docai.training.synth.accounts import Bill
from docai.training.synth.boxes import Aside, Row, Space, Stack
from docai.training.synth.grids import Grid, GridCell, GridRow
from docai.training.synth.marks import EntityMark, Mark, RowMark
from docai.training.synth.typeset import WHITE, Bit, Element, Text
from docai.training.synth.writer import NUMBER, Pair, Writer


class Sums:
    """One bill's, in a width in points; `symbols` says whether the currency stands beside them."""

    def __init__(self, writer: Writer, bill: Bill, width: float, *, symbols: bool) -> None:
        self.w, self.bill, self.width, self.symbols = writer, bill, width, symbols
        self.random = writer.random

    def element(self) -> Element:
        """Sub-total to amount due; taxes in a table of their own, or as lines among the sums."""
        w, random = self.w, self.random
        bill = self.bill
        tax_table = bool(bill.taxes) and w.chance(0.22)
        pairs = self._pairs(lines_for_taxes=not tax_table or w.chance(0.5))
        width = random.uniform(0.36, 0.5) * self.width
        sums = self._grid(pairs, width)
        taxes = self._tax_table(self.width - width - 24) if tax_table else None
        if taxes is not None and w.chance(0.6):
            return Row((taxes, sums), (None, width), gap=24)
        side = random.choices(("right", "left"), (12, 1))[0]
        below = [Space(8), taxes] if taxes is not None else []
        notes = w.text(w.one_of("notes")) if w.chance(0.2) and side == "right" else None
        row: Element = Aside(sums, width, side)
        if notes is not None:
            row = Row((notes, sums), (None, width), gap=24)
        return Stack((row, *below))

    def _pairs(self, *, lines_for_taxes: bool) -> list[tuple[Pair, bool]]:
        """Each with whether it is the one that counts."""
        w, bill = self.w, self.bill
        rows: list[tuple[Pair, bool]] = []

        def add(
            name: str,
            value: Decimal,
            *,
            field: str | None = "",
            label: str = "",
            main: bool = False,
        ) -> None:
            mark = () if field is None else (w.money(field or name, value),)
            said = label or w.label(name)
            rows.append((w.pair(said, self._text(value), *mark, ink=w.value_ink), main))

        plain = bill.discount == 0 and bill.shipping == 0
        net_shown = bool(bill.taxes) and (w.chance(0.93) if plain else w.chance(0.4))
        if not plain:
            # Before discount and freight; where no other sum is called so, it is the sub-total.
            add("subtotal", bill.goods, field=None if net_shown else "subtotal")
        if bill.discount:
            said = w.label("total_discount")
            if w.chance(0.5):
                said += f" {w.figures.percent(bill.discount_rate)}"
            sign = -1 if w.chance(0.7) else 1
            mark = w.money("total_discount", bill.discount)
            rows.append((w.pair(said, self._text(sign * bill.discount), mark), False))
        if bill.shipping:
            add("shipping_cost", bill.shipping)
        if net_shown:
            add("subtotal", bill.subtotal)
        if bill.taxes and lines_for_taxes:
            self._tax_lines(rows, add)
        elif bill.taxes:
            add("total_tax", bill.tax)
        due_shown = bill.paid > 0 or w.chance(0.15)
        add("invoice_total", bill.total, main=not due_shown)
        if bill.paid:
            add("amount_paid", bill.paid)
        if due_shown:
            add("amount_due", bill.due, main=True)
        return rows

    def _tax_lines(self, rows: list[tuple[Pair, bool]], add: object) -> None:
        """A line for each rate; with one rate it states the whole tax."""
        w, random, bill = self.w, self.random, self.bill
        name = random.choice(w.region.tax_names)
        for row, share in enumerate(bill.taxes):
            said = self._tax_label(name, share.rate, share.net)
            marks: list[Mark] = [w.cell_money("tax_details", row, "amount", share.tax)]
            if len(bill.taxes) == 1:
                marks.append(w.money("total_tax", share.tax))
            pair = w.pair(said[0], self._text(share.tax), *marks)
            question = pair.label[0].marks
            rate = RowMark("tax_details", row, "rate", NUMBER, share.rate)
            bits = [
                Bit(text, w.label_ink, (*question, rate) if text == said[1] else question)
                for text in said
                if text
            ]
            if w.colon == ":" or w.colon == "：":
                bits[-1] = replace(bits[-1], text=bits[-1].text + w.colon)
            rows.append((Pair(tuple(bits), pair.value), False))

    def _tax_label(self, name: str, rate: Decimal, net: Decimal) -> tuple[str, str, str]:
        """What stands before the rate, the rate, and what stands behind it."""
        w, random = self.w, self.random
        shown = w.figures.percent(rate, space=random.random() < 0.3)
        plus = random.choice(w.words["plus_tax"]) if w.chance(0.3) else ""
        if w.chance(0.25) and w.language != "zh":
            return plus, shown, name
        if w.chance(0.15):
            return f"{name} ({random.choice(w.words['of_sum'])} {w.figures.amount(net)})", shown, ""
        return f"{plus} {name}".strip(), shown, ""

    def _text(self, value: Decimal) -> str:
        figures = self.w.figures
        return figures.money(value) if self.symbols else figures.amount(value)

    def _grid(self, pairs: list[tuple[Pair, bool]], width: float) -> Element:
        _w, random, style = self.w, self.random, self.w.style
        sides = random.choices(("", "b", "tlbr", "tb"), (6, 2, 2, 1))[0]
        label_align = random.choice(("left", "left", "right"))
        emphasis = random.choice(("bold", "bold", "big", "fill", "rule", "dark", "none"))
        rows = []
        for pair, main in pairs:
            label, value, fill, mine = pair.label, pair.value, None, sides
            if main and emphasis != "none":
                colour = WHITE if emphasis == "dark" else (0.0, 0.0, 0.0)
                ink = style.bold(1.25 if emphasis == "big" else 1.0, colour)
                label = tuple(replace(bit, ink=ink) for bit in label)
                value = tuple(replace(bit, ink=ink) for bit in value)
                fill = {"fill": style.ground, "dark": style.accent}.get(emphasis)
                mine = "tb" if emphasis == "rule" else sides
            cells = (
                GridCell(Text(label, label_align), fill=fill),
                GridCell(Text(value, "right"), fill=fill),
            )
            rows.append(GridRow(cells, mine, stays=True))
        values = max(Text(pair.value).natural() for pair, _ in pairs) * 1.3 + 10
        return Grid(
            tuple(rows),
            (max(60.0, width - values), min(values, width - 60)),
            pad_y=random.choice((1.0, 2.0, 3.0)),
            line=style.line_width,
            colour=style.line,
            group=None,
        )

    def _tax_table(self, room: float) -> Element:
        """Net, rate, tax for each rate."""
        w, random, style, bill = self.w, self.random, self.w.style, self.bill
        heads = [
            str(random.choice(w.words["labels"][n]))
            for n in ("tax_rate_head", "tax_net", "tax_amount_head")
        ]
        gross = w.chance(0.3)
        if gross:
            heads.append(str(random.choice(w.words["labels"]["tax_gross"])))
        questions = [EntityMark(EntityLabel.QUESTION, pairs=False) for _ in heads]
        ink = style.bold(0.9)
        sides = random.choice(("tlbr", "b", ""))
        rows = [
            GridRow(
                tuple(
                    GridCell(Text((Bit(h, ink, (q,)),), "right"))
                    for h, q in zip(heads, questions, strict=True)
                ),
                sides,
            )
        ]
        for row, share in enumerate(bill.taxes):
            texts: list[tuple[str, tuple[Mark, ...]]] = [
                (
                    w.figures.percent(share.rate),
                    (RowMark("tax_details", row, "rate", NUMBER, share.rate),),
                ),
                (
                    w.figures.amount(share.net),
                    (w.cell_money("tax_details", row, "net", share.net),),
                ),
                (
                    w.figures.amount(share.tax),
                    (w.cell_money("tax_details", row, "amount", share.tax),),
                ),
            ]
            if gross:
                texts.append((w.figures.amount(share.net + share.tax), ()))
            cells = [
                GridCell(
                    Text(
                        (
                            Bit(
                                text,
                                style.ink(0.9),
                                (*marks, EntityMark(EntityLabel.ANSWER, (q,), pairs=False)),
                            ),
                        ),
                        "right",
                    )
                )
                for (text, marks), q in zip(texts, questions, strict=True)
            ]
            rows.append(GridRow(tuple(cells), sides))
        width = min(room, 62.0 * len(heads))
        grid = Grid(
            tuple(rows),
            (width / len(heads),) * len(heads),
            line=style.line_width,
            colour=style.line,
        )
        if w.chance(0.4):
            heading = str(random.choice(w.words["headings"]["tax"]))
            return Stack((w.heading(heading, style.bold()), Space(2), grid), keep=True)
        return grid
