"""How alike two short texts are in what they are about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from docai.tasks.lexicon import Phrase, lexicon
from docai.tasks.text import fold

CLOSE = 85.0  # percent of characters: "invoce" is "invoice", "date" is not "rate"
CACHED = 1024  # texts whose words are kept: every field is compared with every label of a page
MIN_STEM = 5  # letters that two words share from their start when one is a form of the other

_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W_぀-ヿ㐀-鿿가-힯]+")
_QUOTED = re.compile(r"""(?<!\w)["'“„‚‘«‹»]\s?(.+?)\s?["'“”’»›«](?!\w)""")


@lru_cache(maxsize=CACHED)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(fold(text)))


@lru_cache(maxsize=CACHED)
def content_words(text: str) -> tuple[str, ...]:
    """Folded words without those of questions in general ("what", "is", "der")."""
    return tuple(dict.fromkeys(word for word in _words(text) if word not in stop_words()))


@lru_cache(maxsize=CACHED)
def asked_words(question: str) -> tuple[str, ...]:
    """Content words but for those to ask with ("it says next to", "please give me")."""
    return content_words(_unframed(question))


def is_named(question: str, label: str) -> bool:
    """Nothing but the label is asked for, word for word, or it is quoted."""
    own = _words(label)
    return any(_asks_for(own, text) for text in (question, *_QUOTED.findall(question)))


def _asks_for(own: Sequence[str], question: str) -> bool:
    """Around these words stands nothing but the way to ask for them."""
    words = _words(question)
    for start in range(len(words) - len(own) + 1 if own else 0):
        end = start + len(own)
        around = " ".join(words[:start]), " ".join(words[end:])
        if words[start:end] == own and not any(content_words(_unframed(w)) for w in around):
            return True
    return False


def _unframed(text: str) -> str:
    return _frames().sub(" ", fold(text))


@cache
def _frames() -> re.Pattern[str]:
    phrases = sorted(map(_framing, lexicon().questions.concept("frame")), key=len, reverse=True)
    return re.compile("|".join(phrases))


def _framing(phrase: Phrase) -> str:
    words = _words(phrase.text)
    return r"\s*".join(words) if phrase.language == "zh" else r"\b" + r"\W+".join(words) + r"\b"


@cache
def stop_words() -> frozenset[str]:
    return frozenset(
        word for phrase in lexicon().questions.concept("stop") for word in [fold(phrase.text)]
    )


def likeness(question: str, label: str) -> float:
    """0..1: 1 where the label is named.

    Else the mean of how much of the label is asked for and how much of the question it covers; 0
    where the question is mostly about something else: "the capital of Italy" is not answered by
    a "Capital" of somewhere.
    """
    if is_named(question, label):
        return 1.0
    own = content_words(label)
    asked = {content_words(question), asked_words(question)}
    return max(_shared(words, own) for words in asked)


def _shared(asked: Sequence[str], own: Sequence[str]) -> float:
    if not asked or not own:
        return 0.0
    shared = sum(any(is_form_of(word, other) for other in asked) for word in own)
    matched = sum(any(is_form_of(word, other) for other in own) for word in asked)
    if matched <= len(asked) / 2:
        return 0.0
    return 0.5 * shared / len(own) + 0.5 * matched / len(asked)


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
