"""A document with what is true of it: what training and evaluation compare a model with.

Synthetic documents and labelled real ones (forms, receipts, ...) have the same shape. Few data
sets say everything: None means that nobody looked, an empty tuple that there is nothing there.
Everything points at the document's words by WordRef, in reading order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from docai.document import Document, WordRef
from docai.image import PageImage
from docai.results import Field, Item, KeyValue, Span


class EntityLabel(StrEnum):
    """What a group of words is to a form, as in FUNSD and XFUND."""

    QUESTION = "question"  # a label: "Invoice no.", "Date of birth"
    ANSWER = "answer"  # what was filled in
    HEADER = "header"  # a title or a section's heading
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entity:
    """Words that belong together: a segment of a form. A word is in one entity at most."""

    label: EntityLabel
    words: tuple[WordRef, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """`answer` was filled in for `question`; both are indices into `entities`."""

    question: int
    answer: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the document; `answers` are equally right, none means "not on this page".

    `about` says what kind of question it is: "field", "form", "cell", or a data set's own word.
    """

    text: str
    answers: tuple[Span, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """`document` has its words in true reading order, with lines, blocks and tables.

    Confidences of fields and pairs are 1. Amounts, dates and other values are typed as the
    tasks type them (docai.results), `text` is what the page says.
    """

    document: Document
    origin: str  # "synthetic", or the name of the data set: its terms go with it
    kind: str | None = None  # one of docai.tasks.kinds.KINDS
    language: str | None = None  # ISO 639-1
    entities: tuple[Entity, ...] | None = None
    links: tuple[Link, ...] | None = None
    key_values: tuple[KeyValue, ...] | None = None  # with checkboxes and labels left empty
    fields: tuple[Field, ...] | None = None  # evidence may have several places, see `places`
    items: tuple[Item, ...] | None = None
    tax_details: tuple[Item, ...] | None = None
    questions: tuple[Question, ...] | None = None
    # The names that were looked for: such a name without a field is not in the document.
    sought: frozenset[str] = frozenset()
    # Every place on which a field's value stands, by name; the first is the field's evidence.
    places: Mapping[str, tuple[tuple[WordRef, ...], ...]] | None = None
    handwritten: frozenset[WordRef] = frozenset()
    # The pages' pixels, in the order of the pages; empty where nobody asked for them.
    images: tuple[PageImage, ...] = ()

    def entity_of(self) -> dict[WordRef, int]:
        """For every word in an entity, the entity's index."""
        return {
            word: index for index, entity in enumerate(self.entities or ()) for word in entity.words
        }

    def bio_tags(self) -> dict[WordRef, str]:
        """B-QUESTION, I-QUESTION ... for every word; "O" for OTHER and what is in no entity."""
        tags = dict.fromkeys(self.document.refs(), "O")
        for entity in self.entities or ():
            if entity.label is EntityLabel.OTHER:
                continue
            for position, word in enumerate(entity.words):
                tags[word] = f"{'I' if position else 'B'}-{entity.label.name}"
        return tags
