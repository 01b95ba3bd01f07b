"""What kind of document it is, by its words and its shape."""

from __future__ import annotations

import math
from collections.abc import Mapping

from docai.document import Document
from docai.geometry import Box
from docai.results import Label
from docai.tasks import labels
from docai.tasks.amounts import find_money
from docai.tasks.columns import heads
from docai.tasks.context import Context
from docai.tasks.lexicon import lexicon
from docai.tasks.marks import boxes_in

KINDS = ("invoice", "receipt", "form", "letter", "report", "scientific paper", "table", "other")

# What speaks for a kind, in log-odds.
TITLE = 2.2  # its own name stands alone in the upper third of the first page
PHRASE = 0.55  # for each different phrase of its vocabulary, MANY at most
MANY = 9
ITEM_HEAD = 1.6  # a list of goods with prices: an invoice, or a receipt
NARROW = 1.5  # a strip of paper: a receipt
NARROW_RATIO = 0.62  # of width to height; A4 and Letter have 0.71 and 0.77
TILL = 3.0  # money was handed over and change returned: a receipt
CHECKBOXES = 2.5
COLONS = 3.0  # times the share of rows that hold a label and a colon: a form
PROSE = 2.0  # times the share of long rows of text without sums: letter, report, paper
TABULAR = 5.0  # times the share of words within tables, where no other kind speaks
NOTHING = 1.2  # "other" wins over kinds with less than this
PAGES = 0.25  # for each page after the third: reports and papers are long
MIN_ROWS = 12  # of a strip; a few lines of text can have any shape
LONG_ROW = 8  # words of a row of prose


def classify(document: Document) -> Label | None:
    """The likeliest kind by rules, or None for a document without a word."""
    found = scores(document)
    if found is None:
        return None
    best = max(KINDS, key=lambda kind: found[kind])
    total = sum(math.exp(score) for score in found.values())
    return Label(best, math.exp(found[best]) / total)


def scores(document: Document) -> Mapping[str, float] | None:
    """What speaks for each kind, in log-odds; None for a document without a word."""
    context = Context(document)
    return _scores(context) if any(sheet.rows for sheet in context.sheets) else None


def _scores(context: Context) -> Mapping[str, float]:
    scores = dict.fromkeys(KINDS, 0.0)
    scores["other"] = NOTHING
    for kind, count in _phrases(context).items():
        scores[kind] += PHRASE * min(MANY, count)
    for kind in _titles(context):
        scores[kind] += TITLE
    narrow = _is_narrow(context)
    if any(heads(sheet) for sheet in context.sheets):
        scores["invoice"] += ITEM_HEAD * (not narrow)
        scores["receipt"] += ITEM_HEAD * narrow
    scores["receipt"] += NARROW if narrow else -NARROW / 2
    scores["receipt"] += TILL * _is_from_till(context)
    if any(boxes_in(sheet) for sheet in context.sheets):
        scores["form"] += CHECKBOXES
    scores["form"] += COLONS * _share_of_labels(context) - 1.0
    prose = _share_of_prose(context)
    for kind in ("letter", "report", "scientific paper"):
        scores[kind] += PROSE * prose - 1.0
    for kind in ("report", "scientific paper"):
        scores[kind] += PAGES * max(0, min(8, len(context.document.pages) - 3))
    scores["table"] += TABULAR * _share_in_tables(context.document) - 1.5
    return scores


def _is_narrow(context: Context) -> bool:
    """The text of the first page is a strip; the page itself may be a scanner's glass."""
    words = context.document.pages[0].words
    if not words:
        return False
    box = Box.enclosing(word.box for word in words)
    return len(context.sheets[0].rows) >= MIN_ROWS and box.width < NARROW_RATIO * box.height


def _is_from_till(context: Context) -> bool:
    named = {c for hits in context.hits for h in hits if h.opens_run for c in h.concepts}
    return {"cash", "change"} <= named


def _phrases(context: Context) -> dict[str, int]:
    """How many different phrases of each kind's vocabulary occur."""
    found: dict[str, set[str]] = {}
    for sheet in context.sheets:
        for hit in labels.find(lexicon().kinds, sheet):
            for phrase in (hit.phrase, *hit.others):
                found.setdefault(phrase.concept, set()).add(phrase.key)
    return {kind: len(keys) for kind, keys in found.items()}


def _titles(context: Context) -> set[str]:
    """Kinds whose name opens a run near the top of the first page."""
    sheet = context.sheets[0]
    names = {
        hit.phrase.concept
        for hit in labels.find(lexicon().titles_of_kinds, sheet)
        if hit.opens_run and hit.box.top < 0.4 * sheet.page.height
    }
    return names & set(KINDS)


def _share_of_labels(context: Context) -> float:
    rows = [row for sheet in context.sheets for row in sheet.rows]
    labelled = sum(any(":" in run.text or "：" in run.text for run in row) for row in rows)
    return labelled / len(rows)


def _share_of_prose(context: Context) -> float:
    rows = [row for sheet in context.sheets for row in sheet.rows]
    long = sum(
        any(len(run.words) >= LONG_ROW and not find_money(run.text) for run in row) for row in rows
    )
    return long / len(rows)


def _share_in_tables(document: Document) -> float:
    words = sum(len(page.words) for page in document.pages)
    within = sum(len(c.words) for p in document.pages for t in p.tables for c in t.cells)
    return within / words if words else 0.0
