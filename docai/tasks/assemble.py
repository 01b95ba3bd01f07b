"""Chosen candidates become fields: with a probability, after all proofs have been tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from docai.document import Document
from docai.results import Check, Extraction, Field, FieldType, Item, Span, Value
from docai.tasks import amounts, checks
from docai.tasks.base import geometric
from docai.tasks.candidates import Candidate
from docai.tasks.confidence import Evidence, probability, reading
from docai.tasks.context import Context

NOTHING = 2.0  # log-odds of "it is not on the page", a rival that every option has
CURRENCY_SCORE = 6.0  # log-odds of the currency that is named most often
ITEM_MARGIN = 1.5  # log-odds of a value in an item's row, before any product confirms it


@dataclass(frozen=True, slots=True)
class Findings:
    """What a task found, before it is weighed: the options of each field, likeliest first."""

    options: Mapping[str, Sequence[Candidate]]
    items: Sequence[Item] = ()
    tax_details: Sequence[Item] = ()
    checks: Sequence[Check] = ()


def extraction_of(
    findings: Findings, task: str, order: Sequence[str], document: Document
) -> Extraction:
    """The findings as a result, fields in the given order of names."""
    fields = fields_of(findings.options, findings.checks, document)
    return Extraction(
        task=task,
        model=geometric(),
        fields=tuple(sorted(fields, key=lambda field: order.index(field.name))),
        items=proved_items(findings.items, findings.checks, document),
        tax_details=tuple(findings.tax_details),
        checks=tuple(findings.checks),
    )


def fields_of(
    options: Mapping[str, Sequence[Candidate]], proofs: Iterable[Check], document: Document
) -> list[Field]:
    """One field for each name: its first option, weighed against the others and the proofs."""
    weighed = evidence_of(options, proofs, document)
    return [to_field(options[name][0], evidence) for name, evidence in weighed.items()]


def evidence_of(
    options: Mapping[str, Sequence[Candidate]], proofs: Iterable[Check], document: Document
) -> dict[str, Evidence]:
    """What speaks for the first option of each name."""
    proofs = list(proofs)
    return {
        name: Evidence(
            margin(many),
            checks.balance(proofs, name),
            reading(document, many[0].span.evidence),
        )
        for name, many in options.items()
        if many
    }


def to_field(candidate: Candidate, evidence: Evidence) -> Field:
    return Field(
        candidate.name,
        candidate.type,
        candidate.value,
        candidate.span.text,
        probability(evidence),
        candidate.span.evidence,
    )


def margin(options: Sequence[Candidate]) -> float:
    """How far the first option lies before the best one with another value, or before none."""
    rivals = [c.score for c in options[1:] if c.value != options[0].value]
    return options[0].score - max([NOTHING, *rivals])


def stated(
    name: str, type_: FieldType, span: Span, score: float, value: Value | None = None
) -> Candidate:
    """A candidate that no label search produced; its value is its text unless given."""
    return Candidate(name, type_, span.text if value is None else value, span, score)


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
    return replace(field, confidence=probability(Evidence(ITEM_MARGIN, balance, seen)))


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
