"""Exact match, F1 and calibration, computed on plain lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

BINS = 10  # of equal width over 0..1, the usual choice for reliability diagrams


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


def auroc(claims: Sequence[tuple[float, bool]]) -> float:
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


def reliability(claims: Iterable[tuple[float, bool]], bins: int = BINS) -> list[Bin]:
    """A row for each bin that holds a claim. A claim is (confidence 0..1, was it right)."""
    members: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, right in claims:
        if not 0.0 <= confidence <= 1.0:
            raise ValueError(f"confidence {confidence} is no probability")
        members[min(bins - 1, int(confidence * bins))].append((confidence, right))
    return [
        Bin(
            number / bins,
            (number + 1) / bins,
            len(group),
            sum(confidence for confidence, _ in group) / len(group),
            sum(right for _, right in group) / len(group),
        )
        for number, group in enumerate(members)
        if group
    ]


def calibration_error(claims: Sequence[tuple[float, bool]], bins: int = BINS) -> float:
    """Expected calibration error: the mean gap of confidence and accuracy, weighted by bin.

    >>> calibration_error([(0.75, True), (0.75, True), (0.75, True), (0.75, False)])
    0.0
    """
    if not claims:
        return 0.0
    rows = reliability(claims, bins)
    return sum(row.count * abs(row.confidence - row.accuracy) for row in rows) / len(claims)


def reliability_table(claims: Sequence[tuple[float, bool]], bins: int = BINS) -> str:
    """The bins as lines of text, with the expected calibration error below."""
    lines = ["confidence   claims   mean confidence   right"]
    lines += [
        f"{row.low:.1f} - {row.high:.1f}   {row.count:6d}   {row.confidence:15.3f}   "
        f"{row.accuracy:5.3f}"
        for row in reliability(claims, bins)
    ]
    error = calibration_error(claims, bins)
    lines.append(f"expected calibration error {error:.3f} ({len(claims)} claims, {bins} bins)")
    return "\n".join(lines)
