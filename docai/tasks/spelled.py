"""Where a document spells a text that is known."""

from __future__ import annotations

from collections.abc import Sequence

from docai.document import Document, WordRef
from docai.tasks.text import key


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
