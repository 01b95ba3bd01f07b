"""Whether a text is a figure: an amount, a count, a percentage, a date, a number of any kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

LEAST_TICKS = 4  # numbers in equal steps that make an axis; columns and rows may have them ...
LEAST_TICKS_IN_CELL = 3  # ... while no cell of a table has so many below one another
_TICK = re.compile(r"([^\w\s]?)(\d+(?:[.,]\d+)?)[^\w\s]?")  # a sign or mark, the number, a mark
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"[^\w\s]*\d[\d.,'’:/±\-–\s]*[^\w\s]*")
_UNIT = re.compile(r"[^\W\d_]{1,5}[.²³]?|%|[^\w\s]")
_YEAR = re.compile(r"(19|20)\d\d([/–-](19|20)?\d\d)?")
_NOTHING = re.compile(r"[\W_]*")


def is_figure(text: str) -> bool:
    """A number, perhaps with a sign or currency, and at most one short unit before or after.

    >>> [is_figure(t) for t in ("1.234,50 €", "10 Stk", "68.3 ± 19.7", "Item 5", "Sum")]
    [True, True, True, True, False]
    """
    parts = text.split()
    if len(parts) == 1:
        return _NUMBER.fullmatch(parts[0]) is not None
    if len(parts) > 5 or not _DIGIT.search(text):
        return False
    if _UNIT.fullmatch(parts[-1]):
        parts = parts[:-1]
    elif _UNIT.fullmatch(parts[0]):
        parts = parts[1:]
    return all(_NUMBER.fullmatch(part) or _NOTHING.fullmatch(part) for part in parts)


def is_year(text: str) -> bool:
    """Years head columns as often as they fill them.

    >>> is_year("2024"), is_year("2023/24"), is_year("2024.50")
    (True, True, False)
    """
    return _YEAR.fullmatch(text) is not None


def is_blank(text: str) -> bool:
    """Dashes and dots that stand for nothing.

    >>> is_blank("–"), is_blank("0")
    (True, False)
    """
    return _NOTHING.fullmatch(text) is not None


def is_scale(texts: Sequence[str], least: int = LEAST_TICKS) -> bool:
    """The labels of a chart's axis: numbers in equal steps. Years and numbered rows are none.

    >>> is_scale(["0%", "10%", "20%", "30%"]), is_scale(["1", "2", "3", "4"])
    (True, False)
    >>> is_scale(["−6.1.", "−4.1.", "−2.1.", "-0.1."])
    True
    """
    if len(texts) < least or all(map(is_year, texts)):
        return False
    found = [match for match in map(_TICK.fullmatch, texts) if match]
    if len(found) < len(texts):
        return False
    # A sign may stand before the number; what stands after it ("20.00-") is none.
    ticks = [
        float(match[2].replace(",", ".")) * (-1 if match[1] in ("-", "−") else 1) for match in found
    ]
    steps = {round(b - a, 6) for a, b in pairwise(ticks)}
    return len(steps) == 1 and not steps & {0.0, 1.0, -1.0}
