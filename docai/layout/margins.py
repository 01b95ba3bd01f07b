"""Running heads and feet: a row at the very top or bottom of a page, apart from its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docai.document import Word
from docai.layout.lines import Fragment
from docai.layout.rows import Row, rows_of

MARGIN = 0.1  # of the page's height, at either end
APART = 0.6  # of the row's height, the least distance from the text
MOST_WORDS = 20  # a longer row is text

_PAGE_NUMBER = re.compile(
    r"\W*(page|p\.|seite|s\.|página|pág\.|pagina|blatt)?\s*(\d{1,4}|[ivxlc]{1,6})"
    r"(\s*(/|of|von|de|sur|di)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Margins:
    """The page's rows: running head, text, running foot."""

    head: Row
    text: list[Row]
    foot: Row


def margins(fragments: Sequence[Fragment], words: Sequence[Word], height: float) -> Margins:
    """Head and foot are empty where nothing looks like them. `height` is the page's."""
    rows = rows_of(fragments)
    head: Row = ()
    foot: Row = ()
    if len(rows) > 1 and _is_head(rows[0], rows[1], words, height):
        head = rows.pop(0)
    if len(rows) > 1 and _is_foot(rows[-1], rows[-2], words, height):
        foot = rows.pop()
    return Margins(head, rows, foot)


def is_page_number(text: str) -> bool:
    """A number, perhaps with the word page or the count of pages.

    >>> is_page_number("Seite 3 von 12"), is_page_number("xiv"), is_page_number("12.50 €")
    (True, True, False)
    """
    return _PAGE_NUMBER.fullmatch(text) is not None


def _is_head(row: Row, below: Row, words: Sequence[Word], height: float) -> bool:
    bottom = max(f.box.bottom for f in row)
    gap = min(f.box.top for f in below) - bottom
    return bottom < MARGIN * height and _stands_apart(row, gap, words)


def _is_foot(row: Row, above: Row, words: Sequence[Word], height: float) -> bool:
    top = min(f.box.top for f in row)
    gap = top - max(f.box.bottom for f in above)
    return top > (1 - MARGIN) * height and _stands_apart(row, gap, words)


def _stands_apart(row: Row, gap: float, words: Sequence[Word]) -> bool:
    if any(f.whole for f in row) or sum(len(f.words) for f in row) > MOST_WORDS:
        return False
    if gap < APART * min(f.box.height for f in row):
        return False
    # Several pieces may as well be the first row of several columns.
    return len(row) == 1 or has_page_number(row, words)


def has_page_number(row: Row, words: Sequence[Word]) -> bool:
    return any(is_page_number(" ".join(words[i].text for i in f.words)) for f in row)
