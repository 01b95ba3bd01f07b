"""Invoices and credit notes: who, whom, when, how much, and for what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from docai.document import Document
from docai.results import Check, Extraction, FieldType, Item
from docai.tasks import candidates as kinds
from docai.tasks import checks, codes, dates
from docai.tasks.assemble import (
    Findings,
    by_score,
    currency_candidates,
    extraction_of,
    fields_of,
    stated,
)
from docai.tasks.candidates import Candidate, Kind, candidates
from docai.tasks.context import Context
from docai.tasks.items import find_items
from docai.tasks.labels import Hit
from docai.tasks.parties import Parties, Party, find_parties
from docai.tasks.places import places
from docai.tasks.taxes import find_taxes
from docai.tasks.totals import settle_totals

# The fields in a result, as in the contract.
ORDER = (
    "vendor_name", "vendor_address", "vendor_tax_id", "vendor_email", "vendor_phone",
    "customer_name", "customer_id", "customer_address", "customer_tax_id", "shipping_address",
    "billing_address", "invoice_id", "purchase_order", "invoice_date", "due_date",
    "service_start_date", "service_end_date", "payment_terms", "subtotal", "total_discount",
    "shipping_cost", "total_tax", "invoice_total", "amount_due", "amount_paid", "iban", "bic",
    "currency",
)  # fmt: skip

# Fields that a label of the same name points at.
LABELLED: Mapping[str, Kind] = {
    "invoice_id": kinds.ID,
    "purchase_order": kinds.ID,
    "customer_id": kinds.ID,
    "invoice_date": kinds.DATE,
    "due_date": kinds.DATE,
    "service_start_date": kinds.DATE,
    "service_end_date": kinds.DATE,
    "payment_terms": kinds.STRING,
    "iban": kinds.IBAN,
    "bic": kinds.BIC,
}
PROVABLE = ("iban", "vendor_tax_id", "customer_tax_id")  # by their own check digits
BESIDE_ID = 4.0  # log-odds of a date on the row of the invoice's number
UNLABELLED = 1.5  # log-odds of a value that stands there without any label
MIN_SCORE = 2.6  # log-odds below which a labelled value is more likely noise
PARTY_SCORE = 2.0  # log-odds of a party's name or address whose role is a toss-up
PERIOD_SCORE = 5.0  # log-odds of two dates behind one label for a period
OWN_REACH = 9.0  # word heights below an address within which a code belongs to it


@dataclass(frozen=True, slots=True)
class InvoiceTask:
    """The geometric extractor for invoices."""

    name: str = "invoice"

    def extract(self, document: Document) -> Extraction:
        return extraction_of(find(document), self.name, ORDER, document)


def find(document: Document) -> Findings:
    """Every field's options, the items and the proofs that hold them together."""
    context = Context(document)
    listed = find_items(context)
    taxes = find_taxes(context, listed.rows)
    hits = [h for hits in context.hits for h in hits if (h.sheet, h.run.row) not in listed.rows]
    parties = find_parties(context)
    options = {
        **_by_label(hits, context),
        **_codes_of_parties(hits, parties, context),
        **settle_totals(hits, taxes, listed, context),
        **_names_and_addresses(parties),
        "currency": currency_candidates(context),
    }
    options |= {name: [c] for name, c in _period(hits, options, context)}
    proofs = _checks(options, listed.items, taxes.items, document)
    return Findings(options, listed.items, taxes.items, proofs)


def _by_label(hits: Sequence[Hit], context: Context) -> dict[str, list[Candidate]]:
    """Candidates of the fields that are found by their own label."""
    options: dict[str, list[Candidate]] = {}
    for name, kind in LABELLED.items():
        found = [c for c in candidates(name, kind, hits, name, context) if c.score >= MIN_SCORE]
        options[name] = by_score(found)
    options["invoice_date"] = by_score(
        [*options["invoice_date"], *_dates_beside(options["invoice_id"][:1], context)]
    ) or _unlabelled_dates(context)
    if not options["iban"]:
        options["iban"] = [c for c in _anywhere("iban", kinds.IBAN, context) if c.proved]
    return options


def _dates_beside(ids: Iterable[Candidate], context: Context) -> Iterator[Candidate]:
    """“Rechnung Nr. 17 vom 1.3.2026”: a date on the row of the invoice's number."""
    for candidate in ids:
        if candidate.hit is None:
            continue
        for run in context.sheets[candidate.hit.sheet].rows[candidate.hit.run.row]:
            for one in dates.find_dates(run.text, context.date_order):
                span = run.span(one.start, one.end)
                yield Candidate("invoice_date", FieldType.DATE, one.value, span, BESIDE_ID)


def _unlabelled_dates(context: Context) -> list[Candidate]:
    """Dates on the upper half of the first page; the first is the likeliest."""
    found: list[Candidate] = []
    for sheet in context.sheets[:1]:
        for run in sheet.runs:
            if run.box.top > 0.5 * sheet.page.height:
                continue
            for one in dates.find_dates(run.text, context.date_order):
                span = run.span(one.start, one.end)
                score = UNLABELLED - 0.3 * len(found)
                found.append(Candidate("invoice_date", FieldType.DATE, one.value, span, score))
    return found


def _codes_of_parties(
    hits: Sequence[Hit], parties: Parties, context: Context
) -> dict[str, list[Candidate]]:
    """Tax numbers, e-mail and telephone, given to the party they stand with."""
    options: dict[str, list[Candidate]] = {}
    for role in ("vendor", "customer"):
        name = f"{role}_tax_id"
        options[name] = list(candidates(name, kinds.TAX_ID, hits, name, context))
    tax_ids = list(candidates("vendor_tax_id", kinds.TAX_ID, hits, "tax_id", context))
    for candidate in tax_ids or _vat_ids_anywhere(context):
        name = f"{_owner(candidate, parties, context)}_tax_id"
        options[name].append(replace(candidate, name=name))
    emails = list(candidates("vendor_email", kinds.EMAIL, hits, "email", context))
    options["vendor_email"] = emails or list(_anywhere("vendor_email", kinds.EMAIL, context))
    options["vendor_phone"] = list(candidates("vendor_phone", kinds.PHONE, hits, "phone", context))
    for name in ("vendor_email", "vendor_phone"):
        options[name] = [c for c in options[name] if _owner(c, parties, context) == "vendor"]
    return {name: by_score(found) for name, found in options.items()}


def _vat_ids_anywhere(context: Context) -> Iterator[Candidate]:
    """VAT numbers that no label announces, where their check digits hold."""
    for run in context.runs():
        for one in codes.find_vat_ids(run.text):
            if one.value.proved:
                span = run.span(one.start, one.end)
                yield Candidate(
                    "vendor_tax_id", FieldType.STRING, one.value.text, span, UNLABELLED, True
                )


def _anywhere(name: str, kind: Kind, context: Context) -> Iterator[Candidate]:
    for run in context.runs():
        for one in kind.parse(run.text, context):
            value, proved = kinds.unwrap(one.value)
            score = UNLABELLED + (kinds.PROVED if proved else 0.0)
            yield Candidate(name, kind.type, value, run.span(one.start, one.end), score, proved)


def _owner(candidate: Candidate, parties: Parties, context: Context) -> str:
    """The party under whose address the value stands; the vendor without one."""
    ref = candidate.span.evidence[0]
    box = context.document.word(ref).box
    reach = OWN_REACH * context.sheets[ref.page].word_height

    def depth(party: Party | None) -> float:
        if party is None or party.address is None or party.address.page != ref.page:
            return float("inf")
        around = party.address.box
        in_column = around.left - reach <= box.left <= around.right + reach / 3
        below = box.top - around.top
        near = -reach / OWN_REACH <= below <= around.height + reach
        return below if in_column and near else float("inf")

    return "customer" if depth(parties.customer) < depth(parties.vendor) else "vendor"


def _names_and_addresses(parties: Parties) -> dict[str, list[Candidate]]:
    options: dict[str, list[Candidate]] = {}
    for role, players in (
        ("vendor", parties.vendors),
        ("customer", parties.customers),
        ("shipping", parties.shipping),
        ("billing", parties.billing),
    ):
        if role in ("vendor", "customer"):
            options[f"{role}_name"] = [
                stated(f"{role}_name", FieldType.STRING, player.name, PARTY_SCORE + player.score)
                for player in players
                if player.name is not None
            ]
        # The address of the party that was chosen, or none: not the next party's.
        postals = [player.address.postal for player in players[:1] if player.address is not None]
        options[f"{role}_address"] = [
            stated(f"{role}_address", FieldType.ADDRESS, postal, PARTY_SCORE + player.score)
            for player, postal in zip(players, postals, strict=False)
            if postal is not None
        ]
    return options


def _period(
    hits: Iterable[Hit], options: Mapping[str, Sequence[Candidate]], context: Context
) -> list[tuple[str, Candidate]]:
    """Both ends of "Leistungszeitraum 01.02.2026 - 28.02.2026"."""
    names = ("service_start_date", "service_end_date")
    if any(options[name] for name in names):
        return []
    for hit in hits:
        for place in places(hit, context) if hit.means("service_period") else ():
            found = dates.find_dates(place.text, context.date_order)
            if len(found) == 2 and found[0].value <= found[1].value:
                spans = [place.run.span(place.start + f.start, place.start + f.end) for f in found]
                return [
                    (name, stated(name, FieldType.DATE, span, PERIOD_SCORE, one.value))
                    for name, span, one in zip(names, spans, found, strict=True)
                ]
    return []


def _checks(
    options: Mapping[str, Sequence[Candidate]],
    items: Sequence[Item],
    taxes: Sequence[Item],
    document: Document,
) -> list[Check]:
    proofs = [checks.product_check(item, n) for n, item in enumerate(items, start=1)]
    chosen = {field.name: field for field in fields_of(options, (), document)}
    found = [proof for proof in proofs if proof is not None]
    found += checks.sum_checks(chosen, items, taxes)
    for name in PROVABLE:
        many = options.get(name, ())
        if many and many[0].proved is not None:
            found.append(checks.checksum_check(name, str(many[0].value), many[0].proved))
    return found
