"""Text folded for comparison, one character for one character, so that positions keep."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

V = TypeVar("V")

# What decomposition leaves alone, and what stands for "no" in "N° 12" and "Invoice # 12".
_FOLDED = {"ß": "s", "°": "o", "º": "o", "’": "'", "‘": "'", "´": "'", "–": "-", "—": "-", "−": "-"}


@dataclass(frozen=True, slots=True)
class Found(Generic[V]):
    """A typed value read in a text, at text[start:end].

    `quality` is 0..1: how much the writing itself speaks for this type. A sum with a currency
    is a 1.0, a bare integer that could be anything is a 0.2.
    """

    value: V
    start: int
    end: int
    quality: float = 1.0


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    known = _FOLDED.get(character)
    if known is not None:
        return known
    plain = unicodedata.normalize("NFKD", character).casefold()
    return plain[0] if plain and not unicodedata.combining(plain[0]) else character


def fold(text: str) -> str:
    """Lower case without accents or full-width forms; the same length as `text`.

    >>> fold("Fälligkeit：３")
    'falligkeit:3'
    """
    if text.isascii():
        return text.lower()
    return "".join(map(_fold_character, text))


def key(text: str) -> str:
    """What two spellings of one label share: folded letters and digits, nothing between them.

    >>> key("Rechnungs-Nr.") == key("RECHNUNGS NR") == "rechnungsnr"
    True
    >>> key("Invoice #")
    'invoiceno'
    """
    return "".join(c for c in fold(text).replace("#", "no") if c.isalnum())
