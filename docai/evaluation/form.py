"""How well label-value pairs of forms are found, against FUNSD or XFUND annotations.

Both annotate entities (question, answer, header, other) and links between them. An expected
pair is a question with all answers it is linked to, top to bottom; questions without an answer
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docai.document import Document, Page, Source, TextSource, Word
from docai.errors import UsageError
from docai.evaluation.metrics import Counts, reliability_table
from docai.geometry import box_from_pixels
from docai.results import KeyValue
from docai.tasks import task
from docai.tasks.text import fold, key

ASSUMED_DPI = 100.0  # of FUNSD's images, about; only ratios of lengths matter
XFUND_DPI = 300.0
HALF = 0.5  # of the words that both sides must share in the lenient figure

Pair = tuple[str, str]


@dataclass
class FormScores:
    """Counts so far, strict and lenient, and every claim's (confidence, right)."""

    strict: Counts
    lenient: Counts
    claims: list[tuple[float, bool]]

    def table(self) -> str:
        lines = ["pairs        right  claimed  expected  precision  recall     F1"]
        for name, counts in (("strict", self.strict), ("lenient", self.lenient)):
            lines.append(
                f"{name:11}{counts.right:7d}  {counts.claimed:7d}  {counts.expected:8d}  "
                f"{counts.precision:9.3f}  {counts.recall:6.3f}  {counts.f1:.3f}"
            )
        lines += ["", "confidence against the lenient figure", reliability_table(self.claims)]
        return "\n".join(lines)


def evaluate(data: Path) -> FormScores:
    """Every annotated form under `data`: FUNSD's folder or a folder with XFUND's *.json."""
    scores = FormScores(Counts(), Counts(), [])
    extract = task("form").extract
    for document, expected in forms(data):
        judge(scores, expected, extract(document).key_values)
    return scores


def forms(data: Path) -> Iterator[tuple[Document, list[Pair]]]:
    """Documents made of the annotated words, with their expected pairs."""
    annotations = sorted(data.glob("**/annotations/*.json"))
    for path in annotations:
        entities = json.loads(path.read_text(encoding="utf-8"))["form"]
        yield _document(entities, path.name, ASSUMED_DPI), _pairs(entities)
    collections = sorted(data.glob("*.json"))
    for path in collections:
        for form in json.loads(path.read_text(encoding="utf-8"))["documents"]:
            entities = form["document"]
            yield _document(entities, form["id"], XFUND_DPI), _pairs(entities)
    if not annotations and not collections:
        raise UsageError(f"{data} holds neither FUNSD's annotations nor XFUND's *.json")


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
    return Document(Source(name, "", "image/png", 0), (page,))


def _upright(box: Sequence[float]) -> tuple[float, float, float, float]:
    """Some annotated boxes have their corners exchanged."""
    a, b, c, d = box
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _pairs(entities: Sequence[Mapping[str, Any]]) -> list[Pair]:
    by_id = {entity["id"]: entity for entity in entities}
    answers: dict[int, list[Mapping[str, Any]]] = {}
    for entity in entities:
        for first, second in entity["linking"]:
            a, b = by_id.get(first), by_id.get(second)
            if a is None or b is None or (a["label"], b["label"]) != ("question", "answer"):
                continue
            if b not in answers.setdefault(first, []):
                answers[first].append(b)
    return [
        (by_id[question]["text"], " ".join(e["text"] for e in _in_order(linked)))
        for question, linked in answers.items()
    ]


def _in_order(entities: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(entities, key=lambda e: (e["box"][1], e["box"][0]))


def judge(scores: FormScores, expected: Sequence[Pair], found: Sequence[KeyValue]) -> None:
    written = [pair for pair in found if pair.value is not None and pair.checked is None]
    claims = [(pair, (pair.key.text, _value(pair))) for pair in written]
    texts = [text for _, text in claims]
    strict = _matched(expected, texts, _is_equal)
    lenient = _matched(expected, texts, _is_alike)
    scores.strict += Counts(len(strict), len(claims), len(expected))
    scores.lenient += Counts(len(lenient), len(claims), len(expected))
    scores.claims += [(pair.confidence, n in lenient) for n, (pair, _) in enumerate(claims)]


def _value(pair: KeyValue) -> str:
    return pair.value.text if pair.value is not None else ""


def _matched(
    expected: Sequence[Pair], found: Sequence[Pair], is_match: Callable[[Pair, Pair], bool]
) -> set[int]:
    """Indices of the found pairs that are right; each expected pair is matched once."""
    open_ = list(expected)
    right = set()
    for number, claim in enumerate(found):
        partner = next((e for e in open_ if is_match(e, claim)), None)
        if partner is not None:
            open_.remove(partner)
            right.add(number)
    return right


def _is_equal(expected: Pair, found: Pair) -> bool:
    return key(expected[0]) == key(found[0]) and key(expected[1]) == key(found[1])


def _is_alike(expected: Pair, found: Pair) -> bool:
    return all(_share(a, b) >= HALF for a, b in zip(expected, found, strict=True))


def _share(a: str, b: str) -> float:
    """Words that both have, of those of the longer one."""
    left, right = (Counter(key(word) or word for word in fold(text).split()) for text in (a, b))
    longer = max(left.total(), right.total())
    return (left & right).total() / longer if longer else 0.0
