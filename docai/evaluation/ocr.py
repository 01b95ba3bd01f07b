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
from itertools import chain, pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

from docai.document import Word
from docai.errors import UsageError
from docai.geometry import Box, box_from_pixels
from docai.image import PageImage
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
    """A word's confidence, and whether the word is right."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class EngineReport:
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
    def judged(self) -> tuple[Judged, ...]:
        return tuple(judged for r in self.readings for judged in judge(r.words, r.receipt.words))


@dataclass(frozen=True, slots=True)
class Report:
    receipts: int
    seed: int
    engines: tuple[EngineReport, ...]

    def table(self) -> str:
        """For people: accuracy and cost side by side, then confidence against truth."""
        head = f"{self.receipts} receipts (seed {self.seed})"
        rows = [f"{head:<30}{'word F1':>9}{'no punct.':>11}{'CPU s/page':>12}"]
        rows += [
            f"{engine.engine:<30}{engine.f1:>9.4f}{engine.f1_without_punctuation:>11.4f}"
            f"{engine.cpu_s_per_page:>12.2f}"
            for engine in self.engines
        ]
        for engine in self.engines:
            rows += ["", *_calibration_rows(engine)]
        return "\n".join(rows)


def evaluate(
    data: Path, *, limit: int = 40, seed: int = 0, engines: Sequence[str] = ENGINES
) -> Report:
    """Reads `limit` receipts drawn by `seed`; each with every engine before the next."""
    receipts = sample(data, limit=limit, seed=seed)
    readers = [_reader(name) for name in engines]
    for each in readers:  # loading the models is not part of reading a page
        each.read(_image(receipts[0].image))
    readings = [[_reading(each, receipt) for each in readers] for receipt in receipts]
    reports = (
        EngineReport(name, of_engine)
        for name, of_engine in zip(engines, zip(*readings, strict=True), strict=True)
    )
    return Report(len(receipts), seed, tuple(reports))


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


def judge(words: Sequence[Word], truth: Sequence[str]) -> Iterator[Judged]:
    """Each word against what is left of the truth; of equal words the surest comes first."""
    left = _bag(truth)
    for word in sorted(words, key=lambda word: -word.confidence):
        text = word.text.casefold()
        right = left[text] > 0
        left[text] -= right
        yield Judged(word.confidence, right)


def calibration_error(judged: Sequence[Judged]) -> float:
    """The mean gap between confidence and the share that is right, over the bins."""
    return sum(
        len(bin_) * abs(fmean(j.confidence for j in bin_) - fmean(j.right for j in bin_))
        for _, _, bin_ in _bins(judged)
    ) / max(1, len(judged))


def _calibration_rows(engine: EngineReport) -> Iterator[str]:
    judged = engine.judged
    yield f"{engine.engine}: calibration error {calibration_error(judged):.3f}"
    yield f"{'confidence':<14}{'words':>7}{'mean':>8}{'right':>8}"
    for low, high, bin_ in _bins(judged):
        mean, right = fmean(j.confidence for j in bin_), fmean(j.right for j in bin_)
        yield f"{low:.2f} to {high:.2f}  {len(bin_):>7}{mean:>8.3f}{right:>8.3f}"


def _bins(judged: Sequence[Judged]) -> Iterator[tuple[float, float, list[Judged]]]:
    """The bins that are not empty, each with its edges; the last includes its upper one."""
    for low, high in pairwise(CONFIDENCE_EDGES):
        bin_ = [j for j in judged if low <= j.confidence < high or j.confidence == high == 1]
        if bin_:
            yield low, high, bin_


def _reader(name: str) -> Reader:
    engine, _, profile = name.partition(":")
    return reader(engine, profile, threads=1) if profile else reader(engine, threads=1)


def _reading(engine: Reader, receipt: Receipt) -> Reading:
    image = _image(receipt.image)
    before = _cpu_s()
    words = engine.read(image, languages=("en",))
    cpu_s = _cpu_s() - before
    return Reading(receipt, cut_at_commas(words, receipt.lines), cpu_s)


def _image(path: Path) -> PageImage:
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        return PageImage(np.asarray(image.convert("RGB")), ASSUMED_DPI)


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
