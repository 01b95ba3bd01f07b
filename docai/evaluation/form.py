"""How well label-value pairs of forms are found, against FUNSD or XFUND annotations.

Both annotate entities (question, answer, header, other) and links between them. An expected
pair is a question with all answers it is linked to, line by line; questions without an answer
are not asked for, and neither empty pairs nor checkboxes that are predicted are counted: the
annotations know no ticks. A pair is right when
key and value have the same letters and digits in the same order. The lenient figure is right
when the predicted key and value each share at least half of their words with the expected.
Words and boxes are the annotators' own: this measures the pairing, not the OCR.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from docai.document import Document, Page, Source, TextSource, Word
from docai.errors import UsageError
from docai.evaluation.metrics import Claim, Counts
from docai.evaluation.report import (
    MISSED,
    RIGHT,
    WRONG,
    Drawing,
    Mark,
    Report,
    confidence_tables,
    rows_table,
)
from docai.evaluation.worst import WORST, load_image
from docai.geometry import Box, box_from_pixels, line_by_line
from docai.layout import arrange
from docai.results import KeyValue, Span
from docai.tasks import task
from docai.tasks.text import fold, key

ASSUMED_DPI = 100.0  # of FUNSD's images, about; only ratios of lengths matter
XFUND_DPI = 300.0
HALF = 0.5  # of the words that both sides must share in the lenient figure

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PlacedPair:
    """A key and its value, a question and its answers: what they say and where they stand."""

    texts: Pair
    boxes: tuple[Box, Box]


@dataclass(frozen=True, slots=True)
class Form:
    """The annotated words as a page, the expected pairs, and the form's picture."""

    document: Document
    expected: tuple[PlacedPair, ...]
    picture: Path
    dpi: float


@dataclass
class FormScores:
    """Counts so far, strict and lenient, every claim, and the forms by their lenient F1."""

    strict: Counts = field(default_factory=Counts)
    lenient: Counts = field(default_factory=Counts)
    claims: list[Claim] = field(default_factory=list)
    judged: list[tuple[float, Form, Judged]] = field(default_factory=list)

    def report(self) -> Report:
        rows = {"strict": self.strict, "lenient": self.lenient}
        tables = (
            rows_table("Pairs", rows),
            *confidence_tables("Confidence against the lenient figure", self.claims),
        )
        worst = sorted(self.judged, key=lambda one: one[0])[:WORST]
        drawings = (_drawing(form, f1, seen) for f1, form, seen in worst if f1 < 1)
        return Report("Forms, from the annotated words", tables, tuple(drawings))


def evaluate(data: Path) -> FormScores:
    """Every annotated form under `data`: FUNSD's folder or a folder with XFUND's *.json."""
    scores = FormScores()
    extract = task("form").extract
    for form in forms(data):
        judge(scores, form, extract(form.document).key_values)
    return scores


def forms(data: Path) -> Iterator[Form]:
    annotations = sorted(data.glob("**/annotations/*.json"))
    for path in annotations:
        entities = json.loads(path.read_text(encoding="utf-8"))["form"]
        picture = path.parents[1] / "images" / f"{path.stem}.png"
        yield _form(entities, path.name, picture, ASSUMED_DPI)
    collections = sorted(data.glob("*.json"))
    for path in collections:
        for form in json.loads(path.read_text(encoding="utf-8"))["documents"]:
            picture = data / form["img"]["fname"]
            yield _form(form["document"], form["id"], picture, XFUND_DPI)
    if not annotations and not collections:
        raise UsageError(f"{data} holds neither FUNSD's annotations nor XFUND's *.json")


def _form(entities: Sequence[Mapping[str, Any]], name: str, picture: Path, dpi: float) -> Form:
    pairs = tuple(_pairs(entities, dpi))
    return Form(_document(entities, name, dpi), pairs, picture, dpi)


def _document(entities: Sequence[Mapping[str, Any]], name: str, dpi: float) -> Document:
    words = [
        Word(word["text"].strip(), box_from_pixels(*_upright(word["box"]), dpi=dpi))
        for entity in entities
        for word in entity["words"]
        if word["text"].strip()
    ]
    width = max((word.box.right for word in words), default=1.0)
    height = max((word.box.bottom for word in words), default=1.0)
    page = Page(1, width, height, tuple(words), text_source=TextSource.OCR, dpi=dpi)
    return Document(Source(name, "", "image/png", 0), (arrange(page),))


def _upright(box: Sequence[float]) -> tuple[float, float, float, float]:
    """Some annotated boxes have their corners exchanged."""
    a, b, c, d = box
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _pairs(entities: Sequence[Mapping[str, Any]], dpi: float) -> Iterator[PlacedPair]:
    by_id = {entity["id"]: entity for entity in entities}
    answers: dict[int, list[Mapping[str, Any]]] = {}
    for entity in entities:
        for first, second in entity["linking"]:
            a, b = by_id.get(first), by_id.get(second)
            if a is None or b is None or (a["label"], b["label"]) != ("question", "answer"):
                continue
            if b not in answers.setdefault(first, []):
                answers[first].append(b)
    for question, linked in answers.items():
        order = line_by_line([_box([answer], dpi) for answer in linked])
        text = " ".join(linked[i]["text"] for i in order)
        boxes = (_box([by_id[question]], dpi), _box(linked, dpi))
        yield PlacedPair((by_id[question]["text"], text), boxes)


def _box(entities: Iterable[Mapping[str, Any]], dpi: float) -> Box:
    return Box.enclosing(box_from_pixels(*_upright(e["box"]), dpi=dpi) for e in entities)


@dataclass(frozen=True, slots=True)
class Judged:
    """Pairs found, each with whether it is right by the lenient figure; and the pairs missed."""

    found: tuple[tuple[PlacedPair, bool], ...]
    missed: tuple[PlacedPair, ...]


def judge(scores: FormScores, form: Form, found: Sequence[KeyValue]) -> None:
    page = form.document.pages[0]
    written = [
        (pair.confidence, _placed(page, pair.key, pair.value))
        for pair in found
        if pair.value is not None and pair.checked is None
    ]
    expected = [pair.texts for pair in form.expected]
    texts = [pair.texts for _, pair in written]
    strict = _matched(expected, texts, _is_equal)
    lenient = _matched(expected, texts, _is_alike)
    counts = Counts(len(lenient), len(written), len(expected))
    scores.strict += Counts(len(strict), len(written), len(expected))
    scores.lenient += counts
    scores.claims += [(confidence, n in lenient) for n, (confidence, _) in enumerate(written)]
    judged = Judged(
        tuple((pair, n in lenient) for n, (_, pair) in enumerate(written)),
        tuple(pair for n, pair in enumerate(form.expected) if n not in lenient.values()),
    )
    scores.judged.append((counts.f1, form, judged))


def _placed(page: Page, key: Span, value: Span) -> PlacedPair:
    return PlacedPair((key.text, value.text), (_box_of(page, key), _box_of(page, value)))


def _box_of(page: Page, span: Span) -> Box:
    return page.box(ref.word for ref in span.evidence)


def _matched(
    expected: Sequence[Pair], found: Sequence[Pair], is_match: Callable[[Pair, Pair], bool]
) -> dict[int, int]:
    """The right ones of the found pairs, by index, with the expected pair that each is."""
    open_ = dict(enumerate(expected))
    right = {}
    for number, claim in enumerate(found):
        partner = next((i for i, pair in open_.items() if is_match(pair, claim)), None)
        if partner is not None:
            del open_[partner]
            right[number] = partner
    return right


def _drawing(form: Form, f1: float, judged: Judged) -> Drawing:
    page = form.document.pages[0]
    image = load_image(form.picture, form.dpi) if form.picture.is_file() else None
    if image is not None:
        page = replace(page, width=image.width, height=image.height)
    pairs = [(pair, RIGHT if right else WRONG) for pair, right in judged.found]
    pairs += [(pair, MISSED) for pair in judged.missed]
    marks = tuple(
        Mark(box, kind, text)
        for pair, kind in pairs
        for box, text in zip(pair.boxes, pair.texts, strict=True)
    )
    arrows = tuple((*pair.boxes, kind) for pair, kind in pairs)
    return Drawing(
        f"{form.document.source.filename}: lenient F1 {f1:.2f}", page, marks, arrows, image
    )


def _is_equal(expected: Pair, found: Pair) -> bool:
    return key(expected[0]) == key(found[0]) and key(expected[1]) == key(found[1])


def _is_alike(expected: Pair, found: Pair) -> bool:
    return all(_share(a, b) >= HALF for a, b in zip(expected, found, strict=True))


def _share(a: str, b: str) -> float:
    """Words that both have, of those of the longer one."""
    left, right = (Counter(key(word) or word for word in fold(text).split()) for text in (a, b))
    longer = max(left.total(), right.total())
    return (left & right).total() / longer if longer else 0.0
