"""Invoices: letterhead, addressee, data, items, sums, taxes, payment, foot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from docai.training.labelled import EntityLabel
from docai.training.synth import art
from docai.training.synth.accounts import (
    Bill,
    Line,
    cents,
    nice_price,
    rates_of,
    some_quantity,
)
from docai.training.synth.lists import item_table
from docai.training.synth.marks import EntityMark, FieldMark, Mark, RowMark
from docai.training.synth.pages import A4, LETTER, Pinned, Plan
from docai.training.synth.people import Party
from docai.training.synth.regions import coded
from docai.training.synth.truth import Sought
from docai.training.synth.typeset import (
    GREY,
    WHITE,
    Art,
    Aside,
    Bit,
    Element,
    Frame,
    Grid,
    GridCell,
    GridRow,
    Row,
    Space,
    Stack,
    Text,
)
from docai.training.synth.wording import parts
from docai.training.synth.writer import (
    ADDRESS,
    NUMBER,
    Pair,
    Writer,
    arranged,
    beside,
    in_columns,
    inline,
    rule,
)

SOUGHT = Sought(
    frozenset(
        [
            "vendor_name",
            "vendor_address",
            "vendor_tax_id",
            "vendor_email",
            "vendor_phone",
            "customer_name",
            "customer_id",
            "customer_address",
            "customer_tax_id",
            "shipping_address",
            "billing_address",
            "invoice_id",
            "purchase_order",
            "invoice_date",
            "due_date",
            "service_start_date",
            "service_end_date",
            "payment_terms",
            "subtotal",
            "total_discount",
            "shipping_cost",
            "total_tax",
            "invoice_total",
            "amount_due",
            "amount_paid",
            "iban",
            "bic",
        ]
    ),
    items=True,
)


@dataclass(frozen=True, slots=True)
class Sale:
    """Who sold what to whom, and when."""

    vendor: Party
    customer: Party
    ship_to: Party | None
    bill: Bill
    invoice_id: str
    issued: date
    due: date
    title: str


def invoice(writer: Writer) -> Plan:
    random = writer.random
    trade = random.choice(list(writer.words["trades"].values()))
    vendor = writer.people.company(trade["names"])
    sale = Sale(
        vendor,
        writer.people.customer(),
        writer.people.customer() if writer.chance(0.15) else None,
        a_bill(writer, trade),
        number_of(writer),
        writer.today,
        writer.today
        + timedelta(days=random.choice((0, 7, 8, 10, 14, 14, 15, 20, 30, 30, 30, 45, 60))),
        writer.one_of("invoice_titles"),
    )
    return _Layout(writer, sale).plan()


def number_of(writer: Writer) -> str:
    """Invoice numbers as programs make them."""
    random, year = writer.random, writer.today.year
    pattern = random.choice(
        (
            "######",
            "####",
            "#####",
            f"{year}-####",
            f"{year}/###",
            "INV-####",
            "INV#####",
            f"RE-{year}-###",
            f"{year % 100}-#####",
            "?-######",
            "??######",
            f"{year}{writer.today.month:02}###",
            "########",
            "#######",
            "INV/##/####",
            "?##-####-##",
            "#-####",
            "##/####/#",
        )
    )
    return coded(pattern, random)


def a_bill(writer: Writer, trade: dict[str, list[str]]) -> Bill:
    random = writer.random
    rates = rates_of(writer.region.tax_rates, random)
    count = random.choices(
        (
            1,
            random.randint(2, 4),
            random.randint(3, 9),
            random.randint(10, 20),
            random.randint(21, 70),
        ),
        (2, 5, 6, 2, 1),
    )[0]
    discounts, days, groups = writer.chance(0.08), writer.chance(0.1), writer.chance(0.05)
    lines = [
        _line(writer, trade, random.choice(rates), discounts=discounts, days=days)
        for _ in range(count)
    ]
    if groups and count > 5:
        names = [writer.say(str(rule).split("|")[0]) for rule in trade["names"][:3]]
        lines = [replace(line, group=names[min(2, i * 3 // count)]) for i, line in enumerate(lines)]
    bill = Bill(tuple(lines), taxed=writer.chance(0.94))
    if writer.chance(0.12):
        rate = Decimal(random.choice((2, 3, 5, 10, 15)))
        bill = replace(bill, discount=cents(bill.goods * rate / 100), discount_rate=rate)
    if writer.chance(0.2):
        bill = replace(bill, shipping=nice_price(3.9, 49, random))
    if writer.chance(0.1):
        bill = replace(bill, paid=cents(bill.total * random.choice((1, 2, 3, 5)) / 10))
    return bill


def _line(
    writer: Writer, trade: dict[str, list[str]], rate: Decimal, *, discounts: bool, days: bool
) -> Line:
    random = writer.random
    description, unit, low, high = parts(str(random.choice(trade["goods"])))
    unit = writer.say(unit)
    details: tuple[str, ...] = ()
    if writer.chance(0.22):
        lines = random.sample(
            trade["details"], min(random.choice((1, 1, 2)), len(trade["details"]))
        )
        details = tuple(writer.say(str(line)) for line in lines)
    return Line(
        writer.say(description),
        some_quantity(unit, float(low), random),
        nice_price(float(low), float(high), random),
        rate,
        unit,
        coded(random.choice(("######", "??-####", "####", "#####-##", "?###", "##.###")), random),
        details,
        Decimal(random.choice((0, 0, 5, 10, 15))) if discounts else Decimal(0),
        writer.date_near(-30, -1) if days else None,
    )


class _Layout:
    """One sale on paper."""

    def __init__(self, writer: Writer, sale: Sale) -> None:
        self.w, self.sale, self.random = writer, sale, writer.random
        self.paper = LETTER if writer.region.letter_paper else A4
        side = self.random.choice((34.0, 40.0, 45.0, 50.0, 56.0, 62.0, 70.0))
        self.margins = (
            side,
            self.random.choice((28, 36, 45, 55)),
            side - self.random.choice((0, 0, 8)),
            self.random.choice((28, 34, 42)),
        )
        self.width = self.paper[0] - self.margins[0] - self.margins[2]
        self.title_said = False
        self.symbols = writer.chance(0.7)  # of the currency, among the sums
        self.terms = writer.one_of("terms")
        self.said: set[str] = set()  # what an earlier part has said already
        self.sidebar = writer.chance(0.07)
        if self.sidebar:
            left, top, _, bottom = self.margins
            self.margins = (left, top, 150.0, bottom)
            self.width = self.paper[0] - left - 150

    def plan(self) -> Plan:
        w, random = self.w, self.random
        gap = random.choice((8, 12, 16, 22))
        body: list[Element] = [*self._top(gap)]
        if not self.title_said:
            body += [self._title(), Space(gap)]
        if w.chance(0.35):
            body += [w.text(w.one_of("intros")), Space(gap * 0.7)]
        body += [item_table(w, self.sale.bill, self.width), Space(random.choice((2, 6, 10)))]
        body += [self._sums(), Space(gap), *self._closing(gap)]
        foot = self._foot()
        numbered = w.chance(0.5)
        pager = str(random.choice(w.words["labels"]["page"]))
        pager_align = random.choice(("right", "centre", "right"))

        def bottom(page: int, pages: int) -> Element | None:
            parts = [foot] if foot and (page == 1 or self.foot_everywhere) else []
            if numbered or pages > 1:
                said = pager.replace("<page>", str(page)).replace("<pages>", str(pages))
                parts.append(w.text(said, w.style.ink(0.85), align=pager_align))
            return Stack(tuple(parts), gap=3) if parts else None

        def top(page: int, pages: int) -> Element | None:
            if page == 1 or not self.running:
                return None
            return Row(
                (
                    w.text(self.sale.vendor.name, w.style.ink(0.85)),
                    w.text(
                        f"{self.sale.title} {self.sale.invoice_id}",
                        w.style.ink(0.85),
                        align="right",
                    ),
                ),
                (None, None),
            )

        self.foot_everywhere = w.chance(0.5)
        self.running = w.chance(0.6)
        pinned: tuple[Pinned, ...] = ()
        if self.sidebar:
            pinned = (Pinned(self._sidebar(), self.paper[0] - 132, self.margins[1], 110),)
        return Plan(
            Stack(tuple(body)),
            *self.paper,
            self.margins,
            head=top,
            foot=bottom,
            pinned=pinned,
            notes=self._notes(),
        )

    # --- head ---

    def _top(self, gap: float) -> list[Element]:
        """Letterhead, addressee and data, in one of many orders."""
        w, random = self.w, self.random
        kinds = ("two sides", "beside", "below", "strip", "window")
        kind = random.choices(kinds, (4, 5, 2, 4, 4 if w.language in ("de", "fr") else 1.5))[0]
        head = self._letterhead()
        meta = self._meta()
        if kind == "strip":
            data: Element = arranged(w, meta, self.width) if len(meta) > 2 else inline(meta)
            return [head, Space(gap), self._parties(), Space(gap), data, Space(gap)]
        share = random.uniform(0.34, 0.46)
        data_width = share * self.width
        data = arranged(w, meta, data_width)
        if w.chance(0.25):
            data = Frame(data, 5, border=w.style.line_width, colour=w.style.line)
        elif w.chance(0.1):
            data = Frame(data, 5, fill=w.style.ground)
        addressee = self._addressee(small_sender=kind == "window")
        if kind in ("two sides", "window"):
            row = Row((addressee, data), (None, data_width), gap=18)
            if kind == "window":
                return [head, Space(random.uniform(20, 60)), row, Space(random.uniform(18, 42))]
            return [head, Space(gap), row, Space(gap)]
        if kind == "beside":  # data at the left, addressee at the right, as in France
            row = Row((data, addressee), (data_width, None), gap=random.uniform(24, 60))
            return [head, Space(gap), row, Space(gap)]
        return [
            head,
            Space(gap),
            addressee,
            Space(gap),
            Aside(data, data_width, random.choice(("left", "right"))),
            Space(gap),
        ]

    def _letterhead(self) -> Element:
        w, random, style = self.w, self.random, self.w.style
        if self.sidebar:
            return self._title() if w.chance(0.5) else Space(10)
        kind = random.choices(
            ("sides", "left", "centre", "title", "logo", "band"), (5, 3, 2, 5, 2, 2)
        )[0]
        align = "right" if w.chance(0.55) else "left"
        if kind == "sides":
            return Row((self._sign(), self._sender(align)), (None, self.width * 0.45), gap=10)
        if kind == "left":
            parts = (self._sign(name=w.chance(0.5)), Space(4), self._sender("left"))
            return Stack((*parts, rule(w)) if w.chance(0.4) else parts)
        if kind == "centre":
            return Stack((self._sender("centre"), rule(w, 6)))
        if kind == "title":
            title = self._title(align="right" if w.chance(0.7) else "left")
            sender = self._sender("left")
            children = (Stack((self._sign(), Space(4), sender)), title)
            if w.chance(0.25):
                return Row(children[::-1], (self.width * 0.42, None))
            return Row(children, (None, self.width * 0.42))
        if kind == "logo":
            side = random.choice(("left", "right", "centre"))
            sign = self._sign(side=side)
            return Stack((sign, Space(4), self._sender(side, one_line=True)))
        inner = Row(
            (w.heading(self.sale.title, style.title(1.9, WHITE)), self._name_only(WHITE)),
            (None, None),
            valign="middle",
        )
        self.title_said = True
        band = Frame(inner, 10, fill=style.accent if style.coloured else (0.25, 0.25, 0.25))
        return Stack((band, Space(6), self._sender("left", name=False)))

    def _name_only(self, colour: tuple[float, float, float]) -> Element:
        return self.w.text(
            self.sale.vendor.name,
            self.w.style.bold(1.2, colour),
            FieldMark("vendor_name"),
            align="right",
        )

    def _sign(self, *, side: str = "left", name: bool = False) -> Element:
        """A logo, a word mark, or nothing."""
        w, random = self.w, self.random
        kind = random.choices(("logo", "word", "none"), (5, 3, 3))[0]
        if name or kind == "none":
            return Space(0)
        if kind == "word":
            short = (
                " ".join(self.sale.vendor.name.split()[:2])
                if w.language != "zh"
                else self.sale.vendor.name[:4]
            )
            mark = art.wordmark(short, w.style.accent, random.uniform(15, 26), random)
            return mark if mark.width < self.width * 0.5 else Space(0)
        height = random.uniform(24, 52)
        return Art(
            height, height, art.logo(self.sale.vendor.name, w.style.accent, height, random), side
        )

    def _sender(self, align: str, *, one_line: bool = False, name: bool = True) -> Element:
        w, random, style, vendor = self.w, self.random, self.w.style, self.sale.vendor
        big = style.title(
            random.choice((1.0, 1.15, 1.4, 1.7, 2.0)), None if w.chance(0.6) else (0, 0, 0)
        )
        named = Text((Bit(vendor.name, big, (FieldMark("vendor_name"),)),), align)
        small = style.ink(
            random.choice((0.85, 0.9, 1.0)), GREY if w.chance(0.2) else (0.0, 0.0, 0.0)
        )
        address = FieldMark("vendor_address", ADDRESS)
        if one_line:
            glue = random.choice((", ", " · ", " | ", " - "))
            line = Text((Bit(glue.join(vendor.address), small, (address,)),), align)
            return Stack((named, line) if name else (line,))
        lines: list[Element] = [
            Text((Bit(line, small, (address,)),), align) for line in vendor.address
        ]
        lines += [Text((*p.label, *p.value), align) for p in self._contacts(small.size)]
        return Stack((named, *lines) if name else tuple(lines))

    def _contacts(self, size: float) -> list[Pair]:
        w, vendor = self.w, self.sale.vendor
        pairs = []
        if w.chance(0.6):
            pairs.append(w.named("vendor_phone", vendor.phone, FieldMark("vendor_phone")))
        if w.chance(0.15):
            pairs.append(w.named("fax", w.people.phone()))
        if w.chance(0.5):
            pairs.append(
                w.named("vendor_email", vendor.email, FieldMark("vendor_email", value=vendor.email))
            )
        if w.chance(0.3):
            pairs.append(Pair((), (w.bit(vendor.web),)))
        if w.chance(0.4):
            pairs.append(w.named("vendor_tax_id", vendor.tax_id, FieldMark("vendor_tax_id")))
            self.said.add("tax")
        return [
            Pair(tuple(_sized(b, size) for b in p.label), tuple(_sized(b, size) for b in p.value))
            for p in pairs
        ]

    def _title(self, align: str = "") -> Element:
        w, random = self.w, self.random
        self.title_said = True
        title = self.sale.title
        if w.chance(0.15):
            title = title.upper()
        ink = w.style.title(
            random.choice((1.3, 1.5, 1.8, 2.2, 2.8)), None if w.chance(0.5) else (0, 0, 0)
        )
        align = align or random.choice(("left", "left", "left", "centre", "right"))
        if w.chance(0.2):
            number = FieldMark("invoice_id")
            question = EntityMark(EntityLabel.QUESTION)
            answer = EntityMark(EntityLabel.ANSWER, (question,))
            said = f"{title} {random.choice(w.words['number_signs'])}".strip()
            self.said.add("number")
            return Text(
                (Bit(said, ink, (question,)), Bit(self.sale.invoice_id, ink, (answer, number))),
                align,
            )
        return w.heading(title, ink, align)

    # --- addressee and data ---

    def _addressee(self, *, small_sender: bool = False) -> Element:
        w, style, customer = self.w, self.w.style, self.sale.customer
        parts: list[Element] = []
        if small_sender:
            line = ", ".join((self.sale.vendor.name, *self.sale.vendor.address))
            ink = style.ink(0.7, GREY)
            parts += [w.text(line, ink), Space(5)]
        question = EntityMark(EntityLabel.QUESTION)
        labelled = w.chance(0.15 if small_sender else 0.75)
        if labelled:
            said = w.label("customer") + w.colon_after("")
            parts.append(w.text(said, w.label_ink, question))
        answer = EntityMark(EntityLabel.ANSWER, (question,) if labelled else ())
        marks: tuple[Mark, ...] = (answer,) if labelled else ()
        parts += self._party_lines(customer, "customer_name", "customer_address", marks)
        if customer.is_company and w.chance(0.3):
            pair = w.named("customer_tax_id", customer.tax_id, FieldMark("customer_tax_id"))
            parts.append(Text((*pair.label, *pair.value)))
        return Stack(tuple(parts))

    def _party_lines(
        self, party: Party, name: str, address: str, marks: tuple[Mark, ...]
    ) -> list[Element]:
        w = self.w
        ink = w.style.bold() if w.chance(0.4) else w.style.ink()
        lines: list[Element] = []
        title = ""
        if not party.is_company and w.chance(0.4):
            title = f"{self.random.choice(w.words['titles'])}"
        bits = [Bit(title, ink, marks)] if title else []
        lines.append(
            Text((*bits, Bit(party.name, ink, (*marks, *((FieldMark(name),) if name else ())))))
        )
        if party.is_company and w.chance(0.3):
            lines.append(w.text(w.some(w.words["attention"]), None, *marks))
        postal: tuple[Mark, ...] = (*marks, FieldMark(address, ADDRESS))
        lines += [w.text(line, None, *postal) for line in party.address]
        return lines

    def _parties(self) -> Element:
        """Addressee, and who else has an address: side by side."""
        w = self.w
        blocks = [self._addressee()]
        ship = self.sale.ship_to
        if ship or w.chance(0.2):
            blocks.append(
                self._other_party("shipping", "shipping_address", ship or self.sale.customer)
            )
        elif w.chance(0.3):
            vendor = self.sale.vendor
            question = EntityMark(EntityLabel.QUESTION)
            answer = EntityMark(EntityLabel.ANSWER, (question,))
            said = w.text(w.label("vendor") + w.colon_after(""), w.label_ink, question)
            lines = self._party_lines(vendor, "vendor_name", "vendor_address", (answer,))
            blocks.insert(0, Stack((said, *lines)))
        if w.chance(0.3):
            style = w.style
            blocks = [Frame(b, 6, border=style.line_width, colour=style.line) for b in blocks]
        if len(blocks) == 1 and w.chance(0.3):
            return Aside(blocks[0], self.width * 0.45, "right")
        return Row(tuple(blocks), (None,) * len(blocks), gap=16)

    def _other_party(self, label: str, field: str, party: Party) -> Element:
        w = self.w
        question = EntityMark(EntityLabel.QUESTION)
        answer = EntityMark(EntityLabel.ANSWER, (question,))
        said = w.text(w.label(label) + w.colon_after(""), w.label_ink, question)
        return Stack((said, *self._party_lines(party, "", field, (answer,))))

    def _meta(self) -> list[Pair]:
        """The data of the invoice, in some order."""
        w, random, sale = self.w, self.random, self.sale
        show = w.figures.date
        number = w.named("invoice_id", sale.invoice_id, FieldMark("invoice_id"))
        day = w.named("invoice_date", show(sale.issued), w.day("invoice_date", sale.issued))
        pairs = [] if "number" in self.said else [number]
        pairs.append(day)
        others: list[tuple[float, Pair]] = [
            (0.5, w.named("due_date", show(sale.due), w.day("due_date", sale.due))),
            (
                0.45,
                w.named(
                    "customer_id",
                    coded(random.choice(("#####", "C-####", "######", "??###", "10####")), random),
                    FieldMark("customer_id"),
                ),
            ),
            (
                0.3,
                w.named(
                    "purchase_order",
                    coded(
                        random.choice(("PO-#####", "45########", "######", "?-####", "####/##")),
                        random,
                    ),
                    FieldMark("purchase_order"),
                ),
            ),
            (0.25, w.named("payment_terms", self.terms, FieldMark("payment_terms"))),
            (0.15, w.named("contact", w.people.person())),
            (0.15, w.named("delivery_date", show(w.date_near(-14, 0)))),
            (0.12, w.named("delivery_note", coded("######", random))),
            (0.15, w.named("your_reference", w.say("<code>"))),
            (
                0.06,
                w.named(
                    "currency", w.region.currency, FieldMark("currency", value=w.region.currency)
                ),
            ),
            (0.06, w.named("payment_method", w.one_of("payment_methods"))),
        ]
        chosen = [pair for share, pair in others if w.chance(share)]
        if w.chance(0.12):
            chosen += self._period()
        if w.chance(0.3):
            random.shuffle(chosen)
        if w.chance(0.2):
            pairs.reverse()
        return pairs + chosen

    def _period(self) -> list[Pair]:
        w = self.w
        start = w.today.replace(day=1) - timedelta(days=self.random.choice((1, 28, 32)))
        start = start.replace(day=1)
        end = start + timedelta(days=27)
        show = w.figures.date
        first = w.day("service_start_date", start)
        last = w.day("service_end_date", end)
        if w.chance(0.5):
            return [
                w.named("service_start_date", show(start), first),
                w.named("service_end_date", show(end), last),
            ]
        question = EntityMark(EntityLabel.QUESTION)
        answer = EntityMark(EntityLabel.ANSWER, (question,))
        said = w.label("period")
        dash = self.random.choice(("-", "–", "-"))
        return [
            Pair(
                (Bit(said + w.colon_after(said), w.label_ink, (question,)),),
                (
                    Bit(show(start), w.value_ink, (answer, first)),
                    Bit(dash, w.value_ink, (answer,)),
                    Bit(show(end), w.value_ink, (answer, last)),
                ),
            )
        ]

    # --- sums ---

    def _sums(self) -> Element:
        """Sub-total to amount due; taxes in a table of their own, or as lines among the sums."""
        w, random = self.w, self.random
        bill = self.sale.bill
        tax_table = bool(bill.taxes) and w.chance(0.22)
        pairs = self._sum_pairs(lines_for_taxes=not tax_table or w.chance(0.5))
        width = random.uniform(0.36, 0.5) * self.width
        sums = self._sum_grid(pairs, width)
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

    def _sum_pairs(self, *, lines_for_taxes: bool) -> list[tuple[Pair, bool]]:
        """Each with whether it is the one that counts."""
        w, bill = self.w, self.sale.bill
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
            rows.append((w.pair(said, self._sum_text(value), *mark, ink=w.value_ink), main))

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
            rows.append((w.pair(said, self._sum_text(sign * bill.discount), mark), False))
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
        w, random, bill = self.w, self.random, self.sale.bill
        name = random.choice(w.region.tax_names)
        for row, share in enumerate(bill.taxes):
            said = self._tax_label(name, share.rate, share.net)
            marks: list[Mark] = [w.cell_money("tax_details", row, "amount", share.tax)]
            if len(bill.taxes) == 1:
                marks.append(w.money("total_tax", share.tax))
            pair = w.pair(said[0], self._sum_text(share.tax), *marks)
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

    def _sum_text(self, value: Decimal) -> str:
        figures = self.w.figures
        return figures.money(value) if self.symbols else figures.amount(value)

    def _sum_grid(self, pairs: list[tuple[Pair, bool]], width: float) -> Element:
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
        w, random, style, bill = self.w, self.random, self.w.style, self.sale.bill
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

    # --- closing and foot ---

    def _closing(self, gap: float) -> list[Element]:
        w, random, style = self.w, self.random, self.w.style
        parts: list[Element] = []
        if w.chance(0.25):
            pair = w.named("payment_terms", self.terms, FieldMark("payment_terms"))
            parts += [Text((*pair.label, *pair.value)), Space(4)]
        elif w.chance(0.25):
            parts += [self._pay_by(), Space(4)]
        bank = self._bank()
        self.bank_in_foot = bool(bank) and w.chance(0.45)
        self.bank = bank
        if bank and not self.bank_in_foot:
            block: Element = (
                in_columns(w, bank, self.width * 0.5) if w.chance(0.6) else inline(bank)
            )
            if w.chance(0.3):
                block = Stack((beside(w, bank, 2),))
            if w.chance(0.5):
                heading = str(random.choice(w.words["headings"]["payment"]))
                block = Stack((w.heading(heading, style.bold()), Space(2), block), keep=True)
            parts += [block, Space(gap * 0.6)]
        for note in random.sample(w.words["notes"], random.choice((0, 1, 1, 2, 3))):
            parts += [w.text(w.say(str(note)), style.ink(0.92)), Space(3)]
        if w.chance(0.1):
            parts += [
                Space(6),
                art.signature(random, (0.1, 0.12, 0.4)),
                w.text(w.people.person(), style.ink(0.9)),
            ]
        if w.chance(0.06):
            parts += [Space(6), art.square_code(random, 62)]
        return parts

    def _pay_by(self) -> Element:
        """A sentence that names the sum and the day."""
        w, sale = self.w, self.sale
        rule = str(self.random.choice(w.words["pay_by"]))
        bits = []
        for part in rule.replace("<", "\0<").replace(">", ">\0").split("\0"):
            if part == "<sum>":
                bits.append(
                    w.bit(
                        w.figures.money(sale.bill.due), None, w.money("amount_due", sale.bill.due)
                    )
                )
            elif part == "<due>":
                bits.append(w.bit(w.figures.date(sale.due), None, w.day("due_date", sale.due)))
            elif part.strip():
                bits.append(w.bit(part.strip()))
        return Text(tuple(bits))

    def _bank(self) -> list[Pair]:
        w, vendor = self.w, self.sale.vendor
        if w.chance(0.3):
            return []
        pairs = []
        if w.chance(0.7):
            pairs.append(w.named("bank", vendor.bank))
        if w.chance(0.3):
            pairs.append(w.named("account", vendor.name))
        if w.region.iban:
            pairs.append(w.named("iban", vendor.iban, FieldMark("iban")))
            if w.chance(0.8):
                pairs.append(w.named("bic", vendor.bic, FieldMark("bic")))
        else:
            for name, number in zip(
                w.words["bank_codes"], ("#########", "##########"), strict=True
            ):
                pairs.append(w.pair(str(name), coded(number, self.random)))
        return pairs

    def _foot(self) -> Element | None:
        """Sender, bank and register in columns, small; or a line; or nothing."""
        w, random, style, vendor = self.w, self.random, self.w.style, self.sale.vendor
        small = style.ink(0.78, GREY if w.chance(0.4) else (0.0, 0.0, 0.0))
        if self.sidebar or (not self.bank_in_foot and w.chance(0.45)):
            return None
        if not self.bank_in_foot and w.chance(0.4):
            glue = random.choice((" · ", " | ", " - ", ", "))
            line = Text(
                (Bit(glue.join((vendor.name, *vendor.address, vendor.web)), small),), "centre"
            )
            return Stack((rule(w, 3), line)) if w.chance(0.6) else line
        address = [Text((Bit(line, small),)) for line in (vendor.name, *vendor.address)]
        contact = [
            w.named("vendor_phone", vendor.phone, FieldMark("vendor_phone")),
            w.named("vendor_email", vendor.email, FieldMark("vendor_email", value=vendor.email)),
        ]
        register = []
        if "tax" not in self.said or w.chance(0.2):
            register.append(w.named("vendor_tax_id", vendor.tax_id, FieldMark("vendor_tax_id")))
        register += [
            w.named("registration", vendor.registration),
            w.named("director", vendor.person),
        ]
        columns: list[Element] = [
            Stack(tuple(address)),
            *(_small(pairs, small.size) for pairs in (contact, register)),
        ]
        if self.bank_in_foot:
            columns.insert(random.choice((2, 3)), _small(self.bank, small.size))
        row = Row(tuple(columns), (None,) * len(columns), gap=10)
        return Stack((rule(w, 3), row)) if w.chance(0.7) else row

    def _sidebar(self) -> Element:
        w, vendor, style = self.w, self.sale.vendor, self.w.style
        parts: list[Element] = [
            Art(46, 46, art.logo(vendor.name, style.accent, 46, self.random)),
            Space(8),
            w.text(vendor.name, style.bold(0.9), FieldMark("vendor_name")),
        ]
        address = FieldMark("vendor_address", ADDRESS)
        parts += [w.text(line, style.ink(0.82), address) for line in vendor.address]
        parts.append(Space(8))
        parts += [
            Stack((Text((*p.label, *p.value)), Space(2))) for p in self._contacts(style.size * 0.8)
        ]
        return Stack(tuple(parts))

    def _notes(self) -> tuple[Pinned, ...]:
        """What was put on the paper later: a stamp."""
        w, random = self.w, self.random
        if not w.chance(0.09):
            return ()
        shapes = art.stamp(w.one_of("stamps"), random, random.uniform(16, 30))
        place = random.uniform(0.3, 0.8) * self.paper[0], random.uniform(0.2, 0.85) * self.paper[1]
        return (Pinned(Art(1, 1, shapes), *place, 1),)


def _sized(bit: Bit, size: float) -> Bit:
    return replace(bit, ink=replace(bit.ink, size=size))


def _small(pairs: list[Pair], size: float) -> Element:
    return Stack(tuple(Text(tuple(_sized(b, size) for b in (*p.label, *p.value))) for p in pairs))
