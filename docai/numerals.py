"""Numbers as people write them, whatever their locale.

A lone separator before three digits is ambiguous: "1.234" is a thousand and something in
Berlin and one and a bit in Boston. The document's other numbers decide (`decimal_mark`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

MAX_DIGITS = 18  # more than this is an account number or noise, never a quantity or a sum

# Thousands parted by spaces, which only writers of a decimal comma do ("3 191.00" is three
# pieces at 191.00), or runs of digits with other separators between them.
DIGITS = r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3}(?![\d.]))+(?:,\d+)?(?!\d)|\d+(?:[.,'’٫٬]\d+)*)"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+−–]\s?)?(?P<digits>{DIGITS})"
    r"(?P<dash>[.,](?:--?|–|—)(?!\d))?(?P<minus>-(?![\w-]))?(?P<close>\))?"
)
MINUS = "-−–"
SEPARATORS = re.compile(r"[^\d]")
_BEFORE = " \t\n\u00a0:=(@*x×~/|+-−–[<>\"'“„"  # what may stand right before a number
_AFTER = " \t\n\u00a0)%;:,.*x×|/-−–]<>\"'”“?!"


# "１，２" for "1,2": full-width forms of ASCII, each one character as well.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def narrow(text: str) -> str:
    """Full-width letters, digits and punctuation as their ASCII twins; the same length."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def parse_digits(digits: str, decimal_mark: str | None = None) -> Decimal | None:
    """The number behind digits and separators, or None where the groups make no sense.

    >>> parse_digits("1.234,56"), parse_digits("1,234"), parse_digits("1,234", ",")
    (Decimal('1234.56'), Decimal('1234'), Decimal('1.234'))
    >>> parse_digits("12.03.2026") is None
    True
    """
    marks = SEPARATORS.findall(digits)
    whole, fraction = digits, ""
    if marks:
        last = marks[-1]
        tail = digits.rsplit(last, 1)[1]
        if last in ".,٫" and _is_decimal(last, marks, tail, digits, decimal_mark):
            whole, fraction = digits.rsplit(last, 1)
    groups = SEPARATORS.split(whole)
    if len(groups) > 1 and not _is_grouped(groups, SEPARATORS.findall(whole)):
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
            marks = SEPARATORS.findall(digits)
            if not marks or parse_digits(digits) is None:
                continue
            last, tail = marks[-1], len(digits) - digits.rfind(marks[-1]) - 1
            if last in votes and marks.count(last) == 1 and tail == 2:
                votes[last] += 1
    if votes["."] == votes[","]:
        return None
    return max(votes, key=lambda mark: votes[mark])


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number at text[start:end], sign and brackets included."""

    value: Decimal
    start: int
    end: int
    digits: str


def numerals(text: str, mark: str | None) -> Iterator[Numeral]:
    for match in _NUMBER.finditer(text):
        value = parse_digits(match["digits"], mark)
        if value is None:
            continue
        start, end, negative = match.start("digits"), match.end("digits"), False
        if match["dash"]:
            end = match.end("dash")
        if match["open"] and match["close"]:
            start, end, negative = match.start(), match.end(), True
        elif match["sign"] and is_sign(text, match.start("sign")):
            start, negative = match.start("sign"), match["sign"][0] in MINUS
        elif match["minus"]:
            end, negative = match.end("minus"), True
        yield Numeral(-value if negative else value, start, end, match["digits"])


def is_sign(text: str, position: int) -> bool:
    """A hyphen between two characters of a code or a range is no sign."""
    before = text[position - 1] if position else " "
    return not before.isalnum() and before not in "/.,-–_)"


def stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if before not in _BEFORE or after not in _AFTER:
        return False
    # "2026-03-01" and "12/2026" are dates or codes, "3 / 4" is not asked for.
    if before in "/-−–" and start > 1 and text[start - 2].isalnum():
        return False
    beyond = text[end + 1] if end + 1 < len(text) else " "
    return not (after in "/-−–:.," and beyond.isalnum())


@dataclass(frozen=True, slots=True)
class Figure:
    """A text that is one number: its value, the digits behind the mark, and its signs.

    Of "12,5 %" the value is 0.125, as spreadsheets have it. `before` and `after` are currency
    signs and units.
    """

    value: Decimal
    decimals: int
    before: str = ""
    after: str = ""

    @property
    def is_percent(self) -> bool:
        return self.after == "%"


def figure(text: str, decimal_mark: str | None) -> Figure | None:
    """The number that the whole text is, with at most a sign or currency around it, or None.

    Codes with leading zeros, dates, and numbers that could be either thousands or decimals
    are none: they stay text.

    >>> figure("€ 1.234,50", ",").value, figure("(12.5%)", ".").value
    (Decimal('1234.50'), Decimal('-0.125'))
    >>> figure("1.234", None), figure("007", "."), figure("12.03.2026", ".")
    (None, None, None)
    """
    match = _FIGURE.fullmatch(narrow(text).strip())
    if match is None or _is_ambiguous(match["digits"], decimal_mark):
        return None
    digits = match["digits"]
    value = parse_digits(digits, decimal_mark)
    if value is None or (digits[0] == "0" and digits[1:2].isdigit()):
        return None
    exponent = value.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    signs = match["sign"], match["inner"], match["minus"]
    if any(sign and sign in MINUS for sign in signs) or (match["open"] and match["close"]):
        value = -value
    if bool(match["open"]) != bool(match["close"]):
        return None
    if match["after"] == "%":
        return Figure(value / 100, decimals, match["before"] or "", "%")
    return Figure(value, decimals, match["before"] or "", match["after"] or "")


def mark_of_figures(texts: Iterable[str]) -> str | None:
    """The decimal mark, "." or ",", that a table's cells agree on, or None.

    >>> [mark_of_figures(texts) for texts in (["12,5", "1.234"], ["1,234,567"], ["1.234"])]
    [',', '.', None]
    """
    votes = {".": 0, ",": 0}
    for text in texts:
        match = _FIGURE.fullmatch(narrow(text).strip())
        marks = SEPARATORS.findall(match["digits"]) if match else []
        if not match or not marks or parse_digits(match["digits"]) is None:
            continue
        if _is_ambiguous(match["digits"], None):
            continue
        last = marks[-1]
        if last in votes and marks.count(last) == 1:
            votes[last] += 1  # of several kinds, or before other than three digits
        elif last in votes:
            votes["." if last == "," else ","] += 1
    if votes["."] == votes[","]:
        return None
    return max(votes, key=lambda mark: votes[mark])


def _is_ambiguous(digits: str, decimal_mark: str | None) -> bool:
    """Whether the one mark could part thousands as well as decimals."""
    marks = SEPARATORS.findall(digits)
    if decimal_mark or len(marks) != 1 or marks[0] not in ".,":
        return False
    lead, tail = digits.split(marks[0])
    return len(tail) == 3 and 1 <= len(lead) <= 3 and lead != "0"


_SIGNS = r"[$€£¥₹₽₩₺]|[A-Z]{3}|kr|zł|Kč|Ft"  # currencies, before a number or after it
_FIGURE = re.compile(
    rf"(?P<open>\()?\s?(?P<sign>[-+−–])?\s?(?P<before>{_SIGNS})?\s?(?P<inner>[-+−–])?\s?"
    rf"(?P<digits>{DIGITS})(?P<minus>-)?\s?(?P<after>%|{_SIGNS})?\s?(?P<close>\))?"
)
