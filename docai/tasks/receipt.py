"""Till receipts: where, when, how much, and what was bought."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from docai.document import Document
from docai.results import Check, Extraction, FieldType, Item, Span
from docai.tasks import candidates as kinds
from docai.tasks import checks, dates
from docai.tasks.addresses import is_name_like, is_postal
from docai.tasks.assemble import (
    Findings,
    by_score,
    currency_candidates,
    extraction_of,
    fields_of,
    stated,
)
from docai.tasks.candidates import Candidate, candidates
from docai.tasks.codes import Code, find_emails, find_phones
from docai.tasks.context import Context
from docai.tasks.dates import find_times
from docai.tasks.items import ItemList, find_items
from docai.tasks.labels import Hit
from docai.tasks.lexicon import lexicon
from docai.tasks.purchases import find_purchases
from docai.tasks.sheet import Run, join
from docai.tasks.taxes import NO_TAXES
from docai.tasks.text import Found, key
from docai.tasks.totals import settle_totals

# The fields in a result, as in the contract.
ORDER = (
    "merchant_name", "merchant_address", "merchant_phone", "merchant_tax_id",
    "transaction_date", "transaction_time", "receipt_id", "subtotal", "total_tax", "tip",
    "total", "payment_method", "currency",
)  # fmt: skip

# Sums and their labels; those from the discount on only help to settle the others.
SUMS: Mapping[str, str] = {
    "subtotal": "subtotal",
    "total_tax": "total_tax",
    "total": "invoice_total",
    "tip": "tip",
    "total_discount": "total_discount",
    "rounding": "rounding",
    "surcharge": "surcharge",
    "cash": "cash",
    "change": "change",
}
ITEM_NAMES = {"unit_price": "price", "amount": "total_price"}  # where they differ from invoices
RECEIPT_ID = 1.0  # log-odds that a receipt's own word for its number has over "Invoice no."
TOP_ROWS = 14  # rows in which the merchant presents himself
ADDRESS_ROWS = 6
_REGISTRATION = re.compile(
    r"\s*[(\[]?\s?(?:[A-Z]{1,3}[ .-]?)?\d{5,12} ?[-–]? ?[A-Z]{0,2}\s?[)\]]?(?:\s?\([A-Z]{2,4}\))?$"
)
_NO_ADDRESS = re.compile(r"www\.|\.com\b|[A-Za-z]{3}:\s?\S|\d[.,]\d\d(?!\d)", re.IGNORECASE)
_TIGHT_TOWN = re.compile(r"[^\W\d_]{3},? ?[A-Z]{2},? ?\d{5}(?:-\d{4})?$|^\d{5}[^\W\d_]{3}")
_POSTAL_CODE = re.compile(r"\d{5}[.,]?")
NAME_SCORE = 3.0  # log-odds of the first line that could be a name
FORMED = 2.0  # of a legal form at its end
LATER = 0.5  # off for each line before it
SHORT_NAME = 1  # own words: "Stationery Sdn Bhd" is the end of the line above
SLOGAN = 1.5  # off for a line all in small letters
ADDRESS_SCORE = 1.5  # log-odds of an address: long, and wrong by one misread letter
UNSURE_ADDRESS = 1.5  # off where neither a street nor a postal code is known
PHONE_SCORE = 1.5  # log-odds of a telephone number without a label
PHONE_DIGITS = 7  # of such a number
REGION_WORDS = 4  # of the line below the town
UNLABELLED_DATE = 3.0  # log-odds of the first date of a receipt; it rarely shows another


@dataclass(frozen=True, slots=True)
class Line:
    """A whole row, whatever gaps it has."""

    runs: tuple[Run, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ReceiptTask:
    """The geometric extractor for receipts."""

    name: str = "receipt"

    def extract(self, document: Document) -> Extraction:
        return extraction_of(find(document), self.name, ORDER, document)


def find(document: Document) -> Findings:
    """Every field's options, the purchases and the proofs that hold them together."""
    context = Context(document)
    listed = find_items(context)
    if not listed.items:
        listed = find_purchases(context)
    hits = [h for hits in context.hits for h in hits if (h.sheet, h.run.row) not in listed.rows]
    sums = settle_totals(hits, NO_TAXES, listed, context, SUMS)
    options: dict[str, list[Candidate]] = {
        **_merchant(hits, context),
        **_when(hits, context),
        "receipt_id": _receipt_ids(hits, context),
        **{name: many for name, many in sums.items() if name in ORDER},
        "payment_method": _payment_methods(hits, context),
        "currency": currency_candidates(context),
    }
    items = _renamed(listed)
    return Findings(options, items, (), _checks(options, items, sums, document))


def _checks(
    options: Mapping[str, Sequence[Candidate]],
    items: Sequence[Item],
    sums: Mapping[str, Sequence[Candidate]],
    document: Document,
) -> list[Check]:
    chosen = {field.name: field for field in fields_of(options, (), document)}
    products = [checks.product_check(item, n) for n, item in enumerate(items, start=1)]
    found = [proof for proof in products if proof is not None]
    found += checks.sum_checks(chosen, items)
    paid = checks.cash_check(chosen.get("total"), _sum(sums, "cash"), _sum(sums, "change"))
    return [*found, paid] if paid is not None else found


def _sum(sums: Mapping[str, Sequence[Candidate]], name: str) -> Decimal | None:
    return checks.amount(sums[name][0].value) if name in sums else None


def _renamed(listed: ItemList) -> tuple[Item, ...]:
    kept = ("description", "quantity", "unit_price", "amount", "product_code")
    return tuple(
        Item(
            tuple(
                replace(field, name=ITEM_NAMES.get(field.name, field.name))
                for field in item.fields
                if field.name in kept
            )
        )
        for item in listed.items
    )


def _merchant(hits: Sequence[Hit], context: Context) -> dict[str, list[Candidate]]:
    """Name and address from the top of the first page; telephone and tax number by label."""
    options: dict[str, list[Candidate]] = {}
    names = list(_names(context))
    options["merchant_name"] = by_score(names)
    if names:
        address = _address(options["merchant_name"][0], context)
        if address is not None:
            options["merchant_address"] = [
                stated("merchant_address", FieldType.ADDRESS, address, _address_score(address))
            ]
    for name, kind, concept in (
        ("merchant_phone", kinds.PHONE, "phone"),
        ("merchant_tax_id", kinds.TAX_ID, "tax_id"),
    ):
        options[name] = by_score(list(candidates(name, kind, hits, concept, context)))
    options["merchant_phone"] = by_score([*options["merchant_phone"], *_phones(context)])
    return options


def _phones(context: Context) -> Iterator[Candidate]:
    """Numbers of the letterhead that stand alone and are grouped as telephone numbers are."""
    for run in (run for line in _top(context) for run in line.runs):
        for found in _telephones(run.text):
            rest = run.text[: found.start] + run.text[found.end :]
            grouped = not found.value.text.isdigit()
            if grouped and not any(c.isalnum() for c in rest):
                span = run.span(found.start, found.end)
                yield stated("merchant_phone", FieldType.STRING, span, PHONE_SCORE)


def _telephones(text: str) -> list[Found[Code]]:
    """Long enough to be one without a label: a house or a receipt has shorter numbers."""
    return [
        found
        for found in find_phones(text)
        if sum(c.isdigit() for c in found.value.text) >= PHONE_DIGITS
    ]


def _top(context: Context) -> list[Line]:
    """The first rows of the first page; a receipt's letterhead has no columns."""
    rows = context.sheets[0].rows[:TOP_ROWS] if context.sheets else ()
    return [Line(tuple(row), join(run.span() for run in row)) for row in rows]


def _names(context: Context) -> Iterator[Candidate]:
    """Rows at the top that could be a business's name, until its particulars begin."""
    before: Span | None = None
    rank = 0
    for line in _top(context):
        name = without_registration(line.span)
        if _is_particular(line, context):
            break
        if not is_name_like(name.text) or len(key(name.text)) < 3 or _is_title(line, context):
            before = None
            continue
        form = has_form(name.text)
        if form and before is not None and len(_own_words(name.text)) <= SHORT_NAME:
            name = join([before, name])
        score = NAME_SCORE + FORMED * form - LATER * rank - SLOGAN * name.text.islower()
        yield stated("merchant_name", FieldType.STRING, name, score)
        before = None if form else name
        rank += 1


def _own_words(text: str) -> list[str]:
    """Without legal forms, kinds of business and single letters."""
    words = [key(word) for word in re.split(r"[\s.,()]+", text)]
    return [word for word in words if len(word) > 1 and word not in lexicon().organisations]


def has_form(text: str) -> bool:
    """A word of it is a legal form or a kind of business: "Ltd", "Restaurant"."""
    words = {key(word) for word in re.split(r"[\s.,()]+", text)}
    return bool(words & lexicon().organisations)


def without_registration(name: Span) -> Span:
    """“ABC SDN BHD (867388-U)” without the company's number."""
    match = _REGISTRATION.search(name.text)
    if match is None or match.start() == 0:
        return name
    kept = name.text[: match.start()].strip()
    return Span(kept, name.evidence[: len(kept.split())])


def _is_title(line: Line, context: Context) -> bool:
    """“TAX INVOICE”, "Receipt" and the like, or a label of something else."""
    return key(line.span.text) in lexicon().kinds.by_key or any(
        hit.opens_run and (hit.phrase.sure or hit.has_colon)
        for hit in context.hits_in(line.runs[0])
    )


def _is_particular(line: Line, context: Context) -> bool:
    """A date: the letterhead is over."""
    return bool(dates.find_dates(line.span.text, context.date_order))


def _address(name: Candidate, context: Context) -> Span | None:
    """The lines after the name down to the town, or to what is no address any more.

    What stands between the name and the first line that could be a street is passed over: a
    registration number, a date, the name of the branch.
    """
    lines = _top(context)
    taken = set(name.span.evidence)
    last = max(n for n, line in enumerate(lines) if taken.intersection(line.span.evidence))
    found: list[Span] = []
    for line in lines[last + 1 :]:
        other = _is_other(line, context)
        if found and (other or len(found) == ADDRESS_ROWS):
            break
        # A house number before a street looks like a postal code before a town.
        if len(found) > 1 and _has_town(found[-1].text):
            return join([*found, line.span] if _is_region(line.span.text) else found)
        if not other and (found or _could_be_street(line.span.text)):
            found.append(line.span)
    return join(found) if found else None


def _address_score(address: Span) -> float:
    sure = _has_town(address.text) or _has_street(address.text)
    return ADDRESS_SCORE - UNSURE_ADDRESS * (not sure)


def _is_other(line: Line, context: Context) -> bool:
    """No line of an address: a label with its value, a sum, a time, a telephone, a web page."""
    text = line.span.text
    return (
        _is_registration(text)
        or _is_title(line, context)
        or _is_particular(line, context)
        or bool(_telephones(text) or find_times(text) or find_emails(text))
        or bool(_NO_ADDRESS.search(text))
    )


def _has_town(text: str) -> bool:
    """A postal code with its town, also where the blanks between them were lost."""
    return is_postal(text) or bool(_TIGHT_TOWN.search(text))


def _is_region(text: str) -> bool:
    """Below a town: "Selangor", "Branch 12 Riverside"; no head of the purchases' columns."""
    words = text.split()
    return len(words) <= REGION_WORDS and not any(
        key(word) in lexicon().columns.by_key for word in words
    )


def _could_be_street(text: str) -> bool:
    return any(c.isdigit() for c in text) or _has_street(text)


def _has_street(text: str) -> bool:
    words = {key(word) for word in re.split(r"[\s.,/]+", text)}
    return bool(words & lexicon().streets)


def _is_registration(text: str) -> bool:
    """“(867388-U)”: a company's number, between name and address."""
    match = _REGISTRATION.search(text)
    return match is not None and match.start() == 0 and not _POSTAL_CODE.fullmatch(text)


def _when(hits: Sequence[Hit], context: Context) -> dict[str, list[Candidate]]:
    labelled = candidates("transaction_date", kinds.DATE, hits, "invoice_date", context)
    found = [*labelled, *_all_dates(context)]
    times = [*candidates("transaction_time", kinds.TIME, hits, "transaction_time", context)]
    times += _times_beside_dates(context)
    return {"transaction_date": by_score(found), "transaction_time": by_score(times)}


def _all_dates(context: Context) -> Iterator[Candidate]:
    count = 0
    for run in context.runs():
        for one in dates.find_dates(run.text, context.date_order):
            span = run.span(one.start, one.end)
            score = UNLABELLED_DATE * one.quality - 0.3 * count
            yield Candidate("transaction_date", FieldType.DATE, one.value, span, score)
            count += 1


def _times_beside_dates(context: Context) -> Iterator[Candidate]:
    for sheet in context.sheets:
        for row in sheet.rows:
            if not any(dates.find_dates(run.text, context.date_order) for run in row):
                continue
            for run in row:
                for one in dates.find_times(run.text):
                    span = run.span(one.start, one.end)
                    yield Candidate(
                        "transaction_time", FieldType.STRING, one.value, span, UNLABELLED_DATE
                    )


def _receipt_ids(hits: Sequence[Hit], context: Context) -> list[Candidate]:
    own = candidates("receipt_id", kinds.ID, hits, "receipt_id", context)
    found = [replace(c, score=c.score + RECEIPT_ID) for c in own]
    found += candidates("receipt_id", kinds.ID, hits, "invoice_id", context)
    return by_score([c for c in found if not isinstance(c.value, date)])


def _payment_methods(hits: Sequence[Hit], context: Context) -> list[Candidate]:
    """What stands behind "Payment method", or the means whose sum is printed ("VISA 12.50")."""
    found = [
        c
        for c in candidates("payment_method", kinds.STRING, hits, "payment_method", context)
        if is_name_like(str(c.value))
    ]
    for hit in hits:
        if (
            hit.means("cash")
            and hit.opens_run
            and any(candidates("cash", kinds.MONEY, [hit], "cash", context))
        ):
            span = hit.run.span(hit.start, hit.stop)
            found.append(stated("payment_method", FieldType.STRING, span, NAME_SCORE))
    return by_score(found)
