"""Questions about a document, answered from its fields, its labelled values and its tables.

A question is matched three ways: with the names of fields ("When is payment due?" asks for the
due date), with the labels on the page, and with the heads and rows of tables. Nothing that
fits badly is offered: no answer is an answer, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from docai.document import Document, WordRef
from docai.results import Answer, Extraction, Field, Item, KeyValue
from docai.tasks import auto, form
from docai.tasks.ask_tables import from_tables, named_in
from docai.tasks.context import Context
from docai.tasks.lexicon import Phrase, PhraseBook, lexicon
from docai.tasks.likeness import content_words, is_form_of, is_named, likeness
from docai.tasks.text import key

MIN_LIKENESS = 0.55  # of a question and a label; below it, they speak of different things
MIN_CONFIDENCE = 0.2  # an answer less likely than this is none
LONGEST = 300  # characters of a question that are read
WITHIN = 0.6  # that a label is meant which is part of a longer one that is named
ROW_ALIKE = 0.5  # of a row's name, found again in the question
NOT_OF_ITEM = 0.5  # that a field is meant where a question names an item, too

# Field names by the concept that a phrase stands for, where they differ.
FIELDS_OF = {
    "invoice_total": ("invoice_total", "total", "amount_due"),
    "amount_due": ("amount_due", "invoice_total", "total"),
    "invoice_date": ("invoice_date", "transaction_date"),
    "invoice_id": ("invoice_id", "receipt_id"),
    "receipt_id": ("receipt_id", "invoice_id"),
    "tax_id": ("vendor_tax_id", "merchant_tax_id"),
    "vendor": ("vendor_name", "merchant_name"),
    "vendor_name": ("vendor_name", "merchant_name"),
    "customer": ("customer_name",),
    "vendor_address": ("vendor_address", "merchant_address"),
    "vendor_tax_id": ("vendor_tax_id", "merchant_tax_id"),
    "amount_paid": ("amount_paid", "total"),
    "transaction_date": ("transaction_date", "invoice_date"),
    "shipping": ("shipping_address",),
    "billing": ("billing_address", "customer_address"),
    "phone": ("vendor_phone", "merchant_phone"),
    "email": ("vendor_email",),
}
NO_FIELD = frozenset({"stop", "frame", "other"})
PARTIES = frozenset({"vendor", "vendor_name", "customer", "customer_name"})
OF_AN_ITEM = {"price", "total", "invoice_total", "amount_due"}  # where one is named: its amount
ITEM_FIELDS = {"amount": ("amount", "total_price"), "unit_price": ("unit_price", "price")}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the concepts its phrases stand for, the longest phrase first."""

    text: str
    words: tuple[str, ...]  # content words, folded
    concepts: tuple[str, ...]
    columns: tuple[str, ...]
    rest: tuple[str, ...]  # content words that none of its phrases accounts for

    @property
    def sought(self) -> tuple[str, ...]:
        """The concepts that a field may answer: of the vendor's telephone number, the number."""
        fields = [concept for concept in self.concepts if concept not in ("name", "price")]
        return tuple([concept for concept in fields if concept not in PARTIES] or fields)

    @property
    def of_items(self) -> tuple[str, ...]:
        """The columns that an item may answer from."""
        return self.columns or (("amount",) if OF_AN_ITEM.intersection(self.concepts) else ())


def answers(
    document: Document, question: str, pairs: Sequence[KeyValue] | None = None
) -> tuple[Answer, ...]:
    """Every answer that fits, likeliest first, each text once.

    `pairs` are the document's label-value pairs, those of the form task by default.
    """
    asked = understand(question)
    if pairs is None:
        pairs = tuple(form.pairs(Context(document)))
    found = [
        *_from_fields(asked, document),
        *_from_labels(asked, pairs),
        *from_tables(asked.text, document),
    ]
    best: dict[str, Answer] = {}
    for one in sorted(found, key=lambda a: -a.confidence):
        if one.confidence >= MIN_CONFIDENCE:
            best.setdefault(key(one.text) or one.text, one)
    return tuple(best.values())


def understand(question: str) -> Asked:
    text = question[:LONGEST]
    words = content_words(text)
    fields = _phrases(text, lexicon().questions, lexicon().labels)
    columns = _phrases(text, lexicon().columns)
    said = content_words(" ".join(phrase.text for phrase in (*fields, *columns)))
    rest = tuple(word for word in words if not any(is_form_of(word, own) for own in said))
    return Asked(
        text,
        words,
        tuple(dict.fromkeys(phrase.concept for phrase in fields)),
        tuple(dict.fromkeys(phrase.concept for phrase in columns)),
        rest,
    )


def _phrases(text: str, *books: PhraseBook) -> list[Phrase]:
    """Those in a text, longest first; words of questions in general are none.

    A phrase within a longer one says nothing: "the supplier's address" asks for no supplier.
    """
    whole = key(text)
    found: list[Phrase] = []
    for book in books:
        for phrase in book:
            if phrase.concept in NO_FIELD or not phrase.sure or len(phrase.key) < 2:
                continue
            if phrase.key in whole and _stands_alone(phrase.text, text):
                found.append(phrase)
    found.sort(key=lambda phrase: -len(phrase.key))
    taken: list[Phrase] = []
    for phrase in found:
        if not any(phrase.key != one.key and phrase.key in one.key for one in taken):
            taken.append(phrase)
    return taken


def _stands_alone(phrase: str, text: str) -> bool:
    """Its words are words of the text, and not mere parts of them."""
    words = {*content_words(text), *(key(part) for part in text.split())}
    wanted = content_words(phrase) or tuple(key(part) for part in phrase.split())
    return all(any(is_form_of(w, own) for own in words) for w in wanted) and bool(wanted)


def _from_fields(asked: Asked, document: Document) -> Iterator[Answer]:
    """Fields and items of the task that fits the document."""
    if not asked.concepts and not asked.columns:
        return
    extraction = _extraction(document)
    if extraction.task not in ("invoice", "receipt"):
        return
    yield from _from_items(asked, extraction.items)
    meant = NOT_OF_ITEM if _is_of_item(asked, extraction.items) else 1.0
    for rank, concept in enumerate(asked.sought[:3]):
        field = _field(concept, document)
        if field is not None:
            yield _answer(field, field.confidence * meant * 0.8**rank)


def field_called(name: str, document: Document) -> Field | None:
    """The field of an invoice or a receipt that goes by this name, and by no other."""
    same = key(name)
    books = (lexicon().questions, lexicon().labels)
    found = (p.concept for book in books for p in book.by_key.get(same, ()) if p.sure)
    concept = next(found, name.replace(" ", "_"))
    return None if concept in NO_FIELD else _field(concept, document)


def _field(concept: str, document: Document) -> Field | None:
    """What the task that fits an invoice or a receipt knows of a concept."""
    extraction = _extraction(document)
    if extraction.task not in ("invoice", "receipt"):
        return None
    names = FIELDS_OF.get(concept, (concept,))
    return next((field for name in names if (field := extraction.get(name)) is not None), None)


@lru_cache(maxsize=2)
def _extraction(document: Document) -> Extraction:
    """Several questions about one document extract it once."""
    return auto.AutoTask().extract(document)


def _answer(field: Field, confidence: float) -> Answer:
    return Answer(field.text, confidence, field.evidence)


def _is_of_item(asked: Asked, items: Iterable[Item]) -> bool:
    """“VAT of the oat milk”: a column and, besides its words, an item are named."""
    described = (item.get("description") for item in items)
    return bool(asked.of_items) and any(
        named_in(content_words(one.text), asked.rest) >= ROW_ALIKE for one in described if one
    )


def _from_items(asked: Asked, items: Iterable[Item]) -> Iterator[Answer]:
    """“How much are the balloons?”: the item whose description is in the question."""
    if not asked.of_items:
        return
    for item in items:
        description = item.get("description")
        if description is None:
            continue
        alike = named_in(content_words(description.text), asked.words)
        if alike < ROW_ALIKE:
            continue
        for column in asked.of_items:
            names = ITEM_FIELDS.get(column, (column,))
            field = next((f for name in names if (f := item.get(name)) is not None), None)
            if field is not None and field is not description:
                yield _answer(field, field.confidence * alike)
                break


def _from_labels(asked: Asked, pairs: Sequence[KeyValue]) -> Iterator[Answer]:
    """Labelled values on the pages; a cell of a table has the labels of its row and column."""
    labels: dict[tuple[WordRef, ...], str] = {}
    for pair in pairs:
        if pair.value is not None:
            before = labels.get(pair.value.evidence, "")
            labels[pair.value.evidence] = f"{before} {pair.key.text}".strip()
    alike = {
        text: likeness(asked.text, text)
        for text in {*labels.values(), *(p.key.text for p in pairs)}
    }
    named = {key(text) for text, own in alike.items() if own == 1.0}
    for text in alike:  # of "Given name" and "Name" the longer one is asked for
        if any(key(text) != longer and key(text) in longer for longer in named):
            alike[text] *= WITHIN
    for pair in pairs:
        if pair.value is None:
            continue
        share = max(alike[pair.key.text], alike[labels[pair.value.evidence]])
        if share < MIN_LIKENESS:
            continue
        if pair.checked is None or is_named(asked.text, pair.key.text):  # of a box, its mark
            yield Answer(pair.value.text, pair.confidence * share, pair.value.evidence)
        elif pair.checked:
            yield Answer(pair.key.text, pair.confidence * share, pair.key.evidence)
