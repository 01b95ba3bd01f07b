"""Fits the logistic maps of docai.tasks.together; tools/fit_*.py say to what."""

import numpy as np

from docai.evaluation.metrics import auroc, calibration_error
from docai.tasks import together
from docai.tasks.together import BOTH, READ, RULED, case_of, features_of

PULL = 0.1  # of a normal prior on every weight
STEPS = 50


def fitted(rows):
    """Newton's method on the penalised likelihood; rows of (features, right)."""
    features = np.array([x for x, _ in rows])
    right = np.array([r for _, r in rows], float)
    weights = np.zeros(features.shape[1])
    pull = PULL * np.eye(len(weights))
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-features @ weights))
        curve = (features.T * (chance * (1 - chance))) @ features + pull
        weights += np.linalg.solve(curve, features.T @ (right - chance) - pull @ weights)
    return weights


def rising(rows):
    """Fitted so that nothing but the constant counts against a value: all features speak for it.

    Where they fall together on documents that are easy, the next ones may be harder.
    """
    used = list(range(len(rows[0][0])))
    while True:
        weights = fitted([([features[i] for i in used], right) for features, right in rows])
        kept = [i for i, w in zip(used, weights, strict=True) if i == 0 or w >= 0]
        if kept == used:
            by_place = dict(zip(used, weights, strict=True))
            return tuple(by_place.get(i, 0.0) for i in range(len(rows[0][0])))
        used = kept


def maps(found):
    """Of [(said, right), ...]: for what the model reads alone, what both find, what rules find."""
    rows = {READ: [], BOTH: [], RULED: []}
    for said, right in found:
        if said.odds is not None:
            rows[case_of(said)].append((features_of(said), right))
        if said.rules is not None:  # whatever the model says
            rows[RULED].append(((1.0, said.ruled), right))
    return [rising(rows[case]) for case in (READ, BOTH, RULED)]


def told(found):
    """The maps as they stand in the code."""
    return ", ".join(f"({', '.join(f'{w:.2f}' for w in weights)})" for weights in maps(found))


def best(found, weights):
    """(features of the score, right) of the value that would be given."""
    scored = [(float(np.dot(weights, said.features())), right) for said, right in found]
    score, right = max(scored)
    return together.meaning(score), right


def fit(asked):
    """The weights of the features and the meaning of a score, of [(said, right), ...] each."""
    weights = fitted([(said.features(), right) for found in asked for said, right in found])
    return weights, fitted([best(found, weights) for found in asked])


def report(asked, name):
    """Prints how well halves fitted on the other do, and the maps fitted on everything."""
    claims = []
    for learned, checked in ((asked[::2], asked[1::2]), (asked[1::2], asked[::2])):
        weights, meant = fit(learned)
        for found in checked:
            features, right = best(found, weights)
            claims.append((float(1 / (1 + np.exp(-np.dot(meant, features)))), right))
    print(f"halves fitted on the other: calibration error {calibration_error(claims):.3f},", end="")
    right = sum(right for _, right in claims)
    print(f" AUROC {auroc(claims):.3f}, right {right} of {len(claims)}")
    maps = (f"({', '.join(f'{number:.2f}' for number in numbers)})" for numbers in fit(asked))
    print(f"{name} = Fitted({', '.join(maps)})")
