"""Where a page uses a phrase of the vocabulary.

Phrases are compared by their keys (letters and digits only), so "Rechnungs-Nr.:",
"RECHNUNGS NR" and "Rechnungsnr" are one. The longest phrase wins: "Order date" is not the
label "Date". On pages that were read by OCR one wrong, missing or superfluous character is
forgiven in phrases that are long enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from docai.document import TextSource
from docai.geometry import Box
from docai.tasks.lexicon import Phrase, PhraseBook
from docai.tasks.sheet import Run, Sheet
from docai.tasks.text import fold

MAX_PHRASE = 60  # characters of a key; no phrase of the vocabulary is longer
MIN_FUZZY = 7  # characters of a key in which one error is forgiven

# A CJK character is a token of its own, as no spaces part the words; "#" reads as "no".
_TOKEN = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W_぀-ヿ㐀-鿿가-힯]+|#")
_CODE = re.compile(r"[-/_]\d")
# What may stand between a label and its value; a hyphen right before a digit is a minus.
SEPARATORS = re.compile(r"(?:[\s:：.=#|*_>)\]…/]|[-–](?![\d.,$€£]))*")


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found at run.text[start:end]; `end` stands behind the colon or dots that follow."""

    phrase: Phrase
    others: tuple[Phrase, ...]  # the same spelling with other meanings
    sheet: int
    run: Run
    start: int
    stop: int  # end of the phrase itself
    end: int  # start of what comes after its separators
    box: Box
    exact: bool = True

    @property
    def concepts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(p.concept for p in (self.phrase, *self.others)))

    @property
    def opens_run(self) -> bool:
        """No word stands before it; a number may ("2 Subtotal" counts the goods)."""
        return not any(c.isalpha() for c in self.run.text[: self.start])

    @property
    def fills_run(self) -> bool:
        return self.opens_run and not any(c.isalnum() for c in self.run.text[self.stop :])

    @property
    def has_colon(self) -> bool:
        return any(c in ":：" for c in self.run.text[self.stop : self.end])

    @property
    def is_part(self) -> bool:
        """It is a piece of a longer label: the end of a compound, or words go on to the colon."""
        before = self.run.text[: self.start]
        compound = before[-1:] in ("-", "–") and before[-2:-1].isalpha()
        head, colon, _ = self.run.text[self.stop :].replace("：", ":").partition(":")
        goes_on = bool(colon) and head[:1] in (" ", "-") and head.strip()[:1].isalpha()
        return compound or (goes_on and not any(c.isdigit() for c in head))

    @property
    def follows_word(self) -> bool:
        """A word stands right before it: "supplied to the Company" is hardly a label."""
        return self.run.text[: self.start].rstrip()[-1:].isalpha()

    def means(self, concept: str) -> Phrase | None:
        return next((p for p in (self.phrase, *self.others) if p.concept == concept), None)


def find(book: PhraseBook, sheet: Sheet) -> list[Hit]:
    """Every phrase of the book on the page; no two overlap."""
    fuzzy = _near_keys(book) if sheet.page.text_source is TextSource.OCR else {}
    return [hit for run in sheet.runs for hit in find_in_run(book, sheet, run, fuzzy)]


def find_in_run(
    book: PhraseBook, sheet: Sheet, run: Run, fuzzy: Mapping[str, str] | None = None
) -> Iterator[Hit]:
    folded = fold(run.text)
    tokens = [(m.start(), m.end()) for m in _TOKEN.finditer(folded)]
    parts = ["no" if folded[a:b] == "#" else folded[a:b] for a, b in tokens]
    position = 0
    while position < len(tokens):
        found = _longest(book, parts, position, fuzzy or {})
        if found is None:
            position += 1
            continue
        key, until, exact = found
        start, stop = tokens[position][0], tokens[until - 1][1]
        if _CODE.match(run.text, stop):
            position = until  # "PO-5512" is a number, not the label of one
            continue
        phrase, *others = sorted(book.by_key[key], key=lambda p: not p.sure)
        separators = SEPARATORS.match(run.text, stop)
        end = separators.end() if separators else stop
        box = sheet.box(run, start, stop)
        yield Hit(phrase, tuple(others), sheet.index, run, start, stop, end, box, exact)
        position = until


def _longest(
    book: PhraseBook, parts: list[str], position: int, fuzzy: Mapping[str, str]
) -> tuple[str, int, bool] | None:
    """(key, end token, exact?) of the longest phrase that starts at this token."""
    text, best = "", None
    for until in range(position, len(parts)):
        text += parts[until]
        if text in book.by_key:
            best = text, until + 1, True
        if text not in book.beginnings:
            break
    if best is None and fuzzy:
        best = _nearest(parts, position, fuzzy)
    return best


def _nearest(
    parts: list[str], position: int, fuzzy: Mapping[str, str]
) -> tuple[str, int, bool] | None:
    text, best = "", None
    for until in range(position, min(len(parts), position + 5)):
        text += parts[until]
        if len(text) > MAX_PHRASE:
            break
        if len(text) >= MIN_FUZZY - 1 and text.isalpha():
            key = next((fuzzy[v] for v in _variants(text) if v in fuzzy), None)
            if key is not None:
                best = key, until + 1, False
    return best


def _variants(text: str) -> Iterator[str]:
    """The text itself and with each single character left out."""
    yield text
    for i in range(len(text)):
        yield text[:i] + text[i + 1 :]


@lru_cache(maxsize=8)
def _near_keys(book: PhraseBook) -> Mapping[str, str]:
    """Variant -> key. Two texts share a variant where one edit leads from one to the other."""
    return {
        variant: key
        for key in sorted(book.by_key)
        if len(key) >= MIN_FUZZY and key.isalpha()
        for variant in _variants(key)
    }
