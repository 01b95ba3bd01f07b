"""Proofs that the numbers of a document hold together.

All sums are exact decimals. A sum may be off by one cent for each rounded number in it
(`TOLERANCE` each), because every printed amount was rounded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from docai.results import Check, Field, Item, Money

TOLERANCE = Decimal("0.01")  # per rounded amount in a sum
FULL = Decimal(100)


def amount(value: object) -> Decimal | None:
    """The number in a field's value, or None where it holds none."""
    if isinstance(value, Field):
        value = value.value
    if isinstance(value, Money):
        return value.amount
    return value if isinstance(value, Decimal) else None


PRODUCT = (("quantity",), ("unit_price", "price"), ("amount", "total_price"))  # names of each part


def product_check(item: Item, number: int) -> Check | None:
    """Quantity × unit price = amount, of one item; a discount in between is not asked for."""
    names = [next((n for n in options if item.get(n)), "") for options in PRODUCT]
    quantity, price, total = (amount(item.get(name)) for name in names)
    if quantity is None or price is None or total is None:
        return None
    detail = f"item {number}: {quantity} × {price} = {quantity * price}, shown {total}"
    fields = [f"items[{number - 1}].{name}" for name in names]
    return _check("item_product", quantity * price, total, TOLERANCE, detail, fields)


def _check(
    name: str, computed: Decimal, shown: Decimal, slack: Decimal, detail: str, fields: Sequence[str]
) -> Check:
    return Check(name, abs(computed - shown) <= slack, detail, tuple(fields))


def sum_checks(
    fields: Mapping[str, Field], items: Sequence[Item], details: Sequence[Item] = ()
) -> list[Check]:
    """Every addition the document's fields allow."""
    candidates = [
        items_check(fields, items),
        total_check(fields),
        due_check(fields),
        tax_check(fields, details),
        *(rate_check(detail, n) for n, detail in enumerate(details, start=1)),
    ]
    return [check for check in candidates if check is not None]


def items_check(fields: Mapping[str, Field], items: Sequence[Item]) -> Check | None:
    """Items sum to the subtotal, with or without discount and shipping, or to the total."""
    amounts = [amount(item.get("amount") or item.get("total_price")) for item in items]
    known = [a for a in amounts if a is not None]
    if not known or len(known) < len(amounts):
        return None
    total = sum(known, Decimal())
    extras = _extras(fields)
    slack = TOLERANCE * (len(known) + 1)
    for name in ("subtotal", "invoice_total", "total"):
        shown = amount(fields.get(name))
        if shown is None:
            continue
        offsets = {Decimal(), *extras, sum(extras, Decimal())} if extras else {Decimal()}
        for offset in offsets:
            if abs(total + offset - shown) <= slack:
                with_extras = f" {offset:+} (discount, shipping)" if offset else ""
                detail = f"{len(known)} items sum to {total}{with_extras}, {name} shown {shown}"
                return Check("items_sum", True, detail, ("items", name))
    shown = amount(fields.get("subtotal"))
    if shown is None:
        return None
    detail = f"{len(known)} items sum to {total}, subtotal shown {shown}"
    return Check("items_sum", False, detail, ("items", "subtotal"))


def _extras(fields: Mapping[str, Field]) -> list[Decimal]:
    discount, shipping = amount(fields.get("total_discount")), amount(fields.get("shipping_cost"))
    extras = []
    if discount:
        extras.append(-abs(discount))
    if shipping:
        extras.append(shipping)
    return extras


def total_check(fields: Mapping[str, Field]) -> Check | None:
    """Subtotal + tax = total; discount, shipping and tip count where the sum needs them."""
    name = "invoice_total" if "invoice_total" in fields else "total"
    subtotal, tax, total = (amount(fields.get(n)) for n in ("subtotal", "total_tax", name))
    if subtotal is None or tax is None or total is None:
        return None
    tip = amount(fields.get("tip"))
    extras = [*_extras(fields), *([tip] if tip else [])]
    computed = subtotal + tax
    for offset in {Decimal(), *extras, sum(extras, Decimal())}:
        if abs(computed + offset - total) <= 3 * TOLERANCE:
            computed += offset
            break
    detail = f"{subtotal} + {tax} = {computed}, {name} shown {total}"
    return _check(
        "total_sum", computed, total, 3 * TOLERANCE, detail, ("subtotal", "total_tax", name)
    )


def due_check(fields: Mapping[str, Field]) -> Check | None:
    """Total − paid = due."""
    total, paid, due = (
        amount(fields.get(n)) for n in ("invoice_total", "amount_paid", "amount_due")
    )
    if total is None or paid is None or due is None:
        return None
    detail = f"{total} - {abs(paid)} = {total - abs(paid)}, amount_due shown {due}"
    names = ("invoice_total", "amount_paid", "amount_due")
    return _check("due_difference", total - abs(paid), due, 2 * TOLERANCE, detail, names)


def cash_check(total: Field | None, cash: Decimal | None, change: Decimal | None) -> Check | None:
    """Cash - change = total."""
    shown = amount(total)
    if shown is None or cash is None or change is None:
        return None
    computed = cash - abs(change)
    detail = f"{cash} - {abs(change)} = {computed}, total shown {shown}"
    return _check("cash_difference", computed, shown, 2 * TOLERANCE, detail, ("total",))


def rate_check(detail: Item, number: int) -> Check | None:
    """Rate × net = tax, of one tax rate."""
    rate, net, tax = (amount(detail.get(n)) for n in ("rate", "net", "amount"))
    if rate is None or net is None or tax is None:
        return None
    computed = (net * rate / FULL).quantize(TOLERANCE)
    text = f"{rate} % of {net} = {computed}, shown {tax}"
    prefix = f"tax_details[{number - 1}]"
    names = (f"{prefix}.rate", f"{prefix}.net", f"{prefix}.amount")
    return _check("tax_rate", computed, tax, 2 * TOLERANCE, text, names)


def tax_check(fields: Mapping[str, Field], details: Sequence[Item]) -> Check | None:
    """The taxes of all rates sum to the total tax."""
    taxes = [amount(detail.get("amount")) for detail in details]
    known = [tax for tax in taxes if tax is not None]
    total = amount(fields.get("total_tax"))
    if total is None or not known or len(known) < len(taxes):
        return None
    computed = sum(known, Decimal())
    detail = f"{len(known)} tax amounts sum to {computed}, total_tax shown {total}"
    names = ("tax_details", "total_tax")
    return _check("tax_sum", computed, total, TOLERANCE * (len(known) + 1), detail, names)


def checksum_check(name: str, text: str, proved: bool) -> Check:
    """A code whose own check digits were tried."""
    says = "hold" if proved else "do not hold"
    return Check(f"{name}_checksum", proved, f"check digits of {text} {says}", (name,))


def balance(checks: Iterable[Check], field: str) -> int:
    """How many of the checks that speak of this field passed, less those that failed."""
    return sum(1 if check.passed else -1 for check in checks if field in check.fields)
