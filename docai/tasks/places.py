"""Where a label's value may stand: behind it, right of it, or below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from docai.tasks.context import Context
from docai.tasks.labels import SEPARATORS, Hit
from docai.tasks.sheet import Run, Sheet

BELOW_REACH = 3.2  # word heights between a label and the row of its value below
RUNS_RIGHT = 12  # more columns no row of labels has
ROWS_BELOW = 3


_OWN_LABEL = re.compile(r"[^\W\d_][^\d:：]{1,40}[:：](?:\s|$)")


class Relation(StrEnum):
    INLINE = "inline"  # the rest of the label's own run
    RIGHT = "right"  # another run of the same row
    BELOW = "below"  # a run under the label


@dataclass(frozen=True, slots=True)
class Place:
    """run.text[start:end], which may hold the value of a label.

    `distance` is in word heights; `rank` counts the places of one relation, nearest first.
    """

    run: Run
    start: int
    end: int
    relation: Relation
    distance: float
    rank: int

    @property
    def text(self) -> str:
        return self.run.text[self.start : self.end]


def places(hit: Hit, context: Context) -> Iterator[Place]:
    """Every place for this label's value; another label on the way ends the search there."""
    sheet = context.sheets[hit.sheet]
    hit = _past_aliases(hit, context)
    yield from _inline(hit, context)
    if not _rest_is_taken(hit, context):
        yield from _right(hit, sheet, context)
    yield from _below(hit, sheet, context)


def _past_aliases(hit: Hit, context: Context) -> Hit:
    """“Invoice date / Delivery date   1 May”: both labels share the value."""
    for other in context.hits_in(hit.run):
        if other.start == hit.end and "/" in hit.run.text[hit.stop : hit.end]:
            hit = replace(hit, end=other.end)
    return hit


def _inline(hit: Hit, context: Context) -> Iterator[Place]:
    end = _next_label(hit.run, hit.end, context)
    if any(c.isalnum() for c in hit.run.text[hit.end : end]):
        yield Place(hit.run, hit.end, end, Relation.INLINE, 0.0, 0)


def _next_label(run: Run, start: int, context: Context) -> int:
    """Where the next label that can stand alone begins; the run's end if none does."""
    later = [h for h in context.hits_in(run) if h.start >= start and (h.phrase.sure or h.has_colon)]
    return min((h.start for h in later), default=len(run.text))


def _rest_is_taken(hit: Hit, context: Context) -> bool:
    """Another label stands between this one and the end of its run."""
    return _next_label(hit.run, hit.end, context) < len(hit.run.text)


def _right(hit: Hit, sheet: Sheet, context: Context) -> Iterator[Place]:
    row = sheet.rows[hit.run.row]
    start = row.index(hit.run) + 1
    later = row[start : start + RUNS_RIGHT]
    for rank, run in enumerate(later):
        if _opens_with_label(run, context):
            return
        end = _next_label(run, 0, context)
        distance = max(0.0, run.box.left - hit.box.right) / sheet.word_height
        start = _skip_separators(run.text)
        if start < end:
            yield Place(run, start, end, Relation.RIGHT, distance, rank)


def _opens_with_label(run: Run, context: Context) -> bool:
    """It begins with a label of the vocabulary, or with words and a colon."""
    return _OWN_LABEL.match(run.text) is not None or any(
        h.opens_run and (h.phrase.sure or h.has_colon) for h in context.hits_in(run)
    )


def _skip_separators(text: str) -> int:
    """Past a colon that stands apart from its label."""
    match = SEPARATORS.match(text)
    return match.end() if match else 0


def _below(hit: Hit, sheet: Sheet, context: Context) -> Iterator[Place]:
    rank = 0
    bottom = hit.box.bottom
    for number in range(hit.run.row + 1, min(len(sheet.rows), hit.run.row + 1 + ROWS_BELOW)):
        under = [run for run in sheet.rows[number] if run.box.overlap_x(hit.box) > 0]
        if not under:
            continue
        run = max(under, key=lambda r: r.box.overlap_x(hit.box))
        gap = (run.box.top - bottom) / sheet.word_height
        if gap > BELOW_REACH or _opens_with_label(run, context):
            return
        yield Place(run, 0, _next_label(run, 0, context), Relation.BELOW, max(0.0, gap), rank)
        rank += 1
        bottom = run.box.bottom
