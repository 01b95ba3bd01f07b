"""From what speaks for a value to the probability that it is right.

One logistic map with the coefficients below for every field. It knows nothing of field
names, so a field that was rare when it was fitted is not judged by a handful of examples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from docai.document import Document, WordRef

MAX_MARGIN = 3.0  # beyond this, a rival no longer matters


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a chosen value.

    `score` is its candidate's log-odds, `margin` how far it lies before the best candidate
    with another value, `checks` the passed less the failed ones that speak of it, `reading`
    the confidence, 0..1, of its least certain word.
    """

    score: float
    margin: float = MAX_MARGIN
    checks: int = 0
    reading: float = 1.0


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Of the logistic map, in log-odds per unit of each feature."""

    constant: float
    score: float
    margin: float
    checks: float
    reading: float


FITTED = Coefficients(constant=-2.2, score=0.45, margin=0.35, checks=1.3, reading=4.0)


def probability(evidence: Evidence, coefficients: Coefficients = FITTED) -> float:
    """How likely the value is right, 0..1."""
    return sigmoid(
        sum(w * x for w, x in zip(weights(coefficients), features(evidence), strict=True))
    )


def weights(coefficients: Coefficients) -> tuple[float, ...]:
    c = coefficients
    return c.constant, c.score, c.margin, c.checks, c.reading


def features(evidence: Evidence) -> tuple[float, ...]:
    """In the order of `weights`. Reading counts as what is missing to certainty."""
    return (
        1.0,
        evidence.score,
        max(-MAX_MARGIN, min(MAX_MARGIN, evidence.margin)),
        float(max(-2, min(2, evidence.checks))),
        evidence.reading - 1.0,
    )


def sigmoid(log_odds: float) -> float:
    if log_odds < 0:
        return math.exp(log_odds) / (1 + math.exp(log_odds))
    return 1 / (1 + math.exp(-log_odds))


def reading(document: Document, refs: Sequence[WordRef]) -> float:
    """The confidence of the least certain of these words; 1 without any."""
    return min((document.word(ref).confidence for ref in refs), default=1.0)
