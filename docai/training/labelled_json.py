"""LabelledDocument to and from JSON: the document's own form, and `labels` beside it.

Word addresses are [page, word], both from 0. The schema is in docs/synthetic.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from docai.document import WordRef
from docai.results import Field, FieldType, Item, KeyValue, Money, Span, Value
from docai.serialize import Json, document_from_json, document_to_json, value_to_json
from docai.training.labelled import Entity, EntityLabel, LabelledDocument, Link, Question

Refs = tuple[WordRef, ...]


def labelled_to_json(labelled: LabelledDocument) -> Json:
    """Everything but the pixels."""
    return {**document_to_json(labelled.document), "labels": _labels_to_json(labelled)}


def labelled_from_json(value: Json) -> LabelledDocument:
    """The document of which `labelled_to_json` spoke; its drawn rules are not in the JSON."""
    labels = value["labels"]
    places = labels["places"]
    return LabelledDocument(
        document_from_json(value),
        labels["origin"],
        labels["kind"],
        labels["language"],
        entities=_each(
            labels["entities"], lambda e: Entity(EntityLabel(e["label"]), _refs(e["words"]))
        ),
        links=_each(labels["links"], lambda link: Link(*link)),
        key_values=_each(labels["key_values"], _key_value),
        fields=_each(labels["fields"], _field),
        items=_each(labels["items"], _item),
        tax_details=_each(labels["tax_details"], _item),
        questions=_each(labels["questions"], _question),
        sought=frozenset(labels["sought"]),
        places=None
        if places is None
        else {name: tuple(_refs(refs) for refs in found) for name, found in places.items()},
        handwritten=frozenset(_refs(labels["handwritten"])),
    )


def _labels_to_json(labelled: LabelledDocument) -> Json:
    def each(values: Iterable[Any] | None, form: Any) -> list[Any] | None:
        return None if values is None else [form(value) for value in values]

    places = labelled.places
    return {
        "origin": labelled.origin,
        "kind": labelled.kind,
        "language": labelled.language,
        "entities": each(
            labelled.entities, lambda e: {"label": e.label.value, "words": _pairs(e.words)}
        ),
        "links": each(labelled.links, lambda link: [link.question, link.answer]),
        "key_values": each(labelled.key_values, _key_value_to_json),
        "fields": each(labelled.fields, _field_to_json),
        "items": each(labelled.items, lambda item: [_field_to_json(f) for f in item.fields]),
        "tax_details": each(
            labelled.tax_details, lambda item: [_field_to_json(f) for f in item.fields]
        ),
        "questions": each(
            labelled.questions,
            lambda q: {
                "text": q.text,
                "about": q.about,
                "answers": [_span_to_json(span) for span in q.answers],
            },
        ),
        "sought": sorted(labelled.sought),
        "places": None
        if places is None
        else {name: [_pairs(refs) for refs in found] for name, found in places.items()},
        "handwritten": _pairs(sorted(labelled.handwritten, key=lambda r: (r.page, r.word))),
    }


def _pairs(refs: Iterable[WordRef]) -> list[list[int]]:
    return [[ref.page, ref.word] for ref in refs]


def _refs(pairs: Iterable[list[int]]) -> Refs:
    return tuple(WordRef(page, word) for page, word in pairs)


def _span_to_json(span: Span) -> Json:
    return {"text": span.text, "words": _pairs(span.evidence)}


def _field_to_json(field: Field) -> Json:
    return {
        "name": field.name,
        "type": field.type.value,
        "value": value_to_json(field.value),
        "text": field.text,
        "words": _pairs(field.evidence),
    }


def _key_value_to_json(pair: KeyValue) -> Json:
    return {
        "key": _span_to_json(pair.key),
        "value": None if pair.value is None else _span_to_json(pair.value),
        "checked": pair.checked,
    }


def _each(values: list[Any] | None, form: Any) -> tuple[Any, ...] | None:
    return None if values is None else tuple(form(value) for value in values)


def _span(value: Json) -> Span:
    return Span(value["text"], _refs(value["words"]))


def _key_value(value: Json) -> KeyValue:
    answer = None if value["value"] is None else _span(value["value"])
    return KeyValue(_span(value["key"]), answer, 1.0, value["checked"])


def _question(value: Json) -> Question:
    return Question(value["text"], tuple(map(_span, value["answers"])), value["about"])


def _item(fields: list[Json]) -> Item:
    return Item(tuple(map(_field, fields)))


def _field(value: Json) -> Field:
    kind = FieldType(value["type"])
    typed = _typed(kind, value["value"])
    return Field(value["name"], kind, typed, value["text"], 1.0, _refs(value["words"]))


def _typed(kind: FieldType, value: Any) -> Value:
    if kind is FieldType.MONEY:
        return Money(Decimal(value["amount"]), value["currency"])
    if kind is FieldType.NUMBER:
        return Decimal(value)
    if kind is FieldType.DATE:
        return date.fromisoformat(value)
    typed: Value = value
    return typed
