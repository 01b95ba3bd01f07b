"""What is none of the known kinds: notices, menus, certificates."""

from __future__ import annotations

from decimal import Decimal

from docai.training.synth import art
from docai.training.synth.accounts import nice_price
from docai.training.synth.boxes import Art, Frame, Row, Rule, Space, Stack
from docai.training.synth.pages import A4, Plan
from docai.training.synth.typeset import Element
from docai.training.synth.writer import Writer


def other(writer: Writer) -> Plan:
    return writer.random.choice((_menu, _certificate, _notice))(writer)


def _menu(w: Writer) -> Plan:
    random, style = w.random, w.style
    shop = w.words["shops"]["restaurant"]
    name = w.people.company_name(shop["names"])
    parts: list[Element] = [w.heading(name, style.title(2.4), "centre"), Space(14)]
    goods = [
        str(rule).rsplit("|", 2)
        for rule in random.sample(shop["goods"], min(18, len(shop["goods"])))
    ]
    for number, (dish, low, high) in enumerate(goods):
        if number % 6 == 0:
            parts += [
                Space(8),
                w.heading(
                    w.some(w.words["others"]["courses"]),
                    style.bold(1.3),
                    "centre",
                ),
                Space(4),
            ]
        price = w.text(w.figures.money(nice_price(float(low), float(high), random)), align="right")
        parts += [Row((w.text(w.say(dish)), price), (None, 80)), Space(3)]
    return Plan(
        Frame(Stack(tuple(parts)), 24, border=random.choice((0, 1.2))), *A4, (60, 50, 60, 40)
    )


def _certificate(w: Writer) -> Plan:
    random, style, bank = w.random, w.style, w.words["others"]
    parts: list[Element] = [
        Space(60),
        w.heading(str(random.choice(bank["certificates"])), style.title(3.0), "centre"),
        Space(24),
        w.text(w.some(bank["awarded"]), style.italic(1.2), align="centre"),
        Space(12),
        w.text(w.people.person(), style.bold(2.0), align="centre"),
        Space(16),
        w.text(w.some(bank["reasons"]), style.ink(1.2), align="centre"),
        Space(60),
        Row(
            (
                Stack(
                    (
                        art.signature(random, (0.1, 0.1, 0.4)),
                        Rule(0.5, room=1),
                        w.text(w.people.person(), align="centre"),
                    )
                ),
                Stack(
                    (Space(34), Rule(0.5, room=1), w.text(w.figures.date(w.today), align="centre"))
                ),
            ),
            (None, None),
            gap=80,
        ),
        Space(30),
    ]
    return Plan(
        Frame(Stack(tuple(parts)), 40, border=random.choice((1.5, 3)), colour=style.accent),
        A4[1],
        A4[0],
        (50, 40, 50, 30),
    )


def _notice(w: Writer) -> Plan:
    random, style, bank = w.random, w.style, w.words["others"]
    height = random.uniform(40, 90)
    parts: list[Element] = [
        Art(height, height, art.logo("x", style.accent, height, random), "centre"),
        Space(16),
        w.heading(
            w.some(bank["notices"]),
            style.title(random.choice((2.2, 3.0))),
            "centre",
        ),
        Space(12),
    ]
    for _ in range(random.randint(2, 4)):
        parts += [
            w.text(w.prose("business", random.randint(1, 3)), style.ink(1.4), align="centre"),
            Space(10),
        ]
    price = w.figures.money(Decimal(random.randint(5, 90)))
    when = f"{w.figures.date(w.date_near(1, 60))}, {w.people.street()}, {price}"
    parts.append(w.text(when, style.bold(1.4), align="centre"))
    return Plan(Stack(tuple(parts)), *A4, (70, 60, 70, 40))
