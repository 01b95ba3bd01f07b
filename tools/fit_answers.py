"""Fit the weights of docai.tasks.ask_model; run by hand when docai-small is trained anew.

    python tools/fit_answers.py DIR [DIR ...]

Each DIR holds labelled documents (docs/training.md). Of data that docai-small was trained on
only the part kept for fitting is asked (docai.training.folds), of other data everything. Every
question is asked of its own document and of another one that does not answer it, if there is one.
"""

import sys
from pathlib import Path
from random import Random

import fitting

from docai.evaluation.answers import FORGIVEN, alike
from docai.tasks import ask_model
from docai.training.asked import elsewhere, questions_about
from docai.training.folds import Part, part_of
from docai.training.readers import read

MOST = 2  # questions asked of one document
LIMIT = 60  # documents of one folder


def kept(one):
    return one.origin == "synthetic" or part_of(one.document.source.filename) is Part.FITTING


def cases(documents, random):
    """(what is said of it, right) of every answer found, question by question."""
    for one in documents:
        questions = [question for question in questions_about(one, random) if question.answers]
        for question in random.sample(questions, min(MOST, len(questions))):
            for asked in filter(None, (one, elsewhere(question, documents, random))):
                known = ask_model.unread(asked.document, question.text)
                found = ask_model.gathered(asked.document, question.text, known)
                truths = [span.text for span in question.answers] if asked is one else []
                yield [
                    (said, any(alike(answer.text, truth) >= FORGIVEN for truth in truths))
                    for answer, said in found
                ]


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
    fitting.report(questions, "FITTED")


if __name__ == "__main__":
    main(sys.argv[1:])
