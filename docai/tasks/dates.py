"""Dates as people write them in five languages, and in which order they put day and month."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from functools import cache

from docai.tasks.lexicon import lexicon
from docai.tasks.text import Found, fold

CENTURY_TURN = 70  # two-digit years from here on belong to the last century


class DateOrder(StrEnum):
    """Which of 02/01/2026's numbers is the day."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


_NUMERIC = re.compile(
    r"(?<![\d.,/-])(?P<a>\d{1,4})(?P<mark> ?[./-] ?)(?P<b>\d{1,2})(?P=mark)"
    r"(?P<c>\d{4}|\d{2})(?!\d|[/-]\d)"
)
_CHINESE = re.compile(r"(?P<y>\d{4}|\d{2}) ?年 ?(?P<m>\d{1,2}) ?月 ?(?P<d>\d{1,2}) ?[日号]?")
_COMPACT = re.compile(
    r"(?<![\w.,/-])(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?![\w/-]|[.,]\d)"
)


@cache
def _worded() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Day before month and month before day, over folded text."""
    names = "|".join(sorted(map(re.escape, lexicon().months), key=len, reverse=True))
    year = r"(?P<y>\d{4}|'?\d{2})(?!\d)"
    day_first = re.compile(
        r"(?<!\d)(?P<d>\d{1,2})(?:st|nd|rd|th|er|o|\.)?[ .\-/]{0,3}(?:de |of )?"
        rf"(?P<m>{names})(?![^\W\d_])[.,]?[ ,\-/]{{0,3}}(?:del? )?{year}"
    )
    month_first = re.compile(
        rf"(?<![^\W\d_])(?P<m>{names})(?![^\W\d_])[.,]?[ \-/]{{0,3}}(?P<d>\d{{1,2}})"
        rf"(?:st|nd|rd|th)?(?: ?, ?| |-|/){{1,2}}{year}"
    )
    return day_first, month_first


def find_dates(
    text: str, order: DateOrder = DateOrder.DAY_FIRST, *, compact: bool = False
) -> list[Found[date]]:
    """Every valid date, first to last; with `compact`, 20260301 counts as one too.

    A slash or a dash obeys `order` where both readings are possible; a dot always means the
    day first, and a four-digit number in front the year.
    """
    if not any(c.isdigit() for c in text):
        return []
    folded = fold(text)
    found = [*_numeric(folded, order), *_chinese(folded), *_in_words(folded)]
    if compact:
        found += _from_parts(_COMPACT, folded, 0.7)
    return _without_overlaps(found)


def _numeric(text: str, order: DateOrder) -> Iterator[Found[date]]:
    for match in _NUMERIC.finditer(text):
        a, b, c = match["a"], match["b"], match["c"]
        mark = match["mark"].strip()
        if len(a) == 4:
            readings = [(a, b, c)] if len(c) == 2 else []
        elif len(a) == 3:
            continue
        elif mark == "." or order is DateOrder.DAY_FIRST:
            readings = [(c, b, a)] if mark == "." else [(c, b, a), (c, a, b)]
        else:
            readings = [(c, a, b), (c, b, a)]
        for year, month, day in readings:
            value = _date(year, month, day)
            if value is not None:
                quality = 1.0 if len(a) == 4 or len(c) == 4 else 0.8
                yield Found(value, match.start(), match.end(), quality)
                break


def _chinese(text: str) -> Iterator[Found[date]]:
    return _from_parts(_CHINESE, text, 1.0)


def _in_words(text: str) -> Iterator[Found[date]]:
    months = lexicon().months
    for pattern in _worded():
        for match in pattern.finditer(text):
            value = _date(match["y"].strip("'"), str(months[match["m"]]), match["d"])
            if value is not None:
                yield Found(value, match.start(), match.end())


def _from_parts(pattern: re.Pattern[str], text: str, quality: float) -> Iterator[Found[date]]:
    for match in pattern.finditer(text):
        value = _date(match["y"], match["m"], match["d"])
        if value is not None:
            yield Found(value, match.start(), match.end(), quality)


def _date(year: str, month: str, day: str) -> date | None:
    full = int(year)
    if len(year) == 2:
        full += 1900 if full >= CENTURY_TURN else 2000
    try:
        return date(full, int(month), int(day)) if 1900 <= full <= 2100 else None
    except ValueError:
        return None


def _without_overlaps(found: list[Found[date]]) -> list[Found[date]]:
    """The longest reading of each place, in order."""
    kept: list[Found[date]] = []
    for one in sorted(found, key=lambda f: (f.start, -f.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def date_order(texts: Iterable[str], *, default: DateOrder = DateOrder.DAY_FIRST) -> DateOrder:
    """What the dates that can be read one way only say about the others."""
    day_first = month_first = 0
    for text in texts:
        for match in _NUMERIC.finditer(fold(text)):
            if match["mark"].strip() == "." or len(match["a"]) > 2:
                continue
            a, b = int(match["a"]), int(match["b"])
            day_first += 12 < a <= 31 and 1 <= b <= 12
            month_first += 12 < b <= 31 and 1 <= a <= 12
    if day_first == month_first:
        return default
    return DateOrder.DAY_FIRST if day_first > month_first else DateOrder.MONTH_FIRST


_TIME = re.compile(
    r"(?<![\d:.])(?P<h>[01]?\d|2[0-3]) ?[:h] ?(?P<m>[0-5]\d)(?: ?: ?(?P<s>[0-5]\d))?"
    r"(?![\d:])(?: ?(?P<half>[ap])\.?m\b\.?)?"
)


def find_times(text: str) -> list[Found[str]]:
    """Times of day as HH:MM or HH:MM:SS, on 24 hours."""
    found = []
    for match in _TIME.finditer(fold(text)):
        hour = int(match["h"])
        if match["half"] and 1 <= hour <= 12:
            hour = hour % 12 + (12 if match["half"] == "p" else 0)
        seconds = f":{match['s']}" if match["s"] else ""
        found.append(Found(f"{hour:02}:{match['m']}{seconds}", match.start(), match.end()))
    return found
