"""From what speaks for a value to the probability that it is right.

One logistic map with the coefficients below for every field. It knows nothing of field
names, so a field that was rare when it was fitted is not judged by a handful of examples.

The coefficients were fitted by tests/tasks/fit_confidence.py on invented invoices, a third
of them with OCR errors, and on one half of SROIE's receipts (date, total and company, from
the labelled lines), both with the same weight. Documents unlike these may be misjudged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from docai.document import Document, WordRef

MAX_MARGIN = 3.0  # beyond this, a rival no longer matters
MAX_CHECKS = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a chosen value.

    `margin` says in log-odds how far it lies before the best rival with another value, or
    before there being none; `checks` counts the passed less the failed ones that speak of it;
    `reading` is the confidence, 0..1, of its least certain word.
    """

    margin: float
    checks: int = 0
    reading: float = 1.0


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Of the logistic map, in log-odds per unit of each feature."""

    constant: float
    margin: float
    checks: float
    reading: float


FITTED = Coefficients(constant=1.19, margin=0.96, checks=0.92, reading=1.80)


def probability(evidence: Evidence, coefficients: Coefficients = FITTED) -> float:
    """How likely the value is right, 0..1."""
    pairs = zip(weights(coefficients), features(evidence), strict=True)
    return sigmoid(sum(weight * feature for weight, feature in pairs))


def weights(coefficients: Coefficients) -> tuple[float, ...]:
    c = coefficients
    return c.constant, c.margin, c.checks, c.reading


def features(evidence: Evidence) -> tuple[float, ...]:
    """In the order of `weights`. Reading counts as what is missing to certainty."""
    return (
        1.0,
        max(-MAX_MARGIN, min(MAX_MARGIN, evidence.margin)),
        float(max(-MAX_CHECKS, min(MAX_CHECKS, evidence.checks))),
        evidence.reading - 1.0,
    )


def sigmoid(log_odds: float) -> float:
    if log_odds < 0:
        return math.exp(log_odds) / (1 + math.exp(log_odds))
    return 1 / (1 + math.exp(-log_odds))


def log_odds(probability: float) -> float:
    """The inverse of `sigmoid`, finite for what is certain, too."""
    return math.log(max(probability, 1e-6) / (1.0001 - probability))


def reading(document: Document, refs: Sequence[WordRef]) -> float:
    """The confidence of the least certain of these words; 1 without any."""
    return min((document.word(ref).confidence for ref in refs), default=1.0)
