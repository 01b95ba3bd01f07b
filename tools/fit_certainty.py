"""Fit the coefficients of docai.layout.certainty; run by hand when tables are found anew.

    python tools/fit_certainty.py DIR

DIR is icdar2013-eu of `docai evaluate tables`. Every page is read twice, the second time by OCR,
which takes some minutes. The calibration error is that of documents left out one by one.
"""

import math
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np

from docai.evaluation.metrics import calibration_error, reliability
from docai.evaluation.tables import RIGHT, names, placed, similarity, truth
from docai.layout import certainty
from docai.pipeline import ReadOptions, read

SCALES = np.array([1.0, 0.1, 0.1, 0.05])  # by which the features usually differ
STEPS = 100


def seen(data, name, text):
    """(features, right) of every table found in a document."""
    found = []

    def number(table, words):
        found.append(certainty.features(table, words))
        return float(len(found) - 1)  # a mark by which the table is known again

    with patch.object(sys.modules["docai.layout.arrange"], "confidence", number):
        document = read(data / f"{name}.pdf", ReadOptions(text=text))
    true = truth(data, name, document.pages)
    for page in document.pages:
        for table in page.tables:
            best = max((similarity(one, placed(table, page)) for one in true), default=0.0)
            yield found[int(table.confidence)], best >= RIGHT


def fitted(features, right):
    """Newton's method on the penalised likelihood; weights per unit of each feature."""
    centre = np.concatenate([[0.0], features.mean(0)[1:]])
    scaled = (features - centre) / SCALES
    pull = np.diag([0.0, 1.0, 1.0, 1.0])
    weights = np.zeros(4)
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-scaled @ weights))
        curve = (scaled.T * (chance * (1 - chance))) @ scaled + pull
        weights += np.linalg.solve(curve, scaled.T @ (right - chance) - pull @ weights)
    weights /= SCALES
    weights[0] -= weights[1:] @ centre[1:]
    return weights


def main(data):
    rows = [
        (name, *claim)
        for name in names(data)
        for text in ("embedded", "ocr")
        for claim in seen(data, name, text)
    ]
    owner = np.array([name for name, _, _ in rows])
    features = np.array([values for _, values, _ in rows])
    right = np.array([judged for _, _, judged in rows], float)
    claims = []
    for name in dict.fromkeys(owner):
        own = owner == name
        weights = fitted(features[~own], right[~own])
        for values, judged in zip(features[own], right[own], strict=True):
            claims.append((1 / (1 + math.exp(-values @ weights)), bool(judged)))
    for row in reliability(claims):
        print(
            f"{row.low:.1f}-{row.high:.1f}  {row.count:4}  {row.confidence:.3f}  {row.accuracy:.3f}"
        )
    print(f"expected calibration error {calibration_error(claims):.3f}")
    weights = fitted(features, right).round(1)
    print("constant, likeness, fit, reading:", weights)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
