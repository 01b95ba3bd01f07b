"""Numbers, percentages and sums of money in running text, whatever their locale.

Where a lone separator stands before three digits and nothing tells what it is (see
docai.numerals), it is taken for a thousands separator.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache

from docai.numerals import (
    DIGITS,
    MINUS,
    SEPARATORS,
    decimal_mark,
    is_sign,
    narrow,
    numerals,
    parse_digits,
    stands_alone,
)
from docai.results import Money
from docai.tasks.lexicon import lexicon
from docai.tasks.text import Found, key

__all__ = [
    "decimal_mark",
    "find_currencies",
    "find_money",
    "find_numbers",
    "find_percents",
    "parse_digits",
]


def find_numbers(text: str, decimal_mark: str | None = None) -> list[Found[Decimal]]:
    """Every number that stands by itself: not inside a word, a code or a date."""
    text = narrow(text)
    return [
        Found(numeral.value, numeral.start, numeral.end)
        for numeral in numerals(text, decimal_mark)
        if stands_alone(text, numeral.start, numeral.end)
    ]


@cache
def _currency_pattern() -> re.Pattern[str]:
    """Symbols anywhere beside a number; letters only as a word of their own."""
    spellings = sorted(lexicon().currencies, key=len, reverse=True)
    symbols = [re.escape(s) for s in spellings if not s[-1].isalpha()]
    words = [re.escape(s) for s in spellings if s[-1].isalpha()]
    return re.compile(
        rf"(?:{'|'.join(symbols)})|(?<![^\W\d_])(?:{'|'.join(words)})(?![^\W\d_])", re.IGNORECASE
    )


def find_currencies(text: str) -> list[Found[str]]:
    """ISO 4217 codes of the currencies that are named, in order."""
    names = lexicon().currencies
    return [
        Found(names[match[0].casefold()], match.start(), match.end())
        for match in _currency_pattern().finditer(text)
    ]


def find_money(
    text: str, decimal_mark: str | None = None, currency: str | None = None
) -> list[Found[Money]]:
    """Every sum of money. `currency` is taken where the sum itself names none.

    Percentages, days and numbers glued to letters are no sums. The quality is 1 with a currency,
    0.9 with cents, 0.5 with any other fraction, 0.2 for a bare integer.
    """
    if not any(c.isdigit() for c in text):
        return []
    text = narrow(text)
    named = find_currencies(text)
    starts = {found.start: found for found in named}
    ends = {found.end: found for found in named}
    sums = []
    for numeral in numerals(text, decimal_mark):
        value, start, end = numeral.value, numeral.start, numeral.end
        before = ends.get(_skip_back(text, start))
        after = starts.get(_skip_on(text, end))
        if before is not None:
            start = before.start
            if start and text[start - 1] in MINUS and is_sign(text, start - 1):
                value, start = -abs(value), start - 1  # "-$5.00"
        elif after is not None:
            end = after.end
        if not stands_alone(text, start, end) or _is_percent(text, end):
            continue
        if before is None and after is None and _is_duration(text, end):
            continue
        named_here = [one for one in (before, after) if one is not None]
        money = Money(value, _currency(text, named_here, currency))
        sums.append(Found(money, start, end, _quality(bool(named_here), numeral.digits)))
    return sums


def _currency(text: str, named: Sequence[Found[str]], documents: str | None) -> str | None:
    """The currency named beside a sum; a symbol of several is what else names one of them."""
    shared = lexicon().shared_symbols
    own = [one for one in named if text[one.start : one.end] not in shared]
    if own or not named:
        return own[0].value if own else documents
    possible = shared[text[named[0].start : named[0].end]]
    return documents if documents in possible else named[0].value


def _skip_back(text: str, position: int) -> int:
    while position and text[position - 1] in " \u00a0\u202f":
        position -= 1
    return position


def _skip_on(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \u00a0\u202f":
        position += 1
    return position


def _is_percent(text: str, end: int) -> bool:
    position = _skip_on(text, end)
    return position < len(text) and text[position] in "%％‰"


_WORD = re.compile(r"[^\W\d_]{1,20}")


def _is_duration(text: str, end: int) -> bool:
    """Whether the word behind the number says that time is counted, as in "30 days"."""
    word = _WORD.match(text, _skip_on(text, end))
    return word is not None and key(word[0]) in lexicon().durations


def _quality(has_currency: bool, digits: str) -> float:
    if has_currency:
        return 1.0
    marks = SEPARATORS.findall(digits)
    if not marks:
        return 0.2
    tail = len(digits) - digits.rfind(marks[-1]) - 1
    return 0.9 if tail == 2 and marks[-1] in ".," else 0.5


_PERCENT = re.compile(rf"(?<![\w.,])({DIGITS})\s?[%％]")


def find_percents(text: str, decimal_mark: str | None = None) -> list[Found[Decimal]]:
    """Percentages, as the number before the sign: "7,5 %" is 7.5."""
    found = []
    for match in _PERCENT.finditer(narrow(text)):
        value = parse_digits(match[1], decimal_mark or ("," if "," in match[1] else "."))
        if value is not None:
            found.append(Found(value, match.start(), match.end()))
    return found
