"""Exact match, F1 and calibration, computed on plain lists."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeVar

T = TypeVar("T")

TENTHS = tuple(n / 10 for n in range(11))  # the usual bins of reliability diagrams

DRAWS = 1000  # of a bootstrap

Claim = tuple[float, bool]  # confidence 0..1, and whether it was right


@dataclass(frozen=True, slots=True)
class Counts:
    """Claims made, claims that should have been made, and those that are right."""

    right: int = 0
    claimed: int = 0
    expected: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.right + other.right, self.claimed + other.claimed, self.expected + other.expected
        )

    @property
    def precision(self) -> float:
        """Of the claims, how many are right; 1 where none was made."""
        return self.right / self.claimed if self.claimed else 1.0

    @property
    def recall(self) -> float:
        """Of what was expected, how much was found; 1 where nothing was."""
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 1 where nothing was expected and nothing claimed."""
        total = self.claimed + self.expected
        return 2 * self.right / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims whose confidence lies in low..high: their number, mean confidence and accuracy."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def auroc(claims: Sequence[Claim]) -> float:
    """Area under the ROC curve: how often a true claim scores above a false one, 0..1.

    Ties count half (the Mann-Whitney statistic). 0.5 where all are true or all false.

    >>> auroc([(0.9, True), (0.4, False), (0.4, True)])
    0.75
    """
    positives = sum(truth for _, truth in claims)
    negatives = len(claims) - positives
    if not positives or not negatives:
        return 0.5
    ranks, below = 0.0, 0
    for _, tied in groupby(sorted(claims), key=lambda claim: claim[0]):
        truths = [truth for _, truth in tied]
        # The ranks of equal scores are shared: each has their mean.
        ranks += sum(truths) * (below + (len(truths) + 1) / 2)
        below += len(truths)
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def reliability(claims: Iterable[Claim], edges: Sequence[float] = TENTHS) -> list[Bin]:
    """A row for each bin between two of the rising `edges`, 0 to 1, that holds a claim."""
    members: list[list[Claim]] = [[] for _ in edges[1:]]
    for confidence, right in claims:
        if not 0.0 <= confidence <= 1.0:
            raise ValueError(f"confidence {confidence} is no probability")
        above = bisect_right(edges, confidence)
        members[min(above, len(members)) - 1].append((confidence, right))  # 1 is in the last bin
    return [
        Bin(
            low,
            high,
            len(group),
            sum(confidence for confidence, _ in group) / len(group),
            sum(right for _, right in group) / len(group),
        )
        for (low, high), group in zip(pairwise(edges), members, strict=True)
        if group
    ]


def calibration_error(claims: Sequence[Claim], edges: Sequence[float] = TENTHS) -> float:
    """Expected calibration error: the mean gap of confidence and accuracy, weighted by bin.

    >>> calibration_error([(0.75, True), (0.75, True), (0.75, True), (0.75, False)])
    0.0
    """
    if not claims:
        return 0.0
    rows = reliability(claims, edges)
    return sum(row.count * abs(row.confidence - row.accuracy) for row in rows) / len(claims)


def interval(
    groups: Sequence[T], figure: Callable[[Sequence[T]], float], seed: int = 0
) -> tuple[float, float]:
    """Where 95 % of other samples like this one would put the figure.

    Percentile bootstrap (Efron 1979) over whole groups, such as the counts of one document each:
    what goes wrong on a page goes wrong together.

    >>> interval([0, 1] * 50, lambda drawn: sum(drawn) / len(drawn))
    (0.39, 0.59)
    """
    draw = random.Random(seed)
    values = sorted(figure(draw.choices(groups, k=len(groups))) for _ in range(DRAWS))
    return values[round(0.025 * DRAWS)], values[round(0.975 * DRAWS) - 1]


def joint_f1(each: Sequence[Counts]) -> float:
    """F1 of all counts together."""
    return sum(each, Counts()).f1
