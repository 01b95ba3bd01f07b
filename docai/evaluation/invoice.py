"""How well invoices are extracted, against a folder with expected.jsonl.

Each line of expected.jsonl names a PDF, the fields that both its embedded XML and its page
hold, and its line items. What is counted:

* Fields: a claim is a predicted field whose name the line holds as well; other names cannot
  be judged, because the line leaves out whatever the XML does not name. A claim is right when
  the values are equal: dates and amounts by value, other text without case, spaces and
  punctuation. A document whose line holds no items is not asked for items.
* Items: predicted and expected items are paired in order, as many right as possible. A pair
  is right when every field of the expected item is. A description is right when the expected
  words begin it ("Ballons" for "Ballons: various colours"): the XML parts the name of an
  article from what the page prints below it. The strict figure wants equal descriptions.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from docai.document import Document
from docai.errors import UsageError
from docai.evaluation.metrics import Counts
from docai.evaluation.report import Report, confidence_tables, counts_table, rows_table
from docai.evaluation.values import ValueScores
from docai.results import Extraction, Item, Money, Value
from docai.tasks import task
from docai.tasks.text import key

NONE = Counts()


@dataclass
class InvoiceScores(ValueScores):
    """Of the fields, and counts of the line items."""

    items: Counts = NONE
    strict_items: Counts = NONE
    item_fields: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))

    def report(self) -> Report:
        items = {"items": self.items, "items, whole description equal": self.strict_items}
        tables = (
            counts_table("Fields", self.fields),
            rows_table("Line items", {**self.item_fields, **items}),
            *confidence_tables("Confidence of the fields", self.claims),
        )
        return Report("Invoices", tables, self.drawings())


def evaluate(data: Path, read: Callable[[Path], Document]) -> InvoiceScores:
    """Extract every PDF named in data/expected.jsonl and count."""
    listing = data / "expected.jsonl"
    if not listing.is_file():
        raise UsageError(f"{data} holds no expected.jsonl; point --data at the invoices folder")
    scores = InvoiceScores(data)
    extract = task("invoice").extract
    for line in listing.read_text(encoding="utf-8").splitlines():
        expected = json.loads(line)
        document = read(data / expected["file"])
        found = extract(document)
        judge_fields(scores, expected["file"], document, expected["fields"], found)
        if expected["items"]:
            judge_items(scores, expected["items"], found.items)
    return scores


def judge_fields(
    scores: ValueScores,
    file: str,
    document: Document,
    expected: Mapping[str, str],
    found: Extraction,
) -> None:
    claims = ((name, true, found.get(name)) for name, true in expected.items())
    scores.add(file, document, claims, lambda true, claim: is_same(true, claim.value))


def is_same(expected: str, value: Value) -> bool:
    """Equal by value: amounts as numbers, dates as dates, text by letters and digits."""
    if isinstance(value, Money):
        value = value.amount
    if isinstance(value, Decimal):
        try:
            return Decimal(expected) == value
        except InvalidOperation:
            return False
    if isinstance(value, date):
        return expected == value.isoformat()
    return key(expected) == key(str(value))


def judge_items(
    scores: InvoiceScores, expected: Sequence[Mapping[str, str]], found: Sequence[Item]
) -> None:
    pairs = align(expected, found, lambda e, f: _matches(e, f, begins=True))
    right = sum(_matches(e, f, begins=True) for e, f in pairs)
    scores.items += Counts(right, len(found), len(expected))
    strict = align(expected, found, lambda e, f: _matches(e, f, begins=False))
    exact = sum(_matches(e, f, begins=False) for e, f in strict)
    scores.strict_items += Counts(exact, len(found), len(expected))
    for name in dict.fromkeys(name for item in expected for name in item):
        hits = sum(_is_right(name, e, f, begins=True) for e, f in pairs if name in e)
        claimed = sum(item.get(name) is not None for item in found)
        scores.item_fields[name] += Counts(hits, claimed, sum(name in e for e in expected))


def _matches(expected: Mapping[str, str], found: Item, *, begins: bool) -> bool:
    return all(_is_right(name, expected, found, begins=begins) for name in expected)


def _is_right(name: str, expected: Mapping[str, str], found: Item, *, begins: bool) -> bool:
    claim = found.get(name)
    if claim is None:
        return False
    if name == "description" and begins:
        return key(str(claim.value)).startswith(key(expected[name]))
    return is_same(expected[name], claim.value)


def align(
    expected: Sequence[Any], found: Sequence[Any], matches: Callable[[Any, Any], bool]
) -> list[tuple[Any, Any]]:
    """Pairs in order with as many matches as possible (a longest common subsequence).

    What matches nothing is paired with its neighbour of the same rank, for the figures of
    single fields.
    """
    rows, columns = len(expected), len(found)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            skip = max(best[i + 1][j], best[i][j + 1])
            best[i][j] = max(skip, 1 + best[i + 1][j + 1] if matches(expected[i], found[j]) else 0)
    pairs, i, j = [], 0, 0
    loose_expected: list[Any] = []
    loose_found: list[Any] = []
    while i < rows and j < columns:
        if matches(expected[i], found[j]) and best[i][j] == 1 + best[i + 1][j + 1]:
            pairs += [*zip(loose_expected, loose_found, strict=False), (expected[i], found[j])]
            loose_expected, loose_found = [], []
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            loose_expected.append(expected[i])
            i += 1
        else:
            loose_found.append(found[j])
            j += 1
    loose_expected += expected[i:]
    loose_found += found[j:]
    return pairs + list(zip(loose_expected, loose_found, strict=False))
