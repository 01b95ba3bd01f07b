"""Numbers and sums of money as people write them, whatever their locale.

A lone separator before three digits is ambiguous: "1.234" is a thousand and something in
Berlin and one and a bit in Boston. The document's other numbers decide (`decimal_mark`),
and without them it is taken for a thousands separator in money and for a decimal mark
before anything but three digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from docai.results import Money
from docai.tasks.lexicon import lexicon
from docai.tasks.text import Found, narrow

MAX_DIGITS = 18  # more than this is an account number or noise, never a quantity or a sum

# Thousands parted by spaces, which only writers of a decimal comma do ("3 191.00" is three
# pieces at 191.00), or runs of digits with other separators between them.
_DIGITS = r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3}(?![\d.]))+(?:,\d+)?(?!\d)|\d+(?:[.,'’٫٬]\d+)*)"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+−–]\s?)?(?P<digits>{_DIGITS})"
    r"(?P<dash>[.,](?:--?|–|—)(?!\d))?(?P<minus>-(?![\w-]))?(?P<close>\))?"
)
_MINUS = "-−–"
_SEPARATORS = re.compile(r"[^\d]")
_BEFORE = " \t\n\u00a0:=(@*x×~/|+-−–[<>\"'“„"  # what may stand right before a number
_AFTER = " \t\n\u00a0)%;:,.*x×|/-−–]<>\"'”“?!"


def parse_digits(digits: str, decimal_mark: str | None = None) -> Decimal | None:
    """The number behind digits and separators, or None where the groups make no sense.

    >>> parse_digits("1.234,56"), parse_digits("1,234"), parse_digits("1,234", ",")
    (Decimal('1234.56'), Decimal('1234'), Decimal('1.234'))
    >>> parse_digits("12.03.2026") is None
    True
    """
    marks = _SEPARATORS.findall(digits)
    whole, fraction = digits, ""
    if marks:
        last = marks[-1]
        tail = digits.rsplit(last, 1)[1]
        if last in ".,٫" and _is_decimal(last, marks, tail, digits, decimal_mark):
            whole, fraction = digits.rsplit(last, 1)
    groups = _SEPARATORS.split(whole)
    if len(groups) > 1 and not _is_grouped(groups, _SEPARATORS.findall(whole)):
        return None
    plain = "".join(groups)
    if len(plain) + len(fraction) > MAX_DIGITS:
        return None
    return Decimal(f"{plain}.{fraction}" if fraction else plain)


def _is_decimal(
    last: str, marks: list[str], tail: str, digits: str, decimal_mark: str | None
) -> bool:
    if marks.count(last) > 1:
        return False
    if len(set(marks)) > 1 or len(tail) != 3:
        return True
    # "0,250" and "1234.500" cannot be thousands.
    lead = digits.split(last, 1)[0]
    return lead == "0" or len(lead) > 3 or last == decimal_mark


def _is_grouped(groups: list[str], marks: list[str]) -> bool:
    """Thousands (1.234.567) or the Indian lakh (12,34,567), with one kind of separator."""
    if len(set(marks)) > 1 or not 1 <= len(groups[0]) <= 3 or len(groups[-1]) != 3:
        return False
    between = {len(group) for group in groups[1:-1]}
    return between <= {3} or (between <= {2} and marks[0] == ",")


def decimal_mark(texts: Iterable[str]) -> str | None:
    """The mark that this document's unambiguous numbers use, "." or ",", or None."""
    votes = {".": 0, ",": 0}
    for text in texts:
        for match in _NUMBER.finditer(narrow(text)):
            digits = match["digits"]
            marks = _SEPARATORS.findall(digits)
            if not marks or parse_digits(digits) is None:
                continue
            last, tail = marks[-1], len(digits) - digits.rfind(marks[-1]) - 1
            if last in votes and marks.count(last) == 1 and tail == 2:
                votes[last] += 1
    if votes["."] == votes[","]:
        return None
    return max(votes, key=lambda mark: votes[mark])


@dataclass(frozen=True, slots=True)
class _Numeral:
    """A number at text[start:end], sign and brackets included."""

    value: Decimal
    start: int
    end: int
    digits: str


def find_numbers(text: str, decimal_mark: str | None = None) -> list[Found[Decimal]]:
    """Every number that stands by itself: not inside a word, a code or a date."""
    text = narrow(text)
    return [
        Found(numeral.value, numeral.start, numeral.end)
        for numeral in _numerals(text, decimal_mark)
        if _stands_alone(text, numeral.start, numeral.end)
    ]


def _numerals(text: str, mark: str | None) -> Iterator[_Numeral]:
    for match in _NUMBER.finditer(text):
        value = parse_digits(match["digits"], mark)
        if value is None:
            continue
        start, end, negative = match.start("digits"), match.end("digits"), False
        if match["dash"]:
            end = match.end("dash")
        if match["open"] and match["close"]:
            start, end, negative = match.start(), match.end(), True
        elif match["sign"] and _is_sign(text, match.start("sign")):
            start, negative = match.start("sign"), match["sign"][0] in _MINUS
        elif match["minus"]:
            end, negative = match.end("minus"), True
        yield _Numeral(-value if negative else value, start, end, match["digits"])


def _is_sign(text: str, position: int) -> bool:
    """A hyphen between two characters of a code or a range is no sign."""
    before = text[position - 1] if position else " "
    return not before.isalnum() and before not in "/.,-–_)"


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if before not in _BEFORE or after not in _AFTER:
        return False
    # "2026-03-01" and "12/2026" are dates or codes, "3 / 4" is not asked for.
    if before in "/-−–" and start > 1 and text[start - 2].isalnum():
        return False
    beyond = text[end + 1] if end + 1 < len(text) else " "
    return not (after in "/-−–:.," and beyond.isalnum())


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

    Percentages and numbers glued to letters are no sums. The quality is 1 with a currency,
    0.9 with cents, 0.5 with any other fraction, 0.2 for a bare integer.
    """
    if not any(c.isdigit() for c in text):
        return []
    text = narrow(text)
    named = find_currencies(text)
    starts = {found.start: found for found in named}
    ends = {found.end: found for found in named}
    sums = []
    for numeral in _numerals(text, decimal_mark):
        value, start, end = numeral.value, numeral.start, numeral.end
        before = ends.get(_skip_back(text, start))
        after = starts.get(_skip_on(text, end))
        if before is not None:
            start = before.start
            if start and text[start - 1] in _MINUS and _is_sign(text, start - 1):
                value, start = -abs(value), start - 1  # "-$5.00"
        elif after is not None:
            end = after.end
        if not _stands_alone(text, start, end) or _is_percent(text, end):
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


def _quality(has_currency: bool, digits: str) -> float:
    if has_currency:
        return 1.0
    marks = _SEPARATORS.findall(digits)
    if not marks:
        return 0.2
    tail = len(digits) - digits.rfind(marks[-1]) - 1
    return 0.9 if tail == 2 and marks[-1] in ".," else 0.5


_PERCENT = re.compile(rf"(?<![\w.,])({_DIGITS})\s?[%％]")


def find_percents(text: str, decimal_mark: str | None = None) -> list[Found[Decimal]]:
    """Percentages, as the number before the sign: "7,5 %" is 7.5."""
    found = []
    for match in _PERCENT.finditer(narrow(text)):
        value = parse_digits(match[1], decimal_mark or ("," if "," in match[1] else "."))
        if value is not None:
            found.append(Found(value, match.start(), match.end()))
    return found
