"""Codes with a form of their own: IBAN, BIC, tax numbers, e-mail addresses, telephones.

Where a code carries a check digit, `proved` says whether it holds. A number that fails is
still reported: invoices do show wrong numbers, and the reader wants to know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from docai.tasks.text import Found, fold


@dataclass(frozen=True, slots=True)
class Code:
    """A code in its compact form. `proved` is None where there is no check digit to test."""

    text: str
    proved: bool | None = None


_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2} ?\d{2}(?= ?[A-Z0-9])")
_IBAN_LENGTHS = range(15, 35)
_BIC = re.compile(r"(?<![A-Z0-9])[A-Z]{4} ?[A-Z]{2} ?[A-Z0-9]{2}(?: ?[A-Z0-9]{3})?(?![A-Za-z0-9])")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w@-])")
_PHONE = re.compile(r"(?<![\w.,/-])(?:\+|\(|00)?\d[\d ()/.\-–]{4,22}\d(?![\w/-]|[.,]\d)")


def find_ibans(text: str) -> list[Found[Code]]:
    """IBANs with or without spaces; `proved` by country length and check digits."""
    found = []
    for match in _IBAN_START.finditer(text):
        window = re.match(r"[A-Z0-9]+(?: [A-Z0-9]+)*", text[match.start() : match.start() + 48])
        if window is not None:
            found.append(_iban(window[0], match.start()))
    return [one for one in found if one is not None]


def _iban(window: str, start: int) -> Found[Code] | None:
    """The longest beginning of the window that is a valid IBAN, or else all of it."""
    from stdnum import iban

    ends = [m.end() for m in re.finditer(r"[A-Z0-9]+", window)]
    whole = [(end, window[:end].replace(" ", "")) for end in ends]
    fitting = [(end, code) for end, code in whole if len(code) in _IBAN_LENGTHS]
    for end, code in reversed(fitting):
        if iban.is_valid(code):
            return Found(Code(code, True), start, start + end)
    if not fitting:
        return None
    end, code = fitting[-1]
    return Found(Code(code, False), start, start + end, 0.5)


def find_bics(text: str) -> list[Found[Code]]:
    """BIC (SWIFT) codes of 8 or 11 characters whose letters 5 and 6 are a country."""
    from stdnum import bic

    return [
        Found(Code(match[0].replace(" ", "")), match.start(), match.end())
        for match in _BIC.finditer(text)
        if bic.is_valid(match[0].replace(" ", "")) and match[0][4:].strip()[:2] in COUNTRIES
    ]


COUNTRIES = frozenset((
    "AD", "AE", "AL", "AR", "AT", "AU", "BA", "BE", "BG", "BR", "BY", "CA", "CH", "CL", "CN",
    "CO", "CY", "CZ", "DE", "DK", "EE", "EG", "ES", "FI", "FR", "GB", "GI", "GR", "HK", "HR",
    "HU", "ID", "IE", "IL", "IN", "IS", "IT", "JP", "KR", "KW", "LI", "LT", "LU", "LV", "MC",
    "MD", "ME", "MK", "MT", "MX", "MY", "NL", "NO", "NZ", "PE", "PH", "PL", "PT", "QA", "RO",
    "RS", "RU", "SA", "SE", "SG", "SI", "SK", "SM", "TH", "TN", "TR", "TW", "UA", "US", "VA",
    "VN", "XK", "ZA",
)
)  # fmt: skip


def find_emails(text: str) -> list[Found[Code]]:
    return [Found(Code(match[0]), match.start(), match.end()) for match in _EMAIL.finditer(text)]


def find_phones(text: str) -> list[Found[Code]]:
    """Telephone numbers of 6 to 15 digits, as written; dates and sums are not among them."""
    found = []
    for match in _PHONE.finditer(text):
        digits = sum(c.isdigit() for c in match[0])
        if 6 <= digits <= 15 and not re.fullmatch(r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}", match[0]):
            found.append(Found(Code(match[0].strip()), match.start(), match.end()))
    return found


# The shapes of VAT numbers by country, without the country's two letters.
_VAT_SHAPES = {
    "AT": r"U\d{8}", "BE": r"[01]?\d{9}", "BG": r"\d{9,10}", "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}", "DE": r"\d{9}", "DK": r"\d{8}", "EE": r"\d{9}", "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]", "FI": r"\d{8}", "FR": r"[A-Z0-9]{2}\d{9}",
    "GB": r"\d{9}(?:\d{3})?", "HR": r"\d{11}", "HU": r"\d{8}", "IE": r"\d[A-Z0-9]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}", "LT": r"\d{9}(?:\d{3})?", "LU": r"\d{8}", "LV": r"\d{11}", "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}", "PL": r"\d{10}", "PT": r"\d{9}", "RO": r"\d{2,10}", "SE": r"\d{12}",
    "SI": r"\d{8}", "SK": r"\d{10}", "CHE": r"\d{9}(?:MWST|TVA|IVA)?",
}  # fmt: skip
_VAT = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    + "|".join(rf"(?P<{country}>{country})" for country in _VAT_SHAPES)
    + r")(?=[ .\-]?[A-Z0-9])"
)
_COMPACT_LIMIT = 15  # characters of the longest VAT number, for the window below
# Numbers that are tax numbers only because a label says so: US EIN, German Steuernummer,
# Spanish NIF/CIF, Malaysian and Indian GST numbers, the Chinese unified social credit code.
_LABELLED_TAX_ID = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Z0-9 ./\-]{0,7}\d)[A-Z0-9][A-Z0-9./\-]{5,19}[A-Z0-9](?![A-Za-z0-9])"
)
_SPACED_TAX_ID = re.compile(r"(?<!\w)[A-Z]{0,3} ?\d{2,4}(?: \d{2,5}){1,4}(?!\w)")


def find_vat_ids(text: str) -> list[Found[Code]]:
    """VAT numbers that begin with their country; spaces, dots and hyphens are dropped."""
    found = []
    for match in _VAT.finditer(text):
        country = match.lastgroup or ""
        body = _take_shape(text, match.end(), _VAT_SHAPES[country])
        if body is not None:
            code, end = body
            value = Code(country + code, _vat_proved(country, code))
            found.append(Found(value, match.start(), end, 0.6 if value.proved is False else 1.0))
    return found


def _take_shape(text: str, start: int, shape: str) -> tuple[str, int] | None:
    """(compact body, end in text) of the longest stretch from `start` that has this shape."""
    compact, ends = [], []
    for position in range(start, min(len(text), start + 2 * _COMPACT_LIMIT)):
        character = text[position]
        if character.isalnum():
            compact.append(character)
            ends.append(position + 1)
        elif character not in " .-":
            break
    for length in range(min(len(compact), _COMPACT_LIMIT), 4, -1):
        end = ends[length - 1]
        if end < len(text) and text[end].isalnum():
            continue
        if re.fullmatch(shape, "".join(compact[:length])):
            return "".join(compact[:length]), end
    return None


def _vat_proved(country: str, code: str) -> bool | None:
    from stdnum.eu import vat

    if country == "CHE":
        from stdnum.ch import vat as swiss

        return bool(swiss.is_valid("CHE" + code)) if not code.isdigit() else None
    if country == "GB":
        from stdnum.gb import vat as british

        return bool(british.is_valid(code))
    return bool(vat.is_valid(country + code))


def find_tax_ids(text: str) -> list[Found[Code]]:
    """Any tax number, for text that a label already calls one."""
    own = find_vat_ids(text)
    if own:
        return own
    match = _LABELLED_TAX_ID.search(text)
    spaced = _SPACED_TAX_ID.search(text)
    if spaced is not None and (match is None or spaced.end() - spaced.start() > len(match[0])):
        match = spaced
    if match is None:
        return []
    code = match[0].strip()
    return [Found(Code(code, _national_proved(code)), match.start(), match.end(), 0.8)]


def _national_proved(code: str) -> bool | None:
    """What the check digit says, for the national numbers whose shape is unmistakable."""
    compact = re.sub(r"[ ./-]", "", code)
    if re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{18}", compact):
        from stdnum.cn import uscc

        return bool(uscc.is_valid(compact))
    if re.fullmatch(r"[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]", compact):
        from stdnum.es import nif

        return bool(nif.is_valid(compact))
    return None


# Groups of digits ("812 345 6789"), or a word without punctuation that parts words.
_ID = re.compile(r"(?<!\S)\d{2,}(?: \d{2,})+(?!\S)|[^\s:;,()\[\]{}<>\"'“”„|=*]+")
_ID_EDGES = ".-–_/#:"


def find_ids(text: str) -> list[Found[str]]:
    """Words that could be a number somebody gave: they hold a digit and are no bare mark.

    Neighbouring parts join where a number is plainly written in pieces ("INV 2026 001").
    """
    found = []
    for match in _ID.finditer(text):
        word = match[0]
        code = word.strip(_ID_EDGES)
        if not any(c.isdigit() for c in code):
            continue
        start = match.start() + word.find(code)
        found.append(Found(code, start, start + len(code), _id_quality(code)))
    return found


def _id_quality(code: str) -> float:
    """A long code with digits says more than a "1"; a sum or a date is rarely an id."""
    from docai.tasks.amounts import parse_digits
    from docai.tasks.dates import find_dates

    if find_dates(code):
        return 0.3
    if re.fullmatch(r"[\d.,]+", code) and any(c in code for c in ".,") and parse_digits(code):
        return 0.3
    return min(1.0, 0.4 + 0.1 * len(fold(code)))
