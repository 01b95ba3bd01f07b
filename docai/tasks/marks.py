"""Checkboxes and radio buttons: marks beside a text, ticked or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from docai.results import Span
from docai.tasks.lexicon import lexicon
from docai.tasks.sheet import Run, Sheet, join
from docai.tasks.text import fold

NEAR = 6.0  # word heights between a box and its text
MAX_WORDS = 12  # of the text beside a box


@dataclass(frozen=True, slots=True)
class Mark:
    """A box at run.text[start:end]."""

    run: Run
    start: int
    end: int
    ticked: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A box and the text it belongs to."""

    text: Span
    mark: Span
    ticked: bool


@cache
def _pattern() -> re.Pattern[str]:
    """A box at a word's edge; brackets may hold the tick."""
    words = lexicon()
    spellings = sorted({*words.yes, *words.no}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, spellings))})(?!\w\S)")


def boxes_in(sheet: Sheet) -> list[Mark]:
    """Every box on the page, in order of rows."""
    return [
        Mark(run, match.start(), match.end(), match[0] in lexicon().yes)
        for run in sheet.runs
        for match in _pattern().finditer(fold(run.text))
    ]


def choices(sheet: Sheet) -> list[Choice]:
    """Each box with its text: behind it, or before it where a row begins with the text.

    Forms put all boxes of a row on the same side of their texts.
    """
    by_row: dict[int, list[Mark]] = {}
    for mark in boxes_in(sheet):
        by_row.setdefault(mark.run.row, []).append(mark)
    found = []
    for number, marks in by_row.items():
        row = sheet.rows[number]
        after = any(c.isalpha() for c in _text_after(marks[-1], row))
        for position, mark in enumerate(marks):
            text = _beside(mark, marks, position, row, sheet, after=after)
            if text is not None:
                found.append(Choice(text, mark.run.span(mark.start, mark.end), mark.ticked))
    return found


def _text_after(mark: Mark, row: tuple[Run, ...]) -> str:
    rest = row[row.index(mark.run) + 1 :]
    return mark.run.text[mark.end :] + " ".join(run.text for run in rest[:1])


def _beside(
    mark: Mark, marks: list[Mark], position: int, row: tuple[Run, ...], sheet: Sheet, *, after: bool
) -> Span | None:
    """The words between this box and the next one on the side where the texts stand."""
    parts = list(
        _after(mark, marks, position, row, sheet)
        if after
        else _before(mark, marks, position, row, sheet)
    )
    parts = [part for part in parts if any(c.isalnum() for c in part.text)]
    if not parts:
        return None
    span = join(parts)
    return span if len(span.text.split()) <= MAX_WORDS else None


def _after(
    mark: Mark, marks: list[Mark], position: int, row: tuple[Run, ...], sheet: Sheet
) -> Iterator[Span]:
    following = marks[position + 1] if position + 1 < len(marks) else None
    same = following is not None and following.run is mark.run
    end = following.start if following is not None and same else len(mark.run.text)
    own = mark.run.text[mark.end : end]
    if any(c.isalnum() for c in own):
        yield mark.run.span(mark.end, end)
        return
    index = row.index(mark.run)
    if not same and index + 1 < len(row):
        run = row[index + 1]
        stop = following.start if following is not None and following.run is run else len(run.text)
        if run.box.left - mark.run.box.right <= NEAR * sheet.word_height:
            yield run.span(0, stop)


def _before(
    mark: Mark, marks: list[Mark], position: int, row: tuple[Run, ...], sheet: Sheet
) -> Iterator[Span]:
    previous = marks[position - 1] if position else None
    same = previous is not None and previous.run is mark.run
    start = previous.end if previous is not None and same else 0
    if any(c.isalnum() for c in mark.run.text[start : mark.start]):
        yield mark.run.span(start, mark.start)
        return
    index = row.index(mark.run)
    if not same and index > 0:
        run = row[index - 1]
        begin = previous.end if previous is not None and previous.run is run else 0
        if mark.run.box.left - run.box.right <= NEAR * sheet.word_height:
            yield run.span(begin)
