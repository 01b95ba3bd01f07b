"""Chosen candidates become fields: with a probability, after all proofs have been tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from docai.document import Document
from docai.results import Check, Field, FieldType, Item, Span, Value
from docai.tasks import amounts, checks
from docai.tasks.candidates import Candidate
from docai.tasks.confidence import MAX_MARGIN, Evidence, probability, reading
from docai.tasks.context import Context

CURRENCY_SCORE = 6.0  # log-odds of the currency that is named most often
ITEM_SCORE = 4.5  # log-odds of a value in an item's row that no product confirms


def fields_of(
    options: Mapping[str, Sequence[Candidate]], proofs: Iterable[Check], document: Document
) -> list[Field]:
    """One field for each name: its first option, weighed against the others and the proofs."""
    proofs = list(proofs)
    return [
        to_field(many[0], margin(many), checks.balance(proofs, name), document)
        for name, many in options.items()
        if many
    ]


def to_field(candidate: Candidate, margin: float, balance: int, document: Document) -> Field:
    span = candidate.span
    evidence = Evidence(candidate.score, margin, balance, reading(document, span.evidence))
    return Field(
        candidate.name,
        candidate.type,
        candidate.value,
        span.text,
        probability(evidence),
        span.evidence,
    )


def margin(options: Sequence[Candidate]) -> float:
    """How far the first option lies before the best one with another value."""
    rivals = [c.score for c in options[1:] if c.value != options[0].value]
    return options[0].score - max(rivals) if rivals else MAX_MARGIN


def stated(name: str, type_: FieldType, span: Span, score: float, value: Value = "") -> Candidate:
    """A candidate that no label search produced; its value is its text unless given."""
    return Candidate(name, type_, value or span.text, span, score)


def proved_items(
    items: Sequence[Item], proofs: Sequence[Check], document: Document, prefix: str = "items"
) -> tuple[Item, ...]:
    """The items with confidences that know whether quantity × price gave the amount."""
    return tuple(
        Item(tuple(_proved(f, proofs, f"{prefix}[{n}]", document) for f in item.fields))
        for n, item in enumerate(items)
    )


def _proved(field: Field, proofs: Sequence[Check], prefix: str, document: Document) -> Field:
    balance = checks.balance(proofs, f"{prefix}.{field.name}")
    seen = reading(document, field.evidence)
    return replace(
        field, confidence=probability(Evidence(ITEM_SCORE, checks=balance, reading=seen))
    )


def by_score(found: Iterable[Candidate]) -> list[Candidate]:
    """Likeliest first; of equals the first on the page."""
    return sorted(found, key=lambda c: -c.score)


def currency_candidates(context: Context) -> list[Candidate]:
    """The currency of the document, with the first words that name it."""
    for run in context.runs():
        for found in amounts.find_currencies(run.text):
            if found.value == context.currency:
                span = run.span(found.start, found.end)
                return [stated("currency", FieldType.STRING, span, CURRENCY_SCORE, found.value)]
    return []
