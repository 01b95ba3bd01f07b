"""Values that stand where a label's value would stand, with what speaks for each.

Scores are log-odds: sums of the weights below, which were set by hand from how documents
are laid out. `confidence.py` turns a chosen candidate's score into a probability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from docai.results import FieldType, Span, Value
from docai.tasks import amounts, codes, dates
from docai.tasks.codes import Code
from docai.tasks.context import Context
from docai.tasks.labels import Hit
from docai.tasks.places import Place, Relation, places
from docai.tasks.sheet import join
from docai.tasks.text import Found

# What speaks for a candidate, in log-odds.
SURE_LABEL = 1.6  # against a vague one
EXACT_LABEL = 0.5  # against one with an OCR error
OPENS_RUN = 0.8  # the label begins its run instead of standing in a sentence
COLON = 0.5
VAGUE_INSIDE = 1.0  # off for a vague label in the middle of a run
INSIDE = 0.6  # off for a label that follows a word, or is a piece of a longer one
RELATION = {Relation.INLINE: 1.0, Relation.RIGHT: 0.9, Relation.BELOW: 0.2}
STEP = {
    Relation.INLINE: 0.0,
    Relation.RIGHT: 0.4,
    Relation.BELOW: 1.2,
}  # off for each place nearer to the label
FAR = 0.03  # off for each word height of distance, MAX_FAR at most
MAX_FAR = 1.0
QUALITY = 2.0  # times how well the writing fits the type
COVERAGE = 0.8  # times the share of the place that the value fills
PROVED = 1.5  # its check digits hold
DISPROVED = 0.5  # off when they do not: documents do show wrong numbers
NOT_FIRST = 0.5  # off for each value before it in the same place; money counts from the right

Parser = Callable[[str, Context], list[Found[Any]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How the value of a field is read out of text."""

    type: FieldType
    parse: Parser
    last_first: bool = False  # the rightmost of several values is meant
    wraps: bool = False  # a line may end within it: a long code whose check digits tell


@dataclass(frozen=True, slots=True)
class Candidate:
    """A typed value with its words. `score` is in log-odds; `hit` the label that points at it."""

    name: str
    type: FieldType
    value: Value
    span: Span
    score: float
    proved: bool | None = None
    hit: Hit | None = None
    relation: Relation | None = None


def _dates(text: str, context: Context) -> list[Found[Any]]:
    return list(dates.find_dates(text, context.date_order, compact=True))


def _money(text: str, context: Context) -> list[Found[Any]]:
    return list(amounts.find_money(text, context.decimal_mark, context.currency))


def _numbers(text: str, context: Context) -> list[Found[Any]]:
    return list(amounts.find_numbers(text, context.decimal_mark))


def _whole(text: str, context: Context) -> list[Found[Any]]:
    """All of the text, where it holds a letter or a digit."""
    bare = text.strip(" :;,-–|*")
    if not any(c.isalnum() for c in bare):
        return []
    start = text.index(bare)
    return [Found(bare, start, start + len(bare), 0.7)]


def _plain(find: Callable[[str], list[Found[Any]]]) -> Parser:
    return lambda text, context: find(text)


DATE = Kind(FieldType.DATE, _dates)
MONEY = Kind(FieldType.MONEY, _money, last_first=True)
NUMBER = Kind(FieldType.NUMBER, _numbers)
STRING = Kind(FieldType.STRING, _whole)
ID = Kind(FieldType.STRING, _plain(codes.find_ids))
TIME = Kind(FieldType.STRING, _plain(dates.find_times))
IBAN = Kind(FieldType.STRING, _plain(codes.find_ibans), wraps=True)
BIC = Kind(FieldType.STRING, _plain(codes.find_bics))
TAX_ID = Kind(FieldType.STRING, _plain(codes.find_tax_ids), wraps=True)
EMAIL = Kind(FieldType.STRING, _plain(codes.find_emails))
PHONE = Kind(FieldType.STRING, _plain(codes.find_phones))


def candidates(
    name: str, kind: Kind, hits: Iterable[Hit], concept: str, context: Context
) -> Iterator[Candidate]:
    """Everything of this kind that stands where one of these labels would have its value."""
    for hit in hits:
        phrase = hit.means(concept)
        if phrase is None or (hit.is_part and not phrase.sure):
            continue
        base = (
            SURE_LABEL * phrase.sure
            + EXACT_LABEL * hit.exact
            + OPENS_RUN * hit.opens_run
            + COLON * hit.has_colon
            - INSIDE * (hit.follows_word + hit.is_part)
            - VAGUE_INSIDE * (not phrase.sure and not hit.opens_run and not hit.has_colon)
        )
        for place in places(hit, context):
            for candidate in _in_place(name, kind, place, hit, context):
                yield replace(candidate, score=candidate.score + base)
            if kind.wraps:
                for candidate in _wrapped(name, kind, place, hit, context):
                    yield replace(candidate, score=candidate.score + base)


def _wrapped(
    name: str, kind: Kind, place: Place, hit: Hit, context: Context
) -> Iterator[Candidate]:
    """Codes that go on in the line below, if their check digits then hold."""
    run, below = place.run, context.sheets[place.run.page].below(place.run)
    if below is None or place.end < len(run.text):
        return
    text = f"{place.text} {below.text}"
    goes_on = len(place.text) + 1  # where the line below begins
    for one in kind.parse(text, context):
        value, proved = unwrap(one.value)
        if proved and one.start < goes_on - 1 < one.end - 1:
            span = join([run.span(place.start + one.start), below.span(0, one.end - goes_on)])
            score = RELATION[place.relation] + QUALITY * one.quality + COVERAGE + PROVED
            yield Candidate(name, kind.type, value, span, score, proved, hit, place.relation)


def _in_place(
    name: str, kind: Kind, place: Place, hit: Hit, context: Context
) -> Iterator[Candidate]:
    text = place.text
    found = kind.parse(text, context)
    filled = max(1, sum(c.isalnum() for c in text))
    for order, one in enumerate(reversed(found) if kind.last_first else found):
        value, proved = unwrap(one.value)
        start, end = place.start + one.start, place.start + one.end
        share = sum(c.isalnum() for c in text[one.start : one.end]) / filled
        score = (
            RELATION[place.relation]
            - STEP[place.relation] * place.rank * (not kind.last_first)
            - min(MAX_FAR, FAR * place.distance)
            + QUALITY * one.quality
            + COVERAGE * min(1.0, share)
            - NOT_FIRST * order
            + (PROVED if proved else -DISPROVED if proved is False else 0.0)
        )
        span = place.run.span(start, end)
        yield Candidate(name, kind.type, value, span, score, proved, hit, place.relation)


def unwrap(value: Any) -> tuple[Value, bool | None]:
    """A code's text and whether its check digits hold; any other value as it is."""
    if isinstance(value, Code):
        return value.text, value.proved
    return value, None


def best(options: Iterable[Candidate]) -> Candidate | None:
    """The highest score; the first of equals."""
    return max(options, key=lambda c: c.score, default=None)
