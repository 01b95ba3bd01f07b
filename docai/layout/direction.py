"""Right-to-left text: which way a page and its lines are read.

The order of words within a line follows the Unicode bidirectional algorithm (UAX #9) as far
as whole words go: in a right-to-left line, words of a left-to-right script that stand next
to each other keep their own order, numbers between them included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from docai.document import Block, Cell, Page, Table, Word
from docai.geometry import Box

_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001eeff"
_RIGHT_TO_LEFT = re.compile(f"[{_RTL}]")
_LEFT_TO_RIGHT = re.compile(rf"[^\W\d_{_RTL}]")


def has_right_to_left(words: Sequence[Word]) -> bool:
    text = "".join([word.text for word in words])
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def is_right_to_left(texts: Sequence[str]) -> bool:
    """Whether most words with a direction of their own go to the left.

    >>> is_right_to_left(["שלום", "2024", "עולם", "PDF"])
    True
    """
    return sum(map(_strength, texts)) > 0


def mirrored(box: Box, width: float) -> Box:
    """The box on a page of this width seen from behind; twice is the box itself."""
    return Box(width - box.right, box.top, width - box.left, box.bottom)


def mirrored_page(page: Page) -> Page:
    """The page seen from behind, with all that is on it."""
    return replace(
        page,
        words=tuple(_turned_round(page.words, page.width)),
        rules=tuple(mirrored(rule, page.width) for rule in page.rules),
        blocks=tuple(_turned_round(page.blocks, page.width)),
        tables=tuple(
            replace(table, cells=tuple(_turned_round(table.cells, page.width)))
            for table in _turned_round(page.tables, page.width)
        ),
    )


_Boxed = TypeVar("_Boxed", Word, Block, Cell, Table)


def _turned_round(things: Iterable[_Boxed], width: float) -> Iterator[_Boxed]:
    for thing in things:
        yield replace(thing, box=mirrored(thing.box, width))


def read_order(words: Sequence[int], texts: Sequence[str], page_is_rtl: bool) -> list[int]:
    """Words of a line, given from left to right, in the order they are read.

    A line without letters goes the page's way.
    """
    strengths = [_strength(text) for text in texts]
    total = sum(strengths)
    if total < 0 or (total == 0 and not page_is_rtl):
        return _turned(words, strengths, foreign=1)
    return _turned(words[::-1], strengths[::-1], foreign=-1)


def _turned(words: Sequence[int], strengths: Sequence[int], foreign: int) -> list[int]:
    """The words with each run of the foreign direction turned round."""
    belongs = [strength == foreign for strength in strengths]
    # What has no direction belongs to the run that stands on both sides of it.
    for i in range(1, len(belongs) - 1):
        if strengths[i] == 0 and foreign < 0 and belongs[i - 1]:
            following = next((s for s in strengths[i + 1 :] if s), 0)
            belongs[i] = following == foreign
    order: list[int] = []
    for is_foreign, run in groupby(zip(words, belongs, strict=True), key=lambda pair: pair[1]):
        members = [word for word, _ in run]
        order.extend(reversed(members) if is_foreign else members)
    return order


def _strength(text: str) -> int:
    """1 for a word of a right-to-left script, -1 of a left-to-right one, 0 for numbers."""
    if _RIGHT_TO_LEFT.search(text):
        return 1
    return -1 if _LEFT_TO_RIGHT.search(text) else 0
