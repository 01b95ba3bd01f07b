"""Forms: every label with what was filled in, whatever it is about.

A label is text before a colon, a phrase of the vocabulary that stands alone, or the left cell
of a ruled row. Its value stands behind it, right of it, or below it in the same column. A
label without a value is reported with none: somebody left it empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docai.document import Document, WordRef
from docai.results import Extraction, KeyValue, Span
from docai.tasks.base import geometric
from docai.tasks.confidence import reading, sigmoid
from docai.tasks.context import Context, run_key
from docai.tasks.marks import Choice, choices
from docai.tasks.sheet import Run, Sheet, join
from docai.tasks.text import key

MAX_KEY = 60  # characters; before a longer text a colon ends a sentence
MAX_KEY_WORDS = 9
MAX_LEADER = 5  # words of a label that nothing marks as one
BELOW = 2.4  # word heights between a label and its value below
LINES = 3  # of one value, at most
LINE_GAP = 0.8  # word heights between the lines of one value

# What speaks for a pair, in log-odds of its being right. They were set by hand: the labelled
# forms at hand may be used for checking only.
COLON = 0.4
VOCABULARY = 0.2
LEADER = -0.6  # a label only because it stands before something
INLINE = 0.4
RIGHT = 0.1
UNDER = -0.6
EMPTY = 0.0
CHECKBOX = 2.5
READING = 3.0  # times what the least certain word lacks to certainty


_COLON = re.compile(r"(?<=[^\W\d_]|[)\].%#*'’\"”])\s?[:：](?!//|\d{2}\b)|(?<=\d)\s?[:：](?=\s|$)")
# From the first letter, digit or sign to the last; lines to write on are cut off at both ends.
_FILLED = re.compile(r"[^\s_.…·:：](?:.*[^\s_…·])?", re.DOTALL)
_BLANK = re.compile(r"[_.…·]{3,}|_{2,}")


@dataclass(frozen=True, slots=True)
class Key:
    """A label at run.text[start:stop]; what follows begins at `end`."""

    run: Run
    start: int
    stop: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class FormTask:
    """The geometric extractor of label-value pairs and checkboxes."""

    name: str = "form"

    def extract(self, document: Document) -> Extraction:
        context = Context(document)
        return Extraction(task=self.name, model=geometric(), key_values=tuple(pairs(context)))


def pairs(context: Context) -> Iterator[KeyValue]:
    """Every pair of the document, page by page, top to bottom."""
    for sheet in context.sheets:
        boxes = choices(sheet)
        found = [_checkbox(choice, context) for choice in boxes]
        taken = {
            ref
            for pair in found
            if pair.value
            for ref in (*pair.key.evidence, *pair.value.evidence)
        }
        keys = _keys(sheet, context)
        found += [
            pair
            for k in keys
            if not taken.intersection(_span(k).evidence)
            for pair in _pair(k, keys, sheet, context)
        ]
        yield from sorted(found, key=lambda pair: _position(pair, context))


def _position(pair: KeyValue, context: Context) -> tuple[float, float]:
    box = context.document.word(pair.key.evidence[0]).box
    return box.top, box.left


def _checkbox(choice: Choice, context: Context) -> KeyValue:
    refs = (*choice.text.evidence, *choice.mark.evidence)
    confidence = _confidence(CHECKBOX, refs, context)
    return KeyValue(choice.text, choice.mark, confidence, checked=choice.ticked)


def _confidence(score: float, refs: Sequence[WordRef], context: Context) -> float:
    return sigmoid(score - READING * (1.0 - reading(context.document, refs)))


def _keys(sheet: Sheet, context: Context) -> list[Key]:
    """Labels in order of rows; no two overlap."""
    found = []
    for row in sheet.rows:
        own = [found_key for run in row for found_key in _keys_in(run, context)]
        found += own or _leaders(row)
    return found


def _leaders(row: Sequence[Run]) -> list[Key]:
    """In a row of two runs, or of two pairs, the words before a value are its label."""
    if len(row) not in (2, 4):
        return []
    labels, values = row[::2], row[1::2]
    if not all(_could_be_label(run.text) for run in labels):
        return []
    if any(_could_be_label(run.text) and run.text.isupper() for run in values):
        return []  # heads of columns
    return [Key(run, 0, len(run.text), len(run.text), LEADER) for run in labels]


def _could_be_label(text: str) -> bool:
    """A few words that begin like a name for something, without a digit."""
    return (
        text[0].isupper()
        and len(text.split()) <= MAX_LEADER
        and not any(c.isdigit() for c in text)
        and sum(c.isalpha() for c in text) > 2
    )


def _keys_in(run: Run, context: Context) -> list[Key]:
    found: list[Key] = []
    for match in _COLON.finditer(run.text):
        start = _key_start(run, found[-1].end if found else 0, match.start(), context)
        text = run.text[start : match.start()].strip(" ._-•*")
        if len(key(text)) > 1 and len(text) <= MAX_KEY and len(text.split()) <= MAX_KEY_WORDS:
            found.append(Key(run, start, match.start(), match.end(), COLON))
    if not found:
        blank = _BLANK.search(run.text)
        if blank is not None and 1 < len(key(run.text[: blank.start()])) <= MAX_KEY:
            found.append(Key(run, 0, blank.start(), blank.end(), COLON))
    if not found:
        for hit in context.hits_in(run):
            sure = hit.phrase.sure and len(hit.phrase.key) > 2 and not hit.is_part
            if sure and hit.opens_run and _stands_apart(run, hit.end):
                found.append(Key(run, hit.start, hit.stop, hit.end, VOCABULARY))
                break
    return found


def _stands_apart(run: Run, end: int) -> bool:
    """Whether a phrase that ends here is a label: nothing follows, or what a label asks for.

    "Invoice number 4711" is one; "Total pressure" and "Date of birth" are longer labels.
    """
    rest = run.text[end:].split()
    return not rest or any(map(str.isdigit, rest[0]))


def _key_start(run: Run, floor: int, colon: int, context: Context) -> int:
    """Where the label before this colon begins, if a value of an earlier label stands before it.

    A phrase of the vocabulary that ends here is the label; or else the words after the widest
    gap; or else the last word.
    """
    if floor == 0:
        return 0
    for hit in context.hits_in(run):
        if floor <= hit.start and hit.stop >= colon - 1 and hit.start < colon:
            return hit.start
    words = [n for n, start in enumerate(run.starts) if floor <= start < colon]
    if len(words) < 2:
        return run.starts[words[0]] if words else floor
    page = context.sheets[run.page].page
    gaps = {
        n: page.words[run.words[n]].box.left - page.words[run.words[n - 1]].box.right
        for n in words[1:]
    }
    widest = max(gaps, key=lambda n: (round(gaps[n], 1), n))
    return run.starts[widest]


def _span(found: Key) -> Span:
    span = found.run.span(found.start, found.stop)
    return Span(span.text.strip(" :："), span.evidence)


def _pair(found: Key, keys: Sequence[Key], sheet: Sheet, context: Context) -> Iterator[KeyValue]:
    value, where = _value(found, keys, sheet)
    if value is None and found.score < COLON:
        return  # a word of the vocabulary alone is no empty field
    refs = (*_span(found).evidence, *(value.evidence if value else ()))
    yield KeyValue(_span(found), value, _confidence(found.score + where, refs, context))


def _value(found: Key, keys: Sequence[Key], sheet: Sheet) -> tuple[Span | None, float]:
    """The value and what its place adds to the score."""
    starts = {run_key(k.run): k.start for k in reversed(keys)}
    later = [k.start for k in keys if k.run is found.run and k.start >= found.end]
    end = min(later, default=len(found.run.text))
    inline = _content(found.run, found.end, end)
    if inline is not None:
        return inline, INLINE
    if later:
        return None, EMPTY
    row = sheet.rows[found.run.row]
    for run in row[row.index(found.run) + 1 :][:1]:
        value = _content(run, 0, starts.get(run_key(run), len(run.text)))
        if value is not None:
            return value, RIGHT
    below = list(_below(found, starts, sheet))
    return (join(below), UNDER) if below else (None, EMPTY)


def _content(run: Run, start: int, end: int) -> Span | None:
    """What was filled in there; a line to write on is nothing."""
    filled = _FILLED.search(run.text, start, end)
    return run.span(filled.start(), filled.end()) if filled is not None else None


def _below(found: Key, starts: dict[tuple[int, int], int], sheet: Sheet) -> Iterator[Span]:
    """Up to LINES lines under the label, each in its column and close to the last."""
    box = sheet.box(found.run, found.start, found.stop)
    bottom, allowed = box.bottom, BELOW
    for number in range(found.run.row + 1, min(len(sheet.rows), found.run.row + 1 + LINES)):
        under = [run for run in sheet.rows[number] if run.box.overlap_x(box) > 0]
        if not under:
            continue
        run = under[0]
        if run.box.top - bottom > allowed * sheet.word_height or run_key(run) in starts:
            return
        value = _content(run, 0, len(run.text))
        if value is not None:
            yield value
        bottom, allowed = run.box.bottom, LINE_GAP
