"""What an invoice is about: who sold what to whom, at what price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from docai.training.synth.accounts import Bill, Line, cents, nice_price, rates_of, some_quantity
from docai.training.synth.people import Party
from docai.training.synth.regions import coded
from docai.training.synth.wording import parts
from docai.training.synth.writer import Writer


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


def a_sale(writer: Writer) -> Sale:
    random = writer.random
    trade = random.choice(list(writer.words["trades"].values()))
    vendor = writer.people.company(trade["names"])
    return Sale(
        vendor,
        writer.people.customer(),
        writer.people.customer() if writer.chance(0.15) else None,
        _a_bill(writer, trade),
        _number_of(writer),
        writer.today,
        writer.today
        + timedelta(days=random.choice((0, 7, 8, 10, 14, 14, 15, 20, 30, 30, 30, 45, 60))),
        writer.one_of("invoice_titles"),
    )


def _number_of(writer: Writer) -> str:
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


def _a_bill(writer: Writer, trade: dict[str, list[str]]) -> Bill:
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
