"""Invoices: letterhead, addressee, data, items, sums, taxes, payment, foot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from docai.training.labelled import EntityLabel
from docai.training.synth import art
from docai.training.synth.boxes import Art, Aside, Frame, Row, Space, Stack
from docai.training.synth.lists import item_table
from docai.training.synth.marks import EntityMark, FieldMark, Mark
from docai.training.synth.pages import A4, LETTER, Pinned, Plan
from docai.training.synth.people import Party
from docai.training.synth.regions import coded
from docai.training.synth.sales import Sale, a_sale
from docai.training.synth.sums import Sums
from docai.training.synth.truth import Sought
from docai.training.synth.typeset import GREY, WHITE, Bit, Element, Text
from docai.training.synth.writer import (
    ADDRESS,
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


def invoice(writer: Writer) -> Plan:
    return _Layout(writer, a_sale(writer)).plan()


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
        sums = Sums(w, self.sale.bill, self.width, symbols=self.symbols)
        body += [sums.element(), Space(gap), *self._closing(gap)]
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
