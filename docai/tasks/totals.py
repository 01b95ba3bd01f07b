"""Subtotal, tax, total, paid and due: chosen together, because they must add up.

Each field has its own candidates; of all combinations the one is taken that the labels and
the arithmetic want most. A label alone often cannot tell "Total" of the net from "Total".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from docai.results import Field, FieldType, Item, Money, Span
from docai.tasks.candidates import MONEY, SURE_LABEL, Candidate, candidates
from docai.tasks.checks import TOLERANCE, amount
from docai.tasks.context import Context
from docai.tasks.labels import Hit
from docai.tasks.places import Relation

MONEY_FIELDS: Mapping[str, str] = {
    "subtotal": "subtotal",
    "total_tax": "total_tax",
    "invoice_total": "invoice_total",
    "amount_due": "amount_due",
    "amount_paid": "amount_paid",
    "total_discount": "total_discount",
    "shipping_cost": "shipping_cost",
}
EXTRAS = ("total_discount", "shipping_cost", "tip", "rounding", "surcharge")
MAX_OPTIONS = 5  # values of one field that are tried together with the others
MIN_SCORE = 2.2  # log-odds that a sum needs to be taken at all

# What a combination gains or loses, in log-odds.
ADDS_UP = 3.0  # subtotal + tax = total
DOES_NOT = -2.0
DUE_FITS = 1.5  # total - paid = due
ITEMS_FIT = 2.0  # the items sum to the subtotal
RATES_FIT = 1.5  # the tax rates' sums are the subtotal and the tax
GROWN = 2.0  # the total is another "total" with tax, rounding or a surcharge added
SPENT = 2.5  # cash less change is the total
SHRINKS = -2.0  # a total below its own subtotal
SAME_WORDS = -1.5  # two fields read from the same words
NOT_RIGHTMOST = 0.4  # off for each further sum to the right of it in its row
TAX_ALONE = 3.0  # log-odds of the only tax rate's sums being those of the document
COPIED = 1.0  # off where a total serves as the amount due, or the other way round


def settle_totals(
    hits: Sequence[Hit],
    taxes: Sequence[Item],
    items: Sequence[Item],
    context: Context,
    fields: Mapping[str, str] = MONEY_FIELDS,
) -> dict[str, list[Candidate]]:
    """Candidates by field, the chosen one first; fields without a likely one are left out."""
    options = {name: _options(name, concept, hits, context) for name, concept in fields.items()}
    if len(taxes) == 1:
        options["subtotal"] = _with(options["subtotal"], "subtotal", taxes[0].get("net"))
        options["total_tax"] = _with(options["total_tax"], "total_tax", taxes[0].get("amount"))
    total = "invoice_total" if "invoice_total" in fields else "total"
    facts = _Facts(
        items=_sum(items, "amount"),
        nets=_sum(taxes, "net"),
        taxes=_sum(taxes, "amount"),
        spent=_spent(options),
    )
    trio = _best_trio(options, total, facts)
    chosen = dict(zip(("subtotal", "total_tax", total), trio, strict=True))
    for name in fields:
        if name not in chosen:
            chosen[name] = _best_alone(name, options[name], chosen, total)
    _copy_between_total_and_due(chosen, options, total)
    return {
        name: [one, *(c for c in options[name] if c is not one)]
        for name, one in chosen.items()
        if one is not None
    }


def _options(name: str, concept: str, hits: Iterable[Hit], context: Context) -> list[Candidate]:
    """The best candidate for each value, likeliest first."""
    by_value: dict[Decimal, Candidate] = {}
    for hit in hits:
        for candidate in _of_hit(name, concept, hit, context):
            value = amount(candidate.value)
            if value is not None and (
                value not in by_value or candidate.score > by_value[value].score
            ):
                by_value[value] = candidate
    return sorted(by_value.values(), key=lambda c: -c.score)[:MAX_OPTIONS]


def _of_hit(name: str, concept: str, hit: Hit, context: Context) -> list[Candidate]:
    """A label's sums beside it, rightmost first; those below count only where none is beside."""
    found = list(candidates(name, MONEY, [hit], concept, context))
    beside = [c for c in found if c.relation is not Relation.BELOW]
    if not beside:
        return found
    beside.sort(key=lambda c: -_right_edge(c, context))
    return [replace(c, score=c.score - NOT_RIGHTMOST * n) for n, c in enumerate(beside)]


def _right_edge(candidate: Candidate, context: Context) -> float:
    return max(context.document.word(ref).box.right for ref in candidate.span.evidence)


def _with(options: list[Candidate], name: str, field: Field | None) -> list[Candidate]:
    """The options, with a sum of the only tax rate among them or strengthened."""
    if field is None:
        return options
    span = Span(field.text, field.evidence)
    own = Candidate(name, FieldType.MONEY, field.value, span, TAX_ALONE)
    same = [c for c in options if amount(c.value) == amount(field.value)]
    if same:
        stronger = replace(same[0], score=same[0].score + SURE_LABEL)
        return sorted([stronger, *(c for c in options if c is not same[0])], key=lambda c: -c.score)
    return sorted([*options, own], key=lambda c: -c.score)[:MAX_OPTIONS]


@dataclass(frozen=True, slots=True)
class _Facts:
    """Sums from other parts of the document that a combination is held against."""

    items: Decimal | None  # sum of the items
    nets: Decimal | None  # sum of the tax rates' net sums
    taxes: Decimal | None  # sum of the tax rates' taxes
    spent: frozenset[Decimal]  # cash less change


def _spent(options: Mapping[str, list[Candidate]]) -> frozenset[Decimal]:
    """What cash and change leave, for each way to read them; nothing without both."""
    given = [amount(c.value) or Decimal() for c in options.get("cash", ())]
    back = [amount(c.value) or Decimal() for c in options.get("change", ())]
    return frozenset(a - abs(b) for a in given for b in back)


def _sum(items: Sequence[Item], name: str) -> Decimal | None:
    values = [amount(item.get(name)) for item in items]
    known = [value for value in values if value is not None]
    return sum(known, Decimal()) if known and len(known) == len(values) else None


Trio = tuple[Candidate | None, Candidate | None, Candidate | None]


def _best_trio(options: Mapping[str, list[Candidate]], total: str, facts: _Facts) -> Trio:
    extras = [amount(options[name][0].value) or Decimal() for name in EXTRAS if options.get(name)]
    combinations = product(
        [None, *options["subtotal"]], [None, *options["total_tax"]], [None, *options[total]]
    )
    others = {amount(c.value) for c in options[total]}
    return max(combinations, key=lambda trio: _worth(trio, facts, extras, others))


def _worth(
    trio: Trio, facts: _Facts, extras: Sequence[Decimal], totals: Collection[Decimal | None]
) -> float:
    worth = sum(c.score - MIN_SCORE for c in trio if c is not None)
    subtotal, tax, total = (None if c is None else amount(c.value) for c in trio)
    if subtotal is not None and tax is not None and total is not None:
        worth += ADDS_UP if _adds_up(subtotal + tax, total, extras) else DOES_NOT
    if subtotal is not None and total is not None and abs(total) < abs(subtotal) and not extras:
        worth += SHRINKS
    if subtotal is not None and facts.items is not None:
        worth += ITEMS_FIT * _adds_up(facts.items, subtotal, extras)
    if subtotal is None and total is not None and facts.items is not None:
        worth += ITEMS_FIT / 2 * _adds_up(facts.items, total, extras)
    if subtotal is None and total is not None:
        # Receipts call the sum before tax or rounding a total, too.
        steps = [s * e for e in extras for s in (1, -1) if e] + ([tax] if tax else [])
        grown = any(total - step in totals for step in steps)
        worth += GROWN * (
            grown or (tax is not None and any(total - tax - s in totals for s in steps))
        )
    worth += RATES_FIT * (subtotal is not None and subtotal == facts.nets)
    worth += RATES_FIT * (tax is not None and tax == facts.taxes)
    worth += SPENT * (total is not None and total in facts.spent)
    words = [c.span.evidence for c in trio if c is not None]
    worth += SAME_WORDS * (len(words) - len(set(words)))
    return worth


def _adds_up(computed: Decimal, shown: Decimal, extras: Sequence[Decimal]) -> bool:
    signed = [sign * extra for extra in extras for sign in (1, -1)]
    return any(abs(computed + offset - shown) <= 3 * TOLERANCE for offset in [Decimal(), *signed])


def _best_alone(
    name: str, options: Sequence[Candidate], chosen: Mapping[str, Candidate | None], total: str
) -> Candidate | None:
    """The likeliest of a field that no sum settles; the due amount must fit the total."""
    taken = {c.span.evidence for c in chosen.values() if c is not None}
    whole = chosen.get(total)

    def worth(candidate: Candidate) -> float:
        fits = name == "amount_due" and whole is not None and candidate.value == whole.value
        return (
            candidate.score
            + DUE_FITS * fits
            + SAME_WORDS * (candidate.span.evidence in taken and not fits)
        )

    likely = [c for c in options if worth(c) >= MIN_SCORE]
    return max(likely, key=worth, default=None)


def _copy_between_total_and_due(
    chosen: dict[str, Candidate | None], options: Mapping[str, list[Candidate]], total: str
) -> None:
    """Where nothing was paid in advance, the total and the amount due are one sum.

    Documents then print it once, under either name.
    """
    if total != "invoice_total" or options["amount_paid"]:
        return
    whole, due = chosen["invoice_total"], chosen["amount_due"]
    if whole is None and due is not None:
        chosen["invoice_total"] = replace(due, name="invoice_total", score=due.score - COPIED)
    elif due is None and whole is not None:
        chosen["amount_due"] = replace(whole, name="amount_due", score=whole.score - COPIED)


def money(candidate: Candidate) -> Money | None:
    return candidate.value if isinstance(candidate.value, Money) else None
