"""A labelled document as docai itself would have read it: its words in docai's own order.

Whoever sets a page knows which words are a line and what comes first; whoever reads it has to
find out. A model that learned from true lines has never seen a label and its value in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from docai.document import WordRef
from docai.layout import arrange
from docai.results import Field, Item, KeyValue, Span
from docai.training.labelled import LabelledDocument

Refs = tuple[WordRef, ...]
T = TypeVar("T")


def rearranged(labelled: LabelledDocument) -> LabelledDocument:
    """The same words and labels; lines, blocks and tables are those that docai finds."""
    document = labelled.document
    pages = tuple(arrange(page) for page in document.pages)
    new = {
        id(word): WordRef(number, place)
        for number, page in enumerate(pages)
        for place, word in enumerate(page.words)
    }
    moved = {ref: new[id(document.word(ref))] for ref in document.refs()}
    return _with_refs(replace(labelled, document=replace(document, pages=pages)), _Moved(moved))


class _Moved:
    """Everything that points at words, pointing at where they are now."""

    def __init__(self, moved: Mapping[WordRef, WordRef]) -> None:
        self._moved = moved

    def refs(self, refs: Iterable[WordRef]) -> Refs:
        return tuple(self._moved[ref] for ref in refs)

    def in_order(self, refs: Iterable[WordRef]) -> Refs:
        return tuple(sorted(self.refs(refs), key=lambda ref: (ref.page, ref.word)))

    def span(self, span: Span) -> Span:
        return replace(span, evidence=self.refs(span.evidence))

    def field(self, field: Field) -> Field:
        return replace(field, evidence=self.refs(field.evidence))

    def item(self, item: Item) -> Item:
        return replace(item, fields=tuple(map(self.field, item.fields)))

    def pair(self, pair: KeyValue) -> KeyValue:
        value = None if pair.value is None else self.span(pair.value)
        return replace(pair, key=self.span(pair.key), value=value)


def _with_refs(labelled: LabelledDocument, moved: _Moved) -> LabelledDocument:
    places = labelled.places
    return replace(
        labelled,
        entities=_each(labelled.entities, lambda e: replace(e, words=moved.in_order(e.words))),
        key_values=_each(labelled.key_values, moved.pair),
        fields=_each(labelled.fields, moved.field),
        items=_each(labelled.items, moved.item),
        tax_details=_each(labelled.tax_details, moved.item),
        questions=_each(
            labelled.questions,
            lambda q: replace(q, answers=tuple(map(moved.span, q.answers))),
        ),
        places=places
        and {name: tuple(moved.refs(refs) for refs in found) for name, found in places.items()},
        handwritten=frozenset(moved.refs(labelled.handwritten)),
    )


def _each(values: tuple[T, ...] | None, change: Callable[[T], T]) -> tuple[T, ...] | None:
    return None if values is None else tuple(map(change, values))
