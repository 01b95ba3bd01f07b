"""Answers against those that annotators accept: exact match and F1 as SQuAD, ANLS as DocVQA.

The best of the accepted answers counts. A question without one is answered rightly by None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from docai.evaluation.metrics import Counts
from docai.evaluation.report import Table
from docai.tasks.text import fold

FORGIVEN = 0.5  # ANLS: an answer with more than this share of wrong letters is just wrong


@dataclass
class AnswerScores:
    """Sums over the questions asked so far."""

    asked: int = 0
    exact: int = 0
    f1: float = 0.0
    anls: float = 0.0

    def add(self, accepted: Sequence[str], said: str | None) -> None:
        self.asked += 1
        if not accepted or said is None:
            is_right = not accepted and said is None
            self.exact += is_right
            self.f1 += is_right
            self.anls += is_right
            return
        self.exact += any(plain(said) == plain(truth) for truth in accepted)
        self.f1 += max(shared(said, truth) for truth in accepted)
        self.anls += max(alike(said, truth) for truth in accepted)

    def __add__(self, other: AnswerScores) -> AnswerScores:
        return AnswerScores(
            self.asked + other.asked,
            self.exact + other.exact,
            self.f1 + other.f1,
            self.anls + other.anls,
        )

    def means(self) -> tuple[float, float, float]:
        """Exact match, F1 and ANLS of a question; 0 where none was asked."""
        asked = max(1, self.asked)
        return self.exact / asked, self.f1 / asked, self.anls / asked

    def table(self) -> Table:
        row = (self.asked, *self.means())
        return Table("Answers", ("questions", "exact match", "F1", "ANLS"), (row,))


def plain(text: str) -> list[str]:
    """Words without case, punctuation and articles, as SQuAD compares them."""
    words = "".join(c for c in fold(text) if c.isalnum() or c.isspace()).split()
    return [word for word in words if word not in ("a", "an", "the")]


def shared(said: str, truth: str) -> float:
    """F1 of the words that both have.

    >>> shared("the Denver Broncos", "Denver Broncos")
    1.0
    """
    ours, theirs = Counter(plain(said)), Counter(plain(truth))
    return Counts((ours & theirs).total(), ours.total(), theirs.total()).f1


def alike(said: str, truth: str) -> float:
    """ANLS of one answer (arXiv 1905.13648): the share of letters that need no change.

    >>> alike("Invoice 4711", "invoice 4712"), alike("no", "yes")
    (0.9166666666666666, 0.0)
    """
    a, b = " ".join(said.lower().split()), " ".join(truth.lower().split())
    wrong = Levenshtein.normalized_distance(a, b)
    return 1 - wrong if wrong < FORGIVEN else 0.0
