"""Forms: labels with what was filled in, checkboxes, small tables; typed, printed or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docai.document import CellKind
from docai.training.labelled import EntityLabel
from docai.training.synth import art
from docai.training.synth.boxes import Art, Frame, Row, Rule, Space, Stack
from docai.training.synth.faces import faces
from docai.training.synth.form_elements import CheckBox, Field
from docai.training.synth.form_tables import column_table, cross_table, listing
from docai.training.synth.form_writer import PROSE, Entry, FormWriter
from docai.training.synth.grids import Grid, GridCell, GridRow
from docai.training.synth.marks import CellMark, EntityMark, Mark, TableMark
from docai.training.synth.pages import Pinned, Plan
from docai.training.synth.regions import coded
from docai.training.synth.style import writable
from docai.training.synth.typeset import BLACK, Bit, Element, Ink, Text
from docai.training.synth.wording import parts as split
from docai.training.synth.writer import Writer

LONG_LABEL = 30  # letters; a longer label has a row of its own
TICKED, EMPTY = "☒", "☐"  # the words that reading makes of drawn checkboxes


def form(writer: Writer) -> Plan:
    return _Form(writer).plan()


class _Form(FormWriter):
    def plan(self) -> Plan:
        w, random = self.w, self.random
        parts: list[Element] = [self._head(), Space(random.choice((6, 10, 16)))]
        if w.chance(0.3):
            parts += [w.text(self._instruction()), Space(8)]
        names = [name for name in self.bank["sections"] if name != "memo"]
        chosen = random.sample(names, random.choice((1, 2, 2, 3, 3, 4)))
        if w.chance(0.3):
            chosen.insert(0, "memo")
        numbered = w.chance(0.15)
        for number, name in enumerate(chosen, start=1):
            section = self.bank["sections"][name]
            parts += self._section(name, section, number if numbered else 0)
            parts.append(Space(random.choice((6, 10, 14))))
            if name == "memo" and w.chance(0.6):
                for _ in range(random.choice((1, 1, 2, 3))):
                    parts += [w.text(w.prose("business", random.randint(2, 5))), Space(8)]
        if w.chance(0.35):
            parts += [self._remarks(), Space(8)]
        if w.chance(0.55):
            for _ in range(random.choice((1, 1, 2, 3))):
                parts += [self._choice(), Space(6)]
        if w.chance(0.3):
            parts += [self._consents(), Space(8)]
        if w.chance(0.3):
            parts += [listing(self), Space(8)]
        for _ in range(random.choice((0, 0, 0, 1, 1, 2))):
            table = column_table if w.chance(0.45) else cross_table
            parts += [table(self), Space(10)]
        if w.chance(0.4):
            parts += [w.text(self._instruction(), w.style.ink(0.88)), Space(8)]
        if w.chance(0.65):
            parts += [self._signature(), Space(8)]
        if w.chance(0.3):
            parts.append(self._office())
        said = w.some(self.bank["subtitles"])
        foot = w.text(said, w.style.ink(0.75)) if w.chance(0.35) else None
        return Plan(
            Stack(tuple(parts)),
            *self.paper,
            self.margins,
            foot=lambda page, pages: foot,
            notes=self._notes(),
        )

    def _instruction(self) -> str:
        return self.w.some(self.bank["instructions"])

    def _head(self) -> Element:
        w, random, style = self.w, self.random, self.w.style
        align = random.choice(("left", "centre", "centre"))
        title = w.some(self.bank["titles"])
        title = title.upper() if w.chance(0.3) else title
        if w.chance(0.2) and " " in title:
            title = title.replace(" ", "\n", 1)
        if w.chance(0.2):
            title = f"{w.names['company']()}\n{title}"
        ink = style.title(random.choice((1.2, 1.4, 1.6, 2.0)), BLACK if w.chance(0.7) else None)
        parts: list[Element] = []
        if w.chance(0.4):
            parts.append(
                w.heading(w.names["company"](), style.bold(random.choice((1.0, 1.2, 1.5))), align)
            )
        parts.append(w.heading(title, ink, align))
        if w.chance(0.5):
            parts.append(w.text(w.some(self.bank["subtitles"]), style.ink(0.85), align=align))
        head: Element = Stack(tuple(parts), gap=2)
        if w.chance(0.15):
            head = Frame(
                head,
                8,
                border=random.choice((0.7, 1.5)),
                fill=style.ground if w.chance(0.5) else None,
            )
        elif w.chance(0.25):
            height = random.uniform(26, 44)
            logo = Art(height, height, art.logo(title, style.accent, height, random))
            head = Row((logo, head), (height, None), valign="middle")
        if w.chance(0.2):
            head = Stack((head, Rule(random.choice((0.6, 1.2)), room=4)))
        return head

    def _section(self, name: str, section: dict[str, list[str]], number: int) -> list[Element]:
        w, random = self.w, self.random
        parts: list[Element] = []
        head = str(random.choice(section["heads"]))
        if head and (w.chance(0.7) or number):
            parts += [self._section_head(f"{number}. {head}" if number else head), Space(4)]
        kinds = {
            "lines": 4,
            "two": 4,
            "boxed": 3,
            "ruled": 3,
            "inline": 5,
            "under": 2,
            "columns": 3,
            "paragraphs": 2,
        }
        if name == "memo":
            kinds = {"lines": 3, "columns": 4, "two": 1, "inline": 2}
        kind = random.choices(list(kinds), list(kinds.values()))[0]
        entries = self.entries(section, random.randint(3, 9))
        parts.append(
            {
                "lines": self._lines,
                "two": self._two,
                "boxed": self._boxed,
                "ruled": self._ruled,
                "inline": self._inline,
                "under": self._under,
                "columns": self._columns,
                "paragraphs": self._paragraphs,
            }[kind](entries)
        )
        return parts

    def _section_head(self, text: str) -> Element:
        w, style = self.w, self.w.style
        kind = self.random.randrange(4)
        head = w.heading(
            text,
            style.bold(self.random.choice((1.0, 1.1, 1.2))),
            self.random.choice(("left", "left", "centre")),
        )
        if kind == 0:
            return Frame(head, 3, fill=style.ground)
        if kind == 1:
            return Stack((head, Rule(0.7, room=1)))
        if kind == 2:
            white = replace(head.bits[0].ink, colour=(1.0, 1.0, 1.0))
            dark = replace(head, bits=(replace(head.bits[0], ink=white),))
            return Frame(dark, 3, fill=(0.2, 0.2, 0.2) if not style.coloured else style.accent)
        return head

    def _lines(self, entries: Sequence[Entry]) -> Element:
        """Each label with its own line behind it, the lines as they come."""
        return Stack(tuple(self._labelled_line(e) for e in entries), gap=2)

    def _labelled_line(self, entry: Entry) -> Element:
        bit, mark = self.question(entry.label)
        label = Text((bit,))
        field = Field(self.answer(entry.value, mark), 60, self.line, self.entry_height)
        width = min(label.natural() + 1, self.width * self.narrow)
        return Row((label, field), (width, None), gap=5, valign="bottom")

    def _columns(self, entries: Sequence[Entry]) -> Element:
        """Labels in a column, values in the next."""
        rows = []
        labels = []
        for entry in entries:
            bit, mark = self.question(entry.label)
            labels.append(Text((bit,)))
            rows.append(Field(self.answer(entry.value, mark), 60, self.line, self.entry_height))
        width = max(label.natural() for label in labels) + 4
        width = min(width, self.width * self.random.choice((0.17, 0.25, 0.5, 0.5)))
        if self.w.chance(0.2):
            labels = [replace(label, align="right") for label in labels]
        length = self.random.uniform(0.5, 1.0) * (self.width - width - 10)
        return Stack(
            tuple(
                Row((a, b), (width, length), gap=8, valign="bottom")
                for a, b in zip(labels, rows, strict=True)
            ),
            gap=2,
        )

    def _two(self, entries: Sequence[Entry]) -> Element:
        """Two or three pairs in a row; long ones have a row of their own."""
        rows: list[Element] = []
        waiting: list[Element] = []
        most = self.random.choice((2, 2, 3))
        for entry in entries:
            if (entry.long and len(entry.value) > 24) or len(entry.label) > LONG_LABEL:
                rows.append(self._labelled_line(entry))
                continue
            waiting.append(self._labelled_line(entry))
            if len(waiting) == most:
                rows.append(Row(tuple(waiting), (None,) * most, gap=14))
                waiting = []
        if waiting:
            rows.append(Row(tuple(waiting), (None,) * len(waiting), gap=14))
        return Stack(tuple(rows), gap=3)

    def _boxed(self, entries: Sequence[Entry]) -> Element:
        """Cells with a small label in their corner, as authorities like them."""
        small = replace(self.label_ink, size=max(5.5, self.w.style.size * 0.72))
        rows: list[Element] = []
        left = list(entries)
        while left:
            count = min(len(left), self.random.choice((1, 2, 2, 3, 5)))
            here = [left.pop(0) for _ in range(count)]
            cells = []
            for entry in here:
                bit, mark = self.question(entry.label, colon=False)
                label = Text((replace(bit, ink=small),))
                value = Text(self.answer(entry.value, mark))
                cells.append(
                    GridCell(
                        Stack((label, value if entry.value else Space(self.w.style.size * 1.2)))
                    )
                )
            shares = [self.random.uniform(0.7, 1.5) for _ in here]
            widths = tuple(self.width * share / sum(shares) for share in shares)
            rows.append(Grid((GridRow(tuple(cells), "tlbr"),), widths, pad_y=2, group=None))
        return Stack(tuple(rows))

    def _ruled(self, entries: Sequence[Entry]) -> Element:
        """A table of two or four columns: label, value."""
        w, style = self.w, self.w.style
        table = TableMark()
        double = w.chance(0.4) and len(entries) > 3
        fill = style.ground if w.chance(0.5) else None
        rows: list[GridRow] = []
        queue = list(entries)
        while queue:
            cells: list[GridCell] = []
            for place in range(2 if double else 1):
                column = 2 * place
                entry = queue.pop(0) if queue else None
                first = CellMark(table, len(rows), column, kind=CellKind.HEADER)
                second = CellMark(table, len(rows), column + 1)
                if entry is None:
                    cells += [GridCell(Space(1), mark=first), GridCell(Space(1), mark=second)]
                    continue
                bit, mark = self.question(entry.label)
                bits = tuple(
                    replace(b, marks=(*b.marks, second)) for b in self.answer(entry.value, mark)
                )
                label = Text((replace(bit, marks=(*bit.marks, first)),))
                cells += [GridCell(label, fill=fill, mark=first), GridCell(Text(bits), mark=second)]
            rows.append(GridRow(tuple(cells), "tlbr"))
        share = self.random.uniform(0.22, 0.4)
        widths = (share, 1 - share) if not double else (share * 0.6, 0.5 - share * 0.6) * 2
        return Grid(
            tuple(rows),
            tuple(self.width * part for part in widths),
            pad_y=self.random.choice((2, 3, 5)),
            line=style.line_width,
            table=table,
            valign=self.random.choice(("top", "middle")),
        )

    def _inline(self, entries: Sequence[Entry]) -> Element:
        """Label and value as text, perhaps several in a line; blanks are underscores."""
        rows: list[Text] = []
        together = self.random.choice((0.0, 0.0, 0.3, 0.6))
        space = self.label_ink.face.width(" ") * self.label_ink.size
        apart = space * self.random.choice((0, 1, 3, 8))  # of the pairs of a line
        for entry in entries:
            bit, mark = self.question(entry.label)
            blank = Bit("_" * self.random.randint(10, 30), self.label_ink)
            first, *more = self.answer(entry.value, mark) or (blank,)
            bits = (bit, replace(first, lead=space * self.lead), *more)
            if rows and self.w.chance(together):
                rows[-1] = Text((*rows[-1].bits, replace(bit, lead=apart), *bits[1:]))
            else:
                rows.append(Text(bits))
        if self.w.chance(0.4):
            half = (len(rows) + 1) // 2
            return Row(
                (Stack(tuple(rows[:half]), gap=3), Stack(tuple(rows[half:]), gap=3)), (None, None)
            )
        return Stack(tuple(rows), gap=self.random.choice((2, 4, 8)))

    def _paragraphs(self, entries: Sequence[Entry]) -> Element:
        """Sentences below or behind their label, as in proposals and reports."""
        below = self.w.chance(0.5)
        rows: list[Element] = []
        for entry in entries:
            if not entry.prose or not entry.value:
                rows.append(self._labelled_line(entry))
                continue
            bit, mark = self.question(entry.label)
            said = self.answer(self.w.prose("business", self.random.randint(2, 6)), mark)
            rows += [Text((bit,)), Text(said)] if below else [Text((bit, *said))]
        return Stack(tuple(rows), gap=self.random.choice((2, 5, 9)))

    def _under(self, entries: Sequence[Entry]) -> Element:
        """A line to write on with the label below it, or a box with the label above it."""
        below = self.w.chance(0.5)
        small = replace(self.label_ink, size=self.w.style.size * 0.85)
        rows: list[Element] = []
        queue = list(entries)
        while queue:
            here = [queue.pop(0) for _ in range(min(len(queue), self.random.choice((1, 2, 3, 5))))]
            cells = []
            for entry in here:
                bit, mark = self.question(entry.label, colon=not below)
                label = Text((replace(bit, ink=small),))
                field = Field(
                    self.answer(entry.value, mark),
                    40,
                    "line" if below else "box",
                    self.entry_height,
                )
                cells.append(Stack((field, label) if below else (label, field), gap=1))
            rows.append(Row(tuple(cells), (None,) * len(cells), gap=12))
        return Stack(tuple(rows), gap=5)

    def _remarks(self) -> Element:
        """A label and whole sentences behind it or below, as wide as the form or less."""
        w, random = self.w, self.random
        rules = [str(rule).rsplit("|", 1) for rule in self.bank["lists"]]
        bit, mark = self.question(w.say(random.choice([r for r, kind in rules if kind in PROSE])))
        sentences = random.choice((1, 1, 2, 3, 5, 8))
        said = self.answer(w.prose(random.choice(("business", "report")), sentences), mark)
        kind = random.choice(("run in", "beside", "below", "below"))
        if kind == "run in":
            return Text((bit, *said))
        if kind == "beside":
            name = Text((bit,))
            width = min(name.natural() + 6, self.width * self.narrow)
            return Row((name, Text(said)), (width, None), gap=random.choice((3, 8, 24)))
        room = random.choice((1.0, 1.0, 0.8, 0.6)) * self.width
        indent = random.choice((0.0, 0.0, 14.0, 40.0))
        below = Row((Space(1), Text(said)), (indent, min(room, self.width - indent)), gap=0)
        return Stack((Text((bit,)), below), gap=random.choice((1, 3, 8)))

    # --- checkboxes ---

    def _tick(self, ticked: bool, marks: tuple[Mark, ...]) -> Element:
        """A square, or what typewriters have in its place."""
        ink, size = self.label_ink, self.w.style.size
        if self.tick_style < 0.2:
            return Text((Bit("[X]" if ticked else "[_]", ink, marks),))
        pen = self.answer_ink.colour if self.is_hand else BLACK
        shapes = art.check_box(size * 0.95, ticked, self.random, pen)
        return CheckBox(size * 0.95, shapes, TICKED if ticked else EMPTY, ink, marks)

    def _option(self, label: str, ticked: bool) -> Element:
        """A box and its label; the label is the question, the box its answer."""
        question = EntityMark(EntityLabel.QUESTION)
        answer = EntityMark(EntityLabel.ANSWER, (question,), checked=ticked)
        box = self._tick(ticked, (answer,))
        text = Text((Bit(label, self.label_ink, (question,)),))
        if self.tick_style > 0.85:  # some forms put the box behind
            return Row((text, box), (text.natural(), box.natural()), gap=4)
        return Row((box, text), (box.natural(), text.natural()), gap=4)

    def _choice(self) -> Element:
        w, random = self.w, self.random
        rule = str(random.choice(self.bank["choices"]))
        head, *options = split(rule)
        options = [w.say(option) for option in options]
        ticked = random.randrange(len(options)) if w.chance(max(0.3, self.filled)) else -1
        boxes = [self._option(option, i == ticked) for i, option in enumerate(options)]
        text = w.say(head) + (self.colon if not head.endswith("?") else "")
        title = Text((Bit(text, self.label_ink, (EntityMark(EntityLabel.HEADER),)),))
        if w.chance(0.6):
            widths = [title.natural() + 4, *(box.natural() + 2 for box in boxes)]
            if sum(widths) + 14 * len(boxes) < self.width:
                return Row((title, *boxes), tuple(widths), gap=14)
        return Stack((title, Stack(tuple(boxes), gap=2)), gap=2, keep=True)

    def _consents(self) -> Element:
        said = self.random.sample(self.bank["consents"], self.random.choice((1, 2, 3)))
        return Stack(
            tuple(self._option(self.w.say(str(text)), self.w.chance(0.6)) for text in said), gap=4
        )

    # --- signatures and notes ---

    def _signature(self) -> Element:
        """Lines for a signature and a date; some are signed."""
        w, random = self.w, self.random
        pen = self.answer_ink.colour if self.is_hand else (0.1, 0.12, 0.45)
        signed = w.chance(self.filled)
        bit, _ = self.question(w.some(self.bank["signature"]))
        date_bit, date_mark = self.question(w.some(self.bank["signature_date"]))
        drawn = art.signature(random, pen, random.uniform(80, 130), random.uniform(22, 34))
        mark: Element = replace(drawn, room=drawn.height * 0.4) if signed else Space(18)
        day = self.answer(w.figures.date(w.today) if signed else "", date_mark)
        line = Rule(0.5, room=0.5)
        place = Field(day, 60, "none", 16)
        if w.chance(0.5):  # the labels below the lines
            columns = (Stack((mark, line, Text((bit,)))), Stack((place, line, Text((date_bit,)))))
            return Row(columns, (None, self.width * 0.32), gap=40, valign="bottom")
        left = Row(
            (Text((bit,)), Stack((mark, line))),
            (Text((bit,)).natural() + 2, None),
            gap=5,
            valign="bottom",
        )
        right = Row(
            (Text((date_bit,)), Stack((place, line))),
            (Text((date_bit,)).natural() + 2, None),
            gap=5,
            valign="bottom",
        )
        rows: list[Element] = [
            Row((left, right), (None, self.width * 0.35), gap=24, valign="bottom")
        ]
        if w.chance(0.3):
            rows.append(
                self._labelled_line(
                    Entry(
                        str(random.choice(self.bank["print_name"])),
                        w.people.person() if signed else "",
                    )
                )
            )
        return Stack(tuple(rows), gap=6)

    def _office(self) -> Element:
        w, random = self.w, self.random
        head = w.heading(
            str(random.choice(self.bank["office"])),
            w.style.bold(0.95),
            random.choice(("left", "centre")),
        )
        labels = random.sample(self.bank["office_labels"], random.choice((2, 3, 4)))
        entries = [self.entry(str(label)) for label in labels]
        inner = Stack(
            (head, Space(4), self._two(entries) if w.chance(0.6) else self._lines(entries))
        )
        return Frame(
            inner,
            7,
            border=random.choice((0.6, 1.2)),
            fill=w.style.ground if w.chance(0.3) else None,
        )

    def _notes(self) -> tuple[Pinned, ...]:
        """What stands beside the form: numbers on its margins, a stamp, a word by hand."""
        w, random = self.w, self.random
        notes = []
        width, height = self.paper
        if w.chance(0.2):
            number = Bit(coded("########", random), Ink(random.choice(faces().of("sans")).bold, 12))
            notes.append(
                Pinned(
                    Text((number,)),
                    width - random.uniform(100, 150),
                    height - random.uniform(24, 60),
                    110,
                )
            )
        places = ((24, 10), (width * 0.55, 14), (40, height - 18))
        for x, y in random.sample(places, random.choice((0, 0, 0, 1, 2, 3))):
            said = random.choice((w.some(self.bank["subtitles"]), w.names["code"](), "-"))
            ink, is_hand = self._answer_ink() if w.chance(0.3) else (w.style.ink(0.8), False)
            if is_hand and w.language != "zh":
                said = writable(said, ink.face)
            place = x + random.uniform(0, 40), y + random.uniform(-4, 4)
            notes.append(Pinned(Text((Bit(said, ink),)), *place, width * 0.38))
        if w.chance(0.08):
            shapes = art.stamp(w.one_of("stamps"), random, random.uniform(14, 24))
            notes.append(
                Pinned(
                    Art(1, 1, shapes),
                    width * random.uniform(0.5, 0.8),
                    height * random.uniform(0.1, 0.3),
                    1,
                )
            )
        return tuple(notes)
