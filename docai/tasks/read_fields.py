"""Fields found by docai-small and by rules together.

Rules know types, sums and the places of labels; the model knows what a description means. Each
value that either of them gives gets one probability (docai.tasks.together), and of a field the
likeliest value is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from docai.document import Document
from docai.models import small
from docai.results import Check, Extraction, Field, FieldType, Span
from docai.tasks import candidates as kinds
from docai.tasks import checks, described, invoice, own_fields, receipt
from docai.tasks.base import FieldSpec, Task
from docai.tasks.candidates import Kind, unwrap
from docai.tasks.context import Context
from docai.tasks.own_fields import CustomTask
from docai.tasks.text import key
from docai.tasks.together import Opinions, Said, lead
from docai.tasks.wholes import Borders, borders

if TYPE_CHECKING:
    from torch import Tensor

    from docai.models.page_reader import Look
    from docai.models.reader import Reading

MIN_CONFIDENCE = 0.3  # a value less likely than this is none
FIRST_PAGES, LAST_PAGES = 4, 2  # of a long document that are read
MOST_READINGS = 4  # of a field

# How the value of each field is read out of the words that the model points at.
VALUES: Mapping[str, Kind] = {
    **dict.fromkeys(described.FIELDS, kinds.STRING),
    **dict.fromkeys(
        ("invoice_date", "due_date", "service_start_date", "service_end_date", "transaction_date"),
        kinds.DATE,
    ),
    **dict.fromkeys(
        (
            "subtotal", "total_discount", "shipping_cost", "total_tax", "invoice_total",
            "amount_due", "amount_paid", "tip", "total",
        ),
        kinds.MONEY,
    ),
    **{name: Kind(FieldType.ADDRESS, kinds.STRING.parse) for name in described.FIELDS
       if name.endswith("_address")},
    "invoice_id": kinds.ID,
    "purchase_order": kinds.ID,
    "customer_id": kinds.ID,
    "receipt_id": kinds.ID,
    "transaction_time": kinds.TIME,
    "iban": kinds.IBAN,
    "bic": kinds.BIC,
    "vendor_tax_id": kinds.TAX_ID,
    "customer_tax_id": kinds.TAX_ID,
    "merchant_tax_id": kinds.TAX_ID,
    "vendor_email": kinds.EMAIL,
    "vendor_phone": kinds.PHONE,
    "merchant_phone": kinds.PHONE,
}  # fmt: skip

ORDERS = {"invoice": invoice.ORDER, "receipt": receipt.ORDER}  # of the fields in a result

# Fitted by tools/fit_fields.py. What rules alone find of typed fields keeps the rules' confidence,
# which is calibrated already.
TYPED = Opinions((-5.61, 0.32, 0.61, 1.82), (-0.06, 0.27, 0.25, 0.00, 0.46), (0.74, 0.42))
OWN = Opinions((-5.51, 0.36, 0.68, 1.11), (-1.19, 0.31, 0.16, 0.00, 0.83), (-1.33, 0.92))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field that is asked for: its name, how, and how its value is read."""

    name: str
    prompt: str
    kind: Kind


def known(names: Iterable[str]) -> tuple[Wanted, ...]:
    """Those of docai's own fields that the model can be asked for."""
    return tuple(
        Wanted(name, described.prompt(name, described.FIELDS[name]), VALUES[name])
        for name in names
        if name in described.FIELDS
    )


def own(specs: Iterable[FieldSpec]) -> tuple[Wanted, ...]:
    """The user's own fields, but for boxes to tick, which are no text."""
    return tuple(
        Wanted(
            spec.name,
            described.prompt(spec.name, spec.description or ", ".join(spec.labels)),
            own_fields.KINDS[spec.type],
        )
        for spec in specs
        if spec.type in own_fields.KINDS
    )


@dataclass(frozen=True, slots=True)
class ModelledTask:
    """A task of rules whose invoices, receipts and forms the model reads as well."""

    rules: Task

    @property
    def name(self) -> str:
        return self.rules.name

    def extract(self, document: Document) -> Extraction:
        found = self.rules.extract(document)
        if found.task == "form":
            from docai.tasks import read_form

            return read_form.with_model(found, document)
        if found.task not in ORDERS:
            return replace(found, model=small.info())
        order = ORDERS[found.task]
        return with_model(found, known(order), order, document, TYPED)


@dataclass(frozen=True, slots=True)
class ModelledCustomTask:
    """The user's own fields, by rules and by the model, and beside labels that either knows."""

    rules: CustomTask

    @property
    def name(self) -> str:
        return self.rules.name

    def extract(self, document: Document) -> Extraction:
        from docai.tasks import read_form

        specs = self.rules.specs
        order = [spec.name for spec in specs]
        found = self.rules.extract(document, read_form.pairs(document))
        return with_model(found, own(specs), order, document, OWN)


def with_model(
    found: Extraction,
    wanted: Sequence[Wanted],
    order: Sequence[str],
    document: Document,
    opinions: Opinions,
) -> Extraction:
    """What rules found, with each field's likeliest value; sums are proved again."""
    said = gathered(found.get, wanted, document)
    likeliest = (told(options, opinions) for options in said.values())
    kept = [field for field in found.fields if field.name not in said]
    chosen = {field.name: field for field in (*likeliest, *kept) if field is not None}
    return replace(
        found,
        model=small.info(),
        fields=tuple(sorted(chosen.values(), key=lambda field: order.index(field.name))),
        checks=_proved_again(found, chosen),
    )


def _proved_again(found: Extraction, chosen: Mapping[str, Field]) -> tuple[Check, ...]:
    """Without the proofs that speak of values that others took the place of."""
    before = {field.name: field.value for field in found.fields}
    now = {name: field.value for name, field in chosen.items()}
    changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    if not changed:
        return found.checks
    sums = checks.sum_checks(chosen, found.items, found.tax_details)
    again = {check.name for check in sums}
    kept = [c for c in found.checks if c.name not in again and not changed.intersection(c.fields)]
    return (*kept, *sums)


def told(options: Sequence[tuple[Field, Said]], opinions: Opinions) -> Field | None:
    """The likeliest value with its probability, or None where none is likely enough."""
    if not options:
        return None
    field, said = max(options, key=lambda option: opinions.probability(option[1]))
    probability = opinions.probability(said)
    return replace(field, confidence=probability) if probability >= MIN_CONFIDENCE else None


def gathered(
    ruled: Callable[[str], Field | None], wanted: Sequence[Wanted], document: Document
) -> dict[str, list[tuple[Field, Said]]]:
    """For each field its possible values, with what each side says of them.

    `ruled` gives what rules found.
    """
    read = read_values(document, tuple(one.prompt for one in wanted))
    context = Context(document)
    ends = borders(context)
    return {
        one.name: _options(one, ruled(one.name), likely, context, ends)
        for one, likely in zip(wanted, read, strict=True)
    }


def _options(
    wanted: Wanted,
    ruled: Field | None,
    read: Sequence[Reading],
    context: Context,
    ends: Borders,
) -> list[tuple[Field, Said]]:
    best: dict[str, Field] = {}
    odds: dict[str, float] = {}
    for reading in read[:MOST_READINGS]:
        field = typed(wanted, reading, context)
        if field is not None and _same(field) not in odds:
            best[_same(field)] = field
            odds[_same(field)] = reading.odds
    if ruled is not None:
        best[_same(ruled)] = ruled  # cut to the value by somebody who knows its type
    confidence = {} if ruled is None else {_same(ruled): ruled.confidence}
    return [
        (
            field,
            Said(
                odds.get(same),
                lead(same, odds),
                confidence.get(same),
                ends.are_those_of(field.evidence),
            ),
        )
        for same, field in best.items()
    ]


def _same(field: Field) -> str:
    """Equal for equal values, however they are written."""
    return key(field.value) if isinstance(field.value, str) else repr(field.value)


def typed(wanted: Wanted, reading: Reading, context: Context) -> Field | None:
    """The value in the words that the model points at, or None where they hold none."""
    document = context.document
    text = document.text(reading.words)
    found = wanted.kind.parse(text, context)
    if not found:
        return None
    one = found[-1] if wanted.kind.last_first else found[0]
    value, _ = unwrap(one.value)
    span = _part(document, reading, one.start, one.end)
    return Field(wanted.name, wanted.kind.type, value, span.text, 0.0, span.evidence)


def _part(document: Document, reading: Reading, start: int, end: int) -> Span:
    """The words that hold text[start:end] of the reading."""
    refs, at = [], 0
    whole = document.text(reading.words)
    for ref in reading.words:
        own = document.word(ref).text
        at = whole.index(own, at)
        if at < end and at + len(own) > start:
            refs.append(ref)
        at += len(own)
    return Span(whole[start:end], tuple(refs))


def read_values(document: Document, prompts: tuple[str, ...]) -> list[list[Reading]]:
    """Of each prompt the likely values, best first."""
    return looked_at(document).values(vectors(prompts)) if prompts else []


@lru_cache(maxsize=1)
def looked_at(document: Document) -> Look:
    """One look serves every field, and the kind of the document."""
    from docai.models.page_reader import look

    loaded = small.reader()
    return look(loaded.model, loaded.tokenizer, document, pages_to_read(len(document.pages)))


@lru_cache(maxsize=16)
def vectors(prompts: tuple[str, ...]) -> Tensor:
    """(K, D)."""
    from docai.models.page_reader import described as vectors_of

    loaded = small.reader()
    return vectors_of(loaded.model, loaded.tokenizer, prompts)


def pages_to_read(count: int) -> list[int]:
    """Values stand at both ends of a long document.

    >>> pages_to_read(3), pages_to_read(9)
    ([0, 1, 2], [0, 1, 2, 3, 7, 8])
    """
    if count <= FIRST_PAGES + LAST_PAGES:
        return list(range(count))
    return [*range(FIRST_PAGES), *range(count - LAST_PAGES, count)]
