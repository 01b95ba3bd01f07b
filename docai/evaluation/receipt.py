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
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from docai.document import Document, Page, Source, TextSource, Word
from docai.errors import UsageError
from docai.evaluation.report import Report, Table, confidence_tables, counts_table
from docai.evaluation.values import ValueScores
from docai.geometry import box_from_pixels
from docai.results import Field, Money
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


class ReceiptScores(ValueScores):
    """By SROIE's field names."""

    def tables(self, source: str) -> tuple[Table, ...]:
        """`source` says where the words are from."""
        whole = f"every field right: {self.whole} of {len(self.judged)} receipts"
        note = f"recall is SROIE's exact match; {whole}"
        return (
            counts_table(f"Fields, from {source}", self.fields, note),
            *confidence_tables(f"Confidence, from {source}", self.claims),
        )


def report(data: Path, read: Callable[[Path], Document], *, limit: int, seed: int) -> Report:
    """All receipts from their labelled words, and `limit` of them from their images.

    The even half fitted the confidences; only the odd one says how good they are.
    """
    labelled = evaluate(data, half="odd")
    pictures = evaluate(data, read, half="odd", limit=limit, seed=seed)
    tables = (
        *labelled.tables("the labelled words"),
        *pictures.tables(f"{len(pictures.judged)} images (seed {seed})"),
    )
    drawings = (*pictures.drawings(), *labelled.drawings())
    return Report("Receipts, the half of odd number", tables, drawings)


def evaluate(
    data: Path,
    read: Callable[[Path], Document] | None = None,
    *,
    half: str = "all",
    limit: int = 0,
    seed: int = 0,
) -> ReceiptScores:
    """Extract the receipts of data/train.jsonl; with `read`, from their images.

    `half` is "all", "even" or "odd": the receipts of even or odd number only, so that one
    half can be looked at and the other reported. `limit` draws that many of them by `seed`.
    """
    scores = ReceiptScores(data)
    extract = task("receipt").extract
    chosen = list(rows(data, half))
    if limit:
        chosen = random.Random(seed).sample(chosen, min(limit, len(chosen)))
    for row in chosen:
        document = read(data / row["image"]) if read is not None else document_of(row)
        found, expected = extract(document), row["entities"]
        asked = [(name, ours) for name, ours in FIELDS.items() if expected.get(name)]
        claims = [(name, expected[name], found.get(ours)) for name, ours in asked]
        scores.add(row["image"], document, claims, is_same)
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


def is_same(expected: str, claim: Field) -> bool:
    if isinstance(claim.value, Money):
        sums = find_money(expected, ".")
        return bool(sums) and sums[0].value.amount == claim.value.amount
    if isinstance(claim.value, date):
        days = find_dates(expected, compact=True)
        return bool(days) and days[0].value == claim.value
    return key(expected) == key(str(claim.value))
