"""Business letters."""

from __future__ import annotations

from docai.training.synth import art
from docai.training.synth.boxes import Art, Aside, Row, Rule, Space, Stack
from docai.training.synth.pages import A4, LETTER, Plan
from docai.training.synth.typeset import GREY, Element
from docai.training.synth.writer import Writer, inline


def letter(writer: Writer) -> Plan:
    w, random, style = writer, writer.random, writer.style
    paper = LETTER if w.region.letter_paper else A4
    side = random.choice((56, 64, 72, 80))
    sender = w.people.company(w.one_trade()["names"])
    private = w.chance(0.15)
    parts: list[Element] = [
        *_sender(w, sender.person if private else sender.name, sender.address, sender.web)
    ]
    parts += [Space(random.uniform(14, 40)), *_addressee(w), Space(random.uniform(14, 36))]
    day = w.figures.date(w.today)
    dated = (
        f"{sender.address[-1].split(',')[0]}, {day}"
        if w.chance(0.2) and w.language != "zh"
        else day
    )
    date_side = random.choice(("left", "right", "right"))
    if w.chance(0.4):
        pairs = [w.named("your_reference", w.say("<code>"))]
        pairs.append(w.named("contact", w.people.person()))
        pairs.append(w.named("vendor_phone", w.people.phone()))
        refs = inline(pairs[: random.choice((1, 2, 3))])
        parts.append(Row((refs, w.text(day, align="right")), (None, None)))
    else:
        parts.append(w.text(dated, align=date_side))
    parts.append(Space(random.uniform(10, 24)))
    topic = random.choice(list(w.words["letters"]))
    bank = w.words["letters"][topic]
    if w.chance(0.75):
        parts += [w.heading(w.some(bank["subjects"]), style.bold()), Space(10)]
    parts += [w.text(w.one_of("salutations")), Space(style.size)]
    align = "justify" if w.chance(0.25) else "left"
    for number in range(random.choice((2, 3, 3, 4, 5))):
        text = w.prose(
            topic if number < 2 else random.choice(("courtesy", topic, "business")),
            random.randint(2, 5),
        )
        parts += [w.text(text, align=align), Space(style.size * random.choice((0.6, 0.9)))]
    parts += [w.text(w.one_of("closings")), Space(4)]
    pen = random.choice(((0.1, 0.12, 0.45), (0.05, 0.05, 0.08)))
    parts.append(art.signature(random, pen) if w.chance(0.75) else Space(28))
    parts.append(w.text(sender.person))
    if not private and w.chance(0.6):
        parts.append(w.text(w.some(w.words["values"]["job"]), style.ink(0.95)))
    if w.chance(0.25):
        parts += [Space(14), w.text(w.one_of("enclosures"), style.ink(0.9))]
    foot = None
    if not private and w.chance(0.5):
        line = " · ".join((sender.name, *sender.address, sender.phone, sender.email))
        foot = Stack((Rule(0.4, GREY, 3), w.text(line, style.ink(0.72, GREY), align="centre")))
    margins = (side, random.choice((40, 56, 70)), side, 36)
    return Plan(Stack(tuple(parts)), *paper, margins, foot=lambda page, pages: foot)


def _sender(w: Writer, name: str, address: tuple[str, ...], web: str) -> list[Element]:
    style, random = w.style, w.random
    align = random.choice(("left", "right", "centre"))
    parts: list[Element] = []
    if w.chance(0.35):
        height = random.uniform(26, 46)
        parts.append(Art(height, height, art.logo(name, style.accent, height, random), align))
        parts.append(Space(4))
    parts.append(w.text(name, style.title(random.choice((1.1, 1.4, 1.8))), align=align))
    lines = (*address, web) if w.chance(0.5) else address
    if w.chance(0.5):
        return [*parts, w.text(" · ".join(lines), style.ink(0.85), align=align)]
    return parts + [w.text(line, style.ink(0.9), align=align) for line in lines]


def _addressee(w: Writer) -> list[Element]:
    party = w.people.customer()
    lines = [
        party.name,
        *([party.person] if party.is_company and w.chance(0.5) else []),
        *party.address,
    ]
    block = Stack(tuple(w.text(line) for line in lines))
    if w.language == "fr" and w.chance(0.6):
        return [Aside(block, 220, "right")]
    return [block]
