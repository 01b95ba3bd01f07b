"""How well, and at what cost, the OCR engines read real receipts.

`data` is the folder of SROIE: `train.jsonl` holds one receipt a line, with the path of its
image, the text of its lines and their boxes. Bags of words are compared, receipt by receipt:
both sides are split at white space and case-folded, and a word that was read is right while
the truth has one left that equals it. F1 is over all words of all receipts. The second F1
forgets punctuation: its words are runs of letters and digits.

The labels of SROIE end every line at its first comma: not one of 23,000 lines has any. What
was read of a line is therefore cut at its first comma as well.
"""

from __future__ import annotations

import json
import random
import re
import resource
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any

from docai.document import Page, Word
from docai.errors import UsageError
from docai.evaluation.metrics import Claim
from docai.evaluation.report import (
    MISSED,
    RIGHT,
    WRONG,
    Drawing,
    Mark,
    Report,
    Table,
    confidence_tables,
)
from docai.evaluation.worst import WORST, load_image
from docai.geometry import Box, box_from_pixels
from docai.ocr import Reader, reader

ENGINES = ("rapidocr:fast", "rapidocr:accurate")
ASSUMED_DPI = 150.0  # the receipts do not say; only tesseract asks
CONFIDENCE_EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class TrueLine:
    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Receipt:
    """`lines` are the truth, their boxes in points of the image at ASSUMED_DPI."""

    image: Path
    lines: tuple[TrueLine, ...]

    @property
    def words(self) -> list[str]:
        return [word for line in self.lines for word in line.text.split()]


@dataclass(frozen=True, slots=True)
class Reading:
    """One receipt as one engine read it, cut as its labels are. `cpu_s` counts child processes."""

    receipt: Receipt
    words: tuple[Word, ...]
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Judged:
    """The words read, the surest first, each with whether it is right; and the lines missed."""

    words: tuple[tuple[Word, bool], ...]
    missed: tuple[TrueLine, ...]


@dataclass(frozen=True, slots=True)
class EngineScores:
    """`engine` is the name it was asked for by, such as "rapidocr:fast"."""

    engine: str
    readings: tuple[Reading, ...]

    @property
    def f1(self) -> float:
        return bag_f1((_texts(r.words), r.receipt.words) for r in self.readings)

    @property
    def f1_without_punctuation(self) -> float:
        return bag_f1(
            (_bare(_texts(reading.words)), _bare(reading.receipt.words))
            for reading in self.readings
        )

    @property
    def cpu_s_per_page(self) -> float:
        return fmean(reading.cpu_s for reading in self.readings)

    @property
    def claims(self) -> list[Claim]:
        return [
            (word.confidence, right)
            for r in self.readings
            for word, right in judge(r.words, r.receipt.lines).words
        ]


def report(engines: Sequence[EngineScores], seed: int) -> Report:
    """Accuracy and cost side by side, then confidence against truth; the last engine is drawn."""
    rows = tuple((e.engine, e.f1, e.f1_without_punctuation, e.cpu_s_per_page) for e in engines)
    count = len(engines[0].readings)
    confidence = (
        confidence_tables(f"Confidence of {e.engine}", e.claims, CONFIDENCE_EDGES) for e in engines
    )
    header = ("", "word F1", "without punctuation", "CPU s/page")
    tables = (Table(f"{count} receipts (seed {seed})", header, rows), *chain(*confidence))
    return Report("OCR", tables, tuple(map(_drawing, worst(engines[-1].readings))))


def worst(readings: Iterable[Reading]) -> list[Reading]:
    ranked = [(bag_f1([(_texts(r.words), r.receipt.words)]), r) for r in readings]
    return [r for f1, r in sorted(ranked, key=lambda one: one[0])[:WORST] if f1 < 1]


def _drawing(reading: Reading) -> Drawing:
    image = load_image(reading.receipt.image, ASSUMED_DPI)
    judged = judge(reading.words, reading.receipt.lines)
    marks = [Mark(word.box, RIGHT if right else WRONG, word.text) for word, right in judged.words]
    marks += [Mark(line.box, MISSED, line.text) for line in judged.missed]
    f1 = bag_f1([(_texts(reading.words), reading.receipt.words)])
    page = Page(1, image.width, image.height, reading.words)
    return Drawing(f"{reading.receipt.image.name}: F1 {f1:.2f}", page, tuple(marks), image=image)


def evaluate(
    data: Path, *, limit: int = 40, seed: int = 0, engines: Sequence[str] = ENGINES
) -> list[EngineScores]:
    """Of `limit` receipts drawn by `seed`; each is read with every engine before the next."""
    receipts = sample(data, limit=limit, seed=seed)
    readers = [_reader(name) for name in engines]
    for each in readers:  # loading the models is not part of reading a page
        each.read(load_image(receipts[0].image, ASSUMED_DPI))
    readings = [[_reading(each, receipt) for each in readers] for receipt in receipts]
    return [
        EngineScores(name, of_engine)
        for name, of_engine in zip(engines, zip(*readings, strict=True), strict=True)
    ]


def sample(data: Path, *, limit: int, seed: int) -> list[Receipt]:
    index = data / "train.jsonl"
    if not index.is_file():
        raise UsageError(f"{data} is not the folder of SROIE: it has no train.jsonl")
    rows = [json.loads(line) for line in index.read_text("utf-8").splitlines()]
    drawn = random.Random(seed).sample(rows, min(limit, len(rows)))
    return [_receipt(data, row) for row in drawn]


def _receipt(data: Path, row: dict[str, Any]) -> Receipt:
    boxes = (box_from_pixels(*edges, dpi=ASSUMED_DPI) for edges in row["bboxes"])
    lines = tuple(map(TrueLine, row["words"], boxes))
    return Receipt(data / row["image"], lines)


def cut_at_commas(words: Sequence[Word], lines: Sequence[TrueLine]) -> tuple[Word, ...]:
    """What the labels would say of these words: nothing from a line's first comma on."""
    of_line: dict[int, list[Word]] = defaultdict(list)
    for i, word in enumerate(words):
        line = next((n for n, line in enumerate(lines) if _holds(line, word)), len(lines) + i)
        of_line[line].append(word)
    return tuple(chain.from_iterable(map(_before_comma, of_line.values())))


def _holds(line: TrueLine, word: Word) -> bool:
    return line.box.contains_point(*word.box.centre)


def _before_comma(line: Sequence[Word]) -> Iterator[Word]:
    for word in sorted(line, key=lambda word: word.box.left):
        before, comma, _ = word.text.partition(",")
        if before:
            yield replace(word, text=before)
        if comma:
            return


def bag_f1(bags: Iterable[tuple[Sequence[str], Sequence[str]]]) -> float:
    """F1 over pairs of (what was read, the truth), words counted as often as they occur."""
    right = read = true = 0
    for words, truth in bags:
        read_bag, true_bag = _bag(words), _bag(truth)
        right += (read_bag & true_bag).total()
        read, true = read + read_bag.total(), true + true_bag.total()
    return 2 * right / max(1, read + true)


def judge(words: Sequence[Word], lines: Sequence[TrueLine]) -> Judged:
    """Each word against what is left of the truth; of equal words the surest comes first."""
    left = _bag(word for line in lines for word in line.text.split())
    judged = []
    for word in sorted(words, key=lambda word: -word.confidence):
        text = word.text.casefold()
        right = left[text] > 0
        left[text] -= right
        judged.append((word, right))
    return Judged(tuple(judged), tuple(line for line in lines if left & _bag(line.text.split())))


def _reader(name: str) -> Reader:
    engine, _, profile = name.partition(":")
    return reader(engine, profile, threads=1) if profile else reader(engine, threads=1)


def _reading(engine: Reader, receipt: Receipt) -> Reading:
    image = load_image(receipt.image, ASSUMED_DPI)
    before = _cpu_s()
    words = engine.read(image, languages=("en",))
    cpu_s = _cpu_s() - before
    return Reading(receipt, cut_at_commas(words, receipt.lines), cpu_s)


def _cpu_s() -> float:
    """Of this process and of those it has waited for: tesseract is one."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]


def _bare(words: Sequence[str]) -> list[str]:
    return re.findall(r"[^\W_]+", " ".join(words))


def _bag(words: Iterable[str]) -> Counter[str]:
    return Counter(word.casefold() for word in words)
