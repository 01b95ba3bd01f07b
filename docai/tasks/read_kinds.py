"""Which kind a document is, by rules and by docai-small together."""

from __future__ import annotations

import math
from collections.abc import Mapping

from docai.document import Document
from docai.results import Label
from docai.tasks import described, kinds
from docai.tasks.read_fields import looked_at, vectors

PROMPTS = tuple(described.prompt(*pair) for pair in described.KINDS.items())
# Of the rules' and of the model's log-odds; fitted by tools/fit_kinds.py.
WEIGHTS = (1.4, 0.4)


def classify(document: Document) -> Label | None:
    """The likeliest kind, or None for a document without a word."""
    ruled = kinds.scores(document)
    if ruled is None:
        return None
    chances = together(ruled, read(document))
    best = max(chances, key=chances.__getitem__)
    return Label(best, chances[best])


def read(document: Document) -> dict[str, float]:
    """The model's log-probability of every kind."""
    return dict(zip(described.KINDS, looked_at(document).kinds(vectors(PROMPTS)), strict=True))


def together(
    ruled: Mapping[str, float],
    read: Mapping[str, float],
    weights: tuple[float, float] = WEIGHTS,
) -> dict[str, float]:
    """The probability of every kind."""
    rules, model = weights
    scores = {kind: rules * ruled[kind] + model * read[kind] for kind in ruled}
    top = max(scores.values())
    total = sum(math.exp(score - top) for score in scores.values())
    return {kind: math.exp(score - top) / total for kind, score in scores.items()}
