"""Questions answered by the reader and by rules together.

Rules know types, sums and tables; the reader knows language. Each answer that either of them
gives gets one confidence out of what both say of it: a logistic map, fitted on questions about
documents that the reader was not trained on (docs/model.md).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docai.document import Document
from docai.results import Answer
from docai.tasks.confidence import sigmoid
from docai.tasks.likeness import content_words
from docai.tasks.text import key

if TYPE_CHECKING:
    from docai.models.reader import AnswerWindow, Reading
    from docai.models.tokenizers import WordTokenizer

MIN_CONFIDENCE = 0.2  # an answer less likely than this is none
MOST_PAGES = 6  # that are read with a question; those whose words are likeliest about it
MOST_READINGS = 10
SATURATION, LENGTH = 1.2, 0.75  # BM25's k1 and b, as Robertson and Zaragoza recommend
FARTHEST = 6.0  # log-odds of the reader; beyond, it is as sure as can be
FARTHEST_LEAD = 4.0
BEND = -1.0  # of a score: below it, hardly an answer is right


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of a possible answer: the reader's log-odds, the rules' confidence."""

    odds: float | None
    lead: float  # how far the odds are before those of other answers; see _lead
    rules: float | None

    def features(self) -> tuple[float, ...]:
        """Four for what is read, two for what only rules found, two where both agree."""
        logit = math.log(self.rules / (1.0001 - self.rules)) if self.rules else 0.0
        if self.odds is None:
            return 1.0, 0.0, 0.0, 0.0, 1.0, logit, 0.0, 0.0
        odds, lead = within(self.odds, FARTHEST), within(self.lead, FARTHEST_LEAD)
        if self.rules is None:
            return 1.0, 1.0, odds, lead, 0.0, 0.0, 0.0, 0.0
        return 1.0, 1.0, odds, lead, 0.0, 0.0, 1.0, logit


def within(value: float, bound: float) -> float:
    """Nearly the value where it is small, never beyond the bound, and always in order."""
    return bound * math.tanh(value / bound)


# Fitted by tools/fit_answers.py: how answers are ranked, and what the best one's score means
# (constant, slope, what the slope gains above BEND).
WEIGHTS = (-1.45, -1.24, 0.35, 0.27, -0.21, 0.38, 1.85, 0.31)
MEANING = (0.69, 1.49, -0.06)


def answers(
    document: Document,
    question: str,
    rules: Sequence[Answer],
    read: Sequence[Reading] | None = None,
) -> tuple[Answer, ...]:
    """Likeliest first, each text once; `rules` are the answers found without a model.

    `read` is what the reader found where it was asked before, with `windows`.
    """
    return ranked(gathered(document, question, rules, read))


def windows(document: Document, question: str, tokenizer: WordTokenizer) -> list[AnswerWindow]:
    """What the reader has to read for an answer; nothing where the question says nothing."""
    from docai.models.reader import windows_of

    if not content_words(question):
        return []
    return windows_of(document, question, tokenizer, pages=pages_about(document, question))


def ranked(
    found: Iterable[tuple[Answer, Said]], least: float = MIN_CONFIDENCE
) -> tuple[Answer, ...]:
    """Those at least so likely, likeliest first."""
    told = [Answer(answer.text, probability(said), answer.evidence) for answer, said in found]
    likely = [answer for answer in told if answer.confidence >= least]
    return tuple(sorted(likely, key=lambda answer: -answer.confidence))


def probability(said: Said) -> float:
    return sigmoid(sum(w * x for w, x in zip(MEANING, meaning(score(said)), strict=True)))


def score(said: Said) -> float:
    return sum(w * x for w, x in zip(WEIGHTS, said.features(), strict=True))


def meaning(score: float) -> tuple[float, float, float]:
    """The features by which a score becomes log-odds."""
    return 1.0, score, max(0.0, score - BEND)


def gathered(
    document: Document,
    question: str,
    rules: Iterable[Answer],
    read: Sequence[Reading] | None = None,
) -> list[tuple[Answer, Said]]:
    """Every answer that was found, with what each side says of it."""
    if not content_words(question):
        return []
    if read is None:
        read = _read(document, question)
    best: dict[str, Answer] = {}
    odds: dict[str, float] = {}
    for reading in read[:MOST_READINGS]:
        text = document.text(reading.words)
        same = key(text) or text
        if same not in odds:
            odds[same] = reading.odds
            best[same] = Answer(text, 0.0, reading.words)
    ruled: dict[str, float] = {}
    for answer in rules:
        same = key(answer.text) or answer.text
        ruled.setdefault(same, answer.confidence)
        best.setdefault(same, answer)
    return [
        (answer, Said(odds.get(same), _lead(same, odds), ruled.get(same)))
        for same, answer in best.items()
    ]


def _read(document: Document, question: str) -> list[Reading]:
    from docai.models import small
    from docai.models.reader import readings

    loaded = small.reader()
    pages = pages_about(document, question)
    return readings(loaded.model, loaded.tokenizer, document, question, pages)


def _lead(same: str, odds: Mapping[str, float]) -> float:
    """Of the reader's best answer, how far it is before the best that shares no text with it.

    "12 May" is no rival of "12 May 2024". Any other answer is behind the best one.
    """
    if same not in odds:
        return 0.0
    best = max(odds, key=odds.__getitem__)
    if same != best:
        return odds[same] - odds[best]
    rivals = [value for text, value in odds.items() if text not in same and same not in text]
    return odds[same] - max(rivals, default=odds[same] - FARTHEST)


def pages_about(document: Document, question: str) -> list[int]:
    """The pages to read, by BM25 of the question's words where they are many."""
    pages = document.pages
    if len(pages) <= MOST_PAGES:
        return list(range(len(pages)))
    asked = content_words(question)
    words = [Counter(w for word in page.words for w in content_words(word.text)) for page in pages]
    usual = sum(page.total() for page in words) / len(words) or 1.0
    scores = []
    for number, page in enumerate(words):
        score = 0.0
        for word in asked:
            holders = sum(word in other for other in words)
            rarity = math.log(1 + (len(words) - holders + 0.5) / (holders + 0.5))
            norm = SATURATION * (1 - LENGTH + LENGTH * page.total() / usual)
            score += rarity * page[word] * (SATURATION + 1) / (page[word] + norm)
        scores.append((-score, number))
    return sorted(number for _, number in sorted(scores)[:MOST_PAGES])
