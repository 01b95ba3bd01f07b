"""Reports and scientific papers: running text in one or two columns, headings, lists, tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

from docai.document import BlockKind
from docai.geometry import Box
from docai.training.synth.boxes import Art, Frame, Row, Rule, Space, Stack, rectangle
from docai.training.synth.pages import A4, LETTER, Plan
from docai.training.synth.tables import data_table
from docai.training.synth.typeset import GREY, Element, Fitted, Shape, Sheet, Slab, Text, slabs
from docai.training.synth.writer import Writer


@dataclass(frozen=True, slots=True)
class Columns:
    """Elements that fill one column after the other, page by page, in slabs of a page's height.

    `first` is the height on the first page, `rest` on those that follow.
    """

    child: Stack
    count: int
    gap: float
    first: float
    rest: float

    def natural(self) -> float:
        return self.child.natural() * self.count

    def fit(self, width: float) -> Fitted:
        raise TypeError("columns are placed slab by slab")

    def slabs(self, width: float) -> list[Slab]:
        own = (width - self.gap * (self.count - 1)) / self.count
        pages: list[list[list[Fitted]]] = []
        room = 0.0
        for slab in slabs(self.child, own):
            height = slab.fitted.height
            if height > room:
                if isinstance(slab.fitted, Space):
                    continue
                if not pages or len(pages[-1]) == self.count:
                    pages.append([])
                pages[-1].append([])
                room = self.first if len(pages) == 1 else self.rest
            pages[-1][-1].append(slab.fitted)
            room -= height
        return [Slab(_Filled(page, own, self.gap)) for page in pages]


@dataclass(frozen=True, slots=True)
class _Filled:
    columns: list[list[Fitted]]
    width: float
    gap: float

    @property
    def height(self) -> float:
        return max(sum(piece.height for piece in column) for column in self.columns)

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        for column in self.columns:
            down = y
            for piece in column:
                piece.draw(sheet, x, down)
                down += piece.height
            x += self.width + self.gap


def report(writer: Writer) -> Plan:
    w, random, style = writer, writer.random, writer.style
    bank = w.words["reports"]
    paper = LETTER if w.region.letter_paper else A4
    side = random.choice((48, 60, 72))
    width = paper[0] - 2 * side
    title = w.some(bank["titles"])
    parts: list[Element] = []
    company = w.names["company"]()
    if w.chance(0.6):
        parts += [w.text(company, style.ink(0.95, GREY)), Space(6)]
    parts += [w.heading(title, style.title(random.choice((1.6, 2.0, 2.6)))), Space(4)]
    if w.chance(0.6):
        parts += [
            w.text(f"{w.people.person()}, {w.figures.date(w.today)}", style.italic()),
            Space(10),
        ]
    if w.chance(0.3):
        summary = Stack(
            (
                w.heading(str(random.choice(bank["summary"])), style.bold()),
                Space(3),
                w.text(w.prose("report", 3)),
            )
        )
        parts += [Frame(summary, 8, fill=style.ground), Space(10)]
    columns = random.choices((1, 2), (3, 1))[0]
    inner = width if columns == 1 else (width - 18) / 2
    body = _chapters(w, inner, random.randint(3, 9), numbered=w.chance(0.5))
    margins = (side, random.choice((48, 60)), side, 40)
    parts.append(_in_columns(paper[1] - 150, parts, body, width, columns) if columns > 1 else body)
    running = w.chance(0.6)
    numbered = w.chance(0.85)

    def head(page: int, pages: int) -> Element | None:
        if not running or page == 1:
            return None
        line = Row(
            (
                w.text(title, style.ink(0.8, GREY)),
                w.text(company, style.ink(0.8, GREY), align="right"),
            ),
            (None, None),
        )
        return Stack((line, Rule(0.4, GREY, 2)))

    def foot(page: int, pages: int) -> Element | None:
        return w.text(str(page), style.ink(0.85), align="centre") if numbered else None

    return Plan(Stack(tuple(parts)), *paper, margins, head=head, foot=foot)


def _in_columns(
    height: float, above: list[Element], body: Stack, width: float, count: int
) -> Columns:
    used = sum(element.fit(width).height for element in above)
    return Columns(body, count, 18, height - used, height)


def _chapters(w: Writer, width: float, count: int, *, numbered: bool) -> Stack:
    random, style, bank = w.random, w.style, w.words["reports"]
    parts: list[Element] = []
    align = "justify" if w.chance(0.35) else "left"
    heads = random.sample(bank["heads"], min(count, len(bank["heads"])))
    tables = 0
    for number, head in enumerate(heads, start=1):
        said = w.say(str(head))
        text = Text(
            (
                w.heading(
                    f"{number}. {said}" if numbered else said,
                    style.title(random.choice((1.15, 1.3))),
                ).bits[0],
            ),
            kind=BlockKind.TITLE,
        )
        parts += [Stack((text, Space(3), _paragraph(w, align)), keep=True), Space(5)]
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            parts += [_paragraph(w, align), Space(5)]
        if w.chance(0.25):
            parts += [_list(w), Space(5)]
        if w.chance(0.28):
            tables += 1
            caption = _caption(w, tables)
            grid = data_table(w, width, random.randint(3, 9))
            parts += [
                Stack((w.text(caption, style.italic(0.95)), Space(3), grid), keep=True),
                Space(8),
            ]
        if w.chance(0.15):
            parts += [_chart(w, width), Space(8)]
    return Stack(tuple(parts))


def _caption(w: Writer, number: int) -> str:
    return f"{w.words['reports']['table_word']} {number}: {w.some(w.words['tables']['titles'])}"


def _paragraph(w: Writer, align: str) -> Text:
    text = w.prose("report", w.random.randint(2, 6))
    return Text((w.bit(text),), align)


def _list(w: Writer) -> Element:
    sign = w.random.choice(("•", "-", "–", ""))
    rows = []
    for number in range(1, w.random.randint(3, 6)):
        rows.append(Text((w.bit(f"{sign or f'{number}.'}"), w.bit(w.prose("report", 1)))))
    return Stack(tuple(rows), gap=2, group=BlockKind.LIST)


def _chart(w: Writer, width: float) -> Element:
    """Bars with the names of months or years below them."""
    random, style = w.random, w.style
    bars, height = random.randint(4, 8), random.uniform(60, 110)
    step = width / bars
    shapes = []
    for number in range(bars):
        tall = height * random.uniform(0.15, 1.0)
        box = Box(number * step + step * 0.2, height - tall, number * step + step * 0.8, height)
        shapes.append(
            Shape(rectangle(box), fill=style.accent if sum(style.accent) else (0.5, 0.5, 0.5))
        )
    year = w.today.year - bars
    labels = Row(
        tuple(w.text(str(year + i), style.ink(0.8), align="centre") for i in range(bars)),
        (step,) * bars,
        gap=0,
    )
    said = w.some(w.words["tables"]["titles"])
    caption = w.text(
        f"{w.words['reports']['figure_word']} {random.randint(1, 9)}: {said}", style.italic(0.9)
    )
    return Stack(
        (Art(width, height, tuple(shapes)), Rule(0.5, room=0.5), labels, Space(2), caption),
        keep=True,
    )


def paper(writer: Writer) -> Plan:
    """A scientific paper: title, authors, abstract, two columns, references."""
    w, random = writer, writer.random
    w.style = replace(w.style, size=min(w.style.size, 9.5), accent=(0.0, 0.0, 0.0))
    style, bank = w.style, w.words["papers"]
    sheet = LETTER if w.region.letter_paper else A4
    side = random.choice((44, 54, 62))
    width = sheet[0] - 2 * side
    authors = ", ".join(w.people.person() for _ in range(random.randint(1, 5)))
    above: list[Element] = [
        w.heading(
            w.some(bank["titles"]),
            style.title(random.choice((1.6, 1.9))),
            "centre",
        ),
        Space(6),
        w.text(authors, align="centre"),
        Space(2),
        w.text(w.some(bank["places"]), style.italic(0.9), align="centre"),
        Space(12),
    ]
    abstract = Stack(
        (
            w.heading(str(random.choice(bank["abstract"])), style.bold()),
            Space(3),
            Text((w.bit(w.prose("paper", 5), style.ink(0.95)),), "justify"),
        )
    )
    columns = random.choice((1, 2, 2))
    body: list[Element] = []
    if columns == 1 or w.chance(0.5):
        above += [Frame(abstract, 14), Space(4)]
    else:
        body += [abstract, Space(8)]
    inner = width if columns == 1 else (width - 16) / 2
    for number, head in enumerate(bank["heads"], start=1):
        heading = w.heading(f"{number} {w.say(str(head))}", style.bold(1.1))
        body += [Stack((heading, Space(3), _scholarly(w)), keep=True), Space(4)]
        for _ in range(random.randint(1, 3)):
            body += [_scholarly(w), Space(4)]
        if w.chance(0.3):
            caption = _caption(w, number)
            body += [
                Stack(
                    (
                        w.text(caption, style.ink(0.9)),
                        Space(3),
                        data_table(w, inner, random.randint(3, 7)),
                    ),
                    keep=True,
                ),
                Space(8),
            ]
    body += [w.heading(str(bank["references"]), style.bold(1.1)), Space(3)]
    for number in range(1, random.randint(6, 18)):
        body += [w.text(f"[{number}] {_reference(w)}", style.ink(0.88)), Space(1.5)]
    stack = Stack(tuple(body))
    flow: Element = stack
    if columns == 2:
        used = sum(element.fit(width).height for element in above)
        room = sheet[1] - 48 - 40 - 24
        flow = Columns(stack, 2, 16, room - used, room)

    def foot(page: int, pages: int) -> Element | None:
        return w.text(str(page), style.ink(0.85), align="centre")

    return Plan(Stack((*above, flow)), *sheet, (side, 48, side, 34), foot=foot)


def _scholarly(w: Writer) -> Text:
    return Text((w.bit(w.prose("paper", w.random.randint(3, 6))),), "justify", indent=w.style.size)


def _reference(w: Writer) -> str:
    random = w.random
    names = ", ".join(
        f"{w.people.first_name()[0]}. {w.people.last_name()}" for _ in range(random.randint(1, 3))
    )
    title = w.some(w.words["papers"]["titles"])
    journal = w.some(w.words["papers"]["journals"])
    volume, page = random.randint(1, 60), random.randint(1, 400)
    year = w.today.year - random.randint(0, 20)
    return f"{names}. {title}. {journal} {volume}, {page}-{page + 12}, {year}."
