"""Where a document spells a text that is known."""

from __future__ import annotations

from collections.abc import Sequence

from docai.document import Document, WordRef
from docai.tasks.text import key

LEAST = 0.5  # of a text's letters, for what is left of it
MOST_MISSING = 30  # letters in one place


def places_of(text: str, document: Document) -> tuple[tuple[WordRef, ...], ...]:
    """Every run of words in reading order with the same letters and digits as `text`.

    A word may hold more than the text's first or last letters ("Total:12.50" for "12.50"),
    if only its other end does.
    """
    wanted = key(text)
    if not wanted:
        return ()
    found = []
    for p, page in enumerate(document.pages):
        keys = [key(word.text) for word in page.words]
        w = 0
        while w < len(keys):
            stop = _spelled(wanted, keys, w)
            if stop:
                found.append(tuple(WordRef(p, i) for i in range(w, stop)))
                w = stop
            else:
                w += 1
    return tuple(found)


def rest_of(text: str, document: Document) -> tuple[WordRef, ...]:
    """The run of words that spells most of `text` in order, with parts of it missing in between.

    Empty where no run spells LEAST of its letters.
    """
    wanted = key(text)
    best: tuple[int, tuple[WordRef, ...]] = (0, ())
    for p, page in enumerate(document.pages):
        keys = [key(word.text) for word in page.words]
        for start in range(len(keys)):
            spelled, stop = _rest(wanted, keys, start)
            if spelled > best[0]:
                best = spelled, tuple(WordRef(p, w) for w in range(start, stop))
    return best[1] if best[0] >= LEAST * len(wanted) else ()


def _rest(wanted: str, keys: Sequence[str], start: int) -> tuple[int, int]:
    """The letters spelled by the run of words that begins at `start`, and where it ends."""
    if not keys[start] or not wanted.startswith(keys[start]):
        return 0, start
    spelled = at = 0
    stop = start
    for number, own in enumerate(keys[start:], start):
        found = wanted.find(own, at, at + MOST_MISSING + len(own))
        if found < 0:
            break
        at, spelled = found + len(own), spelled + len(own)
        stop = number + 1 if own else stop
    return spelled, stop


def _spelled(wanted: str, keys: Sequence[str], start: int) -> int:
    """One past the last word of the run from `start` that spells `wanted`, or 0."""
    if not keys[start]:
        return 0
    spelled = ""
    for stop in range(start, len(keys)):
        spelled += keys[stop]
        if spelled == wanted:
            return stop + 1
        if not wanted.startswith(spelled):
            return 0
    return 0
