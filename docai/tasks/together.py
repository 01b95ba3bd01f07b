"""One probability for a value or an answer out of what rules and the model say of it.

All maps are logistic and fitted on documents that the model was not trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from docai.tasks.confidence import log_odds, sigmoid

FARTHEST = 6.0  # log-odds of the model; beyond, it is as sure as can be
FARTHEST_LEAD = 4.0
BEND = -1.0  # of a score: below it, hardly a value is right


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of a possible value: the model's log-odds, the rules' confidence."""

    odds: float | None
    lead: float  # how far the odds are before those of other values; see `lead`
    rules: float | None
    whole: bool = False  # it is all that stands in its place, see docai.tasks.wholes

    def features(self) -> tuple[float, ...]:
        """Four for what is read, two for what only rules found, two where both agree."""
        if self.odds is None:
            return 1.0, 0.0, 0.0, 0.0, 1.0, self.ruled, 0.0, 0.0
        odds, lead = self.read
        if self.rules is None:
            return 1.0, 1.0, odds, lead, 0.0, 0.0, 0.0, 0.0
        return 1.0, 1.0, odds, lead, 0.0, 0.0, 1.0, self.ruled

    @property
    def ruled(self) -> float:
        """The rules' confidence in log-odds; 0 where they found nothing."""
        return log_odds(self.rules) if self.rules else 0.0

    @property
    def read(self) -> tuple[float, float]:
        """The model's log-odds and lead, bounded; 0 where it read nothing."""
        return within(self.odds or 0.0, FARTHEST), within(self.lead, FARTHEST_LEAD)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Of answers: one map ranks them, a second one says what the best one's score means.

    `weights` of the features; `meaning`: a constant, a slope, what the slope gains past BEND.
    """

    weights: tuple[float, ...]
    meaning: tuple[float, float, float]

    def score(self, said: Said) -> float:
        return sum(w * x for w, x in zip(self.weights, said.features(), strict=True))

    def probability(self, said: Said) -> float:
        bent = meaning(self.score(said))
        return sigmoid(sum(w * x for w, x in zip(self.meaning, bent, strict=True)))


@dataclass(frozen=True, slots=True)
class Opinions:
    """Of fields: a map for what the model alone reads, for what both find, for what rules find.

    The last takes no notice of the model's silence: on documents unlike those it learned from,
    silence says nothing. Weights are those of the features of `features_of`.
    """

    read: tuple[float, ...]
    both: tuple[float, ...]
    ruled: tuple[float, ...]

    def probability(self, said: Said) -> float:
        weights = {READ: self.read, BOTH: self.both, RULED: self.ruled}[case_of(said)]
        return sigmoid(sum(w * x for w, x in zip(weights, features_of(said), strict=True)))


READ, BOTH, RULED = "read", "both", "ruled"  # who found a value


def case_of(said: Said) -> str:
    if said.odds is None:
        return RULED
    return READ if said.rules is None else BOTH


def features_of(said: Said) -> tuple[float, ...]:
    """A constant; log-odds, lead and wholeness of what was read; the rules' log-odds."""
    case = case_of(said)
    if case == RULED:
        return 1.0, said.ruled
    read = (1.0, *said.read, float(said.whole))
    return read if case == READ else (*read, said.ruled)


def within(value: float, bound: float) -> float:
    """Nearly the value where it is small, never beyond the bound, and always in order."""
    return bound * math.tanh(value / bound)


def meaning(score: float) -> tuple[float, float, float]:
    """The features by which a score becomes log-odds."""
    return 1.0, score, max(0.0, score - BEND)


def lead(same: str, odds: Mapping[str, float]) -> float:
    """Of the model's best value, how far it is before the best that shares no text with it.

    "12 May" is no rival of "12 May 2024". Any other value is behind the best one.
    """
    if same not in odds:
        return 0.0
    best = max(odds, key=odds.__getitem__)
    if same != best:
        return odds[same] - odds[best]
    rivals = [value for text, value in odds.items() if text not in same and same not in text]
    return odds[same] - max(rivals, default=odds[same] - FARTHEST)
