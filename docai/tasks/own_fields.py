"""The user's own fields: described in words, found by their labels, typed like all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from docai.document import Document
from docai.errors import UsageError
from docai.results import Extraction, FieldType, KeyValue, Span
from docai.tasks import ask, form, labels
from docai.tasks import candidates as kinds
from docai.tasks.assemble import by_score, fields_of
from docai.tasks.base import FieldSpec, geometric
from docai.tasks.candidates import Candidate, Kind, candidates
from docai.tasks.confidence import log_odds
from docai.tasks.context import Context
from docai.tasks.lexicon import VAGUE, Phrase, PhraseBook, lexicon, phrase_book, phrase_of
from docai.tasks.likeness import likeness
from docai.tasks.marks import choices
from docai.tasks.text import key

KINDS: Mapping[FieldType, Kind] = {
    FieldType.STRING: kinds.STRING,
    FieldType.DATE: kinds.DATE,
    FieldType.NUMBER: kinds.NUMBER,
    FieldType.MONEY: kinds.MONEY,
    FieldType.ADDRESS: Kind(FieldType.ADDRESS, kinds.STRING.parse),
}
MIN_SCORE = 2.0  # log-odds below which a value is more likely noise
MIN_LIKENESS = 0.5  # of a label on the page and the words of the description
LIKE_SCORE = 4.0  # log-odds, times the likeness, of a value whose label only resembles
SHAPED = 1.0  # for a value of the shape of the example
KEYS = frozenset({"name", "type", "description", "labels", "example"})


@dataclass(frozen=True, slots=True)
class CustomTask:
    """Finds described fields on any document."""

    specs: tuple[FieldSpec, ...]
    name: str = "custom"

    def extract(self, document: Document, pairs: Sequence[KeyValue] | None = None) -> Extraction:
        """`pairs` are the document's label-value pairs, those of the form task by default."""
        context = Context(document)
        if pairs is None:
            pairs = tuple(form.pairs(context))
        options = {spec.name: list(_options(spec, context, pairs)) for spec in self.specs}
        fields = fields_of({n: by_score(many) for n, many in options.items()}, (), document)
        return Extraction(task=self.name, model=geometric(), fields=tuple(fields))


def _options(spec: FieldSpec, context: Context, pairs: Sequence[KeyValue]) -> Iterator[Candidate]:
    is_tick = spec.type is FieldType.BOOLEAN
    for candidate in _ticks(spec, context) if is_tick else _values(spec, context, pairs):
        if candidate.score >= MIN_SCORE:
            yield candidate


def _values(spec: FieldSpec, context: Context, pairs: Sequence[KeyValue]) -> Iterator[Candidate]:
    """Values beside the given labels, the field's name, or labels that resemble the description."""
    book = _phrases(spec)
    hits = [hit for sheet in context.sheets for hit in labels.find(book, sheet)]
    kind = KINDS[spec.type]
    for candidate in candidates(spec.name, kind, hits, spec.name, context):
        yield _shaped(candidate, spec)
    yield from _by_likeness(spec, kind, context, pairs)
    yield from _called_alike(spec, kind, context)


def _called_alike(spec: FieldSpec, kind: Kind, context: Context) -> Iterator[Candidate]:
    """What we know as a field of invoices and receipts, by any of the words that stand for it."""
    for text in (spec.name.replace("_", " "), *spec.labels):
        field = ask.field_called(text, context.document)
        if field is not None:
            score = LIKE_SCORE + log_odds(field.confidence)
            yield from _typed(spec, kind, Span(field.text, field.evidence), score, context)


def _typed(
    spec: FieldSpec, kind: Kind, span: Span, score: float, context: Context
) -> Iterator[Candidate]:
    """The value in a text, if it holds one of the field's type."""
    for one in kind.parse(span.text, context)[:1]:
        value, proved = kinds.unwrap(one.value)
        yield _shaped(Candidate(spec.name, kind.type, value, span, score, proved), spec)


def _phrases(spec: FieldSpec) -> PhraseBook:
    """The labels are sure, the field's name and short description are vague.

    A field that is called like one of ours may be found by our labels, too.
    """
    texts = [*spec.labels, VAGUE + spec.name.replace("_", " "), VAGUE + spec.description]
    by_key: dict[str, tuple[Phrase, ...]] = {}
    for text in texts:
        phrase = phrase_of(spec.name, text)
        if phrase.key and phrase.key not in by_key:
            by_key[phrase.key] = (phrase,)
    for phrase in lexicon().labels.concept(spec.name):
        by_key.setdefault(phrase.key, (phrase,))
    return phrase_book(by_key)


def _by_likeness(
    spec: FieldSpec, kind: Kind, context: Context, pairs: Sequence[KeyValue]
) -> Iterator[Candidate]:
    """Pairs whose label shares the words of the description, as sure as they are alike."""
    for pair in pairs:
        if pair.value is None or pair.checked is not None:
            continue
        alike = max(likeness(text, pair.key.text) for text in _names(spec))
        if alike < MIN_LIKENESS:
            continue
        score = LIKE_SCORE * alike + log_odds(pair.confidence)
        yield from _typed(spec, kind, pair.value, score, context)


def _names(spec: FieldSpec) -> tuple[str, ...]:
    """What it is called and described by."""
    return *spec.labels, spec.description, spec.name.replace("_", " ")


def _shaped(candidate: Candidate, spec: FieldSpec) -> Candidate:
    from dataclasses import replace

    if spec.example and shape(candidate.span.text) == shape(spec.example):
        return replace(candidate, score=candidate.score + SHAPED)
    return candidate


def shape(text: str) -> str:
    """Letters as A, digits as 0, each run of them once: "AB-12/3" is "A-0/0"."""
    marks = ["A" if c.isalpha() else "0" if c.isdigit() else c for c in text if not c.isspace()]
    return "".join(m for n, m in enumerate(marks) if n == 0 or m != marks[n - 1] or m not in "A0")


def _ticks(spec: FieldSpec, context: Context) -> Iterator[Candidate]:
    for sheet in context.sheets:
        for choice in choices(sheet):
            alike = max(likeness(text, choice.text.text) for text in _names(spec))
            if alike >= MIN_LIKENESS:
                score = LIKE_SCORE * alike + SHAPED
                yield Candidate(spec.name, FieldType.BOOLEAN, choice.ticked, choice.mark, score)


def load_fields(path: Path) -> tuple[FieldSpec, ...]:
    """Read field descriptions: a list, or a mapping with a list under "fields".

    Raises UsageError that says which entry is wrong and what it should look like.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not YAML: {error}") from error
    entries = content.get("fields") if isinstance(content, dict) else content
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{path} holds no list of fields; write one '- name: ...' for each")
    specs = tuple(_spec(entry, number, path) for number, entry in enumerate(entries, start=1))
    names = [spec.name for spec in specs]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise UsageError(f"{path} describes {', '.join(sorted(doubled))} more than once")
    return specs


def _spec(entry: Any, number: int, path: Path) -> FieldSpec:
    where = f"{path}, field {number}"
    if isinstance(entry, str):
        entry = {"name": entry}
    if (
        not isinstance(entry, dict)
        or not isinstance(entry.get("name"), str)
        or not key(entry["name"])
    ):
        raise UsageError(f"{where} has no name; write 'name: contract_number'")
    unknown = set(entry) - KEYS
    if unknown:
        raise UsageError(
            f"{where} has {', '.join(sorted(map(str, unknown)))}, which is unknown; "
            f"a field has {', '.join(sorted(KEYS))}"
        )
    type_ = entry.get("type", FieldType.STRING.value)
    if type_ not in list(FieldType):
        raise UsageError(f"{where} has type {type_!r}; types are {', '.join(FieldType)}")
    return FieldSpec(
        name=entry["name"].strip(),
        type=FieldType(type_),
        description=_text(entry, "description", where),
        labels=_labels(entry.get("labels", []), where),
        example=_text(entry, "example", where),
    )


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name, "")
    if isinstance(value, (dict, list)):
        raise UsageError(f"{where} has a {name} that is no text")
    return "" if value is None else str(value)


def _labels(value: Any, where: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, (str, int)) for text in texts):
        raise UsageError(f"{where} has labels that are no list of texts")
    return tuple(str(text) for text in texts)
