"""Fit the weights of docai.tasks.ask_model; run by hand when docai-small is trained anew.

    python tools/fit_answers.py DIR [DIR ...]

Each DIR holds labelled documents (docs/training.md). Of data that docai-small was trained on
only the part kept for fitting is asked (docai.training.folds), of other data everything. Every
question is asked of its own document and of another one, where no answer is right.
"""

import sys
from pathlib import Path
from random import Random

import numpy as np

from docai.evaluation.answers import FORGIVEN, alike
from docai.evaluation.metrics import calibration_error
from docai.tasks import ask, ask_model
from docai.training.asked import questions_about
from docai.training.folds import Part, part_of
from docai.training.readers import read

MOST = 2  # questions asked of one document
LIMIT = 250  # documents of one folder
PULL = 0.1  # of a normal prior on every weight
STEPS = 50


def kept(one):
    return one.origin == "synthetic" or part_of(one.document.source.filename) is Part.FITTING


def cases(documents, random):
    """(features, right) of every answer found, question by question."""
    for one in documents:
        questions = [question for question in questions_about(one, random) if question.answers]
        for question in random.sample(questions, min(MOST, len(questions))):
            for document, is_here in (
                (one.document, True),
                (random.choice(documents).document, False),
            ):
                rules = ask.answers(document, question.text)
                found = ask_model.gathered(document, question.text, rules)
                truths = [span.text for span in question.answers] if is_here else []
                yield [
                    (
                        said.features(),
                        any(alike(answer.text, truth) >= FORGIVEN for truth in truths),
                    )
                    for answer, said in found
                ]


def fitted(features, right):
    """Newton's method on the penalised likelihood."""
    weights = np.zeros(features.shape[1])
    pull = PULL * np.eye(len(weights))
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-features @ weights))
        curve = (features.T * (chance * (1 - chance))) @ features + pull
        weights += np.linalg.solve(curve, features.T @ (right - chance) - pull @ weights)
    return weights


def best_claims(questions, weights):
    """(confidence, right) of the answer that would be given to each question."""
    for found in questions:
        told = [(1 / (1 + np.exp(-np.dot(weights, x))), right) for x, right in found]
        best = max(told, default=(0.0, False))
        if best[0] >= ask_model.MIN_CONFIDENCE:
            yield float(best[0]), bool(best[1])


def main(folders):
    random = Random(0)
    questions = []
    for folder in folders:
        documents = [one for one in read(Path(folder)) if kept(one)]
        random.shuffle(documents)
        own = list(cases(documents[:LIMIT], random))
        print(f"{folder}: {len(documents)} documents, {len(own)} questions", flush=True)
        questions += own
    random.shuffle(questions)
    halves = questions[::2], questions[1::2]
    claims = []
    for learned, checked in (halves, halves[::-1]):
        rows = [row for found in learned for row in found]
        weights = fitted(np.array([x for x, _ in rows]), np.array([r for _, r in rows], float))
        claims += best_claims(checked, weights)
    print(f"calibration error of halves fitted on the other: {calibration_error(claims):.3f}")
    rows = [row for found in questions for row in found]
    weights = fitted(np.array([x for x, _ in rows]), np.array([r for _, r in rows], float))
    print("WEIGHTS = (" + ", ".join(f"{weight:.2f}" for weight in weights) + ")")


if __name__ == "__main__":
    main(sys.argv[1:])
