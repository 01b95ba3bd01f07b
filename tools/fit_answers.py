"""Fit the weights of docai.tasks.ask_model; run by hand when docai-small is trained anew.

    python tools/fit_answers.py DIR [DIR ...]

Each DIR holds labelled documents (docs/training.md). Of data that docai-small was trained on
only the part kept for fitting is asked (docai.training.folds), of other data everything. Every
question is asked of its own document and of another one that does not answer it, if there is one.
"""

import sys
from pathlib import Path
from random import Random

import numpy as np

from docai.evaluation.answers import FORGIVEN, alike
from docai.evaluation.metrics import auroc, calibration_error
from docai.tasks import ask, ask_model
from docai.training.asked import elsewhere, questions_about
from docai.training.folds import Part, part_of
from docai.training.readers import read

MOST = 2  # questions asked of one document
LIMIT = 120  # documents of one folder
PULL = 0.1  # of a normal prior on every weight
STEPS = 50


def kept(one):
    return one.origin == "synthetic" or part_of(one.document.source.filename) is Part.FITTING


def cases(documents, random):
    """(what is said of it, right) of every answer found, question by question."""
    for one in documents:
        questions = [question for question in questions_about(one, random) if question.answers]
        for question in random.sample(questions, min(MOST, len(questions))):
            for asked in filter(None, (one, elsewhere(question, documents, random))):
                rules = ask.answers(asked.document, question.text)
                found = ask_model.gathered(asked.document, question.text, rules)
                truths = [span.text for span in question.answers] if asked is one else []
                yield [
                    (said, any(alike(answer.text, truth) >= FORGIVEN for truth in truths))
                    for answer, said in found
                ]


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


def best(found, weights):
    """(features of the score, right) of the answer that would be given."""
    scored = [(float(np.dot(weights, said.features())), right) for said, right in found]
    score, right = max(scored)
    return ask_model.meaning(score), right


def fit(questions):
    weights = fitted([(said.features(), right) for found in questions for said, right in found])
    return weights, fitted([best(found, weights) for found in questions])


def main(folders):
    random = Random(0)
    questions = []
    for folder in folders:
        documents = [one for one in read(Path(folder)) if kept(one)]
        random.shuffle(documents)
        own = [found for found in cases(documents[:LIMIT], random) if found]
        print(f"{folder}: {len(documents)} documents, {len(own)} questions", flush=True)
        questions += own
    random.shuffle(questions)
    halves = questions[::2], questions[1::2]
    claims = []
    for learned, checked in (halves, halves[::-1]):
        weights, meant = fit(learned)
        for found in checked:
            features, right = best(found, weights)
            claims.append((float(1 / (1 + np.exp(-np.dot(meant, features)))), right))
    print(
        f"halves fitted on the other: calibration error {calibration_error(claims):.3f}, ", end=""
    )
    print(f"AUROC {auroc(claims):.3f}, right {sum(right for _, right in claims)} of {len(claims)}")
    for name, numbers in zip(("WEIGHTS", "MEANING"), fit(questions), strict=True):
        print(f"{name} = ({', '.join(f'{number:.2f}' for number in numbers)})")


if __name__ == "__main__":
    main(sys.argv[1:])
