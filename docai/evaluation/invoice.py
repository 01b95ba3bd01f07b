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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from docai.document import Document
from docai.errors import UsageError
from docai.evaluation.metrics import Counts, reliability_table
from docai.results import Extraction, Item, Money, Value
from docai.tasks import task
from docai.tasks.text import key

NONE = Counts()


@dataclass
class InvoiceScores:
    """Counts so far, and every judged field's (confidence, right)."""

    fields: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    items: Counts = NONE
    strict_items: Counts = NONE
    item_fields: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    claims: list[tuple[float, bool]] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)

    def table(self) -> str:
        """The figures as text, fields first."""
        whole = sum(self.fields.values(), Counts())
        lines = ["fields                right  claimed  expected     F1"]
        lines += [_row(name, counts) for name, counts in self.fields.items()]
        lines += [_row("all fields (micro)", whole), "", "line items"]
        lines += [_row(f"  {name}", counts) for name, counts in self.item_fields.items()]
        lines += [_row("items", self.items), _row("items, strict", self.strict_items), ""]
        lines += [reliability_table(self.claims), *(["", "misses:"] if self.misses else [])]
        return "\n".join([*lines, *self.misses])


def _row(name: str, counts: Counts) -> str:
    return f"{name:22}{counts.right:5d}  {counts.claimed:7d}  {counts.expected:8d}  {counts.f1:.3f}"


def evaluate(
    data: Path, read: Callable[[Path], Document], *, show_misses: bool = False
) -> InvoiceScores:
    """Extract every PDF named in data/expected.jsonl and count."""
    listing = data / "expected.jsonl"
    if not listing.is_file():
        raise UsageError(f"{data} holds no expected.jsonl; point --data at the invoices folder")
    scores = InvoiceScores()
    extract = task("invoice").extract
    for line in listing.read_text(encoding="utf-8").splitlines():
        expected = json.loads(line)
        found = extract(read(data / expected["file"]))
        judge_fields(scores, expected["file"], expected["fields"], found)
        if expected["items"]:
            judge_items(scores, expected["items"], found.items)
    if not show_misses:
        scores.misses.clear()
    return scores


def judge_fields(
    scores: InvoiceScores, name: str, expected: Mapping[str, str], found: Extraction
) -> None:
    for field_name, value in expected.items():
        claim = found.get(field_name)
        right = claim is not None and is_same(value, claim.value)
        scores.fields[field_name] += Counts(int(right), int(claim is not None), 1)
        if claim is not None:
            scores.claims.append((claim.confidence, right))
        if not right:
            shown = "nothing" if claim is None else f"{claim.text!r} ({claim.confidence:.2f})"
            scores.misses.append(f"  {name}: {field_name} expected {value!r}, found {shown}")


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


def total(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())
