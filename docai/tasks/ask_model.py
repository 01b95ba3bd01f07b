"""Questions answered by the reader and by rules together.

Rules know types, sums and tables; the reader knows language. Each answer that either of them
gives gets one confidence out of what both say of it (docai.tasks.together, docs/model.md).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from docai.document import Document
from docai.results import Answer
from docai.tasks import ask
from docai.tasks.likeness import content_words
from docai.tasks.text import key
from docai.tasks.together import Fitted, Said, lead

if TYPE_CHECKING:
    from docai.models.reader import AnswerWindow, Reading
    from docai.models.tokenizers import WordTokenizer

MIN_CONFIDENCE = 0.2  # an answer less likely than this is none
MOST_PAGES = 6  # that are read with a question; those whose words are likeliest about it
MOST_READINGS = 10
SATURATION, LENGTH = 1.2, 0.75  # BM25's k1 and b, as Robertson and Zaragoza recommend

# Fitted by tools/fit_answers.py.
FITTED = Fitted((-1.54, -2.30, 0.43, 0.12, 0.76, 0.49, 2.22, 0.70), (1.52, 1.50, -0.65))


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


def unread(document: Document, question: str) -> tuple[Answer, ...]:
    """What rules answer, who know of the labels that the model sees, too."""
    from docai.tasks import read_form

    return ask.answers(document, question, read_form.pairs(document))


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
    told = [
        Answer(answer.text, FITTED.probability(said), answer.evidence) for answer, said in found
    ]
    likely = [answer for answer in told if answer.confidence >= least]
    return tuple(sorted(likely, key=lambda answer: -answer.confidence))


def gathered(
    document: Document,
    question: str,
    rules: Iterable[Answer],
    read: Sequence[Reading] | None = None,
) -> list[tuple[Answer, Said]]:
    """Every answer that was found, with what each side says of it."""
    if read is None:
        read = _read(document, question) if content_words(question) else ()
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
        (answer, Said(odds.get(same), lead(same, odds), ruled.get(same)))
        for same, answer in best.items()
    ]


def _read(document: Document, question: str) -> list[Reading]:
    from docai.models import small
    from docai.models.reader import readings

    loaded = small.reader()
    pages = pages_about(document, question)
    return readings(loaded.model, loaded.tokenizer, document, question, pages)


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
