"""From what speaks for a table to the probability that it is right.

Right is a table that is one, and nine in ten of whose neighbouring cells are neighbours. The
logistic map below was fitted by tools/fit_certainty.py on the 27 documents of ICDAR
2013's EU half, each read twice, from its text and from its pixels; with one document at a time
left out, the expected calibration error is 0.045. Documents unlike these may be misjudged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from docai.document import Word
from docai.layout.draft import DraftTable

# In log-odds: the constant, and per unit of likeness, of fit, and of the words' mean confidence.
CONSTANT, LIKENESS, FIT, READING = -55.2, 17.2, 15.7, 25.6


def confidence(table: DraftTable, words: Sequence[Word]) -> float:
    """0..1. `words` are those that the table's lines point at."""
    odds = zip((CONSTANT, LIKENESS, FIT, READING), features(table, words), strict=True)
    return 1 / (1 + math.exp(-sum(weight * feature for weight, feature in odds)))


def features(table: DraftTable, words: Sequence[Word]) -> tuple[float, float, float, float]:
    own = [
        words[word].confidence for cell in table.cells for line in cell.lines for word in line.words
    ]
    return 1.0, table.likeness, table.fit, sum(own) / len(own) if own else 1.0
