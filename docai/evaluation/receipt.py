"""How well receipts are extracted, against SROIE's company, date, address and total.

Two values are equal when their letters and digits are, in order, without case, accents,
spaces and punctuation; dates and totals are compared by value. (SROIE's own score wants equal
strings after trimming; its labels and its texts differ in spaces and commas at random, which
says nothing about reading.) A field whose label is empty is not asked for.

From the labelled lines, words are made by splitting at spaces, each with its share of the
line's box; from images, by the pipeline's OCR.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from docai.document import Document, Page, Source, TextSource, Word
from docai.errors import UsageError
from docai.evaluation.metrics import Counts, reliability_table
from docai.geometry import box_from_pixels
from docai.results import Extraction, Field, Money
from docai.tasks import task
from docai.tasks.amounts import find_money
from docai.tasks.dates import find_dates
from docai.tasks.text import key

FIELDS = {  # SROIE's name: ours
    "company": "merchant_name",
    "date": "transaction_date",
    "address": "merchant_address",
    "total": "total",
}
ASSUMED_DPI = 150.0  # of the images; only ratios of lengths matter to the extractor


@dataclass
class ReceiptScores:
    """Counts so far by SROIE's field names, and every claim's (confidence, right)."""

    fields: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    claims: list[tuple[float, bool]] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)  # receipts with every field right

    def table(self) -> str:
        lines = ["fields                right  claimed  expected  exact match"]
        lines += [_row(name, counts) for name, counts in self.fields.items()]
        lines.append(_row("all fields (micro)", sum(self.fields.values(), Counts())))
        lines += [f"receipts with every field right: {sum(self.whole)} of {len(self.whole)}", ""]
        lines += [reliability_table(self.claims), *(["", "misses:"] if self.misses else [])]
        return "\n".join([*lines, *self.misses])


def _row(name: str, counts: Counts) -> str:
    numbers = f"{counts.right:5d}  {counts.claimed:7d}  {counts.expected:8d}  {counts.recall:.3f}"
    return f"{name:22}{numbers}"


def evaluate(
    data: Path,
    read: Callable[[Path], Document] | None = None,
    *,
    half: str = "all",
    limit: int = 0,
    seed: int = 0,
    show_misses: bool = False,
) -> ReceiptScores:
    """Extract the receipts of data/train.jsonl; with `read`, from their images.

    `half` is "all", "even" or "odd": the receipts of even or odd number only, so that one
    half can be looked at and the other reported. `limit` draws that many of them by `seed`.
    """
    scores = ReceiptScores()
    extract = task("receipt").extract
    chosen = list(rows(data, half))
    if limit:
        chosen = random.Random(seed).sample(chosen, min(limit, len(chosen)))
    for row in chosen:
        document = read(data / row["image"]) if read is not None else document_of(row)
        judge(scores, row["image"], row["entities"], extract(document))
    if not show_misses:
        scores.misses.clear()
    return scores


def rows(data: Path, half: str = "all") -> Iterator[dict[str, Any]]:
    listing = data / "train.jsonl"
    if not listing.is_file():
        raise UsageError(f"{data} holds no train.jsonl; point --data at the sroie folder")
    wanted = {"all": (0, 1), "even": (0,), "odd": (1,)}[half]
    for number, line in enumerate(listing.read_text(encoding="utf-8").splitlines()):
        if number % 2 in wanted:
            yield json.loads(line)


def document_of(row: Mapping[str, Any]) -> Document:
    """The receipt's labelled lines as a page of words."""
    words = [
        word
        for text, box in zip(row["words"], row["bboxes"], strict=True)
        for word in split_line(text, box)
    ]
    scale = 72 / ASSUMED_DPI
    page = Page(
        number=1,
        width=row["width"] * scale,
        height=row["height"] * scale,
        words=tuple(words),
        text_source=TextSource.OCR,
        dpi=ASSUMED_DPI,
    )
    return Document(Source(row["image"], "", "image/jpeg", 0), (page,))


def split_line(text: str, box: Iterable[float]) -> Iterator[Word]:
    """The line's words, each with the share of the box that its letters take."""
    left, top, right, bottom = box
    per_letter = (right - left) / max(1, len(text))
    position = 0
    for part in text.split(" "):
        if part:
            start, end = left + position * per_letter, left + (position + len(part)) * per_letter
            yield Word(part, box_from_pixels(start, top, end, bottom, dpi=ASSUMED_DPI))
        position += len(part) + 1


def judge(scores: ReceiptScores, name: str, expected: Mapping[str, str], found: Extraction) -> None:
    rights = []
    for theirs, ours in FIELDS.items():
        value = expected.get(theirs)
        if not value:
            continue
        claim = found.get(ours)
        right = claim is not None and is_same(value, claim)
        rights.append(right)
        scores.fields[theirs] += Counts(int(right), int(claim is not None), 1)
        if claim is not None:
            scores.claims.append((claim.confidence, right))
        if not right:
            shown = "nothing" if claim is None else f"{claim.text!r} ({claim.confidence:.2f})"
            scores.misses.append(f"  {name}: {theirs} expected {value!r}, found {shown}")
    scores.whole.append(all(rights))


def is_same(expected: str, claim: Field) -> bool:
    if isinstance(claim.value, Money):
        sums = find_money(expected, ".")
        return bool(sums) and sums[0].value.amount == claim.value.amount
    if isinstance(claim.value, date):
        days = find_dates(expected, compact=True)
        return bool(days) and days[0].value == claim.value
    return key(expected) == key(str(claim.value))
