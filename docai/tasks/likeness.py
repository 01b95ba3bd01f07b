"""How alike two short texts are in what they are about."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache

from docai.tasks.lexicon import lexicon
from docai.tasks.text import fold

CLOSE = 85.0  # percent of characters: "invoce" is "invoice", "date" is not "rate"
MIN_STEM = 5  # letters that two words share from their start when one is a form of the other

_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W_぀-ヿ㐀-鿿가-힯]+")


def content_words(text: str) -> tuple[str, ...]:
    """Folded words without those of questions in general ("what", "is", "der")."""
    words = _WORD.findall(fold(text))
    return tuple(dict.fromkeys(word for word in words if word not in stop_words()))


@cache
def stop_words() -> frozenset[str]:
    return frozenset(
        word for phrase in lexicon().questions.concept("stop") for word in [fold(phrase.text)]
    )


def likeness(asked: Collection[str], label: Sequence[str]) -> float:
    """0..1: the mean of how much of the label is asked for and how much of the question it covers.

    0 where the question is mostly about something else: "the capital of Italy" is not answered
    by a "Capital" of somewhere.
    """
    if not asked or not label:
        return 0.0
    shared = sum(any(is_form_of(word, other) for other in asked) for word in label)
    matched = sum(any(is_form_of(word, other) for other in label) for word in asked)
    if matched <= len(asked) / 2:
        return 0.0
    return 0.5 * shared / len(label) + 0.5 * matched / len(asked)


@cache
def _ratio(a: str, b: str) -> float:
    from rapidfuzz import fuzz

    return fuzz.ratio(a, b)


def is_form_of(a: str, b: str) -> bool:
    """The same word, a form of it ("Rechnung", "Rechnungen"), or a misreading of it."""
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) < MIN_STEM:
        return False
    return (long.startswith(short) and len(long) - len(short) <= 3) or _ratio(a, b) >= CLOSE
