"""Subtotal, tax, total, paid and due: chosen together, because they must add up.

Each field has its own candidates; of all combinations the one is taken that the labels and
the arithmetic want most. A label alone often cannot tell "Total" of the net from "Total".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, product

from docai.document import WordRef
from docai.results import Field, FieldType, Item, Money, Span
from docai.tasks.amounts import find_money
from docai.tasks.candidates import MONEY, SURE_LABEL, Candidate, candidates
from docai.tasks.checks import TOLERANCE, amount
from docai.tasks.context import Context
from docai.tasks.items import ItemList
from docai.tasks.labels import Hit
from docai.tasks.places import Relation
from docai.tasks.taxes import TaxList

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
RATES_DIFFER = -2.5  # the tax is none of all rates together
SPENT = 2.5  # cash less change is the total
SHRINKS = -2.0  # a total below its own subtotal
SAME_WORDS = -1.5  # two fields read from the same words
NOT_RIGHTMOST = 0.4  # off for each further sum to the right of it in its row
TAX_ALONE = 3.0  # log-odds of the only tax rate's sums being those of the document
DERIVED = 2.5  # log-odds of a sum without a known label that the others demand
WRITTEN_OUT = 0.5  # quality of a number's writing that makes it a sum
COPIED = 1.0  # off where a total serves as the amount due, or the other way round


def settle_totals(
    hits: Sequence[Hit],
    taxed: TaxList,
    listed: ItemList,
    context: Context,
    fields: Mapping[str, str] = MONEY_FIELDS,
) -> dict[str, list[Candidate]]:
    """Candidates by field, the chosen one first; fields without a likely one are left out."""
    taxes, total = taxed.items, "invoice_total" if "invoice_total" in fields else "total"
    banned = _words_of_rates(taxed, context)
    options = {
        name: _options(name, concept, hits, banned, context) for name, concept in fields.items()
    }
    if not options.get("amount_paid"):
        _take_due_for_total(options, total)
    if len(taxes) == 1:
        options["subtotal"] = _with(options["subtotal"], "subtotal", taxes[0].get("net"))
        options["total_tax"] = _with(options["total_tax"], "total_tax", taxes[0].get("amount"))
    facts = _Facts(
        items=_sum(listed.items, "amount"),
        nets=_sum(taxes, "net"),
        taxes=_sum(taxes, "amount"),
        spent=_spent(options),
    )
    _derive(options, total, facts, _printed(listed, context))
    trio = _best_trio(options, total, facts)
    chosen = dict(zip(("subtotal", "total_tax", total), trio, strict=True))
    for name in fields:
        if name not in chosen:
            chosen[name] = _best_alone(name, options[name], chosen, total)
    if not options.get("amount_paid"):
        _take_total_for_due(chosen, total)
    return _with_rivals(chosen, options)


def _with_rivals(
    chosen: Mapping[str, Candidate | None], options: Mapping[str, list[Candidate]]
) -> dict[str, list[Candidate]]:
    """Each choice before its rivals; a sum that another field took is no rival any more."""
    taken = {name: one.span.evidence for name, one in chosen.items() if one is not None}
    return {
        name: [
            one,
            *(
                c
                for c in options[name]
                if c.value != one.value
                and not any(c.span.evidence == words for n, words in taken.items() if n != name)
            ),
        ]
        for name, one in chosen.items()
        if one is not None
    }


def _words_of_rates(taxed: TaxList, context: Context) -> frozenset[WordRef]:
    """The words in rows of single rates, where there are several: none is the document's sum."""
    if len(taxed.items) < 2:
        return frozenset()
    return frozenset(
        ref
        for page, row in taxed.rows
        for run in context.sheets[page].rows[row]
        for ref in run.span().evidence
    )


def _printed(listed: ItemList, context: Context) -> dict[Decimal, tuple[Money, Span]]:
    """Every sum that is written out outside the list of items; the lowest on the page counts."""
    found = {}
    for run in context.runs():
        if (run.page, run.row) in listed.rows:
            continue
        for one in find_money(run.text, context.decimal_mark, context.currency):
            if one.quality >= WRITTEN_OUT:
                found[one.value.amount] = one.value, run.span(one.start, one.end)
    return found


def _derive(
    options: dict[str, list[Candidate]],
    total: str,
    facts: _Facts,
    printed: Mapping[Decimal, tuple[Money, Span]],
) -> None:
    """Add sums that stand there without a known label, where the other two of a sum demand them."""

    def known(name: str) -> set[Decimal]:
        values = (amount(c.value) for c in options[name][:MAX_OPTIONS])
        return {value for value in values if value}

    items = facts.items
    subtotals = known("subtotal") | ({items} if items else set())
    taxes, totals = known("total_tax"), known(total)
    rounding = known("rounding") if "rounding" in options else set()
    demanded = {
        "subtotal": {t - x for t in totals for x in taxes}
        | ({items} if items and items not in totals else set()),
        "total_tax": {t - s for t in totals for s in subtotals},
        total: {s + x for s in subtotals for x in taxes}
        | {t + sign * r for t in totals for r in rounding for sign in (1, -1)}
        | facts.spent,
    }
    for name, values in demanded.items():
        for value in sorted(values - known(name) - {Decimal()}):
            if value in printed:
                money, span = printed[value]
                options[name].append(Candidate(name, FieldType.MONEY, money, span, DERIVED))


def _options(
    name: str, concept: str, hits: Iterable[Hit], banned: Collection[WordRef], context: Context
) -> list[Candidate]:
    """The best candidate for each value, likeliest first."""
    by_value: dict[Decimal, Candidate] = {}
    for candidate in chain.from_iterable(_of_hit(name, concept, hit, context) for hit in hits):
        value = amount(candidate.value)
        if value is None or any(ref in banned for ref in candidate.span.evidence):
            continue
        if value not in by_value or candidate.score > by_value[value].score:
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
        worth += GROWN * _is_grown(total, tax or Decimal(), extras, totals)
    if subtotal is not None and facts.nets is not None:
        worth += RATES_FIT if subtotal == facts.nets else 0.0
    if tax is not None and facts.taxes is not None:
        worth += RATES_FIT if tax == facts.taxes else RATES_DIFFER
    worth += SPENT * (total is not None and total in facts.spent)
    words = [c.span.evidence for c in trio if c is not None]
    worth += SAME_WORDS * (len(words) - len(set(words)))
    return worth


def _is_grown(
    total: Decimal, tax: Decimal, extras: Sequence[Decimal], totals: Collection[Decimal | None]
) -> bool:
    """It is another sum called a total with tax, rounding or a surcharge added.

    Receipts call the sum before those a total, too.
    """
    steps = [sign * extra for extra in extras for sign in (1, -1)]
    grown = {total - tax - step for step in [Decimal(), *steps]} | {total - s for s in steps}
    return bool((grown - {total}) & set(totals))


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


def _take_due_for_total(options: dict[str, list[Candidate]], total: str) -> None:
    """Where nothing was paid in advance, the amount due is the total under another name."""
    known = {c.value for c in options[total]}
    options[total] = options[total] + [
        replace(due, name=total, score=due.score - COPIED)
        for due in options.get("amount_due", ())
        if due.value not in known
    ]


def _take_total_for_due(chosen: dict[str, Candidate | None], total: str) -> None:
    """Where nothing was paid in advance, the total is due, whether or not it is so called."""
    whole = chosen[total]
    if "amount_due" in chosen and chosen["amount_due"] is None and whole is not None:
        chosen["amount_due"] = replace(whole, name="amount_due", score=whole.score - COPIED)
