"""What was sold and what it costs: sums that add up, to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a bill.

    `amount` is quantity × unit price less the discount, without tax, or with it where the
    bill's prices include tax.
    """

    description: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal  # percent
    unit: str = ""
    code: str = ""
    details: tuple[str, ...] = ()
    discount: Decimal = Decimal(0)  # percent
    day: date | None = None
    group: str = ""

    @property
    def amount(self) -> Decimal:
        return cents(self.quantity * self.unit_price * (1 - self.discount / 100))


@dataclass(frozen=True, slots=True)
class TaxShare:
    rate: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """items → subtotal → discount, shipping → tax → total → paid → due."""

    lines: tuple[Line, ...]
    discount: Decimal = ZERO
    discount_rate: Decimal = Decimal(0)
    shipping: Decimal = ZERO
    paid: Decimal = ZERO
    taxed: bool = True
    gross_prices: bool = False  # prices include tax: receipts

    @property
    def goods(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def taxes(self) -> tuple[TaxShare, ...]:
        """By rate, highest first. Discount and shipping go with the highest rate of the bill."""
        if not self.taxed:
            return ()
        rates = sorted({line.tax_rate for line in self.lines}, reverse=True)
        shares = []
        for rate in rates:
            part = sum((line.amount for line in self.lines if line.tax_rate == rate), ZERO)
            if rate == rates[0]:
                part += self.shipping - self.discount
            if self.gross_prices:
                net = cents(part / (1 + rate / 100))
                shares.append(TaxShare(rate, net, part - net))
            else:
                shares.append(TaxShare(rate, part, cents(part * rate / 100)))
        return tuple(shares)

    @property
    def subtotal(self) -> Decimal:
        """Without tax, after discount and shipping."""
        return self.total - self.tax

    @property
    def tax(self) -> Decimal:
        return sum((share.tax for share in self.taxes), ZERO)

    @property
    def total(self) -> Decimal:
        sum_of_prices = self.goods - self.discount + self.shipping
        return sum_of_prices if self.gross_prices else sum_of_prices + self.tax

    @property
    def due(self) -> Decimal:
        return self.total - self.paid


def nice_price(low: float, high: float, random: Random) -> Decimal:
    """A price as shops make them: many end in .00, .50, .90, .95 or .99."""
    value = low * (high / low) ** random.random()
    style = random.random()
    if value < 1:
        return max(CENT, Decimal(f"{value:.2f}"))
    if style < 0.3:
        return Decimal(round(value)).quantize(CENT)
    if style < 0.65:
        ending = random.choice(("0.99", "0.95", "0.90", "0.50", "0.49", "0.80", "0.25", "0.75"))
        return (Decimal(int(value)) + Decimal(ending)).quantize(CENT)
    return Decimal(f"{value:.2f}")


def some_quantity(unit: str, price: float, random: Random) -> Decimal:
    """Hours, kilos and metres may be fractions; pieces are not. Dear things are few."""
    if unit in _LUMP:
        return Decimal(1)
    if unit in _MEASURED and random.random() < 0.6:
        return Decimal(random.choice(("0.5", "1.5", "2.5", "3.25", "0.75", "7.5", "12.5", "4.8")))
    if unit in ("kWh", "m³", "度", "吨"):
        return Decimal(random.randint(40, 4200))
    most = max(1, int(2500 / price))
    few, some = random.randint(2, 5), random.randint(6, 20)
    many = random.choice((24, 25, 30, 48, 50, 100, 200, 500))
    return Decimal(min(most, random.choices((1, few, some, many), (5, 4, 2, 1))[0]))


_LUMP = {"flat rate", "pauschal", "Pauschale", "forfait", "a tanto alzado", "global", "次", "项"}
_MEASURED = {
    "h", "hrs", "hours", "kg", "m", "l", "m²", "litres", "Std.", "Stunden", "heures", "horas",
    "小时", "公斤", "米", "平方米", "升", "t",
}  # fmt: skip


def rates_of(rates: Sequence[str], random: Random) -> tuple[Decimal, ...]:
    """The rates a bill uses: mostly one."""
    if len(rates) > 1 and random.random() < 0.25:
        return tuple(Decimal(rate) for rate in random.sample(rates[:3], 2))
    return (Decimal(rates[0] if random.random() < 0.85 else random.choice(rates)),)
